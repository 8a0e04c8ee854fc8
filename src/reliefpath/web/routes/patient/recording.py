"""Recording an exam and a session of dry needling: plain forms, each one change of the chart."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.examination import (
    ExaminationRequest,
    ExaminedMuscle,
    record_examination,
)
from reliefpath.care.planning.given import Session, needling_rows
from reliefpath.care.planning.needling import NeedlingRequest, needling_for
from reliefpath.care.planning.recording import Recording
from reliefpath.care_log.log import CareLog
from reliefpath.errors import ReliefPathError
from reliefpath.reference.therapies.needling import NeedlingPlan
from reliefpath.web.forms import (
    FLAGS,
    NOTHING,
    Form,
    Said,
    day_of,
    filled,
    muscle_choices,
    number_of,
    rows_of,
    share_of,
    text_of,
)
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.segments import segment
from reliefpath.web.views.checks import Shown, nothing_new, put_on_record, weighed_in
from reliefpath.web.views.ledger import SIGNS
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}")
EXAM_ROW = ("muscle", "side", *SIGNS, "pressure_kpa")
NEEDLING_ROW = ("muscle", "side", "twitch")
ROWS = 6
"""How many muscles a form has room for at first; more are recorded in another of the same day."""


@router.get("/exam")
def ask_exam(request: Request, episode: str, worker: Treater) -> Response:
    """Show the form of an exam, with the muscle that the address names."""
    care_log = open_record(request.app.state.care, episode, worker, "exam")
    return _form(request, "exam", episode, care_log, request.query_params, EXAM_ROW)


@router.post("/exam")
def record_exam(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Record an exam, or show the form as it was with what is wrong."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "exam")
    try:
        record_examination(
            care.chart, care_log, _exam(said, episode, care.today), worker.username, page="exam"
        )
    except ReliefPathError as error:
        return _form(request, "exam", episode, care_log, said, EXAM_ROW, wrong=str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _exam(said: Said, episode: str, today: date) -> ExaminationRequest:
    muscles = [
        ExaminedMuscle(
            muscle=row["muscle"],
            side=row["side"] or None,
            pressure_kpa=number_of(row, "pressure_kpa"),
            **{sign: FLAGS.get(row[sign]) for sign in SIGNS},
        )
        for row in filled(rows_of(said, EXAM_ROW))
    ]
    return ExaminationRequest(episode=episode, at=day_of(said, today), muscles=tuple(muscles))


@router.get("/needling")
def ask_needling(request: Request, episode: str, worker: Treater) -> Response:
    """Show the form of a session of dry needling."""
    care_log = open_record(request.app.state.care, episode, worker, "needling")
    return _form(request, "needling", episode, care_log, NOTHING, NEEDLING_ROW)


@router.post("/needling")
def record_needling(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Check a session against the record, and record it where nothing stands against it."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, "needling")
    shown, wrong = None, None
    try:
        plan, rows = _needled(care, care_log, episode, said)
        recording = Recording.of_plan(plan, rows, care_log, seen, plan.on)
        shown = Shown(plan, recording.against)
        if put_on_record(said, recording, care.chart, worker.username, page="needling"):
            return RedirectResponse(f"/patient/{segment(episode)}", 303)
    except ReliefPathError as error:
        wrong = str(error)
    form = (request, "needling", episode, care_log, said, NEEDLING_ROW)
    return _form(*form, shown=shown, wrong=wrong)


def _needled(
    care: Care, care_log: CareLog, episode: str, said: Said
) -> tuple[NeedlingPlan, pl.DataFrame]:
    """The session as a plan, and as rows of the care log."""
    rows, on = filled(rows_of(said, NEEDLING_ROW)), day_of(said, care.today)
    places = tuple((row["muscle"], row["side"]) for row in rows)
    asked = NeedlingRequest(episode=episode, places=places, at=on, nothing_new=nothing_new(said))
    plan = needling_for(care_log, asked, care.pathway)
    plan = weighed_in(plan, said)
    given = needling_rows(places, session_of(said, episode, on))
    twitches = pl.Series("twitch_response", [FLAGS.get(r["twitch"]) for r in rows], pl.Boolean)
    return plan, given.with_columns(twitches)


def session_of(said: Said, episode: str, on: date, **more: Any) -> Session:
    """Return the session that a form tells of.

    Raises:
        UsageError: the relief is no number.
    """
    return Session(
        episode,
        on,
        technique=text_of(said, "technique"),
        needle=text_of(said, "needle"),
        response=share_of(said, "response"),
        adverse_effect=text_of(said, "adverse_effect"),
        **more,
    )


def _form(
    request: Request,
    name: str,
    episode: str,
    care_log: CareLog,
    said: Said,
    row: tuple[str, ...],
    *,
    shown: Shown | None = None,
    wrong: str | None = None,
) -> Response:
    """The form as it was filled in."""
    today = request.app.state.care.today
    about = head(care_log, episode, today)
    return page(
        request,
        name,
        about=about,
        said=said,
        today=today,
        rows=rows_of(said, row, ROWS),
        muscles=muscle_choices(care_log.knowledge, about["region"]),
        signs=SIGNS,
        shown=shown,
        wrong=wrong,
    )

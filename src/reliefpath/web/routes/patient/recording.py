"""Recording an exam and a session of dry needling: plain forms, each one change of the chart."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.planning.given import Session, needling_rows
from reliefpath.care.planning.needling import needling_for
from reliefpath.care.planning.person import renewed_rows
from reliefpath.care.planning.recording import Recording
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import EXAMS
from reliefpath.clock import instant_of
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.reference.therapies.needling import NeedlingPlan
from reliefpath.store.writing import AuditEvent
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
from reliefpath.web.routes.patient.patient import Treater, head
from reliefpath.web.segments import segment
from reliefpath.web.views.checks import Shown, nothing_new, put_on_record, weighed_in
from reliefpath.web.views.ledger import SIGNS

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
        rows = _exam(said, episode, care.today)
        _refuse_twice(rows, care_log)
        act = AuditEvent(worker.username, "enter", None, care_log.patients["patient"][0])
        care.chart.insert({"exams": rows}, act, page="exam")
    except ReliefPathError as error:
        return _form(request, "exam", episode, care_log, said, EXAM_ROW, wrong=str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _exam(said: Said, episode: str, today: date) -> pl.DataFrame:
    rows, at = filled(rows_of(said, EXAM_ROW)), instant_of(day_of(said, today))
    if not rows:
        raise UsageError("nothing is recorded: choose at least one muscle")
    found = []
    for row in rows:
        signs = {sign: FLAGS.get(row[sign]) for sign in SIGNS}
        pressure = number_of(row, "pressure_kpa")
        if all(value is None for value in (*signs.values(), pressure)):
            raise UsageError(f"{row['muscle']}: say what you found, or leave the whole row empty")
        place = {"muscle": row["muscle"], "side": row["side"] or None}
        found.append({"episode": episode, "at": at, **place, **signs, "pressure_kpa": pressure})
    return pl.DataFrame(found, EXAMS.schema)


def _refuse_twice(rows: pl.DataFrame, care_log: CareLog) -> None:
    """A form that is sent again would count a trigger point twice."""
    place = ("episode", "at", "muscle", "side")
    twice = rows.filter(rows.select(place).is_duplicated())
    known = rows.join(care_log.exams, on=place, how="semi", nulls_equal=True)
    for row in pl.concat([twice, known]).iter_rows(named=True):
        where = f"{row['muscle']} {row['side'] or ''}".strip()
        raise UsageError(
            f"{where} was examined on {row['at'].date()} already, or stands here twice"
        )


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
        answers = renewed_rows(plan, care_log.patients["patient"][0], plan.on)
        recording = Recording(rows, care_log, seen, plan, answers)
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
    places = [(row["muscle"], row["side"]) for row in rows]
    plan = needling_for(
        *(care_log, episode, places, care.pathway, on), nothing_new=nothing_new(said)
    )
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

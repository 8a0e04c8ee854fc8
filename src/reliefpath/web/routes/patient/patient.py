"""The page of one patient: who, how it goes, what is next and why, and what was tried."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from functools import partial
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from reliefpath.care.break_glass import break_glass, open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.correcting import tables_to_change
from reliefpath.care.decisions import AGREED, OVERRIDDEN, Basis, decide
from reliefpath.care.red_flags import standing_flags
from reliefpath.care.undoing import latest_save
from reliefpath.care_log.log import CareLog
from reliefpath.clock import zone_of
from reliefpath.documents.record.page import record_html
from reliefpath.documents.record.record import record_of
from reliefpath.errors import UsageError, is_reason
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import CARE, TREAT
from reliefpath.pathway.advice import Advice
from reliefpath.pathway.turning import turns
from reliefpath.reference.measures import measures
from reliefpath.web.pages import page
from reliefpath.web.routes.vega import ADDRESS
from reliefpath.web.security import require_role
from reliefpath.web.segments import segment
from reliefpath.web.standalone import standing
from reliefpath.web.views.body import body_map
from reliefpath.web.views.charts import Look, spec
from reliefpath.web.views.course import course_of, measures_of
from reliefpath.web.views.gate import GATE_TAGS, checklist
from reliefpath.web.views.ledger import SIGNS, findings, latest_exam, term_choices, tried_named
from reliefpath.web.views.rows import NAMES as ROW_NAMES
from reliefpath.web.workers.drawing import picture

router = APIRouter(prefix="/patient/{episode}")
Carer = Annotated[Account, Depends(require_role(*CARE))]
Treater = Annotated[Account, Depends(require_role(*TREAT))]
Text = Annotated[str, Form(max_length=2000)]


@router.get("")
def patient(
    request: Request,
    episode: str,
    worker: Carer,
    measure: str | None = None,
    muscle: str | None = None,
) -> Response:
    """Show the patient of an episode, with a measure's curve and where a muscle's pain is felt."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "patient")
    return _shown(request, episode, care_log, measure, muscle=muscle)


def _asked(
    request: Request,
    episode: str,
    worker: Carer,
    measure: str,
    dark: bool = False,
    narrow: bool = False,
) -> dict[str, Any]:
    """The recovery curve that is asked for, as a Vega-Lite chart."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "curve")
    course = None
    if measure in measures_of(care_log, episode, care.today):
        about = care_log.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
        course = course_of(care_log, about, measure, care.pathway, care.today, care.priors)
    if course is None:
        raise UsageError(f"`{episode}` has no curve on `{measure}`")
    return spec(course, care.pathway, Look.of(dark=dark, narrow=narrow))


Asked = Annotated[dict[str, Any], Depends(_asked)]


@router.get("/curve.svg")
def curve(asked: Asked) -> Response:
    """Draw the recovery curve."""
    return Response(picture(asked), media_type="image/svg+xml")


@router.get("/curve.json")
def curve_to_ask(asked: Asked) -> Response:
    """Return the same recovery curve for the page to draw, and to point at."""
    return JSONResponse(asked)


@router.post("/open")
def open_patient(request: Request, episode: str, worker: Carer, reason: Text = "") -> Response:
    """Keep why somebody opens another clinician's patient, and open it."""
    break_glass(request.app.state.care, episode, worker, reason)
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


@router.post("/decision")
def decision(
    request: Request,
    episode: str,
    worker: Treater,
    choice: Annotated[str, Form(pattern=f"^({AGREED}|{OVERRIDDEN})$")],
    seen: Text,
    reason: Text = "",
) -> Response:
    """Keep what the clinician makes of the advice that they saw."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "decision")
    why = reason.strip() or None
    if seen != _seen(care.advice(care_log, episode)):
        wrong = "The advice has changed since you opened the page. Look again, then decide."
        return _shown(request, episode, care_log, wrong=wrong, reason=reason)
    if choice == OVERRIDDEN and not is_reason(why):
        wrong = "An override needs its reason in words, for whoever reads it later."
        return _shown(request, episode, care_log, wrong=wrong)
    decide(care.chart, episode, choice, _basis(care), care.today, worker.username, why)
    return RedirectResponse(f"/patient/{segment(episode)}#decisions", 303)


@router.get("/record")
def record(request: Request, episode: str, worker: Carer) -> Response:
    """Show everything on record, with every correction and who looked."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "record")
    told = record_of(care.chart, care_log.patients["patient"][0])
    return standing(record_html(told, zone_of(care_log.zone)))


def _shown(
    request: Request,
    episode: str,
    care_log: CareLog,
    measure: str | None = None,
    wrong: str | None = None,
    reason: str = "",
    muscle: str | None = None,
) -> Response:
    care: Care = request.app.state.care
    today, advice = care.today, care.advice(care_log, episode)
    about = head(care_log, episode, today)
    drawn = measures_of(care_log, episode, today)
    if measure not in drawn:
        first = advice.improvement.measure
        measure = first if first in drawn else next(iter(drawn), None)
    course = None
    if measure is not None:
        course = course_of(care_log, about, measure, care.pathway, today, care.priors)
    decisions = [_told(row) for row in care.chart.decisions(episode)]
    exam = latest_exam(care_log, episode, today)
    worker = request.state.worker
    return page(
        request,
        "patient",
        about=about,
        advice=advice,
        seen=_seen(advice),
        gate=GATE_TAGS[advice.gate],
        turns=list(turns(advice.facts, today)),
        measure=measure,
        drawn=[(name, measures(care.knowledge)[name].name) for name in drawn],
        course=course,
        vega=ADDRESS,
        rungs=checklist(advice, care.pathway),
        pathway=care.pathway,
        decisions=decisions[::-1],
        counts=Counter(row["decision"] for row in decisions),
        tried=tried_named(care_log, episode, today),
        exam=exam,
        body=body_map(care_log, about, exam, today, muscle),
        signs=SIGNS,
        findings=findings(care_log, about, today),
        term_choices=partial(term_choices, care.knowledge),
        may_treat=worker.role in TREAT,
        red_flags=standing_flags(care.chart, care_log, today),
        row_names={table: ROW_NAMES[table][1] for table in tables_to_change(worker.role)},
        save=latest_save(care.chart, about["patient"], worker.username),
        wrong=wrong,
        reason=reason,
    )


def head(care_log: CareLog, episode: str, today: date) -> dict[str, Any]:
    """Return who an episode is about: its own columns, with the person's name and age."""
    about = care_log.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
    whose = pl.col("patient") == about["patient"]
    person = care_log.patients.row(by_predicate=whose, named=True)
    born, age = person["birth_date"], None
    if born is not None:
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {**about, "name": person["name"] or about["patient"], "age": age}


def _seen(advice: Advice) -> str:
    """What a clinician decides on: sent back by the form, since it may change meanwhile."""
    return f"{advice.status}: {advice.next_step}"


def _basis(care: Care) -> Basis:
    prior = care.prior_file
    text = care.pathway_file.read_text("utf-8")
    return Basis(text, None if prior is None else prior.read_text("utf-8"))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A decision with the advice that it was about."""
    advice = json.loads(row["advice"])
    return {**row, "status": advice["status"], "next_step": advice["next_step"]}

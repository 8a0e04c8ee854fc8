"""The page of one patient: who, how it goes, what is next and why, and what was tried."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from reliefpath.care.break_glass import break_glass, look
from reliefpath.care.clinic_chart import Care
from reliefpath.care.correcting import tables_to_change
from reliefpath.care.decisions import AGREED, OVERRIDDEN, Basis, decide
from reliefpath.care.patients import PatientState
from reliefpath.care.red_flags import standing_flags
from reliefpath.care.undoing import latest_save
from reliefpath.clock import zone_of
from reliefpath.documents.record.page import record_html
from reliefpath.documents.record.record import record_of
from reliefpath.errors import is_reason
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import CARE, TREAT
from reliefpath.pathway.advice import Advice
from reliefpath.reference.measures import measures
from reliefpath.web.pages import page
from reliefpath.web.routes.vega import ADDRESS
from reliefpath.web.security import require_role
from reliefpath.web.segments import segment
from reliefpath.web.standalone import standing
from reliefpath.web.views.charts import Look
from reliefpath.web.views.gate import GATE_TAGS
from reliefpath.web.views.ledger import SIGNS, messages, term_choices
from reliefpath.web.views.patient import curve_of, picture_of, view_of
from reliefpath.web.views.rows import NAMES as ROW_NAMES

router = APIRouter(prefix="/patient/{episode}")
Carer = Annotated[Account, Depends(require_role(*CARE))]
Treater = Annotated[Account, Depends(require_role(*TREAT))]
Text = Annotated[str, Form(max_length=2000)]
T = TypeVar("T")
PAGE = "patient"
"""How the audit log calls the page."""


@router.get("")
def patient(
    request: Request,
    episode: str,
    worker: Carer,
    measure: str | None = None,
    muscle: str | None = None,
) -> Response:
    """Show the patient of an episode, with a measure's curve and where a muscle's pain is felt."""
    state = look(request.app.state.care, episode, worker, PAGE)
    return _shown(request, episode, state, measure, muscle=muscle)


@dataclass(frozen=True)
class Curve:
    """A recovery curve that is asked for by who may see it; on the page, it is the same look."""

    request: Request
    episode: str
    worker: Carer
    measure: str
    dark: bool = False
    narrow: bool = False

    def of(self, made: Callable[..., T]) -> T:
        """Return what is made of it."""
        care: Care = self.request.app.state.care
        state = look(care, self.episode, self.worker, "curve", part_of=PAGE)
        how = Look.of(dark=self.dark, narrow=self.narrow)
        return made(care, state, self.episode, self.measure, how)


Asked = Annotated[Curve, Depends()]


@router.get("/curve.svg")
def curve(asked: Asked) -> Response:
    """Draw the recovery curve."""
    return Response(asked.of(picture_of), media_type="image/svg+xml")


@router.get("/curve.json")
def curve_to_ask(asked: Asked) -> Response:
    """Return the same recovery curve for the page to draw, and to point at."""
    return JSONResponse(asked.of(curve_of))


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
    state = look(care, episode, worker, "decision")
    why = reason.strip() or None
    if seen != _seen(view_of(care, state, episode).advice):
        wrong = "The advice has changed since you opened the page. Look again, then decide."
        return _shown(request, episode, state, wrong=wrong, reason=reason)
    if choice == OVERRIDDEN and not is_reason(why):
        wrong = "An override needs its reason in words, for whoever reads it later."
        return _shown(request, episode, state, wrong=wrong)
    decide(care.chart, episode, choice, _basis(care), care.today, worker.username, why)
    return RedirectResponse(f"/patient/{segment(episode)}#decisions", 303)


@router.get("/record")
def record(request: Request, episode: str, worker: Carer) -> Response:
    """Show everything on record, with every correction and who looked."""
    care: Care = request.app.state.care
    state = look(care, episode, worker, "record")
    told = record_of(care.chart, state.patient)
    return standing(record_html(told, zone_of(state.care_log.zone)))


def _shown(
    request: Request,
    episode: str,
    state: PatientState,
    measure: str | None = None,
    wrong: str | None = None,
    reason: str = "",
    muscle: str | None = None,
) -> Response:
    care: Care = request.app.state.care
    view = view_of(care, state, episode)
    if measure not in view.courses:
        measure = view.measure
    decisions = [_told(row) for row in care.chart.decisions(episode)]
    worker = request.state.worker
    return page(
        request,
        "patient",
        about=view.about,
        advice=view.advice,
        seen=_seen(view.advice),
        gate=GATE_TAGS[view.advice.gate],
        turns=view.turns,
        pooled=view.pooled,
        measure=measure,
        drawn=[(name, measures(care.knowledge)[name].name) for name in view.courses],
        course=measure and view.courses.get(measure),
        vega=ADDRESS,
        rungs=view.rungs,
        unmet=view.unmet,
        pathway=care.pathway,
        decisions=decisions[::-1],
        counts=Counter(row["decision"] for row in decisions),
        tried=view.tried,
        related=view.related,
        exam=view.exam,
        body=view.body.choosing(muscle),
        signs=SIGNS,
        findings=view.findings,
        notes=view.notes,
        messages=messages(state.care_log, care.today),
        term_choices=partial(term_choices, care.knowledge),
        may_treat=worker.role in TREAT,
        red_flags=standing_flags(care.chart, state.care_log, care.today),
        row_names={table: ROW_NAMES[table][1] for table in tables_to_change(worker.role)},
        save=latest_save(care.chart, state.patient, worker.username),
        wrong=wrong,
        reason=reason,
    )


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

"""A visit of a patient is planned, cancelled, not attended, or stands after all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.visits import PlanRequest, plan_visit, set_outcome
from reliefpath.care_log.log import CareLog
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.web.forms import NOTHING, Form, Said, date_of, text_of, time_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer
from reliefpath.web.segments import segment
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}")
PAGE = "next-visit"


@router.get("/next-visit")
def ask(request: Request, episode: str, worker: Carer) -> Response:
    """Ask when the patient comes next."""
    care: Care = request.app.state.care
    return _form(request, episode, open_record(care, episode, worker, PAGE), NOTHING)


@router.post("/next-visit")
def plan(request: Request, episode: str, worker: Carer, said: Form) -> Response:
    """Plan the next visit, or show the form as it was with what is wrong."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, PAGE)
    try:
        at = time_of(said, "next_visit", care_log.zone)
        if at is None:
            raise UsageError("next visit: choose its day and time")
        [clinician] = care_log.episodes.filter(episode=episode)["clinician"]
        asked = PlanRequest(episode=episode, at=at, clinician=clinician, note=text_of(said, "note"))
        plan_visit(care.chart, care_log, asked, seen, care.today, worker.username)
    except ReliefPathError as error:
        return _form(request, episode, care_log, said, str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _form(
    request: Request, episode: str, care_log: CareLog, said: Said, wrong: str | None = None
) -> Response:
    about = head(care_log, episode, request.app.state.care.today)
    return page(request, PAGE, about=about, said=said, wrong=wrong)


@router.post("/visits/{visit}")
def outcome(
    request: Request,
    episode: str,
    visit: Annotated[str, Path(max_length=200)],
    worker: Carer,
    said: Form,
) -> Response:
    """Say what became of a visit, and go back to its day."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, "today")
    status = str(said.get("status") or "")
    set_outcome(care.chart, care_log, visit, status, seen, care.today, worker.username)
    day = date_of(said, "on")
    return RedirectResponse("/today" if day is None else f"/today?on={day}", 303)

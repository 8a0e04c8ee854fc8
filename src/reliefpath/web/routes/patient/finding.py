"""Recording a finding: an answer to a question, a consent, a weight, a red flag."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.examination import FindingRequest, record_finding
from reliefpath.care_log.log import CareLog
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.reference.therapies import finding_kinds, units
from reliefpath.web.forms import NOTHING, Form, Said, day_of, muscle_choices, number_of, text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer
from reliefpath.web.segments import segment
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/finding")


@router.get("")
def ask(request: Request, episode: str, worker: Carer) -> Response:
    """Show the form of a finding."""
    care_log = open_record(request.app.state.care, episode, worker, "finding")
    return _form(request, episode, care_log, NOTHING)


@router.post("")
def record(request: Request, episode: str, worker: Carer, said: Form) -> Response:
    """Record a finding, or show the form as it was with what is wrong."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "finding")
    patient = care_log.patients["patient"][0]
    try:
        asked = _request(said, episode, care.today)
        record_finding(care.chart, patient, asked, worker.username, "finding")
    except ReliefPathError as error:
        return _form(request, episode, care_log, said, wrong=str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _request(said: Said, episode: str, today: date) -> FindingRequest:
    kind, colon, code = str(said.get("finding") or "").partition(":")
    if not colon:
        raise UsageError("choose what was found")
    return FindingRequest(
        at=day_of(said, today),
        kind=kind,
        code=code,
        episode=episode if said.get("here") else None,
        muscle=text_of(said, "muscle"),
        side=text_of(said, "side"),
        value=number_of(said, "value"),
        unit=text_of(said, "unit"),
        words=text_of(said, "words"),
    )


def _form(
    request: Request, episode: str, care_log: CareLog, said: Said, wrong: str | None = None
) -> Response:
    today = request.app.state.care.today
    about = head(care_log, episode, today)
    return page(
        request,
        "finding",
        about=about,
        muscles=muscle_choices(care_log.knowledge, about["region"]),
        said=said,
        today=today,
        kinds=finding_kinds(care_log.knowledge),
        units=[(id_, id_) for id_ in units()],
        wrong=wrong,
    )

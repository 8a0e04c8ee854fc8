"""Recording a finding: an answer to a question, a consent, a weight, a red flag."""

from __future__ import annotations

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import FINDINGS
from reliefpath.clock import instant_of
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.reference.therapies import NOT_UNDERSTOOD, finding_kinds, units
from reliefpath.store.writing import AuditEvent
from reliefpath.web.forms import NOTHING, Form, Said, day_of, muscle_choices, number_of, text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer, head
from reliefpath.web.segments import segment

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
        rows = _rows(said, patient, episode, care)
        act = AuditEvent(worker.username, "enter", None, patient)
        care.chart.insert({"findings": rows}, act, page="finding")
    except ReliefPathError as error:
        return _form(request, episode, care_log, said, wrong=str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _rows(said: Said, patient: str, episode: str, care: Care) -> pl.DataFrame:
    kind, colon, code = str(said.get("finding") or "").partition(":")
    if not colon:
        raise UsageError("choose what was found")
    value, known = number_of(said, "value"), finding_kinds(care.knowledge).get(kind)
    found = None if known is None else known.codes.get(code)
    if found is not None and found.dimension is not None and value is None:
        raise UsageError(f"{found.name}: give the amount and its unit")
    words = text_of(said, "words")
    if code == NOT_UNDERSTOOD and words is None:
        raise UsageError(f"say in its own words which {kind} it is")
    row = {
        "patient": patient,
        "at": instant_of(day_of(said, care.today)),
        "kind": kind,
        "code": code,
        "muscle": text_of(said, "muscle"),
        "side": text_of(said, "side"),
        "episode": episode if said.get("here") else None,
        "value": value,
        "unit": text_of(said, "unit"),
        "words": words,
    }
    return pl.DataFrame([row], FINDINGS.schema)


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

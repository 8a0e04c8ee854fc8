"""Giving a patient a copy of their own record."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reliefpath.care.break_glass import look
from reliefpath.care.clinic_chart import Care
from reliefpath.care.patients import PatientState
from reliefpath.documents.record.patient_copy import CopyRequest, copy_record, free_texts
from reliefpath.documents.record.record import record_of
from reliefpath.errors import UsageError
from reliefpath.web.forms import NOTHING, Form, Said
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/copy")
PAGE = "copy"


@router.get("")
def ask(request: Request, episode: str, worker: Carer) -> Response:
    """Show the form of a copy, with the free texts that it would give away."""
    state = look(request.app.state.care, episode, worker, PAGE)
    return _form(request, episode, state, NOTHING)


@router.post("")
def give(request: Request, episode: str, worker: Carer, said: Form) -> Response:
    """Give the copy as a file to keep, or show the form as it was with what is wrong."""
    care: Care = request.app.state.care
    state = look(care, episode, worker, PAGE, part_of=PAGE)
    asked = CopyRequest(**{name: str(said.get(name) or "") for name in CopyRequest.model_fields})
    try:
        content = copy_record(care.chart, state.patient, asked, worker.username, PAGE)
    except UsageError as error:
        return _form(request, episode, state, said, wrong=str(error))
    headers = {"Content-Disposition": 'attachment; filename="record.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


def _form(
    request: Request, episode: str, state: PatientState, said: Said, wrong: str | None = None
) -> Response:
    care: Care = request.app.state.care
    return page(
        request,
        "copy",
        about=head(state.care_log, episode, care.today),
        free=free_texts(record_of(care.chart, state.patient)),
        said=said,
        wrong=wrong,
    )

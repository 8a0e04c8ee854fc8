"""A red flag is examined, and cleared by who treats."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.red_flags import RedFlag, clear, standing_flags
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.web.forms import Form, text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.segments import segment
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/red-flag/{kind}/{code}")


@router.get("")
def ask(request: Request, episode: str, kind: str, code: str, worker: Treater) -> Response:
    """Show what was reported and by whom, and ask what was found."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "red-flag")
    return _shown(request, episode, care_log, _standing(care, care_log, kind, code))


@router.post("")
def examined(
    request: Request, episode: str, kind: str, code: str, worker: Treater, said: Form
) -> Response:
    """Clear a red flag that was examined, or show the form as it was with what is wrong."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "red-flag")
    flag, found = _standing(care, care_log, kind, code), text_of(said, "found") or ""
    if flag is None:
        return _shown(request, episode, care_log, None, found)
    seen = {int(row) for row in said.getlist("row") if str(row).isdecimal()}
    try:
        clear(care.chart, flag, seen, found, care.today, worker.username)
    except UsageError as error:
        flag = _standing(care, care_log, kind, code)
        return _shown(request, episode, care_log, flag, found, wrong=str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _standing(care: Care, care_log: CareLog, kind: str, code: str) -> RedFlag | None:
    flags = standing_flags(care.chart, care_log, care.today)
    return next((flag for flag in flags if (flag.kind, flag.code) == (kind, code)), None)


def _shown(
    request: Request,
    episode: str,
    care_log: CareLog,
    flag: RedFlag | None,
    found: str = "",
    wrong: str | None = None,
) -> Response:
    about = head(care_log, episode, request.app.state.care.today)
    return page(request, "red-flag", about=about, flag=flag, found=found, wrong=wrong)

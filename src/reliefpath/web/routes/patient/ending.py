"""Care ends, is taken up again, or goes to another clinician."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.ending import WORDS, EndRequest, end_care, reopen
from reliefpath.care.handing_over import hand_over
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import DEATH, RECOVERED
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.care_teams import clinicians_with_an_account
from reliefpath.identity.roles import Role
from reliefpath.web.forms import FLAGS, NOTHING, Form, Said, day_of, text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.segments import segment
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/care")
END, REOPEN, HAND_OVER = "end", "reopen", "hand-over"


@router.get("")
def ask(request: Request, episode: str, worker: Treater) -> Response:
    """Show the forms that end care, take it up again, or hand it over."""
    care_log = open_record(request.app.state.care, episode, worker, "care")
    return _shown(request, episode, care_log)


@router.post("/end")
def end(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """End care, or show the form as it was filled in with what is wrong."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "care")
    try:
        reason = text_of(said, "reason")
        if reason is None:
            raise UsageError("choose why care ends")
        asked = EndRequest(
            episode=episode,
            on=day_of(said, care.today),
            reason=reason,
            follow_up=FLAGS.get(text_of(said, "follow_up") or ""),
            words=text_of(said, "words"),
        )
        end_care(care.chart, _patient(care_log), asked, care.today, worker.username)
    except ReliefPathError as error:
        return _shown(request, episode, care_log, said, {END: str(error)})
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


@router.post("/reopen")
def take_up_again(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Take the end of care back."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "care")
    why = text_of(said, "why") or ""
    try:
        reopen(care.chart, _patient(care_log), episode, worker.username, why)
    except ReliefPathError as error:
        return _shown(request, episode, care_log, said, {REOPEN: str(error)})
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


@router.post("/hand-over")
def hand(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Let another clinician be responsible; who no longer treats the patient goes to the list."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "care")
    try:
        hand_over(
            *(care.chart, _patient(care_log), episode),
            text_of(said, "clinician") or "",
            worker.username,
            text_of(said, "handed_why") or "",
            known=_known(request),
            every=bool(said.get("every")),
        )
    except ReliefPathError as error:
        return _shown(request, episode, care_log, said, {HAND_OVER: str(error)})
    team = care.chart.clinicians_of(_patient(care_log))
    may_look = worker.role is Role.DIRECTOR or bool(worker.clinicians & team)
    return RedirectResponse(f"/patient/{segment(episode)}" if may_look else "/worklist", 303)


def _patient(care_log: CareLog) -> str:
    return str(care_log.patients["patient"][0])


def _known(request: Request) -> frozenset[str]:
    accounts: Accounts = request.app.state.accounts
    return clinicians_with_an_account(accounts.engine)


def _shown(
    request: Request,
    episode: str,
    care_log: CareLog,
    said: Said = NOTHING,
    wrong: dict[str, str] | None = None,
) -> Response:
    care: Care = request.app.state.care
    about: dict[str, Any] = head(care_log, episode, care.today)
    others = care_log.episodes.filter(care_log.episodes["ended_on"].is_null())["episode"]
    return page(
        request,
        "ending",
        about=about,
        said=said,
        wrong=wrong or {},
        today=care.today,
        reasons=list(WORDS.items()),
        recovered=RECOVERED,
        death=DEATH,
        words=WORDS,
        died_on=care_log.patients["died_on"][0],
        others=[other for other in others if other != episode],
        clinicians=[(name, name) for name in sorted(_known(request)) if name != about["clinician"]],
    )

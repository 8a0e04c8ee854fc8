"""Saying what a medicine or an allergen in words is: beside the finding, or of the whole clinic."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.terms import questions_of, say_what_words_are, terms_of
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import Role
from reliefpath.reference.therapies import finding_kinds
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.security import require_role
from reliefpath.web.views.ledger import term_choices

router = APIRouter()
Director = Annotated[Account, Depends(require_role(Role.DIRECTOR))]
Text = Annotated[str, Form(max_length=2000)]


@router.get("/terms")
def show(request: Request, worker: Director) -> Response:
    """Show the words that nobody understands yet, and what was said that others are."""
    return _page(request)


@router.post("/terms")
def say(
    request: Request, worker: Director, kind: Text = "", words: Text = "", code: Text = ""
) -> Response:
    """Record what words are, or show the page with what is wrong."""
    try:
        _say(request, worker, kind, words, code)
    except UsageError as error:
        return _page(request, str(error))
    return RedirectResponse("/terms", 303)


@router.post("/patient/{episode}/term")
def say_of_patient(
    request: Request,
    episode: str,
    worker: Treater,
    kind: Text = "",
    words: Text = "",
    code: Text = "",
) -> Response:
    """Record what words are that are on record of a patient."""
    open_record(request.app.state.care, episode, worker, "term")
    _say(request, worker, kind, words, code)
    return RedirectResponse(f"/patient/{episode}#findings", 303)


def _say(request: Request, worker: Account, kind: str, words: str, code: str) -> None:
    care: Care = request.app.state.care
    if not code:
        raise UsageError("choose what it is")
    say_what_words_are(care.chart, kind, words, code, worker.username)


def _page(request: Request, wrong: str | None = None) -> Response:
    care: Care = request.app.state.care
    kinds = [kind for kind, row in finding_kinds(care.knowledge).items() if row.takes_words]
    return page(
        request,
        "terms",
        200 if wrong is None else 400,
        questions=questions_of(care.chart),
        terms=terms_of(care.chart),
        choices={kind: term_choices(care.knowledge, kind) for kind in kinds},
        wrong=wrong,
    )

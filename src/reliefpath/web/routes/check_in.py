"""The pages of the check-in, as the patient sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from reliefpath.care.check_in.answers import (
    DID,
    LONGEST_MESSAGE,
    NONE,
    NOTHING,
    Answers,
    read_answers,
    record_answers,
    sent_answers,
)
from reliefpath.care.check_in.links import PATIENT, VALID
from reliefpath.care.check_in.questions import Questions, questions
from reliefpath.care.planning.exercise import situation_of
from reliefpath.care.planning.given import EXERCISE
from reliefpath.care.programmes import (
    SignedProgramme,
    exercises_in_force,
    programme_for_patient,
)
from reliefpath.care_log.schema import REPORTERS
from reliefpath.documents.exercise.handout import handout
from reliefpath.errors import ChartError, ReliefPathError
from reliefpath.reference.anatomy.body_map import areas, body, shapes
from reliefpath.reference.therapies import counted_as
from reliefpath.reference.therapies.exercise import Programme, exercise_rules
from reliefpath.web.check_in_session import CheckInSession, OpenedLink
from reliefpath.web.security import SignInNeededError, check_form
from reliefpath.web.standalone import standing
from reliefpath.web.views.check_in_curve import FRAME, curves

router = APIRouter()


@router.get("/check-in/{token}")
def ask(opened: OpenedLink) -> Response:
    """Show the questions."""
    if opened.link.used:
        return RedirectResponse(opened.place("/thanks"), 303)
    return _form(opened, _questions(opened))


def _questions(opened: CheckInSession) -> Questions:
    prescribed = exercises_in_force(opened.care.chart, opened.episode)
    return questions(opened.care_log, opened.episode, opened.care.today, prescribed)


@router.get("/check-in/{token}/change")
def change(opened: OpenedLink) -> Response:
    """Show the questions with what was sent today, to be sent anew."""
    asked = _questions(opened)
    sent = _sent_answers(opened, asked)
    if sent is None:
        return RedirectResponse(opened.place("/thanks"), 303)
    return _form(opened, asked, sent=sent)


def _sent_answers(opened: CheckInSession, asked: Questions) -> Answers | None:
    """What was sent today and may still be changed."""
    return sent_answers(opened.care.chart, opened.link, asked, opened.care.today)


async def _sent(request: Request) -> FormData:
    return await request.form()


async def _own_form(opened: OpenedLink, request: Request) -> CheckInSession:
    """Of a form that was filled in by somebody signed in: that it is our own."""
    if opened.by != PATIENT:
        await check_form(request)
    elif (await request.form()).get("csrf"):
        raise SignInNeededError
    return opened


@router.post("/check-in/{token}")
def take(
    opened: Annotated[CheckInSession, Depends(_own_form)], form: Annotated[FormData, Depends(_sent)]
) -> Response:
    """Record the answers once, however often they are sent, and only then say thank you."""
    asked = _questions(opened)
    try:
        answers = read_answers(form.get, form.getlist, asked, opened.care_log.knowledge)
        sent = _sent_answers(opened, asked)
        if sent is not None and form.get("replaces"):
            answers = answers.in_place_of(sent, asked)
        # other answers take the place of those that were shown, and of no others
        replaces = sent is not None and form.get("replaces") == str(opened.link.entry)
        if answers.is_empty and (replaces or not opened.link.used):
            return _form(opened, asked, 400, empty=True, sent=sent if replaces else None)
        if answers.digest != opened.link.answers:
            reported_by = str(form.get("reported_by") or PATIENT)
            _record(opened, answers, asked, reported_by, opened.link.entry if replaces else None)
    except ChartError:  # the phone sends it again: it is recorded once
        return opened.page("check-in-unanswered", 503)
    except ReliefPathError:
        return opened.page("check-in-refused", 400)
    same = opened.links.of(opened.patient)[opened.link.id].answers == answers.digest
    return RedirectResponse(opened.place("/thanks", **({} if same else {"other": "1"})), 303)


def _record(
    opened: CheckInSession,
    answers: Answers,
    asked: Questions,
    reported_by: str,
    replaces: int | None,
) -> None:
    record_answers(
        *(opened.links, opened.link, answers, asked),
        at=opened.now,
        day=opened.care.today,
        by=opened.by,
        reported_by=PATIENT if opened.by == PATIENT else reported_by,
        replaces=replaces,
    )


@router.get("/check-in/{token}/thanks")
def thanks(opened: OpenedLink, other: str = "") -> Response:
    """Say thank you, what to do now, how it went so far and what comes next."""
    if not opened.link.used:
        return RedirectResponse(opened.place(), 303)
    rules = exercise_rules(opened.care_log.knowledge)
    return opened.page(
        "check-in-thanks",
        day=opened.link.on,
        other=bool(other),
        may_change=_sent_answers(opened, _questions(opened)) is not None,
        frame=FRAME,
        curves=curves(opened.care_log, opened.episode, opened.say),
        has_exercises=_programme(opened) is not None,
        reminders=[row.says for row in rules.reminders.values()],
    )


@router.get("/check-in/{token}/exercises")
def exercises(opened: OpenedLink) -> Response:
    """Show the programme's own page."""
    found = _programme(opened) if opened.link.used else None
    if found is None:
        return RedirectResponse(opened.place(), 303)
    programme, signed = found
    html = handout(
        programme,
        on=opened.care.today,
        name=opened.care_log.patients["name"][0],
        language=opened.say.language,
        signed_on=None if signed is None else signed.day,
    )
    return standing(html)


def _programme(opened: CheckInSession) -> tuple[Programme, SignedProgramme | None] | None:
    """The exercises as signed; of who exercises without a signed programme, the proposal."""
    here = situation_of(opened.care_log, opened.episode, opened.care.today)
    found = programme_for_patient(opened.care.chart, here)
    if found is None or found[1] is not None:
        return found
    known = counted_as(opened.care_log.knowledge, EXERCISE)
    exercised = opened.care_log.given.filter(episode=opened.episode)["therapy"].is_in(known)
    return found if exercised.any() else None


def _form(
    opened: CheckInSession,
    asked: Questions,
    status: int = 200,
    *,
    empty: bool = False,
    sent: Answers | None = None,
) -> Response:
    may_keep = opened.by == PATIENT and sent is None  # not on a computer of the clinic
    answer = opened.page(
        "check-in",
        status,
        days=VALID.days,
        may_keep=may_keep,
        asked=asked,
        empty=empty,
        replaces=sent and opened.link.entry,
        sent=sent or NOTHING,
        longest=LONGEST_MESSAGE,
        areas=areas(),
        names=body().names,
        views=[("front", shapes("front")), ("back", shapes("back"))],
        nothing=NONE,
        did=DID,
        reporters=REPORTERS if opened.by != PATIENT else (),
    )
    if may_keep:
        answer.headers["Keep-Offline"] = "1"
    return answer

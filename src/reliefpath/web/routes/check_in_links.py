"""The page on which the clinic makes a patient's links to check in, and says where to mail them."""

from __future__ import annotations

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from reliefpath.care.break_glass import open_record
from reliefpath.care.check_in.links import VALID, Links
from reliefpath.care.check_in.words import speech_of, words
from reliefpath.care.clinic_chart import Care
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care.reminders.emails import LONGEST
from reliefpath.care_log.follow_up import is_followed
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import CARE
from reliefpath.knowledge.languages import spoken_or_english
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.segments import segment
from reliefpath.web.settings import Settings
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/check-in-link")
Carer = Annotated[Account, Depends(require_role(*CARE))]


@router.get("")
def links(request: Request, episode: str, worker: Carer) -> Response:
    """Show the links of an episode."""
    return _shown(request, episode, *_links_of(request, episode, worker))


@router.post("")
def make(request: Request, episode: str, worker: Carer) -> Response:
    """Make a link."""
    links, patient = _links_of(request, episode, worker)
    if not _is_followed(request, patient, episode):
        raise UsageError("nothing is asked of this complaint any more: its care has ended")
    token = links.make(episode, patient, worker.username)
    return _shown(request, episode, links, patient, token)


@router.post("/{link}/withdraw")
def withdraw(request: Request, episode: str, link: str, worker: Carer) -> Response:
    """Withdraw a link."""
    links, patient = _links_of(request, episode, worker)
    if (found := links.of(patient).get(link)) is None:
        raise UsageError(f"no link `{link}`")
    links.withdraw(found.id, patient, worker.username)
    return RedirectResponse(f"/patient/{segment(episode)}/check-in-link", 303)


@router.post("/address")
def address(
    request: Request,
    episode: str,
    worker: Carer,
    email: Annotated[str, Form(max_length=LONGEST)] = "",
    agreed: Annotated[bool, Form()] = False,
) -> Response:
    """Keep where a patient agreed to be reminded, or forget it where it is left empty."""
    addresses: Addresses = request.app.state.addresses
    links, patient = _links_of(request, episode, worker)
    if not email.strip():
        addresses.forget(patient, worker.username)
    elif not agreed:
        wrong = "Tick that the patient agrees."
        return _shown(request, episode, links, patient, wrong=wrong, typed=email)
    else:
        try:
            addresses.agree(patient, email, worker.username)
        except UsageError as e:
            return _shown(request, episode, links, patient, wrong=str(e), typed=email)
    return RedirectResponse(f"/patient/{segment(episode)}/check-in-link", 303)


def _links_of(request: Request, episode: str, worker: Account) -> tuple[Links, str]:
    """The links of a patient whom the worker may open, and who that is."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "check-in-link")
    return Links(care.chart, request.app.state.settings.secret), care_log.patients["patient"][0]


def _is_followed(request: Request, patient: str, episode: str) -> bool:
    care: Care = request.app.state.care
    care_log = care.patients.state(patient).care_log
    return is_followed(care_log, episode, care_log.moment(care.today))


def _shown(
    request: Request,
    episode: str,
    links: Links,
    patient: str,
    made: str | None = None,
    wrong: str | None = None,
    typed: str | None = None,
) -> Response:
    care: Care = request.app.state.care
    settings: Settings = request.app.state.settings
    care_log = care.patients.state(patient).care_log
    mine = [link for link in links.of(patient).values() if link.episode == episode]
    place = made and f"/check-in/{made}"
    return page(
        request,
        "check-in-link",
        is_followed=is_followed(care_log, episode, care_log.moment(care.today)),
        about=head(care_log, episode, care.today),
        made=place,
        address=place and settings.address + place,
        code=place and _code(settings.address + place),
        say=speech_of(spoken_or_english(care_log.patients["language"][0])),
        words=words(),
        phone=settings.phone,
        emergency=settings.emergency,
        wrong=wrong,
        typed=typed,
        links=mine[::-1],
        now=links.chart.clock(),
        days=VALID.days,
        email=request.app.state.addresses.of(patient),
    )


def _code(address: str) -> Markup:
    """The picture of an address that a phone reads."""
    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(scale=4, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704 - squares alone

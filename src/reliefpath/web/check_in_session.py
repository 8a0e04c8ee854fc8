"""What a link opens: whose check-in it is, in which language, and what became of it so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from reliefpath.care.audit import REFUSED, note
from reliefpath.care.check_in.links import PATIENT, Link, Links
from reliefpath.care.check_in.words import speech_of, words
from reliefpath.care.clinic_chart import Care
from reliefpath.care_log.follow_up import is_followed
from reliefpath.care_log.log import CareLog
from reliefpath.clock import this_moment
from reliefpath.identity.roles import CARE
from reliefpath.knowledge.languages import LANGUAGES, Speech, spoken_or_english
from reliefpath.web.pages import page
from reliefpath.web.rate_limit import Limit
from reliefpath.web.settings import Settings


class ClosedError(Exception):
    """A link that opens nothing; the answer is the same whatever the reason."""

    def __init__(self, status: int = 404) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class CheckInSession:
    """A check-in that a link has opened."""

    request: Request
    care: Care
    links: Links
    token: str
    link: Link
    patient: str
    care_log: CareLog
    say: Speech
    by: str
    """The account signed in, or `PATIENT`."""

    @property
    def episode(self) -> str:
        """The complaint that is asked about."""
        return self.link.episode

    @property
    def now(self) -> datetime:
        """This moment of the clinic's day."""
        return this_moment(self.care_log.zone, self.care.today)

    def place(self, part: str = "", **query: str) -> str:
        """Return the address of a part of this check-in."""
        asked = "&".join(f"{k}={v}" for k, v in {"language": self.say.language, **query}.items())
        return f"/check-in/{self.token}{part}?{asked}"

    def page(self, name: str, status: int = 200, **known: Any) -> HTMLResponse:
        """Return a page in the patient's language."""
        settings: Settings = self.request.app.state.settings
        others = [code for code in LANGUAGES if code != self.say.language]
        told = {"phone": settings.phone, "emergency": settings.emergency, "others": others}
        own = {"say": self.say, "opened": self, "words": words(), "languages": NAMES}
        return page(self.request, name, status, **told, **own, **known)


NAMES = {"en": "English", "es": "Español"}
"""Languages by their own name."""


class WithdrawnError(Exception):
    """A link that the clinic took back, or of care that has ended: it opens nothing any more."""

    def __init__(self, opened: CheckInSession) -> None:
        super().__init__(opened.link.id)
        self.opened = opened


def open_link(request: Request, token: str, language: str = "") -> CheckInSession:
    """Open a link; the audit log tells that the record was looked at.

    Raises:
        ClosedError: it is not ours, too old, of nobody on record, or asked for too often.
        WithdrawnError: the clinic took it back, or asks of the complaint no more.
    """
    limit: Limit = request.app.state.limit
    if not limit.allows(request.client.host if request.client else ""):
        raise ClosedError(429)
    care: Care = request.app.state.care
    links = Links(care.chart, request.app.state.settings.secret)
    episode, id_ = links.read(token) or ("", "")
    patient = care.chart.patient_of(episode) if episode else None
    link = links.of(patient).get(id_) if patient else None
    if patient is None or link is None:
        raise ClosedError
    by = _who(request)
    care_log = care.chart.care_log_of(patient)
    is_over = link.withdrawn or not is_followed(care_log, episode, care_log.moment(care.today))
    if is_over:
        note(care.chart, by, REFUSED, patient=patient, page="check-in")
    elif request.method == "GET":  # what is sent has an entry of its own
        note(care.chart, by, patient=patient, page="check-in")
    spoke = spoken_or_english(care_log.patients["language"][0])
    say = speech_of(language if language in LANGUAGES else spoke)
    opened = CheckInSession(request, care, links, token, link, patient, care_log, say, by)
    if is_over:
        raise WithdrawnError(opened)
    return opened


def closed(request: Request, error: Exception) -> Response:
    """Return the page of a link that opens nothing, in every language."""
    assert isinstance(error, ClosedError)
    says = [speech_of(language) for language in LANGUAGES]
    return page(request, "check-in-closed", error.status, says=says, say=says[0])


def withdrawn(request: Request, error: Exception) -> Response:
    """Return the page of a link that the clinic took back, in the patient's language."""
    assert isinstance(error, WithdrawnError)
    return error.opened.page("check-in-withdrawn", 410)


def _who(request: Request) -> str:
    worker = request.state.worker
    return worker.username if worker is not None and worker.role in CARE else PATIENT


OpenedLink = Annotated[CheckInSession, Depends(open_link)]

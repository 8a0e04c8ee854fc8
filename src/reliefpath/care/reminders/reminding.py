"""Whose check-in is due, how it stands with asking them, and the mails that ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

import polars as pl

from reliefpath.care.check_in.invitation import invitation
from reliefpath.care.check_in.links import Link, Links
from reliefpath.care.check_in.words import words
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care.reminders.mail import MailError, MailServer
from reliefpath.care.worklist import check_ins_due
from reliefpath.clock import day_of
from reliefpath.knowledge.languages import spoken_or_english


@dataclass(frozen=True)
class Due:
    """An episode whose check-in is due, and how it stands with asking the patient.

    Attributes:
        episode: The complaint.
        patient: Whose it is.
        language: What they speak, of those that the check-in speaks.
        email: Where they agreed to be reminded, or None.
        asked: The day on which a link was made that is still open, or None.
        unanswered: Mails since they last checked in.
    """

    episode: str
    patient: str
    language: str
    email: str | None
    asked: date | None
    unanswered: int

    @property
    def does_not_answer(self) -> bool:
        """Whether mail is not the way to reach them."""
        return self.unanswered >= words().unanswered.value

    @property
    def is_to_be_mailed(self) -> bool:
        """Whether a mail would ask them now."""
        return self.email is not None and self.asked is None and not self.does_not_answer


@dataclass(frozen=True)
class Reminded:
    """What became of reminding everybody."""

    sent: int
    failed: tuple[str, ...]
    """Each patient who could not be mailed, and why."""

    @property
    def says(self) -> tuple[str, ...]:
        """What to tell whoever wanted it."""
        return (f"Mailed to {self.sent:,} patient{'' if self.sent == 1 else 's'}.", *self.failed)


def due_of(rows: pl.DataFrame, links: Links, addresses: Addresses) -> list[Due]:
    """Return how it stands with the episodes among rows of the worklist whose check-in is due."""
    asked = check_ins_due(rows).select("episode", "patient", "language")
    made, known, now = defaultdict(list), addresses.all(), links.chart.clock()
    zone = links.chart.zone
    for link in links.of(*asked["patient"].unique()).values():
        made[link.episode].append(link)
    return [
        Due(
            episode,
            patient,
            spoken_or_english(language),
            known.get(patient),
            *_asked(made[episode], now, zone),
        )
        for episode, patient, language in asked.iter_rows()
    ]


def _asked(links: list[Link], now: datetime, zone: str) -> tuple[date | None, int]:
    """The day at the clinic on which a link was made that is open, and mails since one was used."""
    used = [i for i, link in enumerate(links) if link.used]
    since = links[used[-1] + 1 :] if used else links
    opened = [link.made for link in links if link.is_open(now)]
    day = day_of(datetime.fromisoformat(opened[-1]), zone) if opened else None
    return day, sum(link.mailed and not link.withdrawn for link in since)


def remind(
    due: Iterable[Due],
    links: Links,
    mail: MailServer,
    url: str,
    by: str,
    phone: str | None = None,
    emergency: str | None = None,
) -> Reminded:
    """Mail to everybody who is to be mailed, one mail a patient.

    Args:
        due: how it stands with each.
        links: of the chart.
        mail: where the mails are handed in.
        url: where patients reach this clinic, without a slash at the end.
        by: who wants it.
        phone: the clinic's number, which the mail tells; None leaves it out.
        emergency: that of the emergency services; None leaves it out.

    Raises:
        MailError: the mail server can't be reached, is not who it says, or does not know us.
    """
    wanted = sorted((d for d in due if d.is_to_be_mailed), key=attrgetter("patient", "email"))
    if not wanted:
        return Reminded(0, ())
    sent, failed = 0, []
    with mail.opened() as send:
        for patient, theirs in groupby(wanted, attrgetter("patient")):
            asked = list(theirs)
            made = [links.make(d.episode, patient, by, mailed=True) for d in asked]
            places = [f"{url}/check-in/{token}" for token in made]
            text = invitation(asked[0].language, places, phone, emergency)
            try:
                with _sent_or_withdrawn(made, links, patient, by):
                    send(str(asked[0].email), *text)
                sent += 1
            except MailError as e:
                failed.append(f"{patient} was not mailed: {e}")
    return Reminded(sent, tuple(failed))


@contextmanager
def _sent_or_withdrawn(made: Iterable[str], links: Links, patient: str, by: str) -> Iterator[None]:
    """Let links that nobody was sent open nothing."""
    try:
        yield
    except BaseException:
        for token in made:
            if (read := links.read(token)) is not None:
                links.withdraw(read[1], patient, by)
        raise

"""What the web application is told when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from reliefpath.care.clinic_chart import Care
from reliefpath.care.reminders.mail import MailServer
from reliefpath.identity.single_sign_on.settings import SingleSignOn
from reliefpath.knowledge import SHIPPED, Knowledge


@dataclass(frozen=True)
class Always:
    """A day that stays."""

    day: date

    def __call__(self) -> date:
        """Return the day."""
        return self.day


@dataclass(frozen=True)
class Settings:
    """What the web application is told when it starts.

    Attributes:
        chart: The chart it serves: an SQLite file or a database URL.
        accounts: The SQLite file or database URL with accounts and sessions.
        secret: What cookies and links are signed with; at least 32 bytes.
        pathway: The clinic's pathway file, or None for the one shipped.
        prior: A learned prior, or None.
        knowledge: The catalogues, as shipped or as the clinic's own file has them.
        secure: Whether it is reached by HTTPS, so that cookies travel by nothing else.
        demo: Whether demo accounts exist; it then answers this computer alone.
        phone: The clinic's number, as patients are told it; None leaves it out.
        emergency: The number of the emergency services there; None leaves it out.
        hosts: The names it answers to, or none for any.
        address: Where it is reached, such as `https://clinic.example.org`: links begin with it,
            never with what a request says that it asked for.
        backups: The folder into which administrators make backups, or None.
        heads: The file, outside of both, where the ends of their logs are noted, or None.
        single_sign_on: The identity provider that people may sign in by, or None.
        mail: The mail server at which reminders are handed in, or None.
        today: What day it is, where a demo clinic stays on its own; None for the clinic's clock.
        apart: Whether check-ins are answered by a process of their own.
    """

    chart: str = field(repr=False)  # a URL may have its password
    accounts: str = field(repr=False)
    secret: bytes = field(repr=False)
    pathway: Path | None = None
    prior: Path | None = None
    knowledge: Knowledge = SHIPPED
    secure: bool = True
    demo: bool = False
    phone: str | None = None
    emergency: str | None = None
    hosts: tuple[str, ...] = ()
    address: str = "http://127.0.0.1:8000"
    backups: Path | None = None
    heads: Path | None = None
    single_sign_on: SingleSignOn | None = None
    mail: MailServer | None = None
    today: Callable[[], date] | None = None
    apart: bool = False

    def open_care(self) -> Care:
        """Return the care at the clinic.

        Raises:
            UsageError: there is no chart, or a file is not there.
        """
        return Care.open(self.chart, self.pathway, self.prior, self.today, self.knowledge)

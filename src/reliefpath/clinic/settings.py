"""What the web application is told when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path


def today() -> date:
    """Return today's date in UTC, as facts count days."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Settings:
    """What the web application is told when it starts.

    Attributes:
        chart: The chart it serves: an SQLite file or a database URL.
        accounts: The SQLite file or database URL with accounts and sessions.
        secret: What cookies and links are signed with; at least 32 bytes.
        pathway: The clinic's pathway file, or None for the one shipped.
        prior: A learned prior, or None.
        secure: Whether it is reached by HTTPS, so that cookies travel by nothing else.
        demo: Whether demo accounts exist; it then answers this computer alone.
        phone: The clinic's number, as patients are told it; None leaves it out.
        emergency: The number of the emergency services there; None leaves it out.
        hosts: The names it answers to, or none for any.
        backups: The folder into which administrators make backups, or None.
        today: What day it is; a demo clinic stays on its own day.
    """

    chart: str
    accounts: str
    secret: bytes
    pathway: Path | None = None
    prior: Path | None = None
    secure: bool = True
    demo: bool = False
    phone: str | None = None
    emergency: str | None = None
    hosts: tuple[str, ...] = ()
    backups: Path | None = None
    today: Callable[[], date] = today

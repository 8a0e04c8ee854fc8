"""What the web application is told when it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.clinic.reminders.mail import MailServer

OIDC = "RELIEFPATH_OIDC_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Always:
    """A day that stays."""

    day: date

    def __call__(self) -> date:
        """Return the day."""
        return self.day


def said_by(
    environment: Mapping[str, str], prefix: str, what: str, needs: Iterable[str]
) -> dict[str, str]:
    """Return what the environment says under a prefix; nothing where it says nothing.

    Raises:
        UsageError: it says something, and not all that it needs.
    """
    said = {k.removeprefix(prefix): v for k, v in environment.items() if k.startswith(prefix) and v}
    for needed in needs if said else ():
        if needed not in said:
            raise UsageError(f"{what} needs {prefix}{needed}, too: set it, or none at all")
    return said


@dataclass(frozen=True)
class SingleSignOn:
    """The identity provider that people may sign in by, and who we are to it.

    Attributes:
        issuer: Its address, to the letter as it names itself.
        client_id: What it calls us.
        client_secret: What proves to it that it is us; None where PKCE alone does.
        name: What people call it.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "single sign-on"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> SingleSignOn | None:
        """Return the provider that the environment names, or None if it names none.

        Raises:
            UsageError: it is named by half, or could be listened to.
        """
        said = said_by(environment, OIDC, "single sign-on", needs=("ISSUER", "CLIENT_ID"))
        if not said:
            return None
        issuer = said["ISSUER"]
        if not guarded(issuer) or set("?#") & set(issuer):
            raise UsageError(f"{OIDC}ISSUER is an https address (http on this computer alone)")
        name = said.get("NAME", urlsplit(issuer).hostname or issuer)
        return cls(issuer, said["CLIENT_ID"], said.get("CLIENT_SECRET"), name)


def guarded(url: str) -> bool:
    """Return whether nobody can listen in on what is sent to an address."""
    try:
        at = urlsplit(url)
        at.port  # noqa: B018 - raises where it is none
    except ValueError:
        return False
    return bool(at.hostname) and (
        at.scheme == "https" or (at.scheme == "http" and at.hostname in LOOPBACK)
    )


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
        address: Where it is reached, such as `https://clinic.example.org`: links begin with it,
            never with what a request says that it asked for.
        backups: The folder into which administrators make backups, or None.
        heads: The file, outside of both, where the ends of their logs are noted, or None.
        single_sign_on: The identity provider that people may sign in by, or None.
        mail: The mail server at which reminders are handed in, or None.
        today: What day it is, where a demo clinic stays on its own; None for the clinic's clock.
        apart: Whether check-ins are answered by a process of their own.
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
    address: str = "http://127.0.0.1:8000"
    backups: Path | None = None
    heads: Path | None = None
    single_sign_on: SingleSignOn | None = None
    mail: MailServer | None = None
    today: Callable[[], date] | None = None
    apart: bool = False

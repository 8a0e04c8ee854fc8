"""What the environment sets, and which addresses nobody can listen in on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from reliefpath.errors import UsageError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


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

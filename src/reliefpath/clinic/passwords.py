"""Passwords: kept as argon2, checked in the same time whether there is such an account or not."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reliefpath.errors import UsageError

SHORTEST, LONGEST = 12, 1000
_HASHER = PasswordHasher()
_AT_ONCE = BoundedSemaphore(2)
"""Each takes 64 MB and half a core: a flood of sign-ins waits here instead of filling memory."""


def hashed(password: str, username: str) -> str:
    """Return what is kept of a password.

    Raises:
        UsageError: it is too short, too long, or little but the user name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has at least {SHORTEST} characters, at most {LONGEST:,}")
    if len(set(password)) < 5 or password.lower().replace(username, "") == "":
        raise UsageError("that password is easy to guess: choose another one")
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Return whether it is the password; what is kept is None where there is no account."""
    try:
        with _AT_ONCE:
            return _HASHER.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False


def temporary() -> str:
    """Return a password to tell somebody once: 80 bits, without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe())

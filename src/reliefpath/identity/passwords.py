"""Passwords: kept as argon2, checked in the same time whether there is such an account or not."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from reliefpath.errors import UsageError

SHORTEST, LONGEST = 12, 1000
SAFE = 3
"""Of zxcvbn's scores from 0 to 4: it takes at least 10**8 guesses, with its list of 30,000 common
passwords, of names and of words (Wheeler, "zxcvbn", USENIX Security 2016)."""
ESTIMATED = 72
"""Characters that it looks at: it takes long for many."""
_HASHER = PasswordHasher()
_AT_ONCE = BoundedSemaphore(2)
"""Each takes 64 MB and half a core: a flood of sign-ins waits here instead of filling memory."""


def hashed(password: str, username: str) -> str:
    """Return what is kept of a password.

    Raises:
        UsageError: it is too short, too long, or one that is guessed early.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has at least {SHORTEST} characters, at most {LONGEST:,}")
    if _is_guessed_early(password, username):
        raise UsageError(
            "that password is easy to guess: choose a few words that do not belong together"
        )
    with _AT_ONCE:
        return _HASHER.hash(password)


def _is_guessed_early(password: str, username: str) -> bool:
    """Whether it is common, or made of what is: names, words, years, keys side by side."""
    if len(set(password)) < 5:
        return True
    found = zxcvbn(password[:ESTIMATED], user_inputs=[username, "reliefpath"])
    return bool(found["score"] < SAFE)


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

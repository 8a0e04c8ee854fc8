"""Codes of an authenticator (RFC 6238): six digits, new every 30 seconds."""

from __future__ import annotations

from datetime import datetime
from secrets import compare_digest

import pyotp

ISSUER = "ReliefPath"
SECONDS = 30
WINDOW = (0, -1, 1)
"""Steps that count beside the present one: clocks differ."""


def new_secret() -> str:
    """Return a new secret in base 32."""
    return pyotp.random_base32()


def uri(secret: str, username: str) -> str:
    """Return the address by which an authenticator takes up a secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return which step a code is of, or None if it is wrong; no step may be taken twice."""
    given, present = code.replace(" ", "").encode(), int(now.timestamp()) // SECONDS
    for step in (present + beside for beside in WINDOW):
        if compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), given):
            return step
    return None

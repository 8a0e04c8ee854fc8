"""Browsers that have signed in before: no stranger's wrong guesses make them wait.

Guesses at an account make everybody wait who guesses at it (`tries`), and its owner, too. A browser
on which the account has signed in keeps a signed cookie that says so, and is counted by itself.
It signs nobody in. (OWASP, "Slow Down Online Guessing Attacks with Device Cookies".)
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from reliefpath.web.security import cookie_name

REMEMBERED = timedelta(days=180)
MOST = 10
"""Accounts that a browser is remembered for, as one at a desk that several people use."""


def device_of(request: Request, username: str) -> str | None:
    """Return what the browser is called if the account has signed in on it, else None."""
    device, usernames = _kept(request)
    return device if username in usernames else None


def remember_device(request: Request, response: Response, username: str) -> None:
    """Let the browser keep that the account has signed in on it."""
    device, usernames = _kept(request)
    others = [name for name in usernames if name != username]
    kept = [device or secrets.token_urlsafe(16), [*others, username][-MOST:]]
    response.set_cookie(
        _cookie(request),
        str(_signer(request).dumps(kept)),
        max_age=int(REMEMBERED.total_seconds()),
        httponly=True,
        secure=request.app.state.settings.secure,
        samesite="strict",
        path="/",
    )


def _kept(request: Request) -> tuple[str | None, list[str]]:
    sent = request.cookies.get(_cookie(request), "")
    try:
        device, usernames = _signer(request).loads(sent, max_age=int(REMEMBERED.total_seconds()))
    except BadData:
        return None, []
    return device, usernames


def _signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(request.app.state.settings.secret, salt="device")


def _cookie(request: Request) -> str:
    return f"{cookie_name(request)}-device"

"""What every request passes: who is it, may they, and did the form come from our own page."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from reliefpath.clinic.accounts import Account, Accounts
from reliefpath.clinic.roles import Role

COOKIE = "reliefpath"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
SAFE = ("GET", "HEAD", "OPTIONS")


class SignInNeededError(Exception):
    """Nobody is signed in: the answer is the page to sign in."""


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Find out who asks, and put the headers on every answer."""
    accounts: Accounts = request.app.state.accounts
    token = request.cookies.get(COOKIE)
    session = accounts.session(token) if token else None
    request.state.worker = session.account if session else None
    request.state.csrf = session.csrf if session else ""
    response = await call_next(request)
    static = request.url.path.startswith("/static/")
    for name, value in HEADERS.items():
        if not (static and name == "Cache-Control"):
            response.headers.setdefault(name, value)
    return response


def signed_in(request: Request) -> Account:
    """Return who is signed in.

    Raises:
        SignInNeededError: nobody is.
    """
    worker: Account | None = request.state.worker
    if worker is None:
        raise SignInNeededError
    return worker


def needs(*roles: Role) -> Callable[..., Awaitable[Account]]:
    """Return the dependency of a route for some roles; of a form also that it is our own."""

    async def allowed(request: Request) -> Account:
        worker = signed_in(request)
        if worker.role not in roles:
            raise HTTPException(403, f"not for the role {worker.role}")
        await check_form(request)
        return worker

    return allowed


async def check_form(request: Request) -> None:
    """Refuse a form that does not send back what its page was given.

    Raises:
        HTTPException: it does not.
    """
    if request.method in SAFE:
        return
    sent = request.headers.get("x-csrf") or (await request.form()).get("csrf")
    expected = request.state.csrf
    if not expected or not isinstance(sent, str) or not secrets.compare_digest(sent, expected):
        raise HTTPException(403, "the form is from an old page: open the page again")


def set_cookie(response: RedirectResponse, token: str, *, secure: bool) -> None:
    """Give the browser the token of a session."""
    response.set_cookie(COOKIE, token, httponly=True, secure=secure, samesite="strict", path="/")


Worker = Annotated[Account, Depends(signed_in)]

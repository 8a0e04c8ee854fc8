"""What every request passes: who is it, may they, and did the form come from our own page."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import traceback
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reliefpath.care.audit import REFUSED, note
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.roles import Role
from reliefpath.web.pages import page
from reliefpath.web.segments import keep_segments
from reliefpath.web.settings import Settings

LOG = logging.getLogger("reliefpath.web")
COOKIE = "reliefpath"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: with it, browsers say of our own forms that they come from nowhere
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
HSTS = "max-age=31536000"
SAFE = ("GET", "HEAD", "OPTIONS")
LARGEST_BODY = 1_000_000
BODY_SECONDS = 30
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_WITHIN = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


class SignInNeededError(Exception):
    """Nobody is signed in: the answer is the page to sign in."""


class OwnPasswordNeededError(Exception):
    """The password is one that somebody else chose: the answer is the page to choose another."""


class SecurityMiddleware:
    """Refuses what no page of ours sends, finds out who asks, puts the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        keep_segments(scope)
        request = Request(scope, receive)
        settings: Settings = request.app.state.settings
        request.state.worker, request.state.csrf, begun = None, "", False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _put_headers(message, scope["path"], secure=settings.secure)
            await send(message)

        try:
            _refuse_foreign(request, settings)
            again = await _whole_body(request, receive)
            await _identify(request)
            await self.app(scope, again, guarded)
        except HTTPException as e:
            scope["headers"] = [header for header in scope["headers"] if header[0] != b"host"]
            await page(Request(scope), "refused", e.status_code, says=e.detail)(
                scope, receive, guarded
            )
        except ClientDisconnect:
            return  # nobody waits for the answer
        except Exception as e:
            if begun:
                raise
            await page(request, "refused", 500, says=_told(e))(scope, receive, guarded)


def _put_headers(message: Message, path: str, *, secure: bool) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-cache" if path.startswith("/static/") else "no-store")
    if secure:
        headers["Strict-Transport-Security"] = HSTS


def _refuse_foreign(request: Request, settings: Settings) -> None:
    """Refuse another site's form, another name of this host, and an encoding no page of ours has.

    Raises:
        HTTPException: it is one of these.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host) or (settings.hosts and _name(host) not in settings.hosts):
        raise HTTPException(400, "this is not the address of this clinic")
    if request.method in SAFE:
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    ours = origin is None or origin.partition("://")[2].lower() == host.lower()
    if not ours or site not in (None, "same-origin", "none"):
        raise HTTPException(403, "the form is from another site")
    charset = _CHARSET.search(request.headers.get("content-type", ""))
    if charset and charset[1].lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise HTTPException(415, "only UTF-8 is read here")


def _name(host: str) -> str:
    return re.sub(r":\d+$", "", host).lower()


async def _whole_body(request: Request, receive: Receive) -> Receive:
    """Take in the body, and return what gives it again; slow or large ones cost no thread.

    Raises:
        HTTPException: it is too large, or does not come.
    """
    if request.method in SAFE:
        return receive
    try:
        body = await asyncio.wait_for(_read(request), BODY_SECONDS)
    except TimeoutError:
        raise HTTPException(408, "the form did not come in time") from None
    return replay_body(body, receive)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was taken in already."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, "that is too much at once: at most 1 MB")
    return bytes(body)


async def _identify(request: Request) -> None:
    token = request.cookies.get(cookie_name(request))
    if token and not request.url.path.startswith("/static/"):
        accounts: Accounts = request.app.state.accounts
        session = await run_in_threadpool(accounts.session, token)
        if session is not None:
            request.state.worker, request.state.csrf = session.account, session.csrf


def _told(error: Exception) -> str:
    """Log an error by where it was alone, since its text may tell of a patient."""
    number, where = secrets.token_hex(4), "".join(traceback.format_tb(error.__traceback__))
    LOG.error("error %s: %s\n%s", number, type(error).__name__, where)
    return f"Something went wrong here. Tell whoever keeps this server: error {number}."


def signed_in(request: Request) -> Account:
    """Return who is signed in.

    Raises:
        SignInNeededError: nobody is.
        OwnPasswordNeededError: they have yet to choose a password.
    """
    worker: Account | None = request.state.worker
    if worker is None:
        raise SignInNeededError
    if worker.temporary and not request.url.path.startswith(("/account", "/sign-out")):
        raise OwnPasswordNeededError
    return worker


def require_role(*roles: Role) -> Callable[..., Awaitable[Account]]:
    """Return the dependency of a route for some roles; of a form also that it is our own."""

    async def allowed(request: Request) -> Account:
        worker = signed_in(request)
        if worker.role not in roles:
            await run_in_threadpool(_note_refused, request, worker)
            raise HTTPException(403, f"not for the role {worker.role}")
        await check_form(request)
        return worker

    return allowed


def _note_refused(request: Request, worker: Account) -> None:
    """Keep in the audit log that somebody asked for what their role does not see."""
    chart = request.app.state.care.chart
    episode = request.path_params.get("episode")
    patient = None if episode is None else chart.patient_of(episode)
    page = request.scope["route"].path
    note(
        chart,
        worker.username,
        REFUSED,
        patient=patient,
        reason=f"role {worker.role}",
        page=page,
    )


async def check_form(request: Request) -> None:
    """Refuse a form that does not send back what its page was given.

    Raises:
        HTTPException: it does not.
    """
    if request.method in SAFE:
        return
    sent = request.headers.get("x-csrf") or (await request.form()).get("csrf")
    expected = request.state.csrf.encode()
    if not expected or not isinstance(sent, str):
        raise HTTPException(403, "the form is from an old page: open the page again")
    if not secrets.compare_digest(sent.encode("utf-8", "replace"), expected):
        raise HTTPException(403, "the form is from an old page: open the page again")


def cookie_name(request: Request) -> str:
    """Return the cookie's name; with the prefix, no other host and no plain HTTP can set it."""
    return f"__Host-{COOKIE}" if request.app.state.settings.secure else COOKIE


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser the token of a session."""
    secure = request.app.state.settings.secure
    response.set_cookie(
        cookie_name(request), token, httponly=True, secure=secure, samesite="strict", path="/"
    )


def address_of(request: Request) -> str:
    """Return the address that asks."""
    return request.client.host if request.client else ""


def within_site(place: str) -> str:
    """Return a place of this site to go to, or the start if it may be another's."""
    ours = _WITHIN.fullmatch(place) and not place.startswith("/sign-")
    return place if ours else "/"


def sign_in_url(request: Request) -> str:
    """Return where to sign in, and from there back to the page that was asked for."""
    asked = {**request.scope, "method": "GET"}
    known = any(route.matches(asked)[0] is Match.FULL for route in request.app.router.routes)
    place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return sign_in_for(place) if known and place != "/" else "/sign-in"


def sign_in_for(place: str) -> str:
    """Return where to sign in, and from there to a place."""
    return f"/sign-in?next={quote(place)}"


Worker = Annotated[Account, Depends(signed_in)]
Anybody = Annotated[Account, Depends(require_role(*Role))]
"""Whoever is signed in, by a form of our own."""

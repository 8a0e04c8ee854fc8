"""Signing in by the provider: there, back, and on.

Cookies of sessions are SameSite=Strict: a browser that comes from the provider brings none, and
would not bring a new one on a redirect. `back` answers with a page that leads on by itself: from
there on it is our own site that asks.
"""

from __future__ import annotations

from secrets import compare_digest
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.single_sign_on.errors import SignOnError
from reliefpath.identity.single_sign_on.flow import MINUTES, Flow, flow_of
from reliefpath.identity.single_sign_on.id_token import Person
from reliefpath.identity.single_sign_on.provider import Provider
from reliefpath.web.devices import remember_device
from reliefpath.web.pages import page
from reliefpath.web.rate_limit import Limit
from reliefpath.web.routes.home import sign_in_page
from reliefpath.web.security import address_of, cookie_name, set_cookie, within_site

router = APIRouter(prefix="/sign-in/provider")
Sent = Annotated[str, Query(max_length=4000)]


def configured(request: Request) -> Provider:
    """Return the provider.

    Raises:
        HTTPException: there is none, or this address asks too often.
    """
    provider: Provider | None = request.app.state.provider
    limit: Limit = request.app.state.limit
    if provider is None:
        raise HTTPException(404, "there is no single sign-on here")
    if not limit.allows(address_of(request)):
        raise HTTPException(429, "too many tries: wait a minute, then try again")
    return provider


Configured = Annotated[Provider, Depends(configured)]


@router.get("")
def go(
    request: Request, provider: Configured, place: Annotated[str, Query(alias="next")] = "/"
) -> Response:
    """Send somebody to the provider; anew if their session here is locked."""
    flow = Flow.begin(within_site(place), anew=_is_locked(request))
    try:
        response = RedirectResponse(provider.place(flow, _back(request)), 303)
    except SignOnError as e:
        return _not_signed_in(request, e, flow.place)
    settings = request.app.state.settings
    response.set_cookie(
        _cookie(request),
        flow.signed(settings.secret),
        max_age=MINUTES * 60,
        httponly=True,
        secure=settings.secure,
        samesite="lax",
    )
    return response


@router.get("/back")
def back(
    request: Request, provider: Configured, code: Sent = "", state: Sent = "", error: Sent = ""
) -> Response:
    """Take what the provider sends, and lead on with our own cookies."""
    sent = {"code": code, "state": state, "error": error}
    return page(request, "signing-in", sent=urlencode(sent))


@router.get("/finish")
def finish(
    request: Request, provider: Configured, code: Sent = "", state: Sent = "", error: Sent = ""
) -> Response:
    """Sign in who the provider says it is."""
    flow = flow_of(request.cookies.get(_cookie(request), ""), request.app.state.settings.secret)
    try:
        if flow is None or not compare_digest(flow.state.encode(), state.encode()):
            raise SignOnError("this sign-in was not begun here, or is too old: begin again")
        if error or not code:
            raise SignOnError(f"{provider.name} did not sign you in: try again")
        person = provider.person(code, flow, _back(request))
        response = _entered(request, person, flow)
    except SignOnError as e:
        response = _not_signed_in(request, e, flow.place if flow else "/")
    response.delete_cookie(
        _cookie(request), secure=request.app.state.settings.secure, httponly=True, samesite="lax"
    )
    return response


def _entered(request: Request, person: Person, flow: Flow) -> Response:
    accounts: Accounts = request.app.state.accounts
    if _is_locked(request) and not person.since(flow.began):
        raise SignOnError(
            "the page is locked, and the provider does not say that you proved anew who you are"
        )
    token = accounts.enter(person, address_of(request))
    accounts.sign_out(request.cookies.get(cookie_name(request), ""))
    response = RedirectResponse(within_site(flow.place), 303)
    set_cookie(request, response, token)
    if (session := accounts.session(token)) is not None:
        remember_device(request, response, session.account.username)
    return response


def _not_signed_in(request: Request, error: SignOnError, place: str) -> Response:
    says = f"{str(error)[0].upper()}{str(error)[1:]}."
    return sign_in_page(request, error.status, says, place=place)


def _is_locked(request: Request) -> bool:
    accounts: Accounts = request.app.state.accounts
    return accounts.locked(request.cookies.get(cookie_name(request), "")) is not None


def _back(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{router.prefix}/back"


def _cookie(request: Request) -> str:
    return f"{cookie_name(request)}-sign-in"

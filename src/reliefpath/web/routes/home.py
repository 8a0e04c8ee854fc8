"""Signing in and out, and where each role begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import pages_of
from reliefpath.identity.throttle import WaitError
from reliefpath.web.devices import device_of, remember_device
from reliefpath.web.last_worklist import forget_worklist
from reliefpath.web.pages import page
from reliefpath.web.security import (
    Anybody,
    Worker,
    address_of,
    cookie_name,
    set_cookie,
    within_site,
)

router = APIRouter()


@router.get("/")
def home(worker: Worker) -> Response:
    """Go to where the role begins."""
    return RedirectResponse(pages_of(worker.role)[0][0], 303)


@router.get("/sign-in")
def ask(request: Request, place: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Show the page to sign in, by name to whose session is locked."""
    accounts: Accounts = request.app.state.accounts
    locked = accounts.locked(request.cookies.get(cookie_name(request), ""))
    return sign_in_page(request, username=locked.username if locked else None, place=place)


def sign_in_page(
    request: Request,
    status: int = 200,
    wrong: str | None = None,
    username: str | None = None,
    place: str = "/",
) -> Response:
    """Return the page to sign in, and then to go on to a place."""
    accounts: Accounts = request.app.state.accounts
    return page(
        request,
        "sign-in",
        status,
        provider=request.app.state.provider,
        nobody=accounts.is_empty(),
        wrong=wrong,
        username=username,
        next=within_site(place),
    )


@router.post("/sign-in")
def sign_in(
    request: Request,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    code: Annotated[str, Form(max_length=20)] = "",
    place: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    """Sign in, or say that it was wrong."""
    accounts: Accounts = request.app.state.accounts
    username = username.strip().lower()
    device = device_of(request, username)
    try:
        token = accounts.sign_in(username, password, code, address_of(request), device)
    except WaitError as e:
        answer = sign_in_page(request, 429, f"There were {e}.", place=place)
        answer.headers["Retry-After"] = str(e.seconds)
        return answer
    if token is None:
        return sign_in_page(request, 401, "Name, password or code is not right.", place=place)
    accounts.sign_out(request.cookies.get(cookie_name(request), ""))
    response = RedirectResponse(within_site(place), 303)
    set_cookie(request, response, token)
    remember_device(request, response, username)
    return response


@router.post("/sign-out")
def sign_out(request: Request, worker: Anybody) -> Response:
    """Sign out."""
    accounts: Accounts = request.app.state.accounts
    accounts.sign_out(request.cookies[cookie_name(request)])
    return signed_out(request)


def signed_out(request: Request) -> Response:
    """Return the answer that takes the cookie away."""
    response = RedirectResponse("/sign-in", 303)
    secure = request.app.state.settings.secure
    response.delete_cookie(cookie_name(request), secure=secure, httponly=True, samesite="strict")
    forget_worklist(request, response)
    return response

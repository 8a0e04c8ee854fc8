"""Signing in and out, and where each role begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.clinic.accounts import Accounts
from reliefpath.clinic.pages import page
from reliefpath.clinic.roles import pages_of
from reliefpath.clinic.security import COOKIE, Worker, check_form, set_cookie

router = APIRouter()


@router.get("/")
def home(worker: Worker) -> Response:
    """Go to where the role begins."""
    return RedirectResponse(pages_of(worker.role)[0][0], 303)


@router.get("/sign-in")
def ask(request: Request) -> Response:
    """Show the page to sign in."""
    return page(request, "sign-in", wrong=False)


@router.post("/sign-in")
def sign_in(
    request: Request,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Sign in, or say that it was wrong."""
    accounts: Accounts = request.app.state.accounts
    token = accounts.sign_in(username, password, code)
    if token is None:
        return page(request, "sign-in", 401, wrong=True)
    response = RedirectResponse("/", 303)
    set_cookie(response, token, secure=request.app.state.settings.secure)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, worker: Worker) -> Response:
    """Sign out."""
    await check_form(request)
    accounts: Accounts = request.app.state.accounts
    accounts.sign_out(request.cookies[COOKIE])
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response

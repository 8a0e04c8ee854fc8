"""One's own account: password, authenticator, and where one is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.errors import UsageError
from reliefpath.identity import totp
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.passwords import SHORTEST
from reliefpath.web.devices import device_of
from reliefpath.web.pages import page
from reliefpath.web.routes.home import signed_out
from reliefpath.web.security import Anybody, address_of, set_cookie

router = APIRouter(prefix="/account")
Password = Annotated[str, Form(max_length=1000)]


@router.get("")
def show(request: Request, worker: Anybody) -> Response:
    """Show one's own account."""
    return _page(request, worker)


@router.post("/password")
def change_password(
    request: Request, worker: Anybody, password: Password, new: Password, again: Password
) -> Response:
    """Choose another password, and be signed in here alone."""
    accounts: Accounts = request.app.state.accounts
    try:
        _prove(request, worker, password)
        if new != again:
            raise UsageError("the new password is not twice the same")
        if new == password:
            raise UsageError("the new password is the old one")
        accounts.set_password(worker.username, new)
    except UsageError as e:
        return _page(request, worker, str(e))
    return _signed_in_here(request, worker)


@router.post("/authenticator")
def begin_authenticator(request: Request, worker: Anybody, password: Password) -> Response:
    """Make a secret for an authenticator, and show it."""
    accounts: Accounts = request.app.state.accounts
    try:
        _prove(request, worker, password)
    except UsageError as e:
        return _page(request, worker, str(e))
    accounts.new_totp(worker.username)
    return RedirectResponse("/account", 303)


@router.post("/authenticator/code")
def confirm_authenticator(
    request: Request, worker: Anybody, code: Annotated[str, Form(max_length=20)]
) -> Response:
    """Take the authenticator up once it shows the right code, and be signed in here alone."""
    accounts: Accounts = request.app.state.accounts
    try:
        accounts.confirm_totp(worker.username, code)
    except UsageError as e:
        return _page(request, worker, str(e))
    return _signed_in_here(request, worker)


@router.post("/authenticator/remove")
def remove_authenticator(request: Request, worker: Anybody, password: Password) -> Response:
    """Sign in without authenticator from now on, and be signed in here alone."""
    accounts: Accounts = request.app.state.accounts
    try:
        _prove(request, worker, password)
    except UsageError as e:
        return _page(request, worker, str(e))
    accounts.remove_totp(worker.username)
    return _signed_in_here(request, worker)


@router.post("/sign-out-everywhere")
def sign_out_everywhere(request: Request, worker: Anybody) -> Response:
    """End every session of the account, this one included."""
    accounts: Accounts = request.app.state.accounts
    accounts.sign_out_everywhere(worker.username)
    return signed_out(request)


def _prove(request: Request, worker: Account, password: str) -> None:
    accounts: Accounts = request.app.state.accounts
    device = device_of(request, worker.username)
    if not accounts.proves(worker.username, password, address_of(request), device=device):
        raise UsageError("the present password is not right")


def _signed_in_here(request: Request, worker: Account) -> Response:
    """Lead back to the account, in a session of its own now that all others have ended."""
    accounts: Accounts = request.app.state.accounts
    response = RedirectResponse("/account", 303)
    set_cookie(request, response, accounts.begin(worker.username, address_of(request)))
    return response


def _page(request: Request, worker: Account, wrong: str | None = None) -> Response:
    accounts: Accounts = request.app.state.accounts
    secret = accounts.waiting_totp(worker.username)
    return page(
        request,
        "account",
        200 if wrong is None else 400,
        wrong=wrong,
        secret=secret,
        uri=secret and totp.uri(secret, worker.username),
        shortest=SHORTEST,
        provider=request.app.state.provider,
    )

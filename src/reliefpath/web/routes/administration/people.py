"""The people who work in the clinic: an administrator adds them and says what they may do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints

from reliefpath.care.care_teams import clinicians_of
from reliefpath.errors import UsageError
from reliefpath.identity import passwords
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.care_teams import clinicians_with_an_account
from reliefpath.identity.roles import Role
from reliefpath.web.pages import page
from reliefpath.web.security import require_role

router = APIRouter(prefix="/people")
ClinicianName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
KnownAs = Annotated[str, Form(max_length=255)]
Administrator = Annotated[Account, Depends(require_role(Role.ADMINISTRATOR))]


@router.get("")
def show(request: Request, worker: Administrator) -> Response:
    """Show everybody with an account."""
    return _everybody(request)


@router.post("")
def add(
    request: Request,
    worker: Administrator,
    username: Annotated[str, Form(max_length=64)],
    name: Annotated[str, Form(max_length=200)],
    role: Annotated[Role, Form()],
    known_as: KnownAs = "",
) -> Response:
    """Add somebody, by single sign-on or with a password to tell them once."""
    accounts: Accounts = request.app.state.accounts
    username, known_as = username.strip().lower(), known_as.strip()
    password = None if known_as else passwords.temporary()
    by = worker.username
    try:
        accounts.add(username, name, role, password, temporary=True, known_as=known_as, by=by)
    except UsageError as e:
        return _everybody(request, str(e))
    return _one(request, username, password=password)


@router.get("/{username}")
def show_one(request: Request, worker: Administrator, username: str) -> Response:
    """Show one account, to change it."""
    return _one(request, username)


@router.post("/{username}")
def change(
    request: Request,
    worker: Administrator,
    username: str,
    role: Annotated[Role, Form()],
    active: Annotated[bool, Form()] = False,
) -> Response:
    """Give somebody a role, or disable their account."""
    if username == worker.username:
        return _one(request, username, "ask another administrator to change your own account")
    accounts: Accounts = request.app.state.accounts
    try:
        accounts.change(username, role, active=active, by=worker.username)
    except UsageError as e:
        return _one(request, username, str(e))
    return RedirectResponse("/people", 303)


@router.post("/{username}/password")
def new_password(request: Request, worker: Administrator, username: str) -> Response:
    """Give somebody a password to tell them once, and end their sessions."""
    accounts: Accounts = request.app.state.accounts
    _find(request, username)
    password = passwords.temporary()
    accounts.set_password(username, password, temporary=True, by=worker.username)
    return _one(request, username, password=password)


@router.post("/{username}/single-sign-on")
def single_sign_on(
    request: Request, worker: Administrator, username: str, known_as: KnownAs = ""
) -> Response:
    """Say what the identity provider calls somebody, or that it is not to sign them in."""
    accounts: Accounts = request.app.state.accounts
    _find(request, username)
    try:
        accounts.set_known_as(username, known_as.strip(), worker.username)
    except UsageError as e:
        return _one(request, username, str(e))
    return RedirectResponse("/people", 303)


@router.post("/{username}/care-teams")
def care_teams(
    request: Request,
    worker: Administrator,
    username: str,
    clinician: Annotated[list[ClinicianName], Form()] = [],  # noqa: B006 - as FastAPI asks for it
) -> Response:
    """Say which clinicians' patients somebody treats."""
    accounts: Accounts = request.app.state.accounts
    _find(request, username)
    try:
        accounts.set_care_teams(username, clinician, worker.username)
    except UsageError as e:
        return _one(request, username, str(e))
    return RedirectResponse("/people", 303)


@router.post("/{username}/authenticator")
def remove_authenticator(request: Request, worker: Administrator, username: str) -> Response:
    """Let somebody who lost their authenticator sign in without."""
    accounts: Accounts = request.app.state.accounts
    _find(request, username)
    accounts.remove_totp(username, by=worker.username)
    return RedirectResponse("/people", 303)


def _everybody(request: Request, wrong: str | None = None) -> Response:
    accounts: Accounts = request.app.state.accounts
    status = 200 if wrong is None else 400
    known = {"people": accounts.all(), "roles": list(Role), "provider": request.app.state.provider}
    alone = _clinicians(request) - clinicians_with_an_account(accounts.engine)
    return page(request, "people", status, **known, wrong=wrong, alone=sorted(alone))


def _one(
    request: Request, username: str, wrong: str | None = None, password: str | None = None
) -> Response:
    person = _find(request, username)
    accounts: Accounts = request.app.state.accounts
    usernames = {account.username for account in accounts.all()}
    named = (_clinicians(request) | person.care_teams) - usernames
    known: dict[str, Any] = {
        "person": person,
        "roles": list(Role),
        "wrong": wrong,
        "password": password,
    }
    known |= {"provider": request.app.state.provider, "clinicians": sorted(named)}
    return page(request, "person", 200 if wrong is None else 400, **known)


def _clinicians(request: Request) -> set[str]:
    """Whom the chart's episodes name as clinicians."""
    return set(clinicians_of(request.app.state.care.chart))


def _find(request: Request, username: str) -> Account:
    accounts: Accounts = request.app.state.accounts
    try:
        return accounts.find(username)
    except UsageError as e:
        raise HTTPException(404, str(e)) from None

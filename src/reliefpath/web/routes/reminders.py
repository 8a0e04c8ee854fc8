"""Whose check-in is due, and the mails that remind of it."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.audit import note
from reliefpath.care.care_teams import own_patients
from reliefpath.care.check_in.links import Links
from reliefpath.care.clinic_chart import Care
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care.reminders.emails import LONGEST, checked
from reliefpath.care.reminders.mail import MailError, needed
from reliefpath.care.reminders.reminding import due_of, remind
from reliefpath.care.worklist import check_ins_due, why_due
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.roles import CARE, Role
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.settings import Settings

router = APIRouter()
ROWS = 200
Carer = Annotated[Account, Depends(require_role(*CARE))]
Administrator = Annotated[Account, Depends(require_role(Role.ADMINISTRATOR))]


@router.get("/due")
def due(request: Request, worker: Carer, everybody: bool = False) -> Response:
    """Show whose check-in is due after a treatment or a recovery, why, and who is asked by mail.

    These are the patients of the worker's care teams, or everybody's; whom of other care teams it
    shows is in the audit log.
    """
    care: Care = request.app.state.care
    rows = care.everybody()
    accounts: Accounts = request.app.state.accounts
    rows = rows.with_columns(**own_patients(rows, worker, accounts.engine))
    waits = check_ins_due(rows)
    if not everybody:
        waits = waits.filter("mine")
    shown = waits.head(ROWS)
    note(care.chart, worker.username, page="due")
    care.note_shown(worker, "due", shown.filter(~pl.col("treated"))["patient"])
    stands = {d.episode: d for d in due_of(shown, _links(request), request.app.state.addresses)}
    told = shown.select(
        "episode", "region", "weeks_since_score", says=why_due(care.pathway)
    ).iter_rows(named=True)
    return page(
        request,
        "due",
        rows=[(row, stands.get(row["episode"])) for row in told],
        more=waits.height - ROWS,
        everybody=everybody,
        mail=request.app.state.settings.mail,
        job=request.app.state.reminding,
    )


@router.post("/due/remind")
def remind_all(request: Request, worker: Carer) -> Response:
    """Begin to mail to everybody whose check-in is due and who is to be mailed."""
    care: Care = request.app.state.care
    settings: Settings = request.app.state.settings
    mail, addresses = needed(settings.mail), request.app.state.addresses
    links, numbers = _links(request), (settings.phone, settings.emergency)

    def work() -> tuple[bool, tuple[str, ...]]:
        due = due_of(care.everybody(), links, addresses)
        done = remind(due, links, mail, settings.address, worker.username, *numbers)
        return not done.failed, done.says

    request.app.state.reminding.start(work)
    return RedirectResponse("/due", 303)


@router.get("/reminders")
def set_up(request: Request, worker: Administrator) -> Response:
    """Show whether reminders can be mailed."""
    return _set_up(request)


@router.post("/reminders/test")
def test(
    request: Request, worker: Administrator, email: Annotated[str, Form(max_length=LONGEST)]
) -> Response:
    """Mail to an address of one's own, to see whether it comes."""
    try:
        to = checked(email)
        with needed(request.app.state.settings.mail).opened() as send:
            send(to, "A test of ReliefPath", "Reminders to check in can be mailed.\n")
    except (UsageError, MailError) as e:
        return _set_up(request, wrong=str(e))
    return _set_up(request, sent=to)


def _set_up(request: Request, wrong: str | None = None, sent: str | None = None) -> Response:
    settings: Settings = request.app.state.settings
    addresses: Addresses = request.app.state.addresses
    count = len(addresses.all())
    return page(request, "reminders", mail=settings.mail, count=count, wrong=wrong, sent=sent)


def _links(request: Request) -> Links:
    return Links(request.app.state.care.chart, request.app.state.settings.secret)

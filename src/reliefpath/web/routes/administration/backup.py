"""Backups of the chart and its accounts, each proven before it is called one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.clinic_chart import Care
from reliefpath.care.custody import SUFFIX, Custody, back_up
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.copies import SUFFIX as ACCOUNTS
from reliefpath.identity.copies import back_up_accounts
from reliefpath.identity.roles import Role
from reliefpath.web.pages import page
from reliefpath.web.security import require_role

router = APIRouter()
Administrator = Annotated[Account, Depends(require_role(Role.ADMINISTRATOR))]


@router.get("/backup")
def show(request: Request, worker: Administrator) -> Response:
    """Show the backups there are."""
    folder = request.app.state.settings.backups
    files = [] if folder is None else sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
    found = [(file.name, stat.st_size, stat.st_mtime) for file in files if (stat := file.stat())]
    both = {file.name for file in files if Path(f"{file}{ACCOUNTS}").is_file()}
    rows = [(name, size, datetime.fromtimestamp(at, UTC), name in both) for name, size, at in found]
    return page(request, "backup", rows=rows, folder=folder, job=request.app.state.backing_up)


@router.post("/backup")
def make(request: Request, worker: Administrator) -> Response:
    """Begin a backup."""
    care: Care = request.app.state.care
    accounts: Accounts = request.app.state.accounts
    custody: Custody = request.app.state.custody
    folder = request.app.state.settings.backups
    if folder is None:
        raise UsageError("no folder for backups is given: reliefpath serve CHART --backups DIR")

    def work() -> tuple[bool, tuple[str, ...]]:
        file = Path(back_up(care.chart, folder, worker.username).place)
        back_up_accounts(accounts, file)
        wrote = f"Wrote {file.name} and its accounts, and verified both."
        found = custody.check_databases()
        if found.wrong:
            return False, (wrote, "What they were copied from is damaged:", *found.wrong[:25])
        custody.note_heads()
        return True, (wrote, *(f"Not checked: {said}" for said in found.unchecked))

    request.app.state.backing_up.start(work)
    return RedirectResponse("/backup", 303)

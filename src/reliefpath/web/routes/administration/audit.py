"""Who saw and who changed what, is it as it was recorded, and who signed in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import BeforeValidator, Field, StringConstraints

from reliefpath.care.audit import COLUMNS, VERIFY, Asked, note
from reliefpath.care.charts import Chart
from reliefpath.care.clinic_chart import Care
from reliefpath.care.custody import Custody
from reliefpath.identity.accounts import Account, Accounts
from reliefpath.identity.roles import AUDIT as AUDITORS
from reliefpath.identity.roles import Role
from reliefpath.web.pages import page
from reliefpath.web.security import require_role
from reliefpath.web.workers.jobs import Job

router = APIRouter()
ROWS, EXPORTED_ROWS = 100, 5_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Empty = BeforeValidator(lambda value: value or None)
Words = Annotated[str, StringConstraints(max_length=200, pattern="^[^\\x00]*$")]
Century = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
Entry = Annotated[int, Field(ge=1, le=2**53)]
Text = Annotated[Words | None, Empty]
Day = Annotated[Century | None, Empty]
Before = Annotated[Entry | None, Empty]
HeadNoted = Annotated[str, Form(max_length=100)]
Auditor = Annotated[Account, Depends(require_role(*AUDITORS))]


def asked_for(
    by: Text = None,
    action: Text = None,
    patient: Text = None,
    since: Day = None,
    until: Day = None,
) -> Asked:
    """Return which entries are asked for."""
    return Asked(by, action, patient, since, until)


AskedFor = Annotated[Asked, Depends(asked_for)]


@router.get("/audit")
def show(request: Request, worker: Auditor, asked: AskedFor, before: Before = None) -> Response:
    """Show the chart's audit log, the newest entries first."""
    chart = _looked_at(request, worker, asked, "audit")
    rows = chart.entries(asked, before, ROWS + 1)
    filters = {name: str(value) for name, value in vars(asked).items() if value is not None}
    older = {**filters, "before": str(rows[ROWS - 1]["entry"])} if len(rows) > ROWS else None
    job: Job = request.app.state.verifying
    return page(
        request,
        "audit",
        rows=rows[:ROWS],
        asked=asked,
        head=chart.head(),
        sign_ins_head=request.app.state.accounts.log.head(),
        older=older and urlencode(older),
        export=urlencode(filters),
        job=job,
    )


@router.get("/audit.csv")
def export(request: Request, worker: Auditor, asked: AskedFor) -> Response:
    """Give the entries asked for as CSV."""
    chart = _looked_at(request, worker, asked, "audit.csv")
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_csv(chart, asked), media_type="text/csv", headers=headers)


@router.post("/audit/verify")
def verify(
    request: Request, worker: Auditor, head: HeadNoted = "", sign_ins_head: HeadNoted = ""
) -> Response:
    """Begin to check that the chart and the log of sign-ins hold what was recorded."""
    chart, job = _chart(request), request.app.state.verifying
    accounts: Accounts = request.app.state.accounts
    custody: Custody = request.app.state.custody

    def work() -> tuple[bool, tuple[str, ...]]:
        found, told = (
            chart.verify(head.strip() or None),
            accounts.log.verify(sign_ins_head.strip() or None),
        )
        wrong = (*told.wrong[:25], *custody.lost(), *found.wrong[:25])
        entries = f"All {found.head.entry:,} entries and {found.rows:,} rows are as recorded,"
        unchecked = (f"Not checked: {said}" for said in found.unchecked)
        return not wrong, wrong or (f"{entries} and all {told.rows:,} sign-ins.", *unchecked)

    note(chart, worker.username, VERIFY)
    job.start(work)
    return RedirectResponse("/audit#verify", 303)


@router.get("/sign-ins")
def sign_ins(
    request: Request,
    worker: Annotated[Account, Depends(require_role(*AUDITORS, Role.ADMINISTRATOR))],
    before: Before = None,
) -> Response:
    """Show who signed in, who failed to, and what was done to accounts."""
    accounts: Accounts = request.app.state.accounts
    rows = accounts.log.newest(before, ROWS + 1)
    older = rows[ROWS - 1].entry if len(rows) > ROWS else None
    return page(request, "sign-ins", rows=rows[:ROWS], older=older)


def _chart(request: Request) -> Chart:
    care: Care = request.app.state.care
    return care.chart


def _looked_at(request: Request, worker: Account, asked: Asked, name: str) -> Chart:
    """Return the chart, whose log tells that its log was looked at."""
    chart = _chart(request)
    note(chart, worker.username, patient=asked.patient, page=name)
    return chart


def _csv(chart: Chart, asked: Asked) -> Iterator[str]:
    yield _lines([COLUMNS])
    before: int | None = None
    while rows := chart.entries(asked, before, EXPORTED_ROWS):
        yield _lines([[_cell(row[name]) for name in COLUMNS] for row in rows])
        before = rows[-1]["entry"]


def _cell(value: Any) -> Any:
    """Keep a spreadsheet from taking what somebody wrote for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _lines(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()

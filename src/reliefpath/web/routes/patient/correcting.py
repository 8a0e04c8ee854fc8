"""Rows of a patient's record are corrected, withdrawn, and undone right after they were saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.correcting import (
    NO_REASON,
    RecordedRow,
    correct_own_row,
    may_change,
    row_of,
    rows_on_record,
    withdraw_row,
    withdrawn_with,
)
from reliefpath.care.undoing import undo_save
from reliefpath.care_log.log import CareLog
from reliefpath.errors import CareLogError, UsageError, is_reason
from reliefpath.identity.accounts import Account
from reliefpath.web.forms import Form as Sent
from reliefpath.web.forms import text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer
from reliefpath.web.segments import segment
from reliefpath.web.views import rows as views
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}")
Row = Annotated[int, Path(ge=1, lt=2**63)]
PLACES = {
    "scores": "#curve",
    "treatments": "#tried",
    "exams": "#exam",
    "findings": "#findings",
    "visits": "#visits",
}
"""Where the patient's page shows what is of each table."""
NOT_YOURS = "whoever treats patients corrects this, and an assistant does not: ask a clinician"


@router.post("/undo")
def undo(
    request: Request, episode: str, worker: Carer, entry: Annotated[int, Form(ge=1, lt=2**63)]
) -> Response:
    """Undo what the worker has just saved."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "undo")
    undo_save(care.chart, care_log.patients["patient"][0], entry, worker.username)
    # a first visit took the episode with it
    is_there = care.chart.patient_of(episode) is not None
    return RedirectResponse(f"/patient/{segment(episode)}" if is_there else "/worklist", 303)


@router.get("/rows/{table}")
def choose(request: Request, episode: str, table: str, worker: Carer) -> Response:
    """Show the rows that the address asks for; where it is a single one, open it."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "rows")
    rows = rows_on_record(care.chart, care_log, episode, table)
    lines = views.lines(rows, table, request.query_params, care_log)
    if len(lines) == 1:
        return RedirectResponse(f"{request.url.path}/{lines[0].number}", 303)
    about = head(care_log, episode, care.today)
    return page(request, "rows", about=about, table=table, called=views.NAMES[table], lines=lines)


@router.get("/rows/{table}/{row}")
def ask(request: Request, episode: str, table: str, row: Row, worker: Carer) -> Response:
    """Show a row as it holds, what it said before, and what would go with it."""
    care_log = open_record(request.app.state.care, episode, worker, "correct")
    return _shown(request, episode, care_log, _own(request, episode, care_log, worker, table, row))


@router.post("/rows/{table}/{row}")
def correct(
    request: Request, episode: str, table: str, row: Row, worker: Carer, said: Sent
) -> Response:
    """Correct a row, or show it as it was filled in with what is to be mended."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "correct")
    seen = _own(request, episode, care_log, worker, table, row)
    why = text_of(said, "why") or ""
    values = seen.said.values
    new = views.retyped(table, values, said, care_log.zone)
    problems = {} if is_reason(why) else {"why": NO_REASON}
    if seen.holds and not problems:
        changed = views.changes(table, values, new, care_log.zone)
        try:
            correct_own_row(care.chart, care_log, seen, changed, care.today, worker.username, why)
        except CareLogError as error:
            problems = views.problems_of(error)
        except UsageError as error:
            problems = {"": str(error)}
        else:
            return RedirectResponse(f"/patient/{segment(episode)}{PLACES.get(table, '')}", 303)
    now = _own(request, episode, care_log, worker, table, row)  # it may have changed meanwhile
    return _shown(request, episode, care_log, now, new=new, why=why, problems=problems)


@router.post("/rows/{table}/{row}/withdraw")
def withdraw(
    request: Request, episode: str, table: str, row: Row, worker: Carer, said: Sent
) -> Response:
    """Withdraw a row that was entered in error, and what belongs to it alone."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "withdraw")
    seen = _own(request, episode, care_log, worker, table, row)
    why = text_of(said, "withdrawn_why") or ""
    problems = {} if is_reason(why) else {"withdrawn_why": NO_REASON}
    if str(_goes_with(care, seen)) != (text_of(said, "goes_with") or "0"):
        problems[""] = "what would go with it has changed since you opened the page: look again"
    if seen.holds and not problems:
        withdraw_row(care.chart, table, row, worker.username, why)
        gone = table in ("patients", "episodes")
        patient = f"/patient/{segment(episode)}{PLACES.get(table, '')}"
        return RedirectResponse("/worklist" if gone else patient, 303)
    return _shown(request, episode, care_log, seen, withdrawn_why=why, problems=problems)


def _goes_with(care: Care, row: RecordedRow) -> int:
    return sum(withdrawn_with(care.chart, row).values())


def _own(
    request: Request, episode: str, care_log: CareLog, worker: Account, table: str, row: int
) -> RecordedRow:
    """The row, if it is of this patient and complaint, and the worker's to change."""
    chart = request.app.state.care.chart
    found = row_of(chart, care_log, episode, table, row)
    if not may_change(worker.role, chart, found):
        raise HTTPException(403, NOT_YOURS)
    return found


def _shown(
    request: Request,
    episode: str,
    care_log: CareLog,
    row: RecordedRow,
    *,
    new: Mapping[str, str] | None = None,
    why: str = "",
    withdrawn_why: str = "",
    problems: Mapping[str, str] | None = None,
) -> Response:
    care: Care = request.app.state.care
    wrong: dict[str, Any] = dict(problems or {})
    fields = views.fields_of(care_log, row, new or {}, wrong)
    beside = {field.name for field in fields} | {"why", "withdrawn_why"}
    return page(
        request,
        "row",
        about=head(care_log, episode, care.today),
        row=row,
        called=views.NAMES[row.table],
        told=views.told(row.table, row.latest.values, care_log),
        fields=fields,
        since=views.since(row, care_log.zone),
        events=views.events(row, care.knowledge, care_log.zone),
        gone={} if row.latest.withdrawn else withdrawn_with(care.chart, row),
        why=why,
        withdrawn_why=withdrawn_why,
        problems=wrong,
        wrong=[told for name, told in wrong.items() if name not in beside],
    )

"""Who comes when: visits that are planned, cancelled or not attended, and what was noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care.request import Request
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import (
    ATTENDED,
    CANCELLED,
    NOT_ATTENDED,
    PLANNED,
    TO_COME,
    VISITS,
)
from reliefpath.clock import day_of, has_time, instant_of, zone_of
from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import correct, row_named
from reliefpath.store.database import read_transaction
from reliefpath.store.frames import stored_select
from reliefpath.store.invariants import check_unchanged
from reliefpath.store.tables import INSTANT, ROWS, holding
from reliefpath.store.verification.audit import instant_text
from reliefpath.store.writing import AuditEvent

OUTCOME = "visit"
"""What the audit log calls it when somebody says what became of a visit."""
NOT_SEEN = (PLANNED, CANCELLED, NOT_ATTENDED)
"""What can be said of a visit without recording it; one that was recorded stays attended."""
Row = dict[str, Any]
"""A visit without its identifier."""
Corrected = Mapping[tuple[str, str], Mapping[str, str | None]]
"""By table and identifier, the values of a row on record that change."""


@dataclass(frozen=True)
class Visit:
    """A visit on record.

    Attributes:
        visit, episode: What it is called, and of which complaint it is.
        at: When it is.
        status: What became of it.
        clinician, note: Whom the patient sees, and what was noted.
    """

    visit: str
    episode: str
    at: datetime
    status: str
    clinician: str | None
    note: str | None

    def day(self, zone: str) -> date:
        """Return its day at the clinic."""
        return day_of(self.at, zone)

    def time(self, zone: str) -> str:
        """Return its time by the clinic's clock; empty where it has none."""
        return f"{self.at.astimezone(zone_of(zone)):%H:%M}" if has_time(self.at) else ""


class PlanRequest(Request):
    """A visit that is to come: a day, or a time with its zone."""

    episode: str
    at: datetime | date
    clinician: str | None = None
    note: str | None = None


def visits_on(chart: Chart, day: date) -> list[Visit]:
    """Return every visit of a day at the clinic, in the order of their times."""
    rows, zone = ROWS["visits"], chart.zone
    # a date alone is midnight UTC, and no zone is more than a day away from that
    begin, end = (
        sa.literal(instant_text(instant_of(day + timedelta(days=n))), INSTANT) for n in (-1, 2)
    )
    found = _read(chart, sa.and_(rows.c.at >= begin, rows.c.at < end))
    return sorted((v for v in found if v.day(zone) == day), key=lambda v: (v.time(zone), v.visit))


def unfinished(chart: Chart, today: date, days: int) -> list[Visit]:
    """Return the planned visits of the last days of which nobody said what became of them."""
    rows, zone = ROWS["visits"], chart.zone
    begin, end = (
        sa.literal(instant_text(instant_of(today + timedelta(days=n))), INSTANT) for n in (-days, 1)
    )
    found = _read(chart, sa.and_(rows.c.at >= begin, rows.c.at < end, rows.c.status == PLANNED))
    return sorted((v for v in found if v.day(zone) < today), key=lambda v: (v.at, v.visit))


def episodes_to_come(chart: Chart, today: date) -> frozenset[str]:
    """Return the episodes with a planned visit today or later."""
    rows, zone = ROWS["visits"], chart.zone
    begin = sa.literal(instant_text(instant_of(today - timedelta(days=1))), INSTANT)
    found = _read(chart, sa.and_(rows.c.at >= begin, rows.c.status == PLANNED))
    return frozenset(v.episode for v in found if v.day(zone) >= today)


def _read(chart: Chart, which: sa.ColumnElement[bool]) -> list[Visit]:
    rows = ROWS["visits"]
    names = [name for name in VISITS.schema if name != "facility"]
    query = stored_select(rows, names, chart.engine.dialect.name)
    with read_transaction(chart.engine) as connection:
        found = connection.execute(query.where(which, holding(rows))).all()
    return [
        Visit(visit, episode, datetime.fromisoformat(at), *rest)
        for visit, episode, at, *rest in found
    ]


def next_visit(care_log: CareLog, episode: str, today: date) -> datetime | None:
    """Return when the next visit of an episode is planned, today included; None where none is."""
    coming = care_log.visits.filter(care_log.day_of() >= today, episode=episode, status=PLANNED)
    at: datetime | None = coming["at"].min()  # type: ignore[assignment]
    return at


def noted(care_log: CareLog, episode: str) -> pl.DataFrame:
    """Return the visits of an episode of which something was noted, the latest first."""
    rows = care_log.visits.filter(pl.col("note").is_not_null(), episode=episode)
    return rows.sort("at", "visit", descending=True).with_columns(day=care_log.day_of())


def attendance(
    care_log: CareLog, episode: str, on: date, clinician: str | None, note: str | None
) -> tuple[list[Row], Corrected]:
    """Return what says that an episode's patient came: a new visit, or the planned one corrected.

    Of several that are planned it is the first. What was planned keeps its time and its note. Where
    the day has an attended visit that says all of this already, there is nothing to say.
    """
    of_day = care_log.visits.filter(care_log.day_of() == on, episode=episode).sort("at", "visit")
    planned = of_day.filter(status=PLANNED)
    if not planned.is_empty():
        row = planned.row(0, named=True)
        notes = "\n".join(filter(None, (row["note"], note))) or None
        says = {"status": ATTENDED, "note": notes, "clinician": clinician or row["clinician"]}
        return [], {("visits", row["visit"]): says}
    attended = of_day.filter(status=ATTENDED)
    if not attended.is_empty() and note in (None, *attended["note"]):
        return [], {}
    return [{"at": on, "status": ATTENDED, "clinician": clinician, "note": note}], {}


def planned_row(care_log: CareLog, request: PlanRequest, today: date) -> Row:
    """Return a visit to come.

    Raises:
        UsageError: its day has passed, the patient has died, or it is planned already.
    """
    at = instant_of(request.at)
    if day_of(at, care_log.zone) < today:
        raise UsageError(
            f"next visit: {day_of(at, care_log.zone)} has passed; choose today or a later day"
        )
    if care_log.patients["died_on"].is_not_null().any():
        raise UsageError("no visit is planned: the patient has died")
    same = care_log.visits.filter(episode=request.episode, status=PLANNED, at=at)
    if not same.is_empty():
        raise UsageError("next visit: one is planned for that time already")
    return {**request.model_dump(exclude={"episode"}), "status": PLANNED}


def plan_visit(
    chart: Chart, care_log: CareLog, request: PlanRequest, seen: int, today: date, by: str
) -> int:
    """Record a visit that is to come; return the entry of the audit log.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        request: of whom and when.
        seen: the last entry of the audit log before that record was read.
        today: the day at the clinic.
        by: who plans it.

    Raises:
        UsageError: it cannot be planned; see `planned_row`.
    """
    rows = visit_rows(care_log, request.episode, [planned_row(care_log, request, today)])
    act = AuditEvent(by, "enter", None, care_log.patients["patient"][0])
    return chart.insert({"visits": rows}, act, expected_version=seen, page="next-visit")


def visit_rows(care_log: CareLog, episode: str, new: list[Row]) -> pl.DataFrame:
    """Return new visits of an episode as rows, each named after it and numbered on."""
    names = _free_names(episode, set(care_log.visits["visit"]))
    rows = [
        {**row, "episode": episode, "visit": name, "at": instant_of(row["at"])}
        for row, name in zip(new, names, strict=False)
    ]
    return pl.DataFrame(rows, VISITS.schema)


def _free_names(episode: str, taken: set[str]) -> Iterator[str]:
    number = 1
    while True:
        if (name := f"{episode}-{number}") not in taken:
            yield name
        number += 1


def set_outcome(
    chart: Chart, care_log: CareLog, visit: str, status: str, seen: int, today: date, by: str
) -> int:
    """Record that a visit was cancelled or not attended, or stands after all; return the entry.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        visit: which visit of theirs.
        status: what became of it.
        seen: the last entry of the audit log before that record was read.
        today: the day at the clinic.
        by: who says so.

    Raises:
        UsageError: there is no such visit, it was recorded, its day has not come, or something of
            the patient was recorded meanwhile.
    """
    if status not in NOT_SEEN:
        raise UsageError(f"`{status}`: expected one of {', '.join(NOT_SEEN)}")
    found = care_log.visits.filter(visit=visit)
    if found.is_empty():
        raise UsageError(f"the patient has no visit `{visit}`; look at the day again")
    row = found.row(0, named=True)
    if row["status"] == ATTENDED:
        raise UsageError("the visit is recorded; to change that, correct its row")
    if day_of(row["at"], care_log.zone) > today and status not in TO_COME:
        raise UsageError("the visit is still to come; say that it was not attended once it is over")
    with chart.change(AuditEvent(by, OUTCOME, None, care_log.patients["patient"][0])) as change:
        check_unchanged(change, seen)
        number = row_named(change, "visits", visit)
        correct(change, "visits", number, {"status": status}, chart.knowledge)
    return change.entry

"""A red flag bars all treatment until somebody who treats examined it and says what they found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from reliefpath.care.check_in.links import PATIENT, USED
from reliefpath.care_log.log import CareLog
from reliefpath.clock import day_of
from reliefpath.errors import UsageError, is_reason
from reliefpath.knowledge import Knowledge, derived
from reliefpath.reference.therapies import Restriction, finding_kinds
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import correct
from reliefpath.store.database import read_transaction
from reliefpath.store.history import Version, history_of, rows_of
from reliefpath.store.writing import AuditEvent

CLEARED = "clear"
"""What the audit log calls it when a red flag was examined and cleared."""


@dataclass(frozen=True)
class Report:
    """One report of a red flag that stands."""

    row: int
    day: date
    by: str
    at_check_in: bool

    @property
    def told(self) -> str:
        """Who reported it; a patient's answer is no examination."""
        if not self.at_check_in:
            return f"recorded by {self.by}"
        who = "by the patient" if self.by == PATIENT else f"at a check-in filled in by {self.by}"
        return f"reported {who}, not yet examined"


@dataclass(frozen=True)
class RedFlag:
    """A red flag that stands, with every report of it, the oldest first."""

    kind: str
    code: str
    name: str
    because: str
    reports: tuple[Report, ...]


def is_red_flag(knowledge: Knowledge, kind: str | None, code: str | None) -> bool:
    """Return whether a finding is a red flag."""
    return f"{kind} {code}" in _red_flags(knowledge)


@derived
def _red_flags(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(
        f"{kind} {code}"
        for kind, row in finding_kinds(knowledge).items()
        for code, found in row.codes.items()
        if Restriction.RED_FLAG in found.bars
    )


def standing_flags(chart: Chart, care_log: CareLog, today: date) -> list[RedFlag]:
    """Return the red flags of a patient that stand.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        today: the day at the clinic.
    """
    names = pl.concat_str("kind", "code", separator=" ")
    holds = pl.col("until").is_null() | (pl.col("until") >= today)
    known = list(_red_flags(care_log.knowledge))
    if care_log.findings.filter(names.is_in(known), holds).is_empty():
        return []
    found: dict[tuple[str, str], list[Report]] = {}
    with read_transaction(chart.engine) as connection:
        for row in rows_of(connection, "findings", care_log.patients["patient"][0]):
            name, until = (row.values["kind"], row.values["code"]), row.values["until"]
            if is_red_flag(care_log.knowledge, *name) and (until or str(today)) >= str(today):
                first = history_of(connection, "findings", row.row)[0]
                found.setdefault(name, []).append(_report(row, first, care_log.zone))
    return [
        RedFlag(kind, code, row.name, row.means(), tuple(sorted(reports, key=lambda r: r.day)))
        for (kind, code), reports in found.items()
        for row in (finding_kinds(care_log.knowledge)[kind].codes[code],)
    ]


def _report(row: Version, first: Version, zone: str) -> Report:
    day = day_of(datetime.fromisoformat(row.values["at"]), zone)
    return Report(row.row, day, first.by, first.action == USED)


def clear(
    chart: Chart, flag: RedFlag, seen: Collection[int], found: str, today: date, by: str
) -> int:
    """Record that a red flag was examined and is none; return the entry of the audit log.

    The day before is the last on which it held: it bars until it is cleared, and no longer. What
    was reported of it after `seen` still stands.

    Args:
        chart: where the patient is on record.
        flag: the red flag as it stands.
        seen: the rows of the reports that were looked at.
        found: what was found on examination.
        today: the day at the clinic.
        by: who examined.

    Raises:
        UsageError: it is not said what was found, or what was looked at stands no longer.
    """
    if not is_reason(found):
        raise UsageError(
            "say in words what you found on examination; the red flag stands until then"
        )
    if not seen or not set(seen) <= {report.row for report in flag.reports}:
        raise UsageError("what stands has changed since you opened the page: look again")
    ends = {"until": (today - timedelta(days=1)).isoformat()}
    with chart.change(AuditEvent(by, CLEARED, found.strip())) as change:
        for row in seen:
            correct(change, "findings", row, ends, chart.knowledge)
    return change.entry

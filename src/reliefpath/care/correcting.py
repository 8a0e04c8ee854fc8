"""A row of a patient's record is corrected or withdrawn; what it said stays on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reliefpath.care.red_flags import is_red_flag
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES, TO_COME
from reliefpath.errors import CareLogError, Problem, UsageError, is_reason, nearest
from reliefpath.identity.roles import CARE, TREAT, Role
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import with_dependents
from reliefpath.store.database import read_transaction
from reliefpath.store.history import Version as Version
from reliefpath.store.history import history_of, rows_of
from reliefpath.store.writing import AuditEvent

RECORDED_BY_EVERYBODY = ("scores", "findings", "visits")
"""The tables of which everyone of care records rows; those of the others are who treats."""
NO_REASON = "say why in words, such as `misread the form`; the audit log keeps it"


@dataclass(frozen=True)
class RecordedRow:
    """A row of a patient's record, with all that was said in its place."""

    table: str
    number: int
    versions: tuple[Version, ...]

    @property
    def said(self) -> Version:
        """What the row itself says."""
        return next(version for version in self.versions if version.row == self.number)

    @property
    def latest(self) -> Version:
        """What was said last in its place."""
        return self.versions[-1]

    @property
    def holds(self) -> bool:
        """Whether nothing took its place, and nobody withdrew it."""
        return self.latest.row == self.number and not self.latest.withdrawn


def correct_row(
    chart: Chart, table: str, row: int, values: Mapping[str, str | None], by: str, why: str
) -> int:
    """Record a row in the place of another; return the entry of the audit log.

    Raises:
        UsageError: the row does not hold, may not be corrected like that, or no reason is told.
        CareLogError: a value breaks the schema.
    """
    return chart.correct(table, row, values, _act(by, "correct", why))


def withdraw_row(chart: Chart, table: str, row: int, by: str, why: str) -> dict[str, int]:
    """Record that a row was entered in error; return how many rows of each table no longer hold.

    Raises:
        UsageError: the row does not hold, or no reason is told.
    """
    return chart.withdraw(table, row, _act(by, "withdraw", why))


def correct_own_row(
    chart: Chart,
    care_log: CareLog,
    row: RecordedRow,
    values: Mapping[str, str | None],
    today: date,
    by: str,
    why: str,
) -> int:
    """Correct a row of a patient's record, which stays theirs; see `correct_row`.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        row: what is corrected.
        values: the columns that are changed, as a care log has them.
        today: the day at the clinic, after which nothing has happened.
        by: who corrects it.
        why: for what reason.

    Raises:
        UsageError: nothing is changed, it would become another patient's, or the row holds no
            longer.
        CareLogError: a value breaks the schema, or a day has not come yet.
    """
    if not values:
        raise UsageError("nothing was changed: change a value, then save")
    said = {**row.said.values, **values}
    happened = said.get("status") not in TO_COME and {"at", "status"} & values.keys()
    if happened and _is_to_come(said.get("at"), today):
        where = f"{row.table} {row.number}"
        raise CareLogError([Problem(where, None, "at", said["at"], "has not come yet")])
    episode = values.get("episode")
    if episode is not None and episode not in care_log.episodes["episode"]:
        raise UsageError(f"`{episode}` is no complaint of this patient")
    return correct_row(chart, row.table, row.number, values, by, why)


def _is_to_come(at: str | None, today: date) -> bool:
    try:
        return at is not None and date.fromisoformat(at[: len("2026-01-31")]) > today
    except ValueError:
        return False  # it is no day at all, which the schema tells


def row_of(chart: Chart, care_log: CareLog, episode: str, table: str, row: int) -> RecordedRow:
    """Return a row of a patient's record, as an episode's page tells of it.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        episode: the complaint whose page it is.
        table: which table.
        row: which row of it; it may be one that no longer holds.

    Raises:
        UsageError: the patient has no such row, or it is of another complaint.
    """
    _check_table(table)
    with read_transaction(chart.engine) as connection:
        versions = history_of(connection, table, row)
    if not versions or not _is_told_of(care_log, episode, table, versions[-1]):
        raise UsageError(f"{table} has no row {row} that is of this patient and complaint")
    return RecordedRow(table, row, versions)


def rows_on_record(chart: Chart, care_log: CareLog, episode: str, table: str) -> list[Version]:
    """Return the rows of a table that hold and that an episode's page tells of, the latest first.

    Raises:
        UsageError: there is no such table.
    """
    _check_table(table)
    with read_transaction(chart.engine) as connection:
        rows = rows_of(connection, table, care_log.patients["patient"][0])
    own = [row for row in rows if _is_told_of(care_log, episode, table, row)]
    return sorted(own, key=lambda row: (row.values.get("at", ""), row.row), reverse=True)


def withdrawn_with(chart: Chart, row: RecordedRow) -> dict[str, int]:
    """Return how many rows of each table would be withdrawn with a row, itself not counted."""
    with read_transaction(chart.engine) as connection:
        gone = with_dependents(connection, row.table, row.latest.row)
    return dict(Counter(table for table, _ in gone[:-1]))


def tables_to_change(role: Role) -> tuple[str, ...]:
    """Return the tables whose rows a role may correct or withdraw: those that it records."""
    if role in TREAT:
        return tuple(TABLES)
    return RECORDED_BY_EVERYBODY if role in CARE else ()


def may_change(role: Role, chart: Chart, row: RecordedRow) -> bool:
    """Return whether a role may correct or withdraw a row; a red flag may who treats alone."""
    kind, code = (row.latest.values.get(name) for name in ("kind", "code"))
    if is_red_flag(chart.knowledge, kind, code) and role not in TREAT:
        return False
    return row.table in tables_to_change(role)


def _act(by: str, action: str, why: str) -> AuditEvent:
    if not is_reason(why):
        raise UsageError(NO_REASON)
    return AuditEvent(by, action, why.strip())


def _check_table(table: str) -> None:
    if table not in TABLES:
        raise UsageError(f"unknown table `{table}`{nearest(table, TABLES)}")


def _is_told_of(care_log: CareLog, episode: str, table: str, row: Version) -> bool:
    """Findings are the person's, whichever complaint they were recorded with."""
    patient = care_log.patients["patient"][0]
    if row.values.get("patient", patient) != patient:
        return False
    return table == "findings" or row.values.get("episode", episode) == episode

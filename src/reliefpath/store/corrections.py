"""Rows that take the place of others: a correction, or a withdrawal of an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care_log.log import assemble
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import CareLogError, UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.store.frames import stored_select, to_stored
from reliefpath.store.reading import known_parents, read_care_log
from reliefpath.store.tables import HISTORIES, ROWS, START_OF_DAY, holding
from reliefpath.store.writing import Change

DEPENDENTS = {
    "patients": ("patient", ("episodes", "findings")),
    "episodes": ("episode", ("scores", "treatments", "exams", "findings", "decisions")),
}
"""What belongs to a patient or an episode alone, and is withdrawn with it."""


def correct(
    change: Change,
    name: str,
    row: int,
    values: Mapping[str, str | None],
    knowledge: Knowledge,
) -> None:
    """Record a row with some values changed; see `Chart.correct`."""
    table = _table(name)
    if name not in TABLES:
        raise UsageError(f"{name} are not corrected: withdraw row {row} and enter it anew")
    old = _row(change, name, row)
    for column in values:
        if column not in table.schema:
            hint = nearest(column, table.schema)
            raise UsageError(f"{name} has no column `{column}`{hint}")
        if table.unique and column == table.columns[0].name:
            raise UsageError(
                f"`{column}` names the row everywhere: withdraw the row and enter it anew instead"
            )
    new = {**old, **values}
    change.act = replace(change.act, patient=_patient(change, old))
    texts = {column: None if value is None else _text(value) for column, value in new.items()}
    raw = pl.DataFrame({column: [value] for column, value in texts.items()}).cast(pl.String)
    care_log, bad = assemble({name: raw}, knowledge, known_parents(change.connection, [raw]))
    problems = [b.at(f"{name} {row}", None) for _, b in bad]
    if any(not problem.warning for problem in problems):
        raise CareLogError(problems)
    good = to_stored(care_log.table(name), table).row(0, named=True)
    if good == old:
        raise UsageError(f"row {row} of {name} already says so")
    change.supersede(name, {**good, "supersedes": row}, withdrawn=False)
    if "started_on" in values and change.act.patient is not None:
        _check_whole(change, change.act.patient, knowledge)


def _check_whole(change: Change, patient: str, knowledge: Knowledge) -> None:
    """Check that what is on record of a patient still fits an episode that begins otherwise."""
    care_log = read_care_log(change.connection, knowledge, patients=(patient, patient))
    _, bad = assemble({name: care_log.table(name) for name in TABLES}, knowledge)
    problems = [b.at(name, None) for name, b in bad]
    if any(not problem.warning for problem in problems):
        raise CareLogError(problems)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.17g}"
    return str(value).removesuffix(START_OF_DAY)  # a date alone has no time of day


def withdraw(change: Change, name: str, row: int) -> dict[str, int]:
    """Record that a row, and what belongs to it alone, does not hold; see `Chart.withdraw`."""
    counts: dict[str, int] = {}
    change.act = replace(change.act, patient=_patient(change, _row(change, name, row)))
    for table, id_ in _with_dependents(change, name, row):
        change.supersede(table, {**_row(change, table, id_), "supersedes": id_}, withdrawn=True)
        counts[table] = counts.get(table, 0) + 1
    return counts


def _with_dependents(change: Change, name: str, row: int) -> Iterator[tuple[str, int]]:
    key, dependents = DEPENDENTS.get(name, ("", ()))
    value = _row(change, name, row).get(key)
    for dependent in dependents:
        rows = ROWS[dependent]
        ids = change.connection.scalars(
            sa.select(rows.c.id).where(rows.c[key] == value, holding(rows))
        ).all()
        for id_ in ids:
            yield from _with_dependents(change, dependent, id_)
    yield name, row


def _patient(change: Change, row: Mapping[str, Any]) -> str | None:
    """Whom a row concerns."""
    if "patient" in row or "episode" not in row:
        return row.get("patient")
    episodes = ROWS["episodes"]
    theirs = sa.select(episodes.c.patient).where(episodes.c.episode == row["episode"])
    return change.connection.execute(theirs.order_by(episodes.c.id.desc())).scalars().first()


def _row(change: Change, name: str, row: int) -> dict[str, Any]:
    """The care-log columns of a row in stored form."""
    table, rows = _table(name), ROWS[name]
    query = stored_select(rows, table.schema, change.connection.dialect.name)
    found = change.connection.execute(query.where(rows.c.id == row)).one_or_none()
    if found is None:
        raise UsageError(f"{name} has no row {row}; see: reliefpath chart history CHART PATIENT")
    return dict(zip(table.schema, found, strict=True))


def _table(name: str) -> Any:
    if name not in HISTORIES:
        raise UsageError(f"unknown table `{name}`{nearest(name, TABLES)}")
    return HISTORIES[name]

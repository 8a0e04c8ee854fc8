"""Rows that take the place of others: a correction, a withdrawal of an error, an undone save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care_log.log import assemble
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import CareLogError, UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.store.frames import stored_select, to_stored
from reliefpath.store.reading import about, known_parents, read_care_log
from reliefpath.store.tables import FLAG, HISTORIES, PROGRAMMES, ROWS, START_OF_DAY, holding
from reliefpath.store.writing import Change

DEPENDENTS = {
    "patients": ("patient", ("episodes", "findings")),
    "episodes": (
        "episode",
        ("scores", "treatments", "exams", "findings", "visits", "decisions", "programmes"),
    ),
}
"""What belongs to a patient or an episode alone, and is withdrawn with it."""
OF_A_SAVE = (*TABLES, PROGRAMMES.name)
"""The tables of which a form saves rows."""
HOLDS, GONE = None, True
"""What became of a row: it holds, or was withdrawn; what was corrected is neither."""


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
    old = _row(change.connection, name, row)
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


def row_named(change: Change, name: str, identifier: str) -> int:
    """Return the row that holds of a table whose first column names its rows.

    Raises:
        UsageError: there is none.
    """
    rows = ROWS[name]
    named = rows.c[_table(name).columns[0].name] == identifier
    row: int | None = change.connection.scalar(sa.select(rows.c.id).where(named, holding(rows)))
    if row is None:
        raise UsageError(f"{name} has no `{identifier}` that holds; look at it again")
    return row


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
    found = _row(change.connection, name, row)
    change.act = replace(change.act, patient=_patient(change, found))
    gone = with_dependents(change.connection, name, row)
    _withdraw(change, gone)
    return dict(Counter(table for table, _ in gone))


def with_dependents(connection: sa.Connection, name: str, row: int) -> list[tuple[str, int]]:
    """Return what is withdrawn with a row, as tables with rows; the row itself comes last.

    Raises:
        UsageError: there is no such row.
    """
    # a finding may belong to a patient and to an episode
    return list(dict.fromkeys(_belonging(connection, name, row)))


def _belonging(connection: sa.Connection, name: str, row: int) -> Iterator[tuple[str, int]]:
    key, dependents = DEPENDENTS.get(name, ("", ()))
    value = _row(connection, name, row).get(key)
    for dependent in dependents:
        rows = ROWS[dependent]
        ids = connection.scalars(
            sa.select(rows.c.id).where(rows.c[key] == value, holding(rows))
        ).all()
        for id_ in ids:
            yield from _belonging(connection, dependent, id_)
    yield name, row


def undo(change: Change, entry: int) -> None:
    """Take back exactly the rows that an entry of the audit log recorded of the act's patient.

    They are withdrawn, and what one took the place of is recorded again. Where all of them were
    taken back already there is nothing to do, and no entry is written.

    Raises:
        UsageError: one was corrected or withdrawn since, or something recorded since belongs to
            one.
    """
    assert change.act.patient is not None
    saved = saved_rows(change.connection, entry, change.act.patient)
    if saved and all(state is GONE for state in saved.values()):
        change.silent = True
        return
    if not saved or any(state is not HOLDS for state in saved.values()):
        raise UsageError(
            "nothing was undone: what was recorded then has been corrected or withdrawn since; "
            "look at the rows one by one"
        )
    if {each for row in saved for each in with_dependents(change.connection, *row)} != set(saved):
        raise UsageError(
            "nothing was undone: something was recorded since that belongs to it; look at the rows "
            "one by one"
        )
    for name, id_ in saved:
        before = _replaced(change.connection, name, id_)
        if before is None:
            _withdraw(change, [(name, id_)])
        else:
            row = {**_row(change.connection, name, before), "supersedes": id_}
            change.supersede(name, row, withdrawn=False)


def _replaced(connection: sa.Connection, name: str, row: int) -> int | None:
    """The row that held until another took its place; None where there was none that held."""
    rows, old = ROWS[name], ROWS[name].alias()
    query = sa.select(old.c.id).join(rows, rows.c.supersedes == old.c.id)
    held: int | None = connection.scalar(
        query.where(rows.c.id == row, old.c.withdrawn == sa.literal(False, FLAG))
    )
    return held


def saved_rows(
    connection: sa.Connection, entry: int, patient: str
) -> dict[tuple[str, int], bool | None]:
    """Return the rows of a patient that an entry recorded, each with what became of it."""
    found = {}
    for name in OF_A_SAVE:
        rows, later = ROWS[name], ROWS[name].alias()
        mine = about(name, lambda whose: whose == patient)
        query = sa.select(rows.c.id, later.c.id, later.c.withdrawn)
        query = query.where(rows.c.entry == entry, mine)
        query = query.outerjoin(later, later.c.supersedes == rows.c.id)
        for id_, next_, withdrawn in connection.execute(query).all():
            found[name, id_] = None if next_ is None else bool(withdrawn)
            before = _replaced(connection, name, id_)
            if next_ is not None and before is not None and not withdrawn:
                # it was taken back if what it took the place of stands again
                again = (_row(connection, name, each) for each in (before, next_))
                found[name, id_] = next(again) == next(again)
    return found


def _withdraw(change: Change, rows: Iterable[tuple[str, int]]) -> None:
    for name, id_ in rows:
        row = {**_row(change.connection, name, id_), "supersedes": id_}
        change.supersede(name, row, withdrawn=True)


def _patient(change: Change, row: Mapping[str, Any]) -> str | None:
    """Whom a row concerns."""
    if "patient" in row or "episode" not in row:
        return row.get("patient")
    episodes = ROWS["episodes"]
    theirs = sa.select(episodes.c.patient).where(episodes.c.episode == row["episode"])
    return change.connection.execute(theirs.order_by(episodes.c.id.desc())).scalars().first()


def _row(connection: sa.Connection, name: str, row: int) -> dict[str, Any]:
    """The care-log columns of a row in stored form."""
    table, rows = _table(name), ROWS[name]
    query = stored_select(rows, table.schema, connection.dialect.name)
    found = connection.execute(query.where(rows.c.id == row)).one_or_none()
    if found is None:
        raise UsageError(f"{name} has no row {row}; see: reliefpath chart history CHART PATIENT")
    return dict(zip(table.schema, found, strict=True))


def _table(name: str) -> Any:
    if name not in HISTORIES:
        raise UsageError(f"unknown table `{name}`{nearest(name, TABLES)}")
    return HISTORIES[name]

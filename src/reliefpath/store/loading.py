"""Loading a care log: staged in batches that a crash can't undo, then recorded all at once.

A row that the chart has known before, even one that was corrected or withdrawn since, is not
recorded again, so that loading the same rows twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES, Table
from reliefpath.errors import ChartError
from reliefpath.store.database import analyze, read_transaction, write_transaction
from reliefpath.store.frames import BATCH, to_stored, write_frame
from reliefpath.store.tables import FLAG, LOADS, ROWS, STAGED, natural_key, superseded
from reliefpath.store.writing import Change

Progress = Callable[[str, int, int], None]
"""Told the table, how many of its rows are staged and how many there are."""


@dataclass(frozen=True)
class Contradiction:
    """A row, counted from 0, that says otherwise than the row of the chart with its key."""

    table: str
    row: int
    id: int
    withdrawn: bool


@dataclass
class Loaded:
    """What came of a load, by table."""

    new: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    contradictions: list[Contradiction] = field(default_factory=list)
    """Why nothing was recorded; empty where corrections were meant."""


def stage(engine: sa.Engine, care_log: CareLog, fingerprint: str, progress: Progress) -> int:
    """Stage all rows, going on where an earlier try ended; return the load's number.

    `fingerprint` tells by the files' content whether it is the same load.
    """
    with write_transaction(engine) as connection:
        mine = LOADS.c.fingerprint == fingerprint
        load = connection.scalar(sa.select(LOADS.c.load).where(mine))
        if load is None:
            new = LOADS.insert().values(fingerprint=fingerprint).returning(LOADS.c.load)
            load = connection.execute(new).scalar_one()
    for name, table in TABLES.items():
        frame = care_log.table(name)
        with read_transaction(engine) as connection:
            done = _count(connection, name, load)
        while done < frame.height:
            with write_transaction(engine) as connection:
                _still_there(connection, load, fingerprint)
                done = _count(connection, name, load)  # who loads the same files may be ahead
                part = to_stored(frame[done : done + BATCH], table)
                numbers = pl.int_range(done, done + part.height, dtype=pl.Int64, eager=True)
                write_frame(
                    connection,
                    STAGED[name],
                    part.with_columns(numbers.alias("row"), pl.lit(load).alias("load")),
                )
            done += part.height
            progress(name, done, frame.height)
    return int(load)


def _still_there(connection: sa.Connection, load: int, fingerprint: str) -> None:
    mine = sa.and_(LOADS.c.load == load, LOADS.c.fingerprint == fingerprint)
    if connection.scalar(sa.select(LOADS.c.load).where(mine)) is None:
        raise ChartError(
            "another program loaded or forgot the same files meanwhile; load them again"
        )


def _count(connection: sa.Connection, name: str, load: int) -> int:
    staged = STAGED[name]
    return int(
        connection.scalar(
            sa.select(sa.func.coalesce(sa.func.max(staged.c.row) + 1, 0)).where(
                staged.c.load == load
            )
        )
        or 0
    )


def record(change: Change, load: int, fingerprint: str, *, corrections: bool) -> Loaded:
    """Record the staged rows of a load in one change, and clear them away.

    Where rows contradict the chart they take the place of its rows if `corrections` are meant;
    else nothing is recorded, and the contradictions are returned.
    """
    _still_there(change.connection, load, fingerprint)
    loaded = Loaded()
    if not corrections:
        for table in TABLES.values():
            loaded.contradictions += _contradictions(change.connection, table, load)
        if loaded.contradictions:
            return loaded
    for table in TABLES.values():
        _record_table(change, table, load, loaded)
    clear(change.connection, load)
    analyze(change.connection)
    return loaded


def clear(connection: sa.Connection, load: int) -> None:
    """Forget what is staged of a load."""
    for staged in STAGED.values():
        connection.execute(staged.delete().where(staged.c.load == load))
    connection.execute(LOADS.delete().where(LOADS.c.load == load))


def unfinished(connection: sa.Connection) -> dict[str, int]:
    """Return how many rows are staged of each load, by its fingerprint."""
    loads = connection.execute(sa.select(LOADS.c.fingerprint, LOADS.c.load)).all()
    return {
        fingerprint: sum(_count(connection, name, load) for name in STAGED)
        for fingerprint, load in loads
    }


def forget(connection: sa.Connection, fingerprint: str) -> None:
    """Clear away what is staged of a load; one that still runs is told."""
    mine = sa.select(LOADS.c.load).where(LOADS.c.fingerprint == fingerprint)
    for load in connection.scalars(mine).all():
        clear(connection, load)


def _numbered(table: Table, load: int) -> sa.Subquery:
    """The staged rows, each with its number among those that are like it: 1 where none can be."""
    staged = STAGED[table.name]
    nth: sa.ColumnElement[int] = sa.literal(1)
    if not natural_key(table):
        alike = [staged.c[column.name] for column in table.columns]
        nth = sa.func.row_number().over(partition_by=alike, order_by=staged.c.row)
    return sa.select(staged, nth.label("nth")).where(staged.c.load == load).subquery()


def _contradictions(connection: sa.Connection, table: Table, load: int) -> list[Contradiction]:
    if not natural_key(table):
        return []
    rows, staged = ROWS[table.name], _numbered(table, load)
    query = (
        sa.select(staged.c.row, rows.c.id, rows.c.withdrawn)
        .select_from(staged)
        .join(rows, _is_tip_of_key(table, staged))
        .where(_is_new(table, staged))
        .order_by(staged.c.row)
    )
    return [
        Contradiction(table.name, row, id_, bool(withdrawn))
        for row, id_, withdrawn in connection.execute(query)
    ]


def _record_table(change: Change, table: Table, load: int, loaded: Loaded) -> None:
    name, connection = table.name, change.connection
    total = _count(connection, name, load)
    if not total:
        return
    rows = change.touch(name)
    if change.is_first(name):
        chosen = _chosen(change, table, STAGED[name], sa.null()).where(STAGED[name].c.load == load)
    else:
        staged = _numbered(table, load)
        place = _tip(table, staged) if natural_key(table) else sa.null()
        chosen = _chosen(change, table, staged, place).where(_is_new(table, staged))
    into = [*table.schema, "entry", "withdrawn", "supersedes"]
    connection.execute(rows.insert().from_select(into, chosen))
    made = sa.select(sa.func.count(), sa.func.count(rows.c.supersedes)).where(change.new(name))
    recorded, corrected = connection.execute(made).one()
    loaded.new[name] = recorded - corrected
    loaded.corrected[name] = corrected
    loaded.known[name] = total - recorded


def _chosen(
    change: Change, table: Table, staged: sa.FromClause, place: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """The staged rows as rows of this change, each in the `place` of another or of none."""
    history = sa.literal(change.entry), sa.literal(False, FLAG), place
    columns = (staged.c[column] for column in table.schema)
    return sa.select(*columns, *history).order_by(staged.c.row)


def _tip(table: Table, staged: sa.Subquery) -> sa.ColumnElement[Any]:
    tip = sa.select(ROWS[table.name].c.id).where(_is_tip_of_key(table, staged))
    return tip.limit(1).scalar_subquery()


def _is_new(table: Table, staged: sa.Subquery) -> sa.ColumnElement[bool]:
    """Whether no version of any row says what a staged row says.

    Rows without a key may be alike: of those staged the chart takes as many as it has not got yet.
    """
    rows = ROWS[table.name].alias()
    same = _same(table, staged, rows, tuple(column.name for column in table.columns))
    there = sa.select(sa.func.count()).select_from(rows).where(same).scalar_subquery()
    return staged.c.nth > there


def _is_tip_of_key(table: Table, staged: sa.Subquery) -> sa.ColumnElement[bool]:
    """Whether a row is the last one said about a staged row's key."""
    rows = ROWS[table.name]
    return sa.and_(_same(table, staged, rows, natural_key(table)), ~superseded(rows))


def _same(
    table: Table, a: sa.FromClause, b: sa.FromClause, columns: tuple[str, ...]
) -> sa.ColumnElement[bool]:
    """Whether rows agree in some columns; `=` where it can be, since only that uses an index."""
    return sa.and_(
        *(
            a.c[name] == b.c[name]
            if table[name].required
            else a.c[name].is_not_distinct_from(b.c[name])
            for name in columns
        )
    )

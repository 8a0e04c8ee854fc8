"""The care log out of the chart, as it holds now or as it was known at an entry of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.chart.care_log import CareLog
from reliefpath.chart.store.frames import Parameters, read_frames, stored_select, to_typed
from reliefpath.chart.store.tables import HISTORIES, KEY, ROWS, holding

Range = tuple[str, str]
"""The first and the last patient, in the database's own order."""
FEW = 500
"""Keys that are asked for by name; for more the whole table is read."""


def read_care_log(
    connection: sa.Connection, upto: int | None = None, patients: Range | None = None
) -> CareLog:
    """Return the care log of all patients or of a range, as it holds or as of entry `upto`."""
    dialect = connection.dialect.name
    parameters: dict[str, object] = {} if upto is None else {"upto": upto}
    if patients is not None:
        parameters |= {"first": patients[0], "last": patients[1]}
    many = patients is None or patients[0] != patients[1]

    def table(name: str) -> pl.DataFrame:
        query = _query(name, dialect, upto is None, patients is None)
        return _read(connection, name, query, parameters, many=many)

    return CareLog.of(table)


def read_batches(
    connection: sa.Connection, upto: int | None = None, size: int = 5_000
) -> Iterator[CareLog]:
    """Yield the care log of `size` patients at a time; with nobody on record, one that is empty."""
    rows = ROWS["patients"]
    names = connection.scalars(
        sa.select(rows.c.patient).where(holding(rows, upto)).order_by(rows.c.patient)
    ).all()
    for i in range(0, max(len(names), 1), size):
        part = names[i : i + size]
        yield read_care_log(connection, upto, (part[0], part[-1]) if part else ("", ""))


@cache  # building a query costs more than one patient's rows
def _query(name: str, dialect: str, now: bool, everybody: bool) -> sa.Select[Any]:
    upto = None if now else sa.bindparam("upto", type_=KEY)
    query = stored_select(ROWS[name], HISTORIES[name].schema, dialect)
    query = query.where(holding(ROWS[name], upto))
    if everybody:
        return query
    first, last = (sa.bindparam(end, type_=sa.Text()) for end in ("first", "last"))
    return query.where(about(name, lambda patient: patient.between(first, last)))


def _read(
    connection: sa.Connection,
    name: str,
    query: sa.Select[Any],
    parameters: Parameters,
    *,
    many: bool = True,
) -> pl.DataFrame:
    frames = list(read_frames(connection, query, parameters, many=many))
    return to_typed(frames[0] if len(frames) == 1 else pl.concat(frames), HISTORIES[name])


def about(
    name: str, whom: Callable[[sa.ColumnElement[str]], sa.ColumnElement[bool]]
) -> sa.ColumnElement[bool]:
    """Return whether a row is about certain patients: it names one, or an episode of one."""
    rows = ROWS[name]
    if "patient" in rows.c:
        return whom(rows.c.patient)
    episodes = ROWS["episodes"].alias()
    return rows.c.episode.in_(sa.select(episodes.c.episode).where(whom(episodes.c.patient)))


def known_parents(
    connection: sa.Connection, raw: Iterable[pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """Return the patients and episodes on record that the rows of `raw` may refer to."""
    frames = list(raw)
    episodes = _keyed(connection, "episodes", _named("episode", frames))
    patients = _keyed(connection, "patients", _named("patient", frames) | set(episodes["patient"]))
    return {"patients": patients, "episodes": episodes}


def _named(key: str, frames: Iterable[pl.DataFrame]) -> set[str]:
    return {
        str(value) for f in frames if key in f.columns for value in f[key].drop_nulls().unique()
    }


def _keyed(connection: sa.Connection, name: str, keys: set[str]) -> pl.DataFrame:
    table, rows = HISTORIES[name], ROWS[name]
    query = stored_select(rows, table.schema, connection.dialect.name).where(holding(rows))
    if len(keys) <= FEW:
        query = query.where(rows.c[table.columns[0].name].in_(sorted(keys)))
    return _read(connection, name, query, {})

"""Whole columns in and out of the database, in the one stored form of `tables.stored`."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care_log.schema import Kind, Table
from reliefpath.store.tables import stored

BATCH = 50_000
"""Rows in memory at once."""
FETCHED = 10_000
INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%S%.6fZ"
Schema = dict[str, pl.DataType]
_DTYPES: dict[type[sa.types.TypeEngine[Any]], type[pl.DataType]] = {
    sa.BigInteger: pl.Int64,
    sa.Integer: pl.Int64,
    sa.Boolean: pl.Int64,
    sa.Double: pl.Float64,
}


Parameters = Mapping[str, object]


def stored_select(table: sa.Table, names: Iterable[str], dialect: str) -> sa.Select[Any]:
    """Return a query of some columns in stored form."""
    return sa.select(*(stored(table.c[name], dialect) for name in names))


def read_frames(
    connection: sa.Connection,
    query: sa.Select[Any],
    parameters: Parameters | None = None,
    *,
    many: bool = True,
) -> Iterator[pl.DataFrame]:
    """Yield the rows of a `stored_select` in batches; with no row, one empty batch.

    With `many` rows PostgreSQL copies them out, which takes longer to begin and less a row.
    """
    schema = {str(c.key): _DTYPES.get(type(c.type), pl.String)() for c in query.selected_columns}
    batches = _copied_out if many and connection.dialect.name == "postgresql" else _fetched
    none = True
    for frame in batches(connection, query, parameters or {}, schema):
        none = False
        yield frame
    if none:
        yield pl.DataFrame(schema=schema)


def _fetched(
    connection: sa.Connection, query: sa.Select[Any], parameters: Parameters, schema: Schema
) -> Iterator[pl.DataFrame]:
    cursor = connection.execute(query, parameters).cursor
    assert cursor is not None
    while rows := cursor.fetchmany(BATCH):
        yield pl.DataFrame(rows, schema=schema, orient="row")


def _copied_out(
    connection: sa.Connection, query: sa.Select[Any], parameters: Parameters, schema: Schema
) -> Iterator[pl.DataFrame]:
    """The server sends CSV, which is parsed by columns; it never splits a row over two messages."""
    literal = query.params(parameters).compile(connection, compile_kwargs={"literal_binds": True})
    cursor = _driver(connection).cursor()
    with cursor.copy(f"COPY ({str(literal).replace('%%', '%')}) TO STDOUT (FORMAT csv)") as copy:
        text, count = BytesIO(), 0
        for row in copy:
            if count == 0:
                text.write(
                    BOM_UTF8
                )  # which is skipped, and not one that the first text begins with
            text.write(row)
            count += 1
            if count == BATCH:
                yield _parsed(text, schema)
                text, count = BytesIO(), 0
        if count:
            yield _parsed(text, schema)


def _parsed(text: BytesIO, schema: Schema) -> pl.DataFrame:
    text.seek(0)
    return pl.read_csv(text, has_header=False, schema=schema)


def stream_rows(
    connection: sa.Connection,
    table: sa.Table,
    order: Sequence[sa.ColumnElement[Any]],
    where: sa.ColumnElement[bool] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield whole rows in stored form, a few in memory at a time."""
    names = [column.key for column in table.c]
    query = stored_select(table, names, connection.dialect.name).order_by(*order)
    if where is not None:
        query = query.where(where)
    for row in connection.execute(query.execution_options(yield_per=FETCHED)):
        yield dict(zip(names, row, strict=True))


def write_frame(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Append rows in stored form to the table's columns of the same names."""
    if frame.is_empty():
        return
    names = [connection.dialect.identifier_preparer.quote(name) for name in frame.columns]
    into = f"{table.name} ({', '.join(names)})"
    cursor = _driver(connection).cursor()
    for part in frame.iter_slices(BATCH):
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv)") as copy:
                copy.write(part.write_csv(include_header=False))
        else:
            marks = ", ".join("?" * len(names))
            cursor.executemany(
                f"INSERT INTO {into} VALUES ({marks})",  # noqa: S608 our own names alone
                part.rows(),
            )
    cursor.close()


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


def to_stored(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return typed care-log columns in stored form."""
    return frame.select(_to_stored(c.name, c.kind) for c in table.columns)


def _to_stored(name: str, kind: Kind) -> pl.Expr:
    column = pl.col(name)
    match kind:
        case Kind.DATE:
            return column.dt.strftime("%Y-%m-%d")
        case Kind.INSTANT:
            return column.dt.strftime(INSTANT_FORMAT)
        case Kind.FLAG:
            return column.cast(pl.Int64)
        case Kind.NUMBER:
            # -0.0, which SQLite does not keep, becomes 0.0
            return pl.when(column == 0).then(0.0).otherwise(column).alias(name)
    return column


def to_typed(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return stored columns in the care log's types."""
    return frame.with_columns(_to_typed(c.name, c.kind) for c in table.columns if c.kind in _OTHER)


_OTHER = {Kind.DATE, Kind.INSTANT, Kind.FLAG}
"""What is stored in another type."""


@cache  # making them costs more than one patient's rows
def _to_typed(name: str, kind: Kind) -> pl.Expr:
    column = pl.col(name)
    match kind:
        case Kind.DATE:
            return column.str.to_date("%Y-%m-%d")
        case Kind.INSTANT:
            return column.str.to_datetime(INSTANT_FORMAT, time_unit="us", time_zone="UTC")
    return column.cast(pl.Boolean)

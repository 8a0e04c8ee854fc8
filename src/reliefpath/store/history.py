"""Single rows of a patient with their numbers, and what each of them said before and since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from reliefpath.store.frames import stored_select
from reliefpath.store.reading import about
from reliefpath.store.tables import AUDIT, HISTORIES, ROWS, holding, stored


@dataclass(frozen=True)
class Version:
    """What was said of something from one entry of the audit log on."""

    row: int
    supersedes: int | None
    withdrawn: bool
    values: dict[str, Any]
    """In stored form, by column."""
    at: str
    by: str
    action: str
    """What the audit log calls the act that recorded it."""
    reason: str | None


def history_of(connection: sa.Connection, name: str, row: int) -> tuple[Version, ...]:
    """Return all that was said in the place of a row, the oldest first; empty without the row."""
    rows = ROWS[name]
    found = list(_versions(connection, name, rows.c.id == row))
    while found and found[0].supersedes is not None:
        found = [*_versions(connection, name, rows.c.id == found[0].supersedes), *found]
    while found and (
        later := list(_versions(connection, name, rows.c.supersedes == found[-1].row))
    ):
        found += later
    return tuple(found)


def rows_of(connection: sa.Connection, name: str, patient: str) -> list[Version]:
    """Return a patient's rows of a table that hold."""
    mine = about(name, lambda whose: whose == patient, holding)
    return list(_versions(connection, name, sa.and_(mine, holding(ROWS[name]))))


def _versions(
    connection: sa.Connection, name: str, where: sa.ColumnElement[bool]
) -> Iterator[Version]:
    rows, columns, dialect = ROWS[name], HISTORIES[name].schema, connection.dialect.name
    # columns of a row and of the log may be called alike
    told = (rows.c.supersedes, rows.c.withdrawn, AUDIT.c.by, AUDIT.c.action, AUDIT.c.reason)
    query = stored_select(rows, ("id", *columns), dialect).add_columns(
        *(column.label(f"told_{column.key}") for column in told),
        stored(AUDIT.c.at, dialect).label("told_at"),
    )
    query = query.join(AUDIT, AUDIT.c.entry == rows.c.entry).where(where).order_by(rows.c.id)
    for id_, *values, supersedes, withdrawn, by, action, reason, at in connection.execute(query):
        named = dict(zip(columns, values, strict=True))
        yield Version(id_, supersedes, bool(withdrawn), named, at, by, action, reason)

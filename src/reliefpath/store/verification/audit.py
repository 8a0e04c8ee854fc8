"""Logs such as the audit log: each entry is chained to the one before it by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from reliefpath.store.tables import AUDIT, INSTANT, stored

BEGINNING = "0" * 64
"""What stands for the hash before the first entry."""
Stored = str | int | float


@dataclass(frozen=True)
class Head:
    """The last entry of the log: whoever notes it down can prove that nothing was cut off after."""

    entry: int
    at: str
    hash: str

    def __str__(self) -> str:
        return f"{self.entry}:{self.hash}"


def digest(rows: Iterable[Mapping[str, Stored | None]]) -> str:
    """Return the SHA-256 of rows: of a JSON array of what is known in each, by name.

    A column that did not exist when a row was written is null in it, so it changes nothing.
    """
    known = [{name: value for name, value in row.items() if value is not None} for row in rows]
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def entry_hash(record: Mapping[str, Stored | None]) -> str:
    """Return the hash of an entry, of everything in it and of the hash before it."""
    return digest([{name: record[name] for name in record if name != "hash"}])


def instant_text(moment: datetime) -> str:
    """Return a moment in stored form."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def head_of(connection: sa.Connection, before: str | None = None, log: sa.Table = AUDIT) -> Head:
    """Return the last entry, or the last one recorded before a moment in stored form."""
    query = _last(log, connection.dialect.name)
    if before is not None:
        query = query.where(log.c.at < sa.literal(before, INSTANT))
    found = connection.execute(query).one_or_none()
    return Head(0, "", BEGINNING) if found is None else Head(*found)


@cache  # building it costs more than asking it
def _last(log: sa.Table, dialect: str) -> sa.Select[Any]:
    query = sa.select(log.c.entry, stored(log.c.at, dialect), log.c.hash)
    return query.order_by(log.c.entry.desc()).limit(1)


def append(connection: sa.Connection, record: dict[str, Any], log: sa.Table = AUDIT) -> None:
    """Write an entry, whose `previous` is the hash of the entry before it."""
    connection.execute(log.insert(), {**record, "hash": entry_hash(record)})

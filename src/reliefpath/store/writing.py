"""One change of the chart: rows that are recorded together, their seals and their audit entry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.store.database import write_transaction
from reliefpath.store.frames import stream_rows, to_stored, write_frame
from reliefpath.store.tables import FEW, HISTORIES, ROWS, SEALS, holding, superseded
from reliefpath.store.verification.audit import Head, append, digest, head_of, instant_text

SEALED_ROWS = 1_000
"""Rows under one digest, which is what `verify` can tell apart."""
Clock = Callable[[], datetime]


_BROKEN = re.compile("[\x00\ud800-\udfff]")
"""What no database takes: NUL, and bytes of a command line that are not UTF-8."""


@dataclass(frozen=True)
class AuditEvent:
    """Who does what and why; what the audit log says of it."""

    by: str
    action: str
    reason: str | None = None
    patient: str | None = None
    """Whom it concerns, where it concerns one person."""

    def __post_init__(self) -> None:
        for said in (self.by, self.action, self.reason, self.patient):
            if said is not None and _BROKEN.search(said):
                raise UsageError(f"{said!r} is not text")


@dataclass
class Change:
    """Rows on their way into the chart; nobody else sees them until all of them are there."""

    connection: sa.Connection
    entry: int
    at: str
    act: AuditEvent
    detail: dict[str, Any] = field(default_factory=dict)
    """What else the audit entry says."""
    silent: bool = False
    """Whether there is nothing to say: no entry is written."""
    _last: dict[str, int] = field(default_factory=dict)

    def touch(self, name: str) -> sa.Table:
        """Return the table `name`, whose new rows will be sealed."""
        rows = ROWS[name]
        if name not in self._last:
            last = self.connection.scalar(sa.select(sa.func.coalesce(sa.func.max(rows.c.id), 0)))
            self._last[name] = int(last or 0)
        return rows

    def last(self, name: str) -> int:
        """Return the last row of the touched table `name` before this change."""
        return self._last[name]

    def new(self, name: str) -> sa.ColumnElement[bool]:
        """Return whether a row of the touched table `name` is of this change."""
        return ROWS[name].c.id > self.last(name)

    @property
    def touched(self) -> set[str]:
        """The tables that have new rows."""
        return set(self._last)

    def is_first(self, name: str) -> bool:
        """Return whether the touched table `name` had no row before."""
        return self.last(name) == 0

    def has(self, name: str, column: str, value: str) -> bool:
        """Return whether a row of the table `name` that holds has this value."""
        rows = ROWS[name]
        there = sa.select(rows.c.id).where(rows.c[column] == value, holding(rows)).limit(1)
        return self.connection.scalar(there) is not None

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Record rows that are good, in the schema's types.

        A row named like one that was withdrawn takes its place.

        Raises:
            UsageError: one that holds has that name.
        """
        table, rows = HISTORIES[name], self.touch(name)
        stored = to_stored(frame, table).with_columns(
            pl.lit(self.entry).alias("entry"), pl.lit(0).alias("withdrawn")
        )
        if table.unique:
            stored = self._in_their_place(table.columns[0].name, rows, stored)
        write_frame(self.connection, rows, stored)

    def _in_their_place(self, key: str, rows: sa.Table, frame: pl.DataFrame) -> pl.DataFrame:
        names = frame[key].unique()
        query = sa.select(rows.c[key], rows.c.id, rows.c.withdrawn).where(~superseded(rows))
        if len(names) <= FEW:
            query = query.where(rows.c[key].in_(names.to_list()))
        last = {name: (id_, withdrawn) for name, id_, withdrawn in self.connection.execute(query)}
        for name in names:
            id_, withdrawn = last.get(name, (None, True))
            if not withdrawn:
                raise UsageError(same(rows.name, id_, (key,)))
        place = [last.get(name, (None,))[0] for name in frame[key]]
        return frame.with_columns(pl.Series("supersedes", place, pl.Int64))

    def supersede(self, name: str, row: dict[str, Any], *, withdrawn: bool) -> None:
        """Record a row in stored form in the place of the row `row["supersedes"]`.

        Raises:
            UsageError: that row does not hold, since somebody was faster.
        """
        rows, old = self.touch(name), row["supersedes"]
        where = sa.and_(rows.c.id == old, holding(rows))
        if self.connection.scalar(sa.select(rows.c.id).where(where)) is None:
            raise UsageError(
                f"row {old} of {name} does not hold: it was corrected or withdrawn, or never was; "
                "look at it again: reliefpath chart history"
            )
        mine = {"entry": self.entry, "withdrawn": withdrawn}
        self.connection.execute(rows.insert().values(**row, **mine))

    def seal(self) -> str | None:
        """Write a digest of each 1,000 new rows; return the digest of them all, if there are."""
        counts, seals = {}, []
        for name in sorted(self._last):
            mine = list(self._sealed(name))
            if mine:
                self.connection.execute(SEALS.insert(), mine)
                counts[name] = sum(seal["rows"] for seal in mine)
                seals += mine
        if not seals:
            return None
        self.detail["rows"] = counts
        return digest(seals)

    def _sealed(self, name: str) -> Iterator[dict[str, Any]]:
        rows = stream_rows(self.connection, ROWS[name], (ROWS[name].c.id,), self.new(name))
        while part := list(islice(rows, SEALED_ROWS)):
            yield {
                "entry": self.entry,
                "table_name": name,
                "first": part[0]["id"],
                "last": part[-1]["id"],
                "rows": len(part),
                "digest": digest(part),
            }


@contextmanager
def changing(engine: sa.Engine, act: AuditEvent, clock: Clock) -> Iterator[Change]:
    """Yield a change that is recorded whole, with its audit entry, or not at all.

    Raises:
        ChartError: the database could not write.
    """
    with write_transaction(engine) as connection:
        head = head_of(connection)
        at = max(instant_text(clock()), head.at)  # a clock set back does not reorder the past
        change = Change(connection, head.entry + 1, at, act)
        yield change
        _close(change, head)


def _close(change: Change, head: Head) -> None:
    if change.silent:
        return
    sealed, act = change.seal(), change.act
    detail = json.dumps(change.detail, ensure_ascii=False, sort_keys=True)
    append(
        change.connection,
        {
            "entry": change.entry,
            "at": change.at,
            "by": act.by,
            "action": act.action,
            "reason": act.reason,
            "patient": act.patient,
            "detail": detail if change.detail else None,
            "digest": sealed,
            "previous": head.hash,
        },
    )


def same(name: str, row: int, key: tuple[str, ...]) -> str:
    """Return how a row is refused that is about the same as one that holds."""
    return (
        f"row {row} of {name} is about the same {' and '.join(key)}: correct it "
        f"instead: reliefpath chart correct CHART {name} {row} ..."
    )

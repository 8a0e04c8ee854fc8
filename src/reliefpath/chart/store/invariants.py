"""What must hold after every change, whoever else wrote meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa

from reliefpath.chart.schema import TABLES
from reliefpath.chart.store.reading import about
from reliefpath.chart.store.tables import AUDIT, ROWS, holding, natural_key
from reliefpath.chart.store.writing import Change, same
from reliefpath.errors import UsageError


def check(change: Change) -> None:
    """Check the rows of a change against all that hold.

    Raises:
        UsageError: two rows say different things of the same, or a row's patient or episode is not
            on record; nothing is recorded.
    """
    for said in (*_twice(change), *_orphans(change)):
        raise UsageError(said)


def check_unchanged(change: Change, seen: int) -> None:
    """Check that nothing of the patient of a change was recorded after the entry `seen`.

    Raises:
        UsageError: something was; nothing is recorded.
    """
    for name in TABLES:
        mine = about(name, lambda patient: patient == change.act.patient)
        newer = sa.select(ROWS[name].c.id).where(mine, ROWS[name].c.entry > seen).limit(1)
        if change.connection.scalar(newer) is not None:
            raise UsageError(
                f"{name} of the patient were recorded meanwhile; nothing was written: do it again, "
                "so that they count"
            )


def entered_before(change: Change, once: str) -> int | None:
    """Return the entry in which an act like this one recorded what is called `once`, if any did."""
    act, named = change.act, json.dumps({"once": once}, ensure_ascii=False)[1:-1]
    query = sa.select(sa.func.min(AUDIT.c.entry)).where(
        AUDIT.c.action == act.action,
        AUDIT.c.patient.is_not_distinct_from(act.patient),
        AUDIT.c.detail.contains(named, autoescape=True),
    )
    entry: int | None = change.connection.scalar(query)
    return entry


def _twice(change: Change) -> Iterator[str]:
    for name in change.touched & TABLES.keys():
        if key := natural_key(TABLES[name]):
            rows, other = ROWS[name], ROWS[name].alias()
            alike = [rows.c[column].is_not_distinct_from(other.c[column]) for column in key[1:]]
            twin = sa.select(sa.func.min(other.c.id)).where(
                rows.c[key[0]] == other.c[key[0]], rows.c.id != other.c.id, *alike, holding(other)
            )
            query = sa.select(twin.scalar_subquery()).where(
                change.new(name), holding(rows), twin.scalar_subquery().is_not(None)
            )
            if (found := change.connection.scalar(query.limit(1))) is not None:
                yield same(name, found, key)


def _orphans(change: Change) -> Iterator[str]:
    for name in change.touched & TABLES.keys():
        rows = ROWS[name]
        for key, parents in (("patient", "patients"), ("episode", "episodes")):
            if key not in rows.c or parents == name:
                continue
            parent = ROWS[parents].alias()
            there = sa.select(1).where(parent.c[key] == rows.c[key], holding(parent)).exists()
            query = sa.select(rows.c[key]).where(
                change.new(name), holding(rows), rows.c[key].is_not(None), ~there
            )
            if (lost := change.connection.scalar(query.limit(1))) is not None:
                yield f"{key} `{lost}` is not on record (any more); record it first"

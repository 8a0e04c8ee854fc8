"""What must hold after every change, whoever else wrote meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa

from reliefpath.care_log.schema import TABLES
from reliefpath.errors import UsageError
from reliefpath.store.identifiers import joined
from reliefpath.store.reading import about
from reliefpath.store.tables import AUDIT, KEY, PROGRAMMES, ROWS, holding, natural_key
from reliefpath.store.writing import Change, same


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
    for name in (*TABLES, PROGRAMMES.name):
        mine = about(name, lambda patient: patient == change.act.patient)
        newer = sa.select(ROWS[name].c.id).where(mine, ROWS[name].c.entry > seen).limit(1)
        if change.connection.scalar(newer) is not None:
            raise UsageError(
                f"{name} of the patient were recorded meanwhile; nothing was written: do it again, "
                "so that they count"
            )
    terms = ROWS["terms"]
    if change.connection.scalar(sa.select(terms.c.id).where(terms.c.entry > seen).limit(1)):
        raise UsageError(
            "it was said meanwhile what a medicine or an allergen is; nothing was written: do it "
            "again, so that it counts"
        )


def entered_before(change: Change, once: str) -> int | None:
    """Return the entry in which an act like this one recorded what is called `once`, if any did."""
    act, named = change.act, json.dumps({"once": once}, ensure_ascii=False)[1:-1]
    query = sa.select(sa.func.min(AUDIT.c.entry)).where(
        AUDIT.c.action == act.action,
        AUDIT.c.patient.in_(joined(change.connection, {act.patient}))
        if act.patient is not None
        else AUDIT.c.patient.is_(None),
        AUDIT.c.detail.contains(named, autoescape=True),
    )
    entry: int | None = change.connection.scalar(query)
    return entry


def _twice(change: Change) -> Iterator[str]:
    for name in change.touched & TABLES.keys():
        if key := natural_key(TABLES[name]):
            found = change.connection.scalar(_twin(name, key), {"last": change.last(name)})
            if found is not None:
                yield same(name, found, key)


def _orphans(change: Change) -> Iterator[str]:
    for name in change.touched & TABLES.keys():
        for key, parents in (("patient", "patients"), ("episode", "episodes")):
            if key not in ROWS[name].c or parents == name:
                continue
            query = _without_parent(name, key, parents)
            lost = change.connection.scalar(query, {"last": change.last(name)})
            if lost is not None:
                yield f"{key} `{lost}` is not on record (any more); record it first"


@cache  # building either query costs more than asking it of a few rows
def _twin(name: str, key: tuple[str, ...]) -> sa.Select[Any]:
    """The row that is about the same as a row that holds and is later than `last`."""
    rows, other = ROWS[name], ROWS[name].alias()
    alike = [rows.c[column].is_not_distinct_from(other.c[column]) for column in key[1:]]
    twin = (
        sa.select(sa.func.min(other.c.id))
        .where(rows.c[key[0]] == other.c[key[0]], rows.c.id != other.c.id, *alike, holding(other))
        .scalar_subquery()
    )
    new = rows.c.id > sa.bindparam("last", type_=KEY)
    return sa.select(twin).where(new, holding(rows), twin.is_not(None)).limit(1)


@cache
def _without_parent(name: str, key: str, parents: str) -> sa.Select[tuple[str]]:
    """The `key` of a row that holds and is later than `last`, where nothing by it is on record."""
    rows, parent = ROWS[name], ROWS[parents].alias()
    there = sa.select(1).where(parent.c[key] == rows.c[key], holding(parent)).exists()
    new = rows.c.id > sa.bindparam("last", type_=KEY)
    return (
        sa.select(rows.c[key]).where(new, holding(rows), rows.c[key].is_not(None), ~there).limit(1)
    )

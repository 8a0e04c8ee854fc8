"""Two records of one person become one, and two again: every row moves by a row in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.store.frames import stored_select, to_typed
from reliefpath.store.history import history_of
from reliefpath.store.identifiers import merged_away
from reliefpath.store.tables import HISTORIES, ROWS, holding
from reliefpath.store.writing import Change

_NOT = ("patients", "episodes")
OF_A_PERSON = ("episodes", *(n for n, r in ROWS.items() if "patient" in r.c and n not in _NOT))
"""The tables whose rows name a patient; all others name an episode, with which they go."""
ABOUT_A_ROW = ("id", "supersedes", "withdrawn")
Row = dict[str, Any]


def merge(change: Change, kept: str, other: str) -> None:
    """Move every row of a record into another, and withdraw the record."""
    for name in OF_A_PERSON:
        rows = ROWS[name]
        for row in _stored(change, name, sa.and_(rows.c.patient == other, holding(rows))):
            _move(change, name, row, kept)
    people = ROWS["patients"]
    own = sa.and_(people.c.patient == other, holding(people))
    (person,) = _stored(change, "patients", own)
    change.supersede("patients", {**_values(person), "supersedes": person["id"]}, withdrawn=True)
    change.detail["merged"] = other


def unmerge(change: Change, other: str) -> str:
    """Move back what a merge moved, as it was corrected since; return whose record it was in.

    What was recorded since of a complaint goes with it. What was recorded since of the person, and
    of no complaint, stays where it is.
    """
    found = merged_away(change.connection, other)
    if found is None:
        raise UsageError(f"the record `{other}` was not merged into another")
    kept, entry = found
    episodes: set[str] = set()
    for name in OF_A_PERSON:
        for row in _latest(change, name, ROWS[name].c.entry == entry):
            if not row["withdrawn"] and row["patient"] == kept:
                _move(change, name, row, other)
                episodes |= {row["episode"]} if name == "episodes" else set()
        rows = ROWS[name]
        if name != "episodes" and "episode" in rows.c:
            theirs = sa.and_(rows.c.episode.in_(episodes), rows.c.patient == kept, holding(rows))
            for row in _stored(change, name, theirs):
                _move(change, name, row, other)
    _restore_people(change, kept, other, entry)
    change.detail["merged"] = other
    return kept


def _restore_people(change: Change, kept: str, other: str, entry: int) -> None:
    people = ROWS["patients"]
    (away,) = _stored(change, "patients", (people.c.entry == entry) & (people.c.patient == other))
    frame = pl.DataFrame([_values(away)], dict.fromkeys(_values(away), pl.String))
    change.add("patients", to_typed(frame, HISTORIES["patients"]))
    chosen = sa.and_(people.c.entry == entry, people.c.patient == kept, holding(people))
    for row in _stored(change, "patients", chosen):
        (before,) = _stored(change, "patients", people.c.id == row["supersedes"])
        values = {**_values(before), "supersedes": row["id"]}
        change.supersede("patients", values, withdrawn=False)


def _stored(change: Change, name: str, where: sa.ColumnElement[bool]) -> list[Row]:
    """Rows in stored form, with their numbers."""
    names = (*ABOUT_A_ROW, *HISTORIES[name].schema)
    query = stored_select(ROWS[name], names, change.connection.dialect.name).where(where)
    found = change.connection.execute(query.order_by(ROWS[name].c.id))
    return [dict(zip(names, row, strict=True)) for row in found]


def _latest(change: Change, name: str, where: sa.ColumnElement[bool]) -> Iterator[Row]:
    """What was said last in the place of some rows."""
    for row in _stored(change, name, where):
        last = history_of(change.connection, name, row["id"])[-1].row
        yield from _stored(change, name, ROWS[name].c.id == last)


def _values(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ABOUT_A_ROW}


def _move(change: Change, name: str, row: Row, to: str) -> None:
    values = {**_values(row), "patient": to, "supersedes": row["id"]}
    change.supersede(name, values, withdrawn=False)

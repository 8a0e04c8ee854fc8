"""Two records of one person become one, and two again: every row moves by a row in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def unmerge(change: Change, other: str, is_danger: Callable[[str, str], bool]) -> str:
    """Move back what a merge moved, as it was corrected since; return whose record it was in.

    What was recorded since of a complaint goes with it. Of what was found since of the person, and
    of no complaint, nobody knows whose it is: a danger counts for both, all else for neither.

    Args:
        change: the change that it is part of.
        other: the record number that was merged away.
        is_danger: whether a kind and code of finding may be one.

    Raises:
        UsageError: it was not merged.
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
    _divide_findings(change, kept, other, entry, is_danger)
    change.detail["merged"] = other
    return kept


def _restore_people(change: Change, kept: str, other: str, entry: int) -> None:
    people = ROWS["patients"]
    (away,) = _stored(change, "patients", (people.c.entry == entry) & (people.c.patient == other))
    _add(change, "patients", [_values(away)])
    chosen = sa.and_(people.c.entry == entry, people.c.patient == kept, holding(people))
    for row in _stored(change, "patients", chosen):
        (before,) = _stored(change, "patients", people.c.id == row["supersedes"])
        values = {**_values(before), "supersedes": row["id"]}
        change.supersede("patients", values, withdrawn=False)


def _divide_findings(
    change: Change, kept: str, other: str, entry: int, is_danger: Callable[[str, str], bool]
) -> None:
    """Let what was found of the person since a merge count for both records, or for neither."""
    rows = ROWS["findings"]
    named = sa.and_(rows.c.patient == kept, rows.c.episode.is_(None), holding(rows))
    dangers = []
    for row in _stored(change, "findings", sa.and_(named, rows.c.entry > entry)):
        first = history_of(change.connection, "findings", row["id"])[0].row
        if not _stored(change, "findings", sa.and_(rows.c.id == first, rows.c.entry > entry)):
            continue  # it was known before, and corrected since
        if is_danger(row["kind"], row["code"]):
            dangers.append({**_values(row), "patient": other})
        else:
            values = {**_values(row), "supersedes": row["id"]}
            change.supersede("findings", values, withdrawn=True)
    _add(change, "findings", dangers)


def _add(change: Change, name: str, rows: list[Row]) -> None:
    schema = HISTORIES[name].schema
    as_text = {c: pl.Float64 if dtype == pl.Float64 else pl.String for c, dtype in schema.items()}
    change.add(name, to_typed(pl.DataFrame(rows, as_text), HISTORIES[name]))


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

"""The care log out of the chart, as it holds now or as it was known at an entry of the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.care_log.terms import Terms, resolve
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.therapies import NOT_UNDERSTOOD
from reliefpath.store.frames import (
    Parameters,
    read_frames,
    stored_select,
    to_stored,
    to_typed,
)
from reliefpath.store.identifiers import identifiers
from reliefpath.store.tables import (
    AUDIT,
    FEW,
    FLAG,
    HISTORIES,
    KEY,
    ROWS,
    SEALS,
    STAGED,
    holding,
    stored,
)
from reliefpath.store.verification.audit import digest

ZONE = "zone"
"""The setting that names the clinic's time zone."""
Range = tuple[str, str]
"""The first and the last patient, in the database's own order."""


def read_care_log(
    connection: sa.Connection,
    knowledge: Knowledge,
    upto: int | None = None,
    patients: Range | None = None,
) -> CareLog:
    """Return the care log of all patients or of a range, as it holds or as of entry `upto`."""
    dialect = connection.dialect.name
    parameters: dict[str, object] = {} if upto is None else {"upto": upto}
    if patients is not None:
        parameters |= {"first": patients[0], "last": patients[1]}
    many = patients is None or patients[0] != patients[1]

    def table(name: str) -> pl.DataFrame:
        query = _query(name, dialect, upto is None, patients is None)
        rows = _read(connection, name, query, parameters, many=many)
        if name == "findings" and (rows["code"] == NOT_UNDERSTOOD).any():
            return resolve(rows, knowledge, terms_on_record(connection, upto))
        return rows

    return CareLog.of(table, knowledge, zone_on_record(connection, upto))


BEARING = {"findings": ("kind",), "exams": ("muscle",), "treatments": ("muscle",)}
"""Columns that name rows of catalogues which bear on everybody, whoever's row it is."""


def bearing_codes(connection: sa.Connection) -> dict[str, pl.DataFrame]:
    """Return what now stands in the columns `BEARING`, by table, each code once."""
    found = {}
    for name, columns in BEARING.items():
        query = sa.select(*(ROWS[name].c[c] for c in columns)).where(holding(ROWS[name])).distinct()
        rows = connection.execute(query).all()
        found[name] = pl.DataFrame(rows, dict.fromkeys(columns, pl.String), orient="row")
    return found


def zone_on_record(connection: sa.Connection, upto: int | None = None) -> str:
    """Return the clinic's time zone, now or as of entry `upto`; UTC where none was set."""
    said: dict[str, object] = {} if upto is None else {"upto": upto}
    return connection.scalar(_zone_query(upto is None), said) or "UTC"


@cache
def _zone_query(now: bool) -> sa.Select[Any]:
    rows, upto = ROWS["settings"], None if now else sa.bindparam("upto", type_=KEY)
    return sa.select(rows.c.value).where(rows.c.setting == ZONE, holding(rows, upto))


def terms_on_record(connection: sa.Connection, upto: int | None = None) -> Terms:
    """Return what clinicians said that words are, now or as of entry `upto`."""
    rows = ROWS["terms"]
    query = sa.select(rows.c.kind, rows.c.words, rows.c.code).where(holding(rows, upto))
    return {(kind, folded(words)): code for kind, words, code in connection.execute(query)}


def read_batches(
    connection: sa.Connection, knowledge: Knowledge, upto: int | None = None, size: int = 5_000
) -> Iterator[CareLog]:
    """Yield the care log of `size` patients at a time; with nobody on record, one that is empty."""
    rows = ROWS["patients"]
    names = connection.scalars(
        sa.select(rows.c.patient).where(holding(rows, upto)).order_by(rows.c.patient)
    ).all()
    for i in range(0, max(len(names), 1), size):
        part = names[i : i + size]
        whom = (part[0], part[-1]) if part else ("", "")
        yield read_care_log(connection, knowledge, upto, whom)


@cache  # building a query costs more than one patient's rows
def _query(name: str, dialect: str, now: bool, everybody: bool) -> sa.Select[Any]:
    upto = None if now else sa.bindparam("upto", type_=KEY)
    query = stored_select(ROWS[name], HISTORIES[name].schema, dialect)
    query = query.where(holding(ROWS[name], upto))
    if everybody:
        return query
    first, last = (sa.bindparam(end, type_=sa.Text()) for end in ("first", "last"))
    # an episode that was moved is read with whose it is, and with nobody else
    hold = partial(holding, upto=upto)
    return query.where(about(name, lambda patient: patient.between(first, last), hold))


def patient_of(connection: sa.Connection, episode: str, upto: int | None = None) -> str | None:
    """Return whose episode it is, as it holds or as of entry `upto`; None if there is none."""
    said = {"episode": episode} | ({} if upto is None else {"upto": upto})
    patient: str | None = connection.scalar(_whose(upto is None), said)
    return patient


@cache
def _whose(now: bool) -> sa.Select[Any]:
    rows, upto = ROWS["episodes"], None if now else sa.bindparam("upto", type_=KEY)
    named = rows.c.episode == sa.bindparam("episode", type_=sa.Text())
    return sa.select(rows.c.patient).where(named, holding(rows, upto))


def clinicians_of(
    connection: sa.Connection, patient: str, upto: int | None = None
) -> frozenset[str]:
    """Return whom the episodes of a patient name, as they hold or as of entry `upto`."""
    said = {"patient": patient} | ({} if upto is None else {"upto": upto})
    return frozenset(connection.scalars(_naming(upto is None), said))


@cache
def _naming(now: bool) -> sa.Select[Any]:
    rows, upto = ROWS["episodes"], None if now else sa.bindparam("upto", type_=KEY)
    theirs = rows.c.patient == sa.bindparam("patient", type_=sa.Text())
    return sa.select(rows.c.clinician).where(
        theirs, rows.c.clinician.is_not(None), holding(rows, upto)
    )


def read_decisions(connection: sa.Connection, episode: str | None = None) -> list[dict[str, Any]]:
    """Return what was made of advice on an episode or on all; see `Chart.decisions`."""
    query = _decisions(connection.dialect.name, episode is None)
    said = {} if episode is None else {"episode": episode}
    return [dict(row._mapping) for row in connection.execute(query, said)]


@cache
def _decisions(dialect: str, everybody: bool) -> sa.Select[Any]:
    rows, at = ROWS["decisions"], stored(AUDIT.c.at, dialect).label("recorded_at")
    query = sa.select(rows, at, AUDIT.c.by, AUDIT.c.reason)
    query = query.join(AUDIT, AUDIT.c.entry == rows.c.entry)
    query = query.where(holding(rows)).order_by(rows.c.id)
    if everybody:
        return query
    return query.where(rows.c.episode == sa.bindparam("episode", type_=sa.Text()))


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
    name: str,
    whom: Callable[[sa.ColumnElement[str]], sa.ColumnElement[bool]],
    holds: Callable[[sa.FromClause], sa.ColumnElement[bool]] | None = None,
) -> sa.ColumnElement[bool]:
    """Return whether a row is about certain patients: it names one, or an episode of one.

    An episode is whoever's it ever was, unless `holds` says which rows of it count.
    """
    rows = ROWS[name]
    if "patient" in rows.c:
        return whom(rows.c.patient)
    episodes = ROWS["episodes"].alias()
    theirs = sa.select(episodes.c.episode).where(whom(episodes.c.patient))
    return rows.c.episode.in_(theirs if holds is None else theirs.where(holds(episodes)))


def fingerprint(care_log: CareLog) -> str:
    """Return the SHA-256 of a care log's rows, whatever their order."""
    tables = {name: to_stored(care_log.table(name), table) for name, table in TABLES.items()}
    return digest(
        {"table": name, **row}
        for name, frame in tables.items()
        for row in frame.sort(frame.columns).iter_rows(named=True)
    )


def read_log(connection: sa.Connection, patient: str | None = None) -> pl.DataFrame:
    """Return the audit log, or what of it concerns one patient.

    That is what names the patient, also among others whom a list showed, and what names nobody
    since the patient is on record: whoever looked at everybody looked at them, too.
    """
    query = stored_select(AUDIT, AUDIT.c.keys(), connection.dialect.name).order_by(AUDIT.c.entry)
    if patient is not None:
        query = query.where(concerning(connection, patient))
    return pl.concat(read_frames(connection, query))


def changed_since(connection: sa.Connection, entry: int, most: int) -> set[str] | None:
    """Return the patients of whom rows were recorded after an entry of the audit log.

    Whoever a corrected row was about before counts, too. None stands for more rows than `most`, and
    for a setting, such as the time zone, which changes everybody's.
    """
    if connection.scalar(_SEALED, {"entry": entry}) is None:  # the log has an index, and seals none
        return set()
    seals = connection.execute(_SEALS, {"entry": entry}).all()
    if sum(seal.rows for seal in seals) > most or "settings" in {s.table_name for s in seals}:
        return None
    whose: set[str] = set()
    for seal in seals:
        if seal.table_name in TABLES:
            whose.update(connection.scalars(_patients_of(ROWS[seal.table_name], seal)))
        elif seal.table_name == "terms":
            whose.update(connection.scalars(_IN_WORDS))
    return whose


_ENTRY = sa.bindparam("entry", type_=KEY)
_SEALED = (
    sa.select(AUDIT.c.entry).where(AUDIT.c.entry > _ENTRY, AUDIT.c.digest.is_not(None)).limit(1)
)
"""Whether anything was recorded after an entry, and not only noted."""
_SEALS = sa.select(SEALS).where(SEALS.c.entry > _ENTRY)
_IN_WORDS = (
    sa.select(ROWS["findings"].c.patient)
    .where(ROWS["findings"].c.code == NOT_UNDERSTOOD)
    .distinct()
)
"""The patients of whom something is on record that a clinician may have said what it is."""


def _patients_of(rows: sa.Table, seal: sa.Row[Any]) -> sa.Select[tuple[str]]:
    """The patients of the rows under a seal, and of those whose place they took."""
    new = rows.c.id.between(seal.first, seal.last)
    later = rows.alias()
    took = sa.select(later.c.supersedes).where(later.c.id.between(seal.first, seal.last))
    replaced = rows.c.id.in_(took)
    either = sa.or_(new, replaced)
    if "patient" in rows.c:
        return sa.select(rows.c.patient).distinct().where(either)
    episodes = ROWS["episodes"]
    named = episodes.c.episode.in_(sa.select(rows.c.episode).where(either))
    return sa.select(episodes.c.patient).distinct().where(named)


def concerning(connection: sa.Connection, patient: str) -> sa.ColumnElement[bool]:
    """Return whether an entry of the log concerns a patient, by any of their record numbers; see
    `read_log`.
    """
    rows, theirs = ROWS["patients"], sorted(identifiers(connection, patient))
    first = sa.select(sa.func.min(rows.c.entry)).where(rows.c.patient.in_(theirs))
    shown = sa.or_(
        AUDIT.c.detail.is_(None),
        ~AUDIT.c.detail.contains('"shown": ['),
        *(
            AUDIT.c.detail.contains(json.dumps(one, ensure_ascii=False), autoescape=True)
            for one in theirs
        ),
    )
    everybody = sa.and_(AUDIT.c.patient.is_(None), shown, AUDIT.c.entry >= first.scalar_subquery())
    return sa.or_(AUDIT.c.patient.in_(theirs), everybody)


def count_rows(connection: sa.Connection) -> dict[str, tuple[int, int, int, int, int]]:
    """Return, by table, how many rows hold, were recorded, corrected, withdrawn, and wait."""
    return {name: _counts(connection, name) for name in HISTORIES}


def _counts(connection: sa.Connection, name: str) -> tuple[int, int, int, int, int]:
    rows = ROWS[name]
    later, withdrawn = rows.c.supersedes.is_not(None), rows.c.withdrawn

    def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(*where)
        return int(connection.scalar(query) or 0)

    return (
        count(rows, holding(rows)),
        count(rows),
        count(rows, later, withdrawn == sa.literal(False, FLAG)),
        count(rows, withdrawn == sa.literal(True, FLAG)),
        count(STAGED[name]) if name in STAGED else 0,
    )


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
        str(value)
        for f in frames
        if key in f.columns
        for value in f[key].drop_nulls().unique()
        if "\0" not in str(value)  # PostgreSQL can't be asked
    }


def _keyed(connection: sa.Connection, name: str, keys: set[str]) -> pl.DataFrame:
    few = len(keys) <= FEW
    query = _holding_query(name, connection.dialect.name, by_key=few)
    return _read(connection, name, query, {"keys": sorted(keys)} if few else {}, many=not few)


@cache
def _holding_query(name: str, dialect: str, *, by_key: bool) -> sa.Select[Any]:
    table, rows = HISTORIES[name], ROWS[name]
    query = stored_select(rows, table.schema, dialect).where(holding(rows))
    key = rows.c[table.columns[0].name]
    return query.where(key.in_(sa.bindparam("keys", expanding=True))) if by_key else query

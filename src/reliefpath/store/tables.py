"""The relational schema, derived from the care log's declaration.

Every table of rows is a history: a row is never changed, a later row supersedes it. `entry` is the
entry of the audit log that recorded it, `supersedes` the row whose place it takes, and `withdrawn`
says that from then on the row counts as entered in error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from reliefpath.care_log.schema import TABLES, Column, Kind, Table

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
"""SQLite holds an instant as text, `2026-01-31T12:00:00.000000Z`, which sorts by time."""
START_OF_DAY = "T00:00:00.000000Z"
"""How an instant in stored form ends that is a date alone."""
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
_TYPES: dict[Kind, sa.types.TypeEngine[Any]] = {
    Kind.TEXT: sa.Text(),
    Kind.CODE: sa.Text(),
    Kind.DATE: sa.Date().with_variant(sa.Text(), "sqlite"),
    Kind.INSTANT: INSTANT,
    Kind.NUMBER: sa.Double().with_variant(sa.REAL(), "sqlite"),
    Kind.FLAG: FLAG,
}

DECISIONS = Table(
    "decisions",
    "what a clinician made of an advice",
    (
        Column("episode", Kind.TEXT, "The episode", required=True),
        Column("as_of", Kind.TEXT, "What had happened by then counted", required=True),
        Column("known", Kind.NUMBER, "The last entry of the audit log then", required=True),
        Column("decision", Kind.CODE, "What was decided", True, ("agreed", "overridden")),
        Column("advice", Kind.TEXT, "The advice, as JSON", required=True),
        Column("inputs", Kind.TEXT, "Fingerprint of the rows it rests on", required=True),
        Column("pathway", Kind.TEXT, "The document with the pathway", required=True),
        Column("prior", Kind.TEXT, "The document with the learned prior, if one was used"),
        Column("software", Kind.TEXT, "The version that gave the advice", required=True),
    ),
)
DOCUMENTS = Table(
    "documents",
    "a text that advice rests on: a pathway, a learned prior",
    (
        Column("document", Kind.TEXT, "SHA-256 of the text", required=True),
        Column("text", Kind.TEXT, "The text", required=True),
    ),
    unique=True,
)
SETTINGS = Table(
    "settings",
    "what holds for the whole clinic",
    (
        Column("setting", Kind.TEXT, "What is set: `zone`, the time zone", required=True),
        Column("value", Kind.TEXT, "What it is set to", required=True),
    ),
    unique=True,
)
TERMS = Table(
    "terms",
    "what a clinician said that a medicine or an allergen in words is",
    (
        Column("kind", Kind.TEXT, "The kind of finding", required=True),
        Column("words", Kind.TEXT, "What was recorded, in its own words", required=True),
        Column("code", Kind.TEXT, "The code of the catalogue that it is", required=True),
    ),
)
PROGRAMMES = Table(
    "programmes",
    "an exercise programme that a clinician signed: a row is a version, whole",
    (
        Column("episode", Kind.TEXT, "The episode", required=True),
        Column("at", Kind.INSTANT, "When it was signed", required=True),
        Column("programme", Kind.TEXT, "The programme, as JSON", required=True),
    ),
)
HISTORIES = {**TABLES, **{t.name: t for t in (DECISIONS, DOCUMENTS, SETTINGS, TERMS, PROGRAMMES)}}
"""Every table whose rows are kept for ever."""
FEW = 500
"""Keys that are asked for by name; for more the whole table is read."""
SESSION_KEYS = {"scores": ("episode", "at", "measure", "item")}


def natural_key(table: Table) -> tuple[str, ...]:
    """Return the columns that no two rows that hold share; empty where rows may repeat."""
    return (table.columns[0].name,) if table.unique else SESSION_KEYS.get(table.name, ())


METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("entry", KEY, primary_key=True, autoincrement=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("patient", sa.Text, index=True),
    sa.Column("detail", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sqlite_strict=True,
)
SEEN = "seen"
"""The audit log's word for it when somebody has seen what is new."""
_OF_SEEN = AUDIT.c.action == SEEN
sa.Index(
    "ix_audit_seen", AUDIT.c.by, AUDIT.c.entry, sqlite_where=_OF_SEEN, postgresql_where=_OF_SEEN
)
SEALS = sa.Table(
    "seals",
    METADATA,
    sa.Column("entry", KEY, nullable=False),
    sa.Column("table_name", sa.Text),
    sa.Column("first", KEY),
    sa.Column("last", KEY, nullable=False),
    sa.Column("rows", KEY, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("table_name", "first"),
    sqlite_strict=True,
)
LOADS = sa.Table(
    "loads",
    METADATA,
    sa.Column("load", KEY, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
    sqlite_strict=True,
)


def _columns(table: Table) -> Iterator[sa.Column[Any]]:
    for column in table.columns:
        yield sa.Column(column.name, _TYPES[column.kind], nullable=not column.required)


def _history(table: Table) -> sa.Table:
    names = [column.name for column in table.columns]
    made = sa.Table(
        table.name,
        METADATA,
        sa.Column("id", KEY, primary_key=True),
        # no foreign key: the entry is written last, and `verify` looks
        sa.Column("entry", KEY, nullable=False),
        sa.Column("supersedes", KEY, sa.ForeignKey(f"{table.name}.id")),
        sa.Column("withdrawn", FLAG, nullable=False),
        *_columns(table),
        sqlite_strict=True,
    )
    once = made.c.supersedes.is_not(None)
    sa.Index(
        f"ux_{table.name}_supersedes",
        made.c.supersedes,
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
    if table.unique:
        first = made.c.supersedes.is_(None)
        sa.Index(
            f"ux_{table.name}_{names[0]}",
            made.c[names[0]],
            unique=True,
            sqlite_where=first,
            postgresql_where=first,
        )
    owners = [name for name in ("patient", "episode") if name in names]
    if table.unique:
        for key in dict.fromkeys((names[0], *owners, *(n for n in names if n == "at"))):
            sa.Index(None, made.c[key])
    else:
        owner = owners[0] if owners else names[0]
        sa.Index(None, *(made.c[name] for name in (owner, "at") if name in names))
    return made


def _staged(table: Table) -> sa.Table:
    return sa.Table(
        f"staged_{table.name}",
        METADATA,
        sa.Column("load", KEY, nullable=False),
        sa.Column("row", KEY, nullable=False),
        *(sa.Column(c.name, _TYPES[c.kind]) for c in table.columns),
        sqlite_strict=True,
    )


ROWS = {name: _history(table) for name, table in HISTORIES.items()}
STAGED = {name: _staged(table) for name, table in TABLES.items()}
"""Where a load waits, row by row, until all of it is there."""


def stored(column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """Return a column in the one form in which values are read and hashed: text, number or 0/1."""
    if dialect == "sqlite":
        return column
    match column.type:
        case sa.Date():
            return sa.cast(column, sa.Text).label(column.key)
        case sa.TIMESTAMP():
            in_utc = sa.func.timezone("UTC", column)
            text = sa.func.to_char(in_utc, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            # infinity, which no honest row holds, has no such form
            return sa.func.coalesce(text, sa.cast(column, sa.Text)).label(column.key)
        case sa.Boolean():
            return sa.cast(column, sa.Integer).label(column.key)
    return column


Upto = int | sa.BindParameter[int] | None
"""An entry of the audit log; None is all of it."""


def superseded(rows: sa.FromClause, upto: Upto = None) -> sa.ColumnElement[bool]:
    """Return whether a later row took the place of a row, by the entry `upto` or by now."""
    later = rows.alias()
    query = sa.select(1).where(later.c.supersedes == rows.c.id)
    if upto is not None:
        query = query.where(later.c.entry <= upto)
    return query.exists()


def holding(rows: sa.FromClause, upto: Upto = None) -> sa.ColumnElement[bool]:
    """Return whether a row held once the entry `upto` was recorded, or holds now."""
    holds = sa.and_(rows.c.withdrawn == sa.literal(False, FLAG), ~superseded(rows, upto))
    return holds if upto is None else sa.and_(rows.c.entry <= upto, holds)

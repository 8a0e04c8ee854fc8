"""The first chart: six tables and decisions as histories, the audit log, and what is loading.

Frozen: later migrations change it, and `tables.py` may go its own way.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "date": sa.Date().with_variant(sa.Text(), "sqlite"),
    "instant": sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite"),
    "number": sa.Double().with_variant(sa.REAL(), "sqlite"),
    "flag": sa.Boolean().with_variant(sa.Integer(), "sqlite"),
}
# a column is text and may be empty, unless it says otherwise: `!` is needed
CARE_LOG = {
    "patients": "patient! name birth_date:date sex language",
    "episodes": "episode! patient! region! started_on:date! ended_on:date complaint"
    " primary_measure clinician payer",
    "scores": "episode! at:instant! measure! value:number! item reported_by",
    "treatments": "episode! at:instant! therapy! muscle side technique agent amount:number unit"
    " volume_ml:number adherence:number response:number adverse_effect",
    "exams": "episode! at:instant! muscle! side! taut_band:flag tender_spot:flag"
    " referred_pain:flag recognised:flag twitch_response:flag pressure_kpa:number",
    "findings": "patient! at:instant! kind! code! episode value:number unit until:date",
}
HISTORIES = {
    **CARE_LOG,
    "decisions": "episode! as_of! known:number! decision! advice! inputs! pathway! prior software!",
    "documents": "document! text!",
}
INDEXES = {
    "patients": ("patient",),
    "episodes": ("episode", "patient"),
    "scores": ("episode at",),
    "treatments": ("episode at",),
    "exams": ("episode at",),
    "findings": ("patient at",),
    "decisions": ("episode",),
    "documents": ("document",),
}
UNIQUE = {"patients": "patient", "episodes": "episode", "documents": "document"}
KEPT = (*HISTORIES, "audit", "seals")
"""Tables of which nothing is changed or taken away."""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("entry", KEY, primary_key=True, autoincrement=False),
        *_columns("at:instant! by! action! reason patient detail digest previous! hash!"),
        sa.PrimaryKeyConstraint("entry", name="pk_audit"),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_patient", "audit", ["patient"])
    op.create_table(
        "seals",
        sa.Column("entry", KEY, nullable=False),
        *_columns("table_name!"),
        sa.Column("first", KEY, nullable=False),
        sa.Column("last", KEY, nullable=False),
        sa.Column("rows", KEY, nullable=False),
        *_columns("digest!"),
        sa.PrimaryKeyConstraint("table_name", "first", name="pk_seals"),
        sqlite_strict=True,
    )
    op.create_table(
        "loads",
        sa.Column("load", KEY, nullable=False),
        *_columns("fingerprint!"),
        sa.PrimaryKeyConstraint("load", name="pk_loads"),
        sa.UniqueConstraint("fingerprint", name="uq_loads_fingerprint"),
        sqlite_strict=True,
    )
    for name, columns in HISTORIES.items():
        _create_history(name, columns)
    for name, columns in CARE_LOG.items():
        op.create_table(
            f"staged_{name}",
            sa.Column("load", KEY, nullable=False),
            sa.Column("row", KEY, nullable=False),
            *_columns(columns.replace("!", "")),
            sqlite_strict=True,
        )
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    for name in (*(f"staged_{name}" for name in CARE_LOG), *HISTORIES, "loads", "seals", "audit"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION append_only()")


def _columns(columns: str) -> Iterator[sa.Column[Any]]:
    for column in columns.split():
        name, _, kind = column.rstrip("!").partition(":")
        yield sa.Column(name, TYPES[kind or "text"], nullable=not column.endswith("!"))


def _create_history(name: str, columns: str) -> None:
    op.create_table(
        name,
        sa.Column("id", KEY, nullable=False),
        sa.Column("entry", KEY, nullable=False),
        sa.Column("supersedes", KEY),
        sa.Column("withdrawn", TYPES["flag"], nullable=False),
        *_columns(columns),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["supersedes"], [f"{name}.id"], f"fk_{name}_supersedes"),
        sqlite_strict=True,
    )
    _create_partial_index(name, "supersedes", "supersedes IS NOT NULL")
    if name in UNIQUE:
        _create_partial_index(name, UNIQUE[name], "supersedes IS NULL")
    for columns in INDEXES[name]:
        op.create_index(f"ix_{name}_{columns.replace(' ', '_')}", name, columns.split())


def _create_partial_index(table: str, column: str, where: str) -> None:
    op.create_index(
        f"ux_{table}_{column}",
        table,
        [column],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _guards() -> Iterator[str]:
    """Triggers that refuse to change or to take away a row."""
    if op.get_bind().dialect.name == "sqlite":
        for name in KEPT:
            for deed in ("UPDATE", "DELETE"):
                yield (
                    f"CREATE TRIGGER {name}_no_{deed.lower()} BEFORE {deed} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
                )
        return
    yield (
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for name in KEPT:
        yield (
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )

"""The clinic's time zone, what words mean there, and columns for side, site and status.

All new columns are empty in older rows: a treatment without a status counts as given. No digest of
an older row changes, since what is null in a row is not hashed.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from reliefpath.errors import UsageError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DATE = sa.Date().with_variant(sa.Text(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
COLUMNS: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "patients": {"died_on": DATE},
    "episodes": dict.fromkeys(("side", "other_regions", "end_reason", "facility"), sa.Text()),
    "treatments": dict.fromkeys(("status", "facility"), sa.Text()),
    "findings": dict.fromkeys(("muscle", "region", "side", "words"), sa.Text()),
}
HISTORIES = {"settings": ("setting", "value"), "terms": ("kind", "words", "code")}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name in (table, f"staged_{table}"):
            for column, kind in columns.items():
                op.add_column(name, sa.Column(column, kind))
    for table, texts in HISTORIES.items():
        _create_history(table, texts)
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for table, columns in COLUMNS.items():
        said = " OR ".join(f"{column} IS NOT NULL" for column in columns)
        if connection.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {said}")):
            raise UsageError(_refusal(f"{table} say something of {', '.join(columns)}"))
    for table in HISTORIES:
        if connection.scalar(sa.text(f"SELECT count(*) FROM {table}")):
            raise UsageError(_refusal(f"{table} hold rows"))
        op.drop_table(table)
    for table, columns in COLUMNS.items():
        for name in (table, f"staged_{table}"):
            for column in columns:
                op.drop_column(name, column)


def _refusal(what: str) -> str:
    return f"{what}, which version 0002 cannot hold: restore a backup of that version instead"


def _create_history(name: str, texts: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("id", KEY, nullable=False),
        sa.Column("entry", KEY, nullable=False),
        sa.Column("supersedes", KEY),
        sa.Column("withdrawn", FLAG, nullable=False),
        *(sa.Column(text, sa.Text(), nullable=False) for text in texts),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["supersedes"], [f"{name}.id"], f"fk_{name}_supersedes"),
        sqlite_strict=True,
    )
    _create_partial_index(name, "supersedes", "supersedes IS NOT NULL")
    if name == "settings":
        _create_partial_index(name, "setting", "supersedes IS NULL")
    op.create_index(f"ix_{name}_{texts[0]}", name, [texts[0]])


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
    for name in HISTORIES:
        if op.get_bind().dialect.name == "sqlite":
            for deed in ("UPDATE", "DELETE"):
                yield (
                    f"CREATE TRIGGER {name}_no_{deed.lower()} BEFORE {deed} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
                )
        else:
            yield (
                f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
                f"ON {name} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
            )

"""Exercise programmes that were signed, and how much of each exercise was done.

The new column is empty in older rows, so that no digest of them changes.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from reliefpath.errors import UsageError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    for name in ("treatments", "staged_treatments"):
        op.add_column(name, sa.Column("exercises", sa.Text()))
    op.create_table(
        "programmes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("entry", KEY, nullable=False),
        sa.Column("supersedes", KEY),
        sa.Column("withdrawn", FLAG, nullable=False),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_programmes"),
        sa.ForeignKeyConstraint(["supersedes"], ["programmes.id"], "fk_programmes_supersedes"),
        sqlite_strict=True,
    )
    once = sa.text("supersedes IS NOT NULL")
    op.create_index(
        "ux_programmes_supersedes",
        "programmes",
        ["supersedes"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
    op.create_index("ix_programmes_episode_at", "programmes", ["episode", "at"])
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for what, query in {
        "programmes hold rows": "SELECT count(*) FROM programmes",
        "treatments say something of exercises": (
            "SELECT count(*) FROM treatments WHERE exercises IS NOT NULL"
        ),
    }.items():
        if connection.scalar(sa.text(query)):
            raise UsageError(
                f"{what}, which version 0004 cannot hold: restore a backup of that version instead"
            )
    op.drop_table("programmes")
    for name in ("treatments", "staged_treatments"):
        op.drop_column(name, "exercises")


def _guards() -> Iterator[str]:
    """Triggers that refuse to change or to take away a row."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER programmes_no_{deed.lower()} BEFORE {deed} ON programmes "
                "BEGIN SELECT RAISE(ABORT, 'programmes is append-only'); END"
            )
    else:
        yield (
            "CREATE TRIGGER programmes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON programmes FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )

"""Visits: who comes when, and what became of it; and who has seen what is new, found at once.

A table of its own, so that no digest of an older row changes.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from reliefpath.errors import UsageError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
Columns = dict[str, sa.types.TypeEngine[Any]]
REQUIRED: Columns = {"visit": sa.Text(), "episode": sa.Text(), "at": INSTANT, "status": sa.Text()}
OPTIONAL: Columns = dict.fromkeys(("clinician", "note", "facility"), sa.Text())
SEEN = sa.text("action = 'seen'")


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", KEY, nullable=False),
        sa.Column("entry", KEY, nullable=False),
        sa.Column("supersedes", KEY),
        sa.Column("withdrawn", FLAG, nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in REQUIRED.items()),
        *(sa.Column(name, kind) for name, kind in OPTIONAL.items()),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.ForeignKeyConstraint(["supersedes"], ["visits.id"], "fk_visits_supersedes"),
        sqlite_strict=True,
    )
    op.create_table(
        "staged_visits",
        sa.Column("load", KEY, nullable=False),
        sa.Column("row", KEY, nullable=False),
        *(sa.Column(name, kind) for name, kind in (REQUIRED | OPTIONAL).items()),
        sqlite_strict=True,
    )
    for column, where in (
        ("supersedes", "supersedes IS NOT NULL"),
        ("visit", "supersedes IS NULL"),
    ):
        op.create_index(
            f"ux_visits_{column}",
            "visits",
            [column],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    for column in ("visit", "episode", "at"):
        op.create_index(f"ix_visits_{column}", "visits", [column])
    op.create_index(
        "ix_audit_seen", "audit", ["by", "entry"], sqlite_where=SEEN, postgresql_where=SEEN
    )
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM visits")):
        raise UsageError(
            "visits hold rows, which version 0003 cannot hold: restore a backup of that version "
            "instead"
        )
    op.drop_index("ix_audit_seen", "audit")
    op.drop_table("staged_visits")
    op.drop_table("visits")


def _guards() -> Iterator[str]:
    """Triggers that refuse to change or to take away a row."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER visits_no_{deed.lower()} BEFORE {deed} ON visits "
                "BEGIN SELECT RAISE(ABORT, 'visits is append-only'); END"
            )
    else:
        yield (
            "CREATE TRIGGER visits_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON visits FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )

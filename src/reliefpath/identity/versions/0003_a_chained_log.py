"""The log of sign-ins is chained by hash; entries from before are chained as they are now."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from reliefpath.identity.tables import KEPT
from reliefpath.store.verification.audit import BEGINNING, entry_hash

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    rows: list[dict[str, Any]] = []
    previous, at = BEGINNING, ""
    for entry, old in enumerate(_taken_out("event"), 1):
        at = max(at, old["at"])  # a clock set back does not reorder the past
        row = {**old, "at": at, "entry": entry, "previous": previous}
        rows.append({**row, "hash": (previous := entry_hash(row))})
    chained = (sa.Column(name, sa.Text, nullable=False) for name in ("previous", "hash"))
    key = sa.Column("entry", KEY, primary_key=True, autoincrement=False)
    _put_back(op.create_table("events", key, *_columns(), *chained), rows)


def downgrade() -> None:
    rows = list(_taken_out("entry"))
    key = sa.Column("event", sa.Integer, primary_key=True)
    _put_back(op.create_table("events", key, *_columns()), rows)


def _columns() -> list[sa.Column[Any]]:
    needed = ("at", "what")
    names = ("at", "username", "what", "by", "address")
    return [sa.Column(name, sa.Text, nullable=name not in needed) for name in names]


def _taken_out(order: str) -> list[dict[str, Any]]:
    """Return what the log told, and take the table away."""
    names = [column.name for column in _columns()]
    events = sa.table("events", sa.column(order), *map(sa.column, names))
    query = sa.select(*(events.c[name] for name in names)).order_by(events.c[order])
    rows = [dict(row._mapping) for row in op.get_bind().execute(query)]
    op.drop_table("events")
    return rows


def _put_back(events: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.bulk_insert(events, rows)
    for statement in KEPT[op.get_bind().dialect.name]:
        op.execute(statement)

"""The first accounts: passwords and authenticators, sessions, tries, and their log.

Frozen: later versions change it. Databases from before there were versions are of this one.
"""

import sqlalchemy as sa
from alembic import op

from reliefpath.identity.tables import KEPT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("username", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "role", "password")),
        *(sa.Column(name, sa.Text) for name in ("temporary_until", "totp", "totp_new")),
        sa.Column("totp_used", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("active", "demo")),
    )
    op.create_table(
        "sessions",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("csrf", "began", "used")),
    )
    op.create_index("ix_sessions_username", "sessions", ["username"])
    op.create_table(
        "tries",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("last", "until")),
    )
    op.create_table(
        "events",
        sa.Column("event", sa.Integer, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("username", sa.Text),
        sa.Column("what", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("by", "address")),
    )
    for statement in KEPT[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for name in ("events", "tries", "sessions", "accounts"):
        op.drop_table(name)

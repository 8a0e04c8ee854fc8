"""What a treatment was given with: the lot, the needle, and whether the muscle twitched.

No digest of an older row changes, since what is null in a row is not hashed.
"""

import sqlalchemy as sa
from alembic import op

from reliefpath.errors import UsageError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("treatments", "staged_treatments")
COLUMNS: dict[str, sa.types.TypeEngine[str] | sa.types.TypeEngine[bool]] = {
    "needle": sa.Text(),
    "lot": sa.Text(),
    "twitch_response": sa.Boolean().with_variant(sa.Integer(), "sqlite"),
}


def upgrade() -> None:
    for table in TABLES:
        for name, kind in COLUMNS.items():
            op.add_column(table, sa.Column(name, kind))


def downgrade() -> None:
    said = " OR ".join(f"{name} IS NOT NULL" for name in COLUMNS)
    if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM treatments WHERE {said}")):
        raise UsageError(
            f"treatments say something of {', '.join(COLUMNS)}, which version 0001 cannot hold: "
            "restore a backup of that version instead"
        )
    for table in TABLES:
        for name in COLUMNS:
            op.drop_column(table, name)

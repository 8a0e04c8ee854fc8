"""Where patients who agreed to it are reminded to check in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("patient", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("email", "agreed", "by")),
    )


def downgrade() -> None:
    op.drop_table("addresses")

"""Who is who at the identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), primary_key=True),
        sa.Column("known_as", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text) for name in ("issuer", "subject")),
        sa.UniqueConstraint("issuer", "subject"),
    )


def downgrade() -> None:
    op.drop_table("identities")

"""Whose patients an account treats: until now, those whose clinician was called as the account.

A name that several accounts bear, or that is the user name of one, says nothing of whose they are:
such accounts are given their patients by an administrator.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "care_teams",
        sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), primary_key=True),
        sa.Column("clinician", sa.Text, primary_key=True),
    )
    op.execute(
        "insert into care_teams (username, clinician) "
        "select min(username), name from accounts "
        "where name not in (select username from accounts) group by name having count(*) = 1"
    )


def downgrade() -> None:
    op.drop_table("care_teams")

"""Count the repairs of a date that was not loaded, and keep whether its failure was local."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requested_date", sa.Column("last_failure_is_local", sa.Boolean()))
    for column in ("repairs", "outage_repairs"):
        op.add_column("requested_date", sa.Column(column, sa.Integer(), server_default="0", nullable=False))
        op.alter_column("requested_date", column, server_default=None)


def downgrade() -> None:
    for column in ("outage_repairs", "repairs", "last_failure_is_local"):
        op.drop_column("requested_date", column)

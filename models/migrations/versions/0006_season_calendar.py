"""The season's calendar, kept between runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "season_calendar",
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("games", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("sport", "season"),
    )


def downgrade() -> None:
    op.drop_table("season_calendar")

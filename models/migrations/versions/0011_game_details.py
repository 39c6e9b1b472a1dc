"""Venues and the details of games."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dim_venue",
        sa.Column("venue_key", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("venue_name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.UniqueConstraint(
            "venue_name", "city", "state", name="uq_dim_venue_place", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "game_detail",
        sa.Column("game_id", sa.Text(), sa.ForeignKey("fact_game.game_id"), primary_key=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("venue_key", sa.BigInteger(), sa.ForeignKey("dim_venue.venue_key")),
        sa.Column("missing_reason", sa.Text()),
        sa.Column("home_points_by_period", ARRAY(sa.SmallInteger())),
        sa.Column("away_points_by_period", ARRAY(sa.SmallInteger())),
        sa.Column("is_neutral_site", sa.Boolean()),
        sa.Column("neutral_site_basis", sa.Text()),
        sa.Column("neutral_site_confidence", sa.Text()),
        sa.CheckConstraint("(venue_key IS NULL) = (missing_reason IS NOT NULL)", name="ck_game_detail_missing_reason"),
        sa.CheckConstraint(
            "cardinality(home_points_by_period) = cardinality(away_points_by_period)"
            " AND cardinality(home_points_by_period) >= 2",
            name="ck_game_detail_periods",
        ),
        sa.CheckConstraint(
            "neutral_site_confidence IN ('high', 'low')"
            " AND (is_neutral_site IS NULL) = (neutral_site_confidence IS NULL)",
            name="ck_game_detail_neutral_site",
        ),
    )
    op.create_index("ix_game_detail_venue_key", "game_detail", ["venue_key"])


def downgrade() -> None:
    op.drop_table("game_detail")
    op.drop_table("dim_venue")
    op.execute("UPDATE fact_game SET venue = NULL WHERE venue IS NOT NULL")

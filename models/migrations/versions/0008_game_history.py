"""The history of each game, which begins with what it is now."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIRST_VERSIONS = """
INSERT INTO game_history (
    game_id, version, sport, changed_at, game_date, home_team_key, away_team_key, game_status, home_score, away_score,
    game_period, game_clock, overtime_periods
)
SELECT
    game_id, 1, sport, updated_at, game_date, home_team_key, away_team_key, game_status, home_score, away_score,
    game_period, game_clock, overtime_periods
FROM fact_game
ORDER BY game_id
"""


def upgrade() -> None:
    op.create_table(
        "game_history",
        sa.Column("game_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("game_date", sa.Date(), nullable=False),
        sa.Column("home_team_key", sa.BigInteger(), nullable=False),
        sa.Column("away_team_key", sa.BigInteger(), nullable=False),
        sa.Column("game_status", sa.Text(), nullable=False),
        sa.Column("home_score", sa.SmallInteger()),
        sa.Column("away_score", sa.SmallInteger()),
        sa.Column("game_period", sa.Text()),
        sa.Column("game_clock", sa.Text()),
        sa.Column("overtime_periods", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("version > 0", name="ck_game_history_version"),
        sa.CheckConstraint(
            "game_status IN ('scheduled', 'live', 'final', 'postponed', 'canceled', 'withdrawn')",
            name="ck_game_history_status",
        ),
        sa.PrimaryKeyConstraint("game_id", "version"),
    )
    op.execute(FIRST_VERSIONS)


def downgrade() -> None:
    op.drop_table("game_history")

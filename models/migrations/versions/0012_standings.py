"""Standings of the NCAA, our records, and their differences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEAM_RECORD = """
CREATE VIEW team_record AS
WITH played AS (
    SELECT
        game.season,
        side.team_key,
        game.game_date,
        game.game_id,
        game.game_start_time,
        side.has_won,
        game.rivalry_factor > 1 AS is_conference
    FROM fact_game AS game
    CROSS JOIN LATERAL (
        VALUES (home_team_key, home_score > away_score), (away_team_key, away_score > home_score)
    ) AS side (team_key, has_won)
    WHERE game.game_status = 'final'
      AND game.home_score <> game.away_score
      -- The Monday of the week of 7 November: the season's opening day at the earliest.
      AND game.game_date >= date_trunc('week', make_date(game.season, 11, 7)::timestamp)::date
),

numbered AS (
    SELECT
        *,
        row_number() OVER games - row_number() OVER (
            PARTITION BY season, team_key, has_won ORDER BY game_date, game_start_time, game_id
        ) AS island
    FROM played
    WINDOW games AS (PARTITION BY season, team_key ORDER BY game_date, game_start_time, game_id)
)

SELECT
    team.team_key,
    team.team_id,
    team.sport,
    numbered.season,
    team.team_name,
    team.conference_id,
    numbered.game_date,
    numbered.game_id,
    count(*) FILTER (WHERE has_won) OVER games AS wins,
    count(*) FILTER (WHERE NOT has_won) OVER games AS losses,
    count(*) FILTER (WHERE has_won AND is_conference) OVER games AS conference_wins,
    count(*) FILTER (WHERE NOT has_won AND is_conference) OVER games AS conference_losses,
    CASE WHEN has_won THEN 1 ELSE -1 END * row_number() OVER (
        PARTITION BY numbered.season, numbered.team_key, has_won, island
        ORDER BY game_date, game_start_time, game_id
    ) AS streak,
    row_number() OVER (
        PARTITION BY numbered.season, numbered.team_key ORDER BY game_date DESC, game_start_time DESC, game_id DESC
    ) = 1 AS is_latest
FROM numbered
JOIN dim_team AS team ON team.team_key = numbered.team_key
WINDOW games AS (
    PARTITION BY numbered.season, numbered.team_key ORDER BY game_date, game_start_time, game_id
)
"""


def upgrade() -> None:
    op.create_table(
        "standing",
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Text()),
        sa.Column("conference", sa.Text(), nullable=False),
        sa.Column("wins", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("conference_wins", sa.Integer(), nullable=False),
        sa.Column("conference_losses", sa.Integer(), nullable=False),
        sa.Column("streak", sa.Integer()),
        sa.Column("covers", sa.Date(), nullable=False),
        sa.Column("page_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agrees", sa.Boolean()),
        sa.Column("not_compared", sa.Text()),
        sa.PrimaryKeyConstraint("sport", "as_of", "school"),
    )
    op.create_index("ix_standing_season", "standing", ["season", "as_of"])
    op.create_table(
        "discrepancy",
        sa.Column("discrepancy_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text()),
        sa.Column("difference", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text()),
        sa.Column("ours", sa.Text()),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("game_ids", ARRAY(sa.Text()), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("last_seen", sa.Date(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_because", sa.Text()),
        sa.PrimaryKeyConstraint("discrepancy_id"),
    )
    op.create_index(
        "uq_discrepancy_open",
        "discrepancy",
        ["sport", "season", "school"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.execute(TEAM_RECORD)


def downgrade() -> None:
    op.execute("DROP VIEW team_record")
    op.drop_table("discrepancy")
    op.drop_table("standing")

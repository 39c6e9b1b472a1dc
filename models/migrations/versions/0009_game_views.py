"""Views for people: a wide row per game, and a row per team and game."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GAME = """
CREATE VIEW game AS
SELECT
    fact.game_id,
    fact.sport,
    fact.season,
    dim_date.season_label,
    fact.game_date,
    fact.game_status,
    fact.game_start_time,
    away.team_id AS away_team_id,
    away.team_name AS away_team,
    away.conference_name AS away_conference,
    fact.away_rank,
    fact.away_seed,
    fact.away_score,
    home.team_id AS home_team_id,
    home.team_name AS home_team,
    home.conference_name AS home_conference,
    fact.home_rank,
    fact.home_seed,
    fact.home_score,
    CASE
        WHEN fact.game_status <> 'final' THEN NULL
        WHEN fact.home_score > fact.away_score THEN home.team_name
        WHEN fact.home_score < fact.away_score THEN away.team_name
    END AS winner,
    CASE WHEN fact.game_status = 'final' THEN abs(fact.home_score - fact.away_score)::integer END AS margin,
    fact.overtime_periods,
    fact.rivalry_factor > 1 AS is_conference_game,
    fact.bracket_round,
    fact.network,
    fact.suspect_reason
FROM fact_game AS fact
JOIN dim_date ON dim_date.date_key = fact.game_date_key
JOIN dim_team AS away ON away.team_key = fact.away_team_key
JOIN dim_team AS home ON home.team_key = fact.home_team_key
WHERE fact.game_status <> 'withdrawn'
"""
TEAM_GAME = """
CREATE VIEW team_game AS
SELECT
    game.game_id,
    game.sport,
    game.season,
    game.season_label,
    game.game_date,
    game.game_status,
    game.game_start_time,
    side.*,
    CASE
        WHEN game.game_status = 'final' AND side.score <> side.opponent_score THEN side.score > side.opponent_score
    END AS has_won,
    CASE WHEN game.game_status = 'final' THEN (side.score - side.opponent_score)::integer END AS margin,
    game.overtime_periods,
    game.is_conference_game,
    game.bracket_round,
    game.suspect_reason
FROM game
CROSS JOIN LATERAL (
    VALUES
        (
            TRUE, home_team_id, home_team, home_conference, home_rank, home_seed, home_score,
            away_team_id, away_team, away_conference, away_rank, away_seed, away_score
        ),
        (
            FALSE, away_team_id, away_team, away_conference, away_rank, away_seed, away_score,
            home_team_id, home_team, home_conference, home_rank, home_seed, home_score
        )
) AS side (
    is_home, team_id, team, conference, rank, seed, score,
    opponent_id, opponent, opponent_conference, opponent_rank, opponent_seed, opponent_score
)
"""


def upgrade() -> None:
    op.execute(GAME)
    op.execute(TEAM_GAME)


def downgrade() -> None:
    op.execute("DROP VIEW team_game")
    op.execute("DROP VIEW game")

"""A view of games that are still scheduled a week after their date."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNRESOLVED_GAME = """
CREATE VIEW unresolved_game AS
SELECT
    game.game_id,
    game.sport,
    game.game_date,
    away.team_name AS away_team,
    home.team_name AS home_team,
    (now() AT TIME ZONE 'America/New_York')::date - game.game_date AS days_ago
FROM fact_game AS game
JOIN dim_team AS away ON away.team_key = game.away_team_key
JOIN dim_team AS home ON home.team_key = game.home_team_key
WHERE game.game_status = 'scheduled'
  AND game.game_date < (now() AT TIME ZONE 'America/New_York')::date - 7
"""


def upgrade() -> None:
    op.execute(UNRESOLVED_GAME)


def downgrade() -> None:
    op.execute("DROP VIEW unresolved_game")

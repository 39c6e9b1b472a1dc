"""Generated seasons, inserted by SQL: 40 games per day from 1 November."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

LAST_SEASON = 2025
_TEAMS = """
INSERT INTO dim_team (
    team_id, season, sport, slug, team_name, abbreviation, conference_id, conference_name,
    valid_from, valid_to, is_current,
    team_name_watermark, full_name_watermark, abbreviation_watermark, conference_watermark
)
SELECT
    team_id, past.season, sport, slug, team_name, abbreviation, conference_id, conference_name,
    make_date(past.season, 8, 1), make_date(past.season + 1, 8, 1), FALSE, 1, 1, 1, 1
FROM dim_team
CROSS JOIN generate_series($1::int - $2::int + 1, $1::int - 1) AS past (season)
WHERE dim_team.season = $1::int
"""
_GAMES = """
WITH team AS (
    SELECT
        team_key, season,
        row_number() OVER (PARTITION BY season ORDER BY slug) - 1 AS number,
        count(*) OVER (PARTITION BY season) AS teams
    FROM dim_team
)
INSERT INTO fact_game (
    game_id, sport, game_date, game_date_key, home_team_key, away_team_key, game_status, game_start_time,
    home_score, away_score, game_period, overtime_periods, network, rivalry_factor, feed
)
SELECT
    'ncaam_' || 1000000 + home.season % 100 * 100000 + number_of_game,
    'ncaam', date, to_char(date, 'YYYYMMDD')::int, home.team_key, away.team_key, 'final',
    date + INTERVAL '24 hours', 60 + number_of_game % 30, 59 + number_of_game % 29, 'final', 0, 'ESPN+', 1.00, 'current'
FROM generate_series(0, $1::int - 1) AS games (number_of_game)
JOIN team AS home ON home.number = number_of_game * 7 % teams
JOIN team AS away
    ON away.season = home.season
    AND away.number = (home.number + 1 + number_of_game % 180) % home.teams
CROSS JOIN LATERAL (SELECT make_date(home.season, 11, 1) + number_of_game / 40 AS date) AS dates
ORDER BY home.season, number_of_game
"""
_SCOREBOARDS = """
INSERT INTO scoreboard (
    sport, game_date, fetched_at, feed, source_url, is_simulated,
    games_expected, games_received, settled_at
)
SELECT
    'ncaam', game_date, game_date + INTERVAL '60 hours', 'current', 'https://ncaa-api.example', FALSE,
    count(*), count(*), game_date + INTERVAL '60 hours'
FROM fact_game
GROUP BY game_date
ON CONFLICT DO NOTHING
"""


async def fill(connection: "asyncpg.Connection[Any]", *, seasons: int, games_per_season: int) -> int:
    """Inserts seasons into a database that has the teams of the last season; returns the number of games stored."""
    await connection.execute(_TEAMS, LAST_SEASON, seasons)
    await connection.execute(_GAMES, games_per_season)
    await connection.execute(_SCOREBOARDS)
    await connection.execute("VACUUM ANALYZE")
    stored: int = await connection.fetchval("SELECT count(*) FROM fact_game")
    return stored

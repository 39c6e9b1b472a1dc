"""The least work that keeps the table current: one upsert, without rules or counts, with known team keys."""

from typing import TYPE_CHECKING, Any

from pipelines.ncaa.scoreboard import ParsedScoreboard

if TYPE_CHECKING:
    import asyncpg

_UPSERT = """
INSERT INTO fact_game AS stored (
    game_id, sport, game_date, game_date_key, home_team_key, away_team_key, game_status, game_start_time,
    home_score, away_score, game_period, game_clock, overtime_periods,
    home_rank, away_rank, home_seed, away_seed, bracket_round, network, rivalry_factor, feed
)
SELECT
    game_id, 'ncaam', $1::date, to_char($1::date, 'YYYYMMDD')::int, home_team_key, away_team_key, game_status,
    game_start_time, home_score, away_score, game_period, game_clock, overtime_periods,
    home_rank, away_rank, home_seed, away_seed, bracket_round, network,
    CASE WHEN is_conference_game THEN 1.20 ELSE 1.00 END, $2::text
FROM unnest(
    $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[], $8::smallint[], $9::smallint[],
    $10::text[], $11::text[], $12::smallint[], $13::smallint[], $14::smallint[], $15::smallint[], $16::smallint[],
    $17::text[], $18::text[], $19::boolean[]
) AS games (
    game_id, home_team_key, away_team_key, game_status, game_start_time, home_score, away_score,
    game_period, game_clock, overtime_periods, home_rank, away_rank, home_seed, away_seed,
    bracket_round, network, is_conference_game
)
ON CONFLICT (game_id) DO UPDATE
SET game_date = excluded.game_date,
    game_date_key = excluded.game_date_key,
    home_team_key = excluded.home_team_key,
    away_team_key = excluded.away_team_key,
    game_status = excluded.game_status,
    game_start_time = excluded.game_start_time,
    home_score = excluded.home_score,
    away_score = excluded.away_score,
    game_period = excluded.game_period,
    game_clock = excluded.game_clock,
    overtime_periods = excluded.overtime_periods,
    home_rank = excluded.home_rank,
    away_rank = excluded.away_rank,
    home_seed = excluded.home_seed,
    away_seed = excluded.away_seed,
    bracket_round = excluded.bracket_round,
    network = excluded.network,
    rivalry_factor = excluded.rivalry_factor,
    feed = excluded.feed,
    updated_at = now()
WHERE (
    stored.game_date, stored.home_team_key, stored.away_team_key, stored.game_status, stored.game_start_time,
    stored.home_score, stored.away_score, stored.game_period, stored.game_clock, stored.overtime_periods,
    stored.home_rank, stored.away_rank, stored.home_seed, stored.away_seed, stored.bracket_round, stored.network,
    stored.rivalry_factor, stored.feed
) IS DISTINCT FROM (
    excluded.game_date, excluded.home_team_key, excluded.away_team_key, excluded.game_status, excluded.game_start_time,
    excluded.home_score, excluded.away_score, excluded.game_period, excluded.game_clock, excluded.overtime_periods,
    excluded.home_rank, excluded.away_rank, excluded.home_seed, excluded.away_seed, excluded.bracket_round,
    excluded.network, excluded.rivalry_factor, excluded.feed
)
"""


class Floor:
    """Upserts scoreboards over its own connection into a database that has the season's teams."""

    def __init__(self, connection: "asyncpg.Connection[Any]", teams: dict[str, tuple[int, str | None]]) -> None:
        self._connection = connection
        self._keys = {slug: key for slug, (key, _) in teams.items()}
        self._conferences = {slug: conference for slug, (_, conference) in teams.items()}

    @classmethod
    async def over(cls, connection: "asyncpg.Connection[Any]", season: int) -> "Floor":
        """Reads the keys and conferences of the season's teams."""
        rows = await connection.fetch("SELECT slug, team_key, conference_id FROM dim_team WHERE season = $1", season)
        return cls(connection, {row["slug"]: (row["team_key"], row["conference_id"]) for row in rows})

    async def load(self, scoreboard: ParsedScoreboard) -> None:
        """Upserts a scoreboard in one transaction; the arrays are built from the objects that the load uses."""
        games, keys, conferences = scoreboard.games, self._keys, self._conferences
        home, away = [game.home for game in games], [game.away for game in games]
        async with self._connection.transaction():
            await self._connection.execute(
                _UPSERT,
                scoreboard.game_date,
                scoreboard.feed,
                [f"ncaam_{game.contest_id}" for game in games],
                [keys[line.slug] for line in home],
                [keys[line.slug] for line in away],
                [game.status for game in games],
                [game.start_time for game in games],
                [line.score for line in home],
                [line.score for line in away],
                [game.period for game in games],
                [game.clock for game in games],
                [game.overtime_periods for game in games],
                [line.rank for line in home],
                [line.rank for line in away],
                [line.seed for line in home],
                [line.seed for line in away],
                [game.bracket_round for game in games],
                [game.network for game in games],
                [conferences[h.slug] == conferences[a.slug] != "independent" for h, a in zip(home, away, strict=True)],
            )

"""Results of a season, written straight into the tables, and standings counted from them in the plainest way."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession
from support.tables import driver_connection
from support.warehouse import Warehouse

from models.reference import teams
from pipelines.ncaa.standings import Standing, Standings
from pipelines.seasons import EASTERN, season_of

SEASON = 2025
BY_SLUG = {team.slug: team for team in teams(SEASON)}
SLUGS = sorted(BY_SLUG)


class Result(NamedTuple):
    """A played game; teams by slug."""

    contest_id: int
    date: dt.date
    home: str
    away: str
    home_score: int
    away_score: int
    counts_for_conference: bool = True
    """False for a game of a conference tournament."""

    @property
    def is_conference(self) -> bool:
        return _conference(self.home) is not None and _conference(self.home) == _conference(self.away)

    def swapped(self) -> "Result":
        return self._replace(home_score=self.away_score, away_score=self.home_score)


def _conference(slug: str) -> str | None:
    return BY_SLUG[slug].conference if slug in BY_SLUG else None


def page(results: Iterable[Result], covers: dt.date, schools: Collection[str] = SLUGS) -> Standings:
    """Returns the standings after the games of a date, updated at 5:50 the next morning and fetched at 9:10."""
    tallies: dict[str, list[int]] = {slug: [0, 0, 0, 0, 0] for slug in schools}
    for result in sorted(results, key=lambda result: (result.date, result.contest_id)):
        if result.date > covers:
            continue
        for slug, points, against in (
            (result.home, result.home_score, result.away_score),
            (result.away, result.away_score, result.home_score),
        ):
            if slug not in tallies:
                continue
            tally, lost = tallies[slug], int(points < against)
            tally[lost] += 1
            if result.is_conference and result.counts_for_conference:
                tally[2 + lost] += 1
            if points > against:
                tally[4] = max(tally[4], 0) + 1
            else:
                tally[4] = min(tally[4], 0) - 1
    rows = [
        Standing(BY_SLUG[slug].short_name, BY_SLUG[slug].conference, *tally[:4], tally[4] or None)
        for slug, tally in tallies.items()
    ]
    morning = dt.datetime.combine(covers + dt.timedelta(days=1), dt.time(5, 50), EASTERN)
    fetched_at = morning + dt.timedelta(hours=3, minutes=20)
    return Standings(morning, covers, None, rows, fetched_at, "http://api.test/standings", is_simulated=False)


def write(warehouse: Warehouse, results: Sequence[Result], changed_at: dt.datetime | None = None) -> None:
    """Writes final games, the teams and the dates of their seasons; a game that exists is replaced."""

    async def insert(session: AsyncSession) -> None:
        connection = await driver_connection(session)
        season = season_of(results[0].date)
        slugs = sorted({slug for result in results for slug in (result.home, result.away)})
        await connection.execute(
            """
            INSERT INTO dim_team (
                team_id, season, sport, slug, team_name, conference_id, valid_from, is_current, team_name_watermark,
                full_name_watermark, abbreviation_watermark, conference_watermark
            )
            SELECT 'ncaam_' || slug, $1, 'ncaam', slug, slug, conference, make_date($1, 8, 1), TRUE, 0, 0, 0, 0
            FROM unnest($2::text[], $3::text[]) AS team (slug, conference)
            ON CONFLICT DO NOTHING
            """,
            season,
            slugs,
            [_conference(slug) for slug in slugs],
        )
        await connection.execute(
            """
            INSERT INTO fact_game (
                game_id, sport, game_date, game_date_key, home_team_key, away_team_key, game_status, home_score,
                away_score, overtime_periods, rivalry_factor, feed, updated_at
            )
            SELECT
                'ncaam_' || id, 'ncaam', date, to_char(date, 'YYYYMMDD')::int, home.team_key, away.team_key, 'final',
                home_score, away_score, 0, CASE WHEN is_conference THEN 1.2 ELSE 1 END, 'current',
                coalesce($8, date + interval '23 hours')
            FROM unnest($2::int[], $3::date[], $4::text[], $5::text[], $6::int[], $7::int[], $9::bool[])
                AS result (id, date, home_slug, away_slug, home_score, away_score, is_conference)
            JOIN dim_team AS home ON home.slug = home_slug AND home.season = $1
            JOIN dim_team AS away ON away.slug = away_slug AND away.season = $1
            ON CONFLICT (game_id) DO UPDATE SET
                home_score = excluded.home_score, away_score = excluded.away_score, updated_at = excluded.updated_at
            """,
            season,
            *([getattr(result, name) for result in results] for name in Result._fields[:-1]),
            changed_at,
            [result.is_conference for result in results],
        )
        dates = sorted({result.date for result in results})
        await connection.execute(
            """
            INSERT INTO season_calendar (sport, season, fetched_at, source_url, games)
            SELECT 'ncaam', $1, now(), 'test', jsonb_object_agg(date::text, 1) FROM unnest($2::date[]) AS date
            ON CONFLICT (sport, season) DO UPDATE SET games = season_calendar.games || excluded.games
            """,
            season,
            dates,
        )
        await connection.execute(
            """
            INSERT INTO scoreboard (sport, game_date, fetched_at, feed, source_url, is_simulated, games_received)
            SELECT 'ncaam', date, now(), 'current', 'test', FALSE, 1 FROM unnest($1::date[]) AS date
            ON CONFLICT DO NOTHING
            """,
            dates,
        )

    warehouse.run(insert)

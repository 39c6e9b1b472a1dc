"""Loads scoreboards into a test database and reads the tables back."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession
from support.postgres_servers import settings_for
from support.tables import EMPTY_ALL, driver_connection, dump

from pipelines.errors import GamePulseError
from pipelines.ingest import IngestedDate, load_and_keep
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard
from pipelines.postgres.sessions import Database
from pipelines.runtime.replay import replay_dates
from pipelines.warehouse.load import LoadReport, load_scoreboard

T = TypeVar("T")


class Warehouse:
    """A database and the load into it. Every call is its own transaction."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner = runner
        self._database = database

    @classmethod
    @contextmanager
    def connect(cls, url: sa.URL) -> Iterator[Self]:
        """Yields a warehouse on a migrated database."""
        database = Database(settings_for(url))
        with asyncio.Runner() as runner:
            yield cls(runner, database)
            runner.run(database.__aexit__(None, None, None))

    def load(self, *scoreboards: ParsedScoreboard, games_expected: int | None = None) -> LoadReport:
        """Loads scoreboards in order and returns the last report."""
        for scoreboard in scoreboards:
            report = self.run(partial(load_scoreboard, scoreboard=scoreboard, games_expected=games_expected))
        return report

    def load_and_keep(self, response: ScoreboardResponse, games_expected: int | None) -> LoadReport:
        """Loads and archives an answer."""
        scoreboard = parse_scoreboard(response)

        async def work(session: AsyncSession) -> LoadReport:
            return await load_and_keep(session, response, scoreboard, games_expected, is_archive_required=True)

        return self.run(work)

    def run(self, work: Callable[[AsyncSession], Coroutine[Any, Any, T]]) -> T:
        """Runs `work(session)` and commits."""

        async def in_a_session() -> T:
            async with self._database.get_session() as session:
                return await work(session)

        return self._runner.run(in_a_session())

    def query(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        """Returns the rows of a statement with its parameters `$1`, `$2`, … bound."""

        async def fetch(session: AsyncSession) -> list[dict[str, Any]]:
            connection = await driver_connection(session)
            return [dict(row) for row in await connection.fetch(sql, *arguments)]

        return self.run(fetch)

    def replay(self, *dates: dt.date, may_fail: bool = False) -> dict[dt.date, IngestedDate | GamePulseError]:
        """Loads dates again from the archive, and returns what became of each; raises an error unless allowed."""

        async def run() -> dict[dt.date, IngestedDate | GamePulseError]:
            async with aclosing(replay_dates(dates, MENS_BASKETBALL, self._database)) as outcomes:
                return {date: outcome async for date, outcome in outcomes}

        outcomes = self._runner.run(run())
        errors = [outcome for outcome in outcomes.values() if isinstance(outcome, GamePulseError)]
        if errors and not may_fail:
            raise errors[0]
        return outcomes

    def game(self, contest_id: int) -> dict[str, Any]:
        """Returns the row of a contest, with its teams as slugs."""
        (row,) = self.query(
            """
            SELECT game.*, home.slug AS home, away.slug AS away
            FROM fact_game AS game
            JOIN dim_team AS home ON home.team_key = home_team_key
            JOIN dim_team AS away ON away.team_key = away_team_key
            WHERE game_id = 'ncaam_' || $1::bigint
            """,
            contest_id,
        )
        return row

    def statuses(self) -> dict[int, str]:
        """Returns the status of each contest."""
        rows = self.query("SELECT split_part(game_id, '_', 2)::int AS id, game_status FROM fact_game ORDER BY id")
        return {row["id"]: row["game_status"] for row in rows}

    def team(self, slug: str, season: int) -> dict[str, Any]:
        """Returns a team's row of a season."""
        (row,) = self.query("SELECT * FROM dim_team WHERE slug = $1 AND season = $2", slug, season)
        return row

    def rejects(self) -> dict[str, str]:
        """Returns the reasons of rejected games by key."""
        rows = self.query('SELECT reject_key, reason FROM rejected_game ORDER BY reject_key COLLATE "C"')
        return {row["reject_key"]: row["reason"] for row in rows}

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """Returns all rows without surrogate keys and write times."""
        return self.run(dump)

    def empty(self) -> None:
        """Deletes all rows that loads write."""
        self.query(EMPTY_ALL)

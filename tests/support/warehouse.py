"""A warehouse that a test loads into, one statement a line."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession
from support.tables import driver_connection, dump

from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.postgres.sessions import Database
from pipelines.warehouse.load import LoadReport, load_scoreboard

T = TypeVar("T")


class Warehouse:
    """The tables, and the load into them; every call is a transaction of its own."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner = runner
        self._database = database

    def load(self, *scoreboards: ParsedScoreboard, games_expected: int | None = None) -> LoadReport:
        """Loads one after the other; the report is the last one's."""
        for scoreboard in scoreboards:
            report = self.run(partial(load_scoreboard, scoreboard=scoreboard, games_expected=games_expected))
        return report

    def run(self, work: Callable[[AsyncSession], Coroutine[Any, Any, T]]) -> T:
        """Runs `work(session)` and commits."""

        async def in_a_session() -> T:
            async with self._database.get_session() as session:
                return await work(session)

        return self._runner.run(in_a_session())

    def query(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        """Rows of a statement, `$1` and on bound."""

        async def fetch(session: AsyncSession) -> list[dict[str, Any]]:
            connection = await driver_connection(session)
            return [dict(row) for row in await connection.fetch(sql, *arguments)]

        return self.run(fetch)

    def game(self, contest_id: int) -> dict[str, Any]:
        """The one row of the contest, its teams as slugs."""
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
        """Status of every contest."""
        rows = self.query("SELECT split_part(game_id, '_', 2)::int AS id, game_status FROM fact_game ORDER BY id")
        return {row["id"]: row["game_status"] for row in rows}

    def team(self, slug: str, season: int) -> dict[str, Any]:
        """The team's one row of the season."""
        (row,) = self.query("SELECT * FROM dim_team WHERE slug = $1 AND season = $2", slug, season)
        return row

    def rejects(self) -> dict[str, str]:
        """Reasons by key."""
        rows = self.query('SELECT reject_key, reason FROM rejected_game ORDER BY reject_key COLLATE "C"')
        return {row["reject_key"]: row["reason"] for row in rows}

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """All rows, surrogate keys and times of writing left out."""
        return self.run(dump)

    def empty(self) -> None:
        """Deletes all rows that loads write."""
        self.query("TRUNCATE fact_game, dim_team, scoreboard, rejected_game RESTART IDENTITY")

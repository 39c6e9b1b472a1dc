"""Databases on which the load and the floor are measured, and the states of a date in which they are measured."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from support.postgres_servers import settings_for

from benchmarks.floor import Floor
from benchmarks.scoreboards import scoreboard
from benchmarks.server import Server, connect
from benchmarks.timing import Workload
from pipelines.ingest import load_and_keep
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse
from pipelines.postgres.sessions import Database
from pipelines.seasons import season_of
from pipelines.warehouse.load import LoadReport, load_scoreboard

if TYPE_CHECKING:
    import asyncpg

State = Literal["new", "moved", "unchanged"]
STATES: tuple[State, ...] = ("new", "moved", "unchanged")
FIRST_DATE = dt.date(2026, 4, 8)
"""After all generated games of the season."""
_MANY_GAMES = 1_000
# What a load writes besides teams. The names are those of tables.
_LOADED_TABLES = ("fact_game", "scoreboard")


@dataclass(frozen=True, slots=True)
class Target:
    """A database with the season's 365 teams and no games. A measurement uses either its load or its floor."""

    database: Database
    floor: Floor
    connection: "asyncpg.Connection[Any]"
    """For statements that are not measured."""

    async def load(self, scoreboard: ParsedScoreboard, body: bytes | None = None) -> LoadReport:
        """Loads as the asset does, on a pooled connection and with a known calendar, so that games can be withdrawn.

        Archives the body, if there is one.
        """
        expected = scoreboard.games_received
        async with self.database.get_session() as session:
            if body is None:
                return await load_scoreboard(session, scoreboard, games_expected=expected)
            response = ScoreboardResponse(
                scoreboard.league, scoreboard.game_date, body, scoreboard.fetched_at, scoreboard.source_url
            )
            return await load_and_keep(session, response, scoreboard, expected, is_archive_required=False)

    async def empty(self, size: int) -> None:
        """Deletes the measured dates."""
        for table in _LOADED_TABLES:
            await self.connection.execute(f"DELETE FROM {table} WHERE game_date >= $1", FIRST_DATE)
        await self.vacuum(size)

    async def reset_watermarks(self) -> None:
        """Makes the next game of every team, on any date, the newest source of the team's attributes."""
        await self.connection.execute(
            "UPDATE dim_team SET team_name_watermark = 1, full_name_watermark = 1, abbreviation_watermark = 1,"
            " conference_watermark = 1 WHERE is_current"
        )
        await self.connection.execute("VACUUM ANALYZE dim_team")

    async def vacuum(self, size: int) -> None:
        """Vacuums where enough games have changed that autovacuum would."""
        await self.connection.execute("DELETE FROM game_evidence")  # of the games' last move
        if size >= _MANY_GAMES:
            await self.connection.execute("VACUUM ANALYZE fact_game, game_evidence")


@asynccontextmanager
async def new_target(server: Server, *, logged: bool = False) -> AsyncIterator[Target]:
    """Creates a target; `logged` writes its statements to the server's log."""
    async with AsyncExitStack() as stack:
        url = server.new_database(logged=logged)
        database = await stack.enter_async_context(Database(settings_for(url)))
        connection, floor_connection = await connect(url), await connect(url)
        stack.push_async_callback(connection.close)
        stack.push_async_callback(floor_connection.close)
        async with database.get_session() as session:
            day_before = scoreboard(FIRST_DATE - dt.timedelta(days=1), 2_000)  # all 365 teams play
            await load_scoreboard(session, day_before)
        for table in _LOADED_TABLES:
            await connection.execute(f"DELETE FROM {table}")
        await connection.execute("VACUUM ANALYZE")
        floor = await Floor.over(floor_connection, season_of(FIRST_DATE))
        yield Target(database, floor, connection)


def scoreboards(state: State, size: int, runs: int) -> list[ParsedScoreboard]:
    """Returns one scoreboard per run, with equal games.

    New and moved: each run has the next date, because a first load advances the watermarks of all teams. Unchanged: one
    date, fetched every minute.
    """
    first = scoreboard(FIRST_DATE, size)
    day, minute = dt.timedelta(days=1), dt.timedelta(minutes=1)
    if state == "unchanged":
        return [replace(first, fetched_at=first.fetched_at + run * minute) for run in range(runs)]
    return [
        replace(first, game_date=first.game_date + run * day, fetched_at=first.fetched_at + run * day)
        for run in range(runs)
    ]


def load_workload(
    target: Target, state: State, size: int, boards: list[ParsedScoreboard], bodies: list[bytes] | None = None
) -> Workload:
    """Returns the load of the scoreboards, which archives the bodies, and checks each report for the intended state."""

    async def run(number: int) -> None:
        report = await target.load(boards[number], None if bodies is None else bodies[number])
        if number > 0:
            counts = {
                "new": report.games_inserted,
                "moved": report.games_updated,
                "unchanged": report.games_unchanged,
            }
            assert counts[state] == size, f"{size} games {state}: {report}"

    return Workload(run, _preparation(target, state, size))


def floor_workload(target: Target, state: State, size: int, boards: list[ParsedScoreboard]) -> Workload:
    """Returns the floor's upsert of the scoreboards."""

    async def run(number: int) -> None:
        await target.floor.load(boards[number])

    return Workload(run, _preparation(target, state, size))


def _preparation(target: Target, state: State, size: int) -> Callable[[int], Awaitable[None]]:
    async def prepare(number: int) -> None:
        if number == 0:
            await target.reset_watermarks()
        if state == "new" or number == 0:
            await target.empty(size)
        elif state == "moved":
            await target.vacuum(size)

    return prepare

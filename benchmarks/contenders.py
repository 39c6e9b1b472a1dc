"""The real load and the floor, each on a database of its own, and the states of a date in which they are measured."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.days import scoreboard
from benchmarks.floor import Floor
from benchmarks.server import Server, connect, settings_for
from benchmarks.timing import Way
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.postgres.sessions import Database
from pipelines.seasons import season_of
from pipelines.warehouse.load import LoadReport, load_scoreboard

if TYPE_CHECKING:
    import asyncpg

State = Literal["new", "moved", "unchanged"]
STATES: tuple[State, ...] = ("new", "moved", "unchanged")
FIRST_DATE = dt.date(2026, 4, 8)
"""After all made-up games of the season."""
_MANY_GAMES = 1_000


@dataclass(frozen=True, slots=True)
class Contender:
    """A database with the season's 365 teams and no games, and both ways to load it; a measure uses one of them."""

    database: Database
    floor: Floor
    connection: "asyncpg.Connection[Any]"
    """For what is not measured."""

    async def load(self, scoreboard: ParsedScoreboard) -> LoadReport:
        """The real load as the asset calls it, on a pooled connection; the calendar knows the date: games can leave."""
        async with self.database.get_session() as session:
            return await load_scoreboard(session, scoreboard, games_expected=scoreboard.games_received)

    async def empty(self, size: int) -> None:
        """As if the measured dates had never been loaded."""
        await self.connection.execute("DELETE FROM fact_game WHERE game_date >= $1", FIRST_DATE)
        await self.connection.execute("DELETE FROM scoreboard WHERE game_date >= $1", FIRST_DATE)
        await self.clean(size)

    async def forget(self) -> None:
        """As if no team had played yet: the next game, of whatever date, tells something newer of it."""
        await self.connection.execute(
            "UPDATE dim_team SET team_name_watermark = 1, full_name_watermark = 1, abbreviation_watermark = 1,"
            " conference_watermark = 1 WHERE is_current"
        )
        await self.connection.execute("VACUUM ANALYZE dim_team")

    async def clean(self, size: int) -> None:
        """Vacuums where enough has changed that the server would do so by itself."""
        if size >= _MANY_GAMES:
            await self.connection.execute("VACUUM ANALYZE fact_game")


@asynccontextmanager
async def new_contender(server: Server, *, logged: bool = False) -> AsyncIterator[Contender]:
    """`logged`: the server's log has its statements."""
    async with AsyncExitStack() as stack:
        url = await server.new_database(logged=logged)
        database = await stack.enter_async_context(Database(settings_for(url)))
        connection, floor_connection = await connect(url), await connect(url)
        stack.push_async_callback(connection.close)
        stack.push_async_callback(floor_connection.close)
        async with database.get_session() as session:
            day_before = scoreboard(FIRST_DATE - dt.timedelta(days=1), 2_000)  # all 365 teams play
            await load_scoreboard(session, day_before)
        await connection.execute("DELETE FROM fact_game")
        await connection.execute("DELETE FROM scoreboard")
        await connection.execute("VACUUM ANALYZE")
        floor = await Floor.over(floor_connection, season_of(FIRST_DATE))
        yield Contender(database, floor, connection)


def scoreboards(state: State, size: int, runs: int) -> list[ParsedScoreboard]:
    """One a run, of the same games. New and moved: each run has the next date, as a day's first load moves every team's
    watermarks on; unchanged: one date, fetched every minute."""
    first = scoreboard(FIRST_DATE, size)
    day, minute = dt.timedelta(days=1), dt.timedelta(minutes=1)
    if state == "unchanged":
        return [replace(first, fetched_at=first.fetched_at + run * minute) for run in range(runs)]
    return [
        replace(first, game_date=first.game_date + run * day, fetched_at=first.fetched_at + run * day)
        for run in range(runs)
    ]


def way_of_load(contender: Contender, state: State, size: int, boards: list[ParsedScoreboard]) -> Way:
    """Checks what the report says, so that it is the state meant which is measured."""

    async def run(number: int) -> None:
        report = await contender.load(boards[number])
        if number > 0:
            counts = {
                "new": report.games_inserted,
                "moved": report.games_updated,
                "unchanged": report.games_unchanged,
            }
            assert counts[state] == size, f"{size} games {state}: {report}"

    return Way(run, _preparation(contender, state, size))


def way_of_floor(contender: Contender, state: State, size: int, boards: list[ParsedScoreboard]) -> Way:
    async def run(number: int) -> None:
        await contender.floor.load(boards[number])

    return Way(run, _preparation(contender, state, size))


def _preparation(contender: Contender, state: State, size: int) -> Callable[[int], Awaitable[None]]:
    async def prepare(number: int) -> None:
        if number == 0:
            await contender.forget()
        if state == "new" or number == 0:
            await contender.empty(size)
        elif state == "moved":
            await contender.clean(size)

    return prepare

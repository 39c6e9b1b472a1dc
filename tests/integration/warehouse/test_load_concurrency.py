"""One transaction per date: concurrent loads end in the rows and reports of the same loads one after the other."""

import asyncio
import datetime as dt
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession
from support.builders import at, day, game, reject, scoreboard, team
from support.reference_model import ReferenceWarehouse
from support.tables import EMPTY_ALL, driver_connection, dump

from pipelines.errors import DatabaseBusyError, DatabaseError
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings
from pipelines.warehouse.load import TAKE_TURN, LoadReport, load_scoreboard

DATES = [day("2024-07-31"), day("2024-08-01"), day("2024-08-02")]  # a season turns between the first two
TEAMS = ["duke", "unc", "iona", "yale"]
STATES = ["scheduled", "live 10-12 1st 9:00", "final 80-75", "final 80-76", "postponed"]
FEEDS: list[Feed] = ["current", "current", "legacy"]
DUKE_UNC = scoreboard("2025-01-10", "2025-01-10 20:00", game(7, "duke", "unc"))


def random_load(choices: random.Random, hour: int) -> tuple[ParsedScoreboard, int | None]:
    """A scoreboard that meets others in dates, contests, teams and rejects, fetched around an hour."""
    games, rejects = [], []
    for contest_id in choices.sample(range(1, 7), choices.randint(1, 5)):
        if choices.random() < 0.15:
            rejects.append(reject(contest_id))
            continue
        home, away = (
            team(slug, choices.choice([None, "acc", "ivy-league"]), name=choices.choice(["One", "Two", None]))
            for slug in choices.sample(TEAMS, 2)
        )
        games.append(game(contest_id, home, away, choices.choice(STATES), network=choices.choice([None, "ESPN"])))
    # To the second: of two loads of one moment, tables and reports may not tell which came last, but later loads do.
    offset = dt.timedelta(hours=hour + choices.randint(-2, 2), seconds=choices.randrange(3600))
    fetched_at = at("2024-07-31 08:00") + offset
    date = choices.choice(DATES)
    return (
        scoreboard(date, fetched_at, *games, rejects=rejects, feed=choices.choice(FEEDS)),
        choices.choice([None, len(games) + len(rejects)]),
    )


async def rounds(settings: Settings, *, count: int, at_once: int, seed: int) -> None:
    """Rounds of loads at once; after each, tables and reports must be those of some order of its loads."""
    choices = random.Random(seed)
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(Database(settings)) for _ in range(at_once)]

        async def load(database: Database, load: tuple[ParsedScoreboard, int | None], delay: float) -> LoadReport:
            await asyncio.sleep(delay)
            async with database.get_session() as session:
                report = await load_scoreboard(session, load[0], games_expected=load[1])
                return replace(report, tables_changed=frozenset())  # not part of the model

        for number in range(count):
            if number % 20 == 0:
                model = ReferenceWarehouse()
                async with databases[0].get_session() as session:
                    await empty(session)
            loads = [random_load(choices, number % 20) for _ in range(at_once)]
            delays = [choices.choice([0, 0, choices.uniform(0, 0.02)]) for _ in range(at_once)]
            reports = await asyncio.gather(*map(load, databases, loads, delays))
            async with databases[0].get_session() as session:
                tables = await dump(session)
            del tables["game_evidence"]
            for order in itertools.permutations(range(at_once)):
                candidate = deepcopy(model)
                if (
                    all(candidate.load(*loads[index]) == reports[index] for index in order)
                    and candidate.tables() == tables
                ):
                    model = candidate
                    break
            else:
                pytest.fail(f"round {number}: no order of these loads ends so: {loads} {reports} {tables}")


async def empty(session: AsyncSession) -> None:
    """Deletes all rows that loads write."""
    connection = await driver_connection(session)
    await connection.execute(EMPTY_ALL)


def test_loads_at_once_end_in_the_rows_and_reports_of_one_after_the_other(settings: Settings) -> None:
    asyncio.run(rounds(settings, count=200, at_once=3, seed=1))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_loads_at_once_end_in_the_rows_and_reports_of_one_after_the_other(settings: Settings) -> None:
    asyncio.run(rounds(settings, count=400, at_once=4, seed=2))


def test_one_scoreboard_loaded_by_many_at_once_is_loaded_by_one_and_unchanged_for_the_others(
    settings: Settings,
) -> None:
    async def load(database: Database) -> LoadReport:
        async with database.get_session() as session:
            return await load_scoreboard(session, DUKE_UNC)

    async def many() -> list[LoadReport]:
        async with AsyncExitStack() as stack:
            databases = [await stack.enter_async_context(Database(settings)) for _ in range(12)]
            return await asyncio.gather(*map(load, databases))

    reports = asyncio.run(many())

    assert sorted(report.games_inserted for report in reports) == [0] * 11 + [1]
    assert sorted(report.games_unchanged for report in reports) == [0] + [1] * 11


def test_readers_never_see_half_a_day(settings: Settings) -> None:
    """A day flips between all scheduled and all final; whoever reads finds one or the other."""
    contests = range(1, 41)

    async def flip(database: Database) -> None:
        for minute in range(20):
            state = "final 80-75" if minute % 2 else "scheduled"
            games = [game(contest, f"home{contest}", f"away{contest}", state) for contest in contests]
            async with database.get_session() as session:
                await load_scoreboard(session, scoreboard("2025-01-10", f"2025-01-10 20:{minute:02}", *games))

    async def read(database: Database, flipping: asyncio.Task[None]) -> set[tuple[str, int]]:
        seen: set[tuple[str, int]] = set()
        while not flipping.done():
            async with database.get_session() as session:
                connection = await driver_connection(session)
                rows = await connection.fetch("SELECT game_status, count(*) FROM fact_game GROUP BY 1")
            seen |= {(row["game_status"], row["count"]) for row in rows}
        return seen

    async def both() -> set[tuple[str, int]]:
        async with Database(settings) as writer, Database(settings) as reader:
            flipping = asyncio.create_task(flip(writer))
            seen = await read(reader, flipping)
            await flipping
            return seen

    assert asyncio.run(both()) == {("scheduled", 40), ("final", 40)}


def test_every_session_has_limits_on_waiting_and_idling(settings: Settings) -> None:
    async def limits() -> dict[str, str]:
        async with Database(settings) as database, database.get_session() as session:
            connection = await driver_connection(session)
            return {
                name: await connection.fetchval(f"SELECT setting FROM pg_settings WHERE name = '{name}'")
                for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
            }

    assert all(0 < int(milliseconds) <= 60_000 for milliseconds in asyncio.run(limits()).values())


def test_a_peer_that_keeps_the_lock_becomes_a_clear_error_that_waiting_may_heal(settings: Settings) -> None:
    async def load_beside_a_stuck_peer() -> LoadReport:
        async with Database(settings) as stuck, Database(settings) as database:
            async with stuck.get_session() as peer:
                await (await peer.connection()).execute(TAKE_TURN)
                with pytest.raises(DatabaseBusyError, match="Another session may be stuck") as busy:
                    async with impatient_session(database, "lock_timeout") as session:
                        await load_scoreboard(session, DUKE_UNC)
                assert busy.value.retryable
            async with database.get_session() as session:
                return await load_scoreboard(session, DUKE_UNC)

    assert asyncio.run(load_beside_a_stuck_peer()).games_inserted == 1


def test_a_peer_that_falls_asleep_in_its_load_is_ended_and_holds_nobody_up(settings: Settings) -> None:
    reports = []

    async def fall_asleep(sleeping: Database, database: Database) -> None:
        async with impatient_session(sleeping, "idle_in_transaction_session_timeout") as sleeper:
            await load_scoreboard(sleeper, scoreboard("2025-01-10", "2025-01-10 23:00"))
            async with database.get_session() as session:
                reports.append(await load_scoreboard(session, DUKE_UNC))

    async def load_beside_a_sleeper() -> None:
        async with Database(settings) as sleeping, Database(settings) as database:
            with pytest.raises(DatabaseError) as ended:
                await fall_asleep(sleeping, database)
            assert ended.value.retryable

    asyncio.run(load_beside_a_sleeper())

    assert [report.games_inserted for report in reports] == [1]


def test_of_a_load_whose_connection_is_killed_nothing_stays(settings: Settings) -> None:
    async def be_killed(killed: Database, database: Database) -> None:
        async with killed.get_session() as victim:
            await load_scoreboard(victim, scoreboard("2025-01-10", "2025-01-10 23:00", *DUKE_UNC.games))
            process = await (await driver_connection(victim)).fetchval("SELECT pg_backend_pid()")
            async with database.get_session() as session:
                await (await driver_connection(session)).execute("SELECT pg_terminate_backend($1)", process)

    async def load_after_a_killed_one() -> LoadReport:
        async with Database(settings) as killed, Database(settings) as database:
            with pytest.raises(DatabaseError) as ended:
                await be_killed(killed, database)
            assert ended.value.retryable
            async with database.get_session() as session:
                return await load_scoreboard(session, DUKE_UNC)

    report = asyncio.run(load_after_a_killed_one())

    assert (report.games_inserted, report.is_stale) == (1, False)


@asynccontextmanager
async def impatient_session(database: Database, limit: str) -> AsyncIterator[AsyncSession]:
    """A session whose limit is short enough for a test."""
    async with database.get_session() as session:
        connection = await session.connection()
        await connection.execute(sa.text(f"SET LOCAL {limit} = '300ms'"))
        yield session

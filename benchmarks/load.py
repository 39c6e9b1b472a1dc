"""Measures the load: against the floor, with a large history, its statements and its write-ahead log."""

import datetime as dt
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from benchmarks.history import fill
from benchmarks.scoreboards import eventful_scoreboard
from benchmarks.server import Server
from benchmarks.table import Row, ratio
from benchmarks.targets import (
    FIRST_DATE,
    STATES,
    State,
    Target,
    floor_workload,
    load_workload,
    new_target,
    scoreboards,
)
from benchmarks.timing import compare
from pipelines.ncaa.scoreboard import ParsedScoreboard

WARM_UPS = 7
"""PostgreSQL settles on a plan for a prepared statement at its sixth execution."""
_SMALL_DAYS = (60, 150, 200)


async def against_the_floor(server: Server, *, size: int, runs: int) -> AsyncIterator[Row]:
    """Compares with the floor on a large day, which has bounds, and on usual days."""
    async with new_target(server) as ours, new_target(server) as floor:
        for games, bound, repeats in ((size, 1.5, runs), *((small, None, 2 * runs) for small in _SMALL_DAYS)):
            for state in STATES:
                boards = scoreboards(state, games, WARM_UPS + repeats)
                comparison = await compare(
                    load_workload(ours, state, games, boards),
                    floor_workload(floor, state, games, boards),
                    runs=repeats,
                    warm_ups=WARM_UPS,
                )
                yield ratio(f"load of {games:,} games, {state}, / floor", comparison, bound)


async def statements(server: Server) -> AsyncIterator[Row]:
    """Counts the statements of a load, BEGIN and COMMIT included, on usual days and on an eventful one.

    The pool's check of the connection comes before BEGIN and is not counted.
    """
    usual = set()
    async with new_target(server, logged=True) as ours:
        for size in _SMALL_DAYS:
            for state in STATES:
                await ours.empty(size)
                before, board = scoreboards(state, size, 2)
                if state != "new":
                    await ours.load(before)
                usual.add(await statements_of(server, partial(ours.load, board)))
        await ours.empty(150)
        eventful = await statements_of(
            server, partial(ours.load, eventful_scoreboard(FIRST_DATE + dt.timedelta(days=2), 150))
        )
    counts = " or ".join(str(count) for count in sorted(usual))
    details = f"with a reject and a change of conference; {counts} on usual days of 60 to 200 games"
    yield Row("statements of a load", max(eventful, *usual), 12, "", details)


async def statements_of(server: Server, load: Callable[[], Awaitable[object]]) -> int:
    """Counts the statements from BEGIN to COMMIT, both included."""
    before = len(server.logged_statements())
    await load()
    sent = server.logged_statements()[before:]
    return sent[::-1].index("BEGIN;") + 1


async def write_ahead_log(server: Server, *, runs: int) -> AsyncIterator[Row]:
    """Measures the log of an unchanged day of 150 games, after a checkpoint and the full pages that follow it."""
    boards = scoreboards("unchanged", 150, runs + 2)
    async with new_target(server) as target:
        ours = await bytes_logged(server, target, target.load, boards)
    async with new_target(server) as target:
        floor = await bytes_logged(server, target, target.floor.load, boards)
    median, of_floor = statistics.median(ours), statistics.median(floor)
    details = f"{min(ours)} - {max(ours)} B; floor {of_floor / 1024:.2f} KiB"
    yield Row("write-ahead log of 150 games, unchanged", median / 1024, 2, "KiB", details)


async def bytes_logged(
    server: Server,
    target: Target,
    load: Callable[[ParsedScoreboard], Awaitable[object]],
    boards: list[ParsedScoreboard],
) -> list[int]:
    """Returns the bytes that each load but the first two writes to the log."""
    await target.load(boards[0])
    await load(boards[0])
    server.execute("CHECKPOINT")
    await load(boards[1])
    logged = []
    for board in boards[2:]:
        before = server.log_position()
        await load(board)
        logged.append(server.log_position() - before)
    return logged


async def with_history(server: Server, *, seasons: int, games_per_season: int, runs: int) -> AsyncIterator[Row]:
    """Compares a day of 150 games in a database with many games and in one without."""
    async with new_target(server) as full, new_target(server) as empty:
        stored = await fill(full.connection, seasons=seasons, games_per_season=games_per_season)
        states: tuple[State, ...] = ("new", "unchanged")
        for state in states:
            boards = scoreboards(state, 150, WARM_UPS + runs)
            comparison = await compare(
                load_workload(full, state, 150, boards),
                load_workload(empty, state, 150, boards),
                runs=runs,
                warm_ups=WARM_UPS,
            )
            yield ratio(f"load of 150 games, {state}, {stored:,} stored / none", comparison, 1.3)

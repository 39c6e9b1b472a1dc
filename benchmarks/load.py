"""Measures of the load: against the floor, by size of the history, its statements and its write-ahead log."""

import datetime as dt
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from benchmarks.contenders import (
    FIRST_DATE,
    STATES,
    Contender,
    State,
    new_contender,
    scoreboards,
    way_of_floor,
    way_of_load,
)
from benchmarks.days import eventful_scoreboard
from benchmarks.history import fill
from benchmarks.server import Server
from benchmarks.table import Row, ratio
from benchmarks.timing import compare
from pipelines.ncaa.scoreboard import ParsedScoreboard

if TYPE_CHECKING:
    pass

WARM_UPS = 7
"""PostgreSQL settles on a plan for a prepared statement at its sixth execution."""
_SMALL_DAYS = (60, 150, 200)


async def against_the_floor(server: Server, *, size: int, runs: int) -> AsyncIterator[Row]:
    """A large day, which has bounds, and usual ones."""
    async with new_contender(server) as ours, new_contender(server) as floor:
        for games, bound, repeats in ((size, 1.5, runs), *((small, None, 2 * runs) for small in _SMALL_DAYS)):
            for state in STATES:
                boards = scoreboards(state, games, WARM_UPS + repeats)
                comparison = await compare(
                    way_of_load(ours, state, games, boards),
                    way_of_floor(floor, state, games, boards),
                    runs=repeats,
                    warm_ups=WARM_UPS,
                )
                yield ratio(f"load of {games:,} games, {state}, / floor", comparison, bound)


async def statements(server: Server) -> AsyncIterator[Row]:
    """What the server's log has of a load, BEGIN and COMMIT too, on usual days and on an eventful one. The pool's check
    of the connection, before that, is not counted."""
    usual = set()
    async with new_contender(server, logged=True) as ours:
        for size in _SMALL_DAYS:
            for state in STATES:
                await ours.empty(size)
                before, board = scoreboards(state, size, 2)
                if state != "new":
                    await ours.load(before)
                usual.add(await _statements_of(server, ours, board))
        await ours.empty(150)
        eventful = await _statements_of(server, ours, eventful_scoreboard(FIRST_DATE + dt.timedelta(days=2), 150))
    counts = " or ".join(str(count) for count in sorted(usual))
    details = f"with a reject and a change of conference; {counts} on usual days of 60 to 200 games"
    yield Row("statements of a load", max(eventful, *usual), 12, "", details)


async def _statements_of(server: Server, contender: Contender, board: ParsedScoreboard) -> int:
    before = len(server.logged_statements())
    await contender.load(board)
    sent = server.logged_statements()[before:]
    return sent[::-1].index("BEGIN;") + 1


async def write_ahead_log(server: Server, *, runs: int) -> AsyncIterator[Row]:
    """What an unchanged day of 150 games logs, once the pages it touches were logged in full after a checkpoint."""
    boards = scoreboards("unchanged", 150, runs + 2)
    async with new_contender(server) as contender:
        ours = await _bytes_logged(server, contender, contender.load, boards)
    async with new_contender(server) as contender:
        floor = await _bytes_logged(server, contender, contender.floor.load, boards)
    median, of_floor = statistics.median(ours), statistics.median(floor)
    details = f"{min(ours)} - {max(ours)} B; floor {of_floor / 1024:.2f} KiB"
    yield Row("write-ahead log of 150 games, unchanged", median / 1024, 2, "KiB", details)


async def _bytes_logged(
    server: Server,
    contender: Contender,
    load: Callable[[ParsedScoreboard], Awaitable[object]],
    boards: list[ParsedScoreboard],
) -> list[int]:
    await contender.load(boards[0])
    await load(boards[0])
    await server.administrator.execute("CHECKPOINT")
    await load(boards[1])
    logged = []
    for board in boards[2:]:
        before = await server.administrator.fetchval("SELECT pg_current_wal_insert_lsn()")
        await load(board)
        logged.append(
            await server.administrator.fetchval("SELECT (pg_current_wal_insert_lsn() - $1::pg_lsn)::int", before)
        )
    return logged


async def with_history(server: Server, *, seasons: int, games_a_season: int, runs: int) -> AsyncIterator[Row]:
    """A day of 150 games where many are stored, against one where none is."""
    async with new_contender(server) as full, new_contender(server) as empty:
        stored = await fill(full.connection, seasons=seasons, games_a_season=games_a_season)
        states: tuple[State, ...] = ("new", "unchanged")
        for state in states:
            boards = scoreboards(state, 150, WARM_UPS + runs)
            comparison = await compare(
                way_of_load(full, state, 150, boards),
                way_of_load(empty, state, 150, boards),
                runs=runs,
                warm_ups=WARM_UPS,
            )
            yield ratio(f"load of 150 games, {state}, {stored:,} stored / none", comparison, 1.3)

"""Measures the archive: what it adds to a load, and how fast the tables are made from it again."""

import datetime as dt
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

from benchmarks.load import WARM_UPS, bytes_logged, statements_of
from benchmarks.scoreboards import eventful_scoreboard, response
from benchmarks.server import Server
from benchmarks.table import Row, ratio
from benchmarks.targets import FIRST_DATE, State, load_workload, new_target, scoreboards
from benchmarks.timing import compare
from pipelines.ingest import IngestedDate
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import parse_scoreboard
from pipelines.runtime.replay import replay_dates

_STATES: tuple[State, ...] = ("new", "unchanged")
_GAMES_PER_DATE = 40
"""The mean of a season: 6,300 games on 157 dates."""
_ANSWERS_PER_DATE = 40
"""Distinct answers about a date that was fetched every 15 minutes."""


async def with_archive(server: Server, *, runs: int) -> AsyncIterator[Row]:
    """Compares the load of 150 games that archives its answer with the same load that does not."""
    body = response(FIRST_DATE, 150).body
    async with new_target(server) as ours, new_target(server) as base:
        for state in _STATES:
            boards = scoreboards(state, 150, WARM_UPS + runs)
            bodies = [body + b" " * (run if state == "new" else 0) for run in range(len(boards))]
            comparison = await compare(
                load_workload(ours, state, 150, boards, bodies),
                load_workload(base, state, 150, boards),
                runs=runs,
                warm_ups=WARM_UPS,
            )
            yield ratio(f"load of 150 games, {state}, archived / not", comparison, 1.15)
    boards = scoreboards("unchanged", 150, runs + 2)
    async with new_target(server) as ours, new_target(server) as base:
        logged = await bytes_logged(server, ours, lambda board: ours.load(board, body), boards)
        of_base = await bytes_logged(server, base, base.load, boards)
    added = (sorted(logged)[len(logged) // 2] - sorted(of_base)[len(of_base) // 2]) / 1024
    yield Row("write-ahead log of 150 games, unchanged, that the archive adds", added, 1, "KiB", f"of {max(logged)} B")
    async with new_target(server, logged=True) as ours:
        eventful = eventful_scoreboard(FIRST_DATE, 150)
        count = await statements_of(server, lambda: ours.load(eventful, body))
        unchanged = scoreboards("unchanged", 60, 2)
        await ours.load(unchanged[0], body)
        usual = await statements_of(server, lambda: ours.load(unchanged[1], body))
    yield Row("statements of a load that archives its answer", count, 15, "", f"{usual} of an unchanged day")


async def replays(server: Server, *, dates: int) -> AsyncIterator[Row]:
    """Times the replay of dates that were backfilled, and of dates that were fetched every 15 minutes."""
    for kind, answers in (("backfilled", 1), ("played", _ANSWERS_PER_DATE)):
        async with new_target(server) as target:
            days = [FIRST_DATE + dt.timedelta(days=number) for number in range(dates)]
            for day in days:
                for number in range(answers):
                    answer = response(day, _GAMES_PER_DATE, points=number)
                    board = parse_scoreboard(
                        answer._replace(fetched_at=answer.fetched_at + number * dt.timedelta(minutes=15))
                    )
                    await target.load(board, answer.body)
            begun = time.perf_counter()
            async with aclosing(replay_dates(days, MENS_BASKETBALL, target.database)) as outcomes:
                done = [outcome async for _, outcome in outcomes]
            seconds = time.perf_counter() - begun
            assert len(done) == dates
            assert all(isinstance(outcome, IngestedDate) for outcome in done)
        details = f"{_GAMES_PER_DATE} games and {answers} answers per date; {dates * answers / seconds:.0f} answers/s"
        yield Row(f"replay of {kind} dates", dates / seconds, None, "dates/s", details)

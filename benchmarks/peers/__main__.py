"""`uv run --group peers python -m benchmarks.peers [day] [range] [season] [--runs N]`: compares with the alternatives.

- All load the same dates from one simulated API without a limit into one PostgreSQL, each into its own database. Each
  load is a new process; time, processor time and peak memory are those of the whole process, imports included.
- *New* loads into empty tables while some games are over, *changed* loads the same dates when all games are over,
  *unchanged* loads them again. Contenders alternate; figures are medians of the runs.
- *Statements* are those of `pg_stat_statements`, BEGIN and COMMIT included; *WAL* is the distance by which the log's
  position moves. The server runs without autovacuum and full-page writes, which would burden one contender at random;
  tables are vacuumed and analyzed between the loads.
- The ratio is of processor time, which depends less on other processes than wall time.
- After each state all must have equal games and scores, or the program ends with the differences.

Speed is reported, not asserted.
"""

import argparse
import asyncio
import importlib.util
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.peers.contender import MISSING_GROUP
from benchmarks.peers.measure import CONTENDERS, Cost, Entry, measure, prepare, tidy
from benchmarks.peers.spans import DAY, RANGE, SEASON, STATES, Span
from benchmarks.server import Server, connect, running_server
from simulator.options import Options
from simulator.server import Served, serving

_SEASON = 2025
_COLUMNS = ("seconds", "processor s", "(imports)", "peak MiB", "statements", "WAL KiB", "x ours")
Results = dict[tuple[str, str], list[Cost]]


async def _compare(spans: Sequence[Span], runs: int) -> None:
    with running_server(counting=True) as server, serving(Options(season=_SEASON)) as api:
        for span in spans:
            results: Results = defaultdict(list)
            for _ in range(runs):
                await _run(server, api, span, results)
            _print(span, runs, results)


async def _run(server: Server, api: Served, span: Span, results: Results) -> None:
    with ExitStack() as stack:
        entries = []
        for contender in CONTENDERS:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gamepulse-peer-")))
            entries.append(Entry(contender, server.new_database(), folder))
            await prepare(entries[-1])
            await tidy(entries[-1])
        for state in STATES:
            api.simulator.clock.set(span.moment(state), speed=0)
            for entry in entries:
                cost = measure(server, entry, api.url, span)
                print(f"{span.name}, {state}, {entry.contender.name}: {cost}", file=sys.stderr)
                results[state, entry.contender.name].append(cost)
                await tidy(entry)
            await _require_agreement(entries)


async def _require_agreement(entries: Sequence[Entry]) -> None:
    scores = {}
    for entry in entries:
        connection = await connect(entry.url)
        query = f"SELECT game_id, home_score, away_score FROM {entry.contender.table}"
        scores[entry.contender.name] = {tuple(row) for row in await connection.fetch(query)}
        await connection.close()
    first, *others = scores
    for name in others:
        if difference := scores[first] ^ scores[name]:
            raise SystemExit(f"{first} and {name} have different games: {sorted(difference, key=str)[:6]}")
    print(f"all have the same {len(scores[first])} games", file=sys.stderr)


def _print(span: Span, runs: int, results: Results) -> None:
    table = Table(title=f"{span.name}, median of {runs}" if runs > 1 else f"{span.name}, one run")
    for column in ("", "", *_COLUMNS):
        table.add_column(column, justify="left" if not column else "right")
    for state in STATES:
        ours = _median(results[state, CONTENDERS[0].name], "processor")
        for contender in CONTENDERS:
            costs = results[state, contender.name]
            processor = _median(costs, "processor")
            table.add_row(
                state,
                contender.name,
                f"{_median(costs, 'elapsed'):.2f}",
                f"{processor:.2f}",
                f"({_median(costs, 'importing'):.2f})",
                f"{_median(costs, 'peak'):.0f}",
                f"{_median(costs, 'statements'):,.0f}",
                f"{_median(costs, 'logged') / 1024:,.1f}",
                f"{processor / ours:.2f}",
            )
        table.add_section()
    Console(width=160).print(table)


def _median(costs: list[Cost], field: str) -> float:
    return statistics.median(getattr(cost, field) for cost in costs)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Compare with the alternatives.")
    parser.add_argument("spans", nargs="*", metavar="SPAN", help="day, range or season (default: day range)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each load")
    arguments = parser.parse_args()
    if any(importlib.util.find_spec(module) is None for module in ("dlt", "dagster_dlt")):
        sys.exit(MISSING_GROUP)
    spans = {"day": DAY, "range": RANGE, "season": SEASON}
    if unknown := set(arguments.spans) - spans.keys():
        parser.error(f"{', '.join(sorted(unknown))}: expected day, range or season")
    asyncio.run(_compare([spans[name] for name in arguments.spans or ("day", "range")], arguments.runs))


if __name__ == "__main__":
    main()

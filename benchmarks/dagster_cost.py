"""`python -m benchmarks.dagster_cost [--quick]`: measures runs in Dagster.

First what a user waits for (`daemon_cost.py`), then runs of `ncaa_games` against runs of an asset that does nothing:

- A run is started as by the daemon: in a fork of a process that has loaded the definitions. Its duration is from launch
  to end according to its events, without the queue's wait of at most a second; its processor time is its process's.
- The asset that does nothing is in a separate code location that imports Dagster alone. Both use `dagster.yaml` and one
  new database. The API is the simulator, and the limit of five requests per second applies.
- *A tick*: 147 games of a Saturday evening with the clock at 60 times its speed, so that each tick has changes. *A
  range*: 150 dates in one run, against a run of one date plus the time of its 149 additional requests at five per
  second. *Runs per date*: 30 dates, three runs at once, as the queue allows for a backfill.
- The two sides are measured alternately. Speed is reported, not asserted.
- In the end the size of the history (`dagster_history.py`).
"""

import argparse
import datetime as dt
import sys
from collections.abc import Iterator

from benchmarks import daemon_cost
from benchmarks.code_servers import GAMES, NOTHING, CodeServers, Cost, running_code_servers
from benchmarks.dagster_history import history
from benchmarks.server import running_server
from benchmarks.table import Row, print_table, ratio
from benchmarks.timing import Comparison
from pipelines.runtime.runs import RANGE_TAGS
from pipelines.settings import Settings
from simulator.options import Options
from simulator.server import Served, serving

SEASON = 2025
SATURDAY = dt.date(2026, 1, 3)
FIRST = dt.date(2025, 11, 3)
RANGE = 150
CONCURRENT_RUNS = 3


def _tick(servers: CodeServers, api: Served, repeats: int) -> Iterator[Row]:
    api.simulator.clock.set(dt.datetime.combine(SATURDAY, dt.time(18)), speed=60)
    tags = {"dagster/partition": SATURDAY.isoformat()}
    ticks, empty = [], []
    for number in range(repeats + 1):
        tick, nothing = servers.run(GAMES, tags), servers.run(NOTHING, {})
        if number > 0:  # the first one loads the day
            ticks.append(tick)
            empty.append(nothing)
    yield ratio("a tick of 147 games / an empty run", _elapsed(ticks, empty), 1.25)
    yield ratio("the same, processor time", _processor(ticks, empty), None)


def _range(servers: CodeServers, api: Served, repeats: int) -> Iterator[Row]:
    api.simulator.clock.set()
    last = FIRST + dt.timedelta(days=RANGE - 1)
    tags = dict(zip(RANGE_TAGS, (FIRST.isoformat(), last.isoformat()), strict=True))
    ranges, dates = [], []
    for _ in range(repeats):
        date = servers.run(GAMES, {"dagster/partition": SATURDAY.isoformat()})
        ranges.append(servers.run(GAMES, tags))
        additional_requests = (RANGE - 1) / Settings().ncaa_api_requests_per_second
        dates.append(Cost(date.elapsed + additional_requests, date.processor))
    yield ratio(f"{RANGE} dates in one run / one date and the limit", _elapsed(ranges, dates), 2)
    yield ratio("the same, processor time, without the limit", _processor(ranges, dates), None)


def _runs_per_date(servers: CodeServers, api: Served, batches: int) -> Iterator[Row]:
    api.simulator.clock.set()
    games, empty = [], []
    for batch in range(batches):
        days = [FIRST + dt.timedelta(days=batch * CONCURRENT_RUNS + number) for number in range(CONCURRENT_RUNS)]
        games.append(servers.run(GAMES, *({"dagster/partition": day.isoformat()} for day in days)))
        empty.append(servers.run(NOTHING, *({} for _ in days)))
    name = f"{batches * CONCURRENT_RUNS} dates as runs / as many empty runs"
    yield ratio(name, _elapsed(games, empty), 1.15)
    yield ratio("the same, processor time", _processor(games, empty), None)


def _elapsed(measured: list[Cost], base: list[Cost]) -> Comparison:
    return Comparison([cost.elapsed for cost in measured], [cost.elapsed for cost in base])


def _processor(measured: list[Cost], base: list[Cost]) -> Comparison:
    return Comparison([cost.processor for cost in measured], [cost.processor for cost in base])


def _measure(*, quick: bool) -> Iterator[Row]:
    with running_server() as server:
        yield from daemon_cost.backfill(server, 30 if quick else 150)
        yield from daemon_cost.ticks(server, 3 if quick else 9)
        with serving(Options(season=SEASON)) as api:
            with running_code_servers(api.url, server.new_database()) as servers:
                servers.run(NOTHING, {})
                yield from _tick(servers, api, 3 if quick else 9)
                yield from _range(servers, api, 2 if quick else 3)
                yield from _runs_per_date(servers, api, 2 if quick else 10)
            with running_code_servers(api.url, server.new_database()) as servers:
                yield from history(servers, api, ticks=8 if quick else 96)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dagster_cost", description="Measure the cost of runs.")
    parser.add_argument("--quick", action="store_true", help="fewer runs, to check that everything works")
    rows = []
    for row in _measure(quick=parser.parse_args().quick):
        print(row.name, f"{row.value:.2f} {row.unit} ({row.details})", file=sys.stderr)
        rows.append(row)
    print_table(rows)


if __name__ == "__main__":
    main()

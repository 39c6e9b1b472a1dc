"""`python -m benchmarks [--quick]`: prints the speed of parse and load as ratios that hold on any machine.

- *Load*: from a parsed scoreboard to the end of the commit, on a pooled connection, with all rules. Its *floor* is one
  hand-written upsert of the same games (`floor.py`) in a transaction, into an equally migrated database that has the
  teams. Both include building the column arrays. *New*: the date is empty; *moved*: its games were on the day before;
  *unchanged*: it was loaded a minute before. Every report is checked for the intended state.
- *Parse*: from bytes to typed games, against `json.loads` of the same bytes, in processor time.
- *Statements*: those in the server's log from BEGIN to COMMIT. *Write-ahead log*: the distance by which its position
  moves, after a checkpoint and a load that logs full pages. *Peak memory*: the highest resident size of a separate
  process that parses and loads one day, its first connection included, minus the size before.
- Two workloads run alternately in one process, with the garbage collector off. Seven warm-up runs are not counted,
  because PostgreSQL settles on a plan at the sixth. The ratio is that of the medians; the noise is the middle half of
  the ratios of adjacent runs.
- The server runs in a temporary folder without autovacuum: tables are vacuumed and analyzed between the runs of large
  days instead.

Speed is reported, not asserted: the exit code is 0 unless something fails.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator

from benchmarks.archive import replays, with_archive
from benchmarks.load import against_the_floor, statements, with_history, write_ahead_log
from benchmarks.memory import peak
from benchmarks.parse import against_json
from benchmarks.server import running_server
from benchmarks.table import Row, print_table


async def _measure(*, quick: bool) -> AsyncIterator[Row]:
    runs = 7 if quick else 15
    with running_server() as server:
        measures = (
            against_the_floor(server, size=1_500 if quick else 6_000, runs=runs),
            statements(server),
            write_ahead_log(server, runs=runs),
            with_archive(server, runs=2 * runs),
            replays(server, dates=5 if quick else 20),
            against_json(runs=5 * runs),
            with_history(server, seasons=3 if quick else 15, games_per_season=2_000 if quick else 6_000, runs=2 * runs),
            peak(server),
        )
        for measure in measures:
            async for row in measure:
                yield row


async def _print_table(*, quick: bool) -> None:
    rows = []
    async for row in _measure(quick=quick):
        print(row.name, f"{row.value:.2f} {row.unit}", file=sys.stderr)  # progress: the table takes minutes
        rows.append(row)
    print_table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure parse and load.")
    parser.add_argument("--quick", action="store_true", help="fewer runs and smaller sizes, to check that it works")
    asyncio.run(_print_table(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()

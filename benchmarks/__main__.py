"""`python -m benchmarks [--quick]`: how fast parse and load are, as ratios that hold on any machine, in one table.

- *Load* is from a parsed scoreboard to the end of the commit, on a pooled connection, all rules on. Its *floor* is one
  hand-written upsert of the same games (`floor.py`) in a transaction, into an equally migrated database that has the
  teams. Both include making the column arrays. *New*: the date is empty; *moved*: its games stood on the day before;
  *unchanged*: it was loaded a minute before. Every report is checked for the state that was meant.
- *Parse* is from bytes to typed games, against `json.loads` of the same bytes, in processor time.
- *Statements* are those in the server's log from BEGIN to COMMIT; *write-ahead log* is how far its position moves,
  after a checkpoint and a load that logs the pages in full; *peak memory* is of a process of its own, which parses
  and loads one day: the highest resident size during that, its first connection included, less that before.
- Two ways are timed in turns in one process, with the garbage collector held back; seven warm-up runs do not count,
  since PostgreSQL settles on a plan at the sixth. The ratio is that of the medians; the noise beside it is the middle
  half of the ratios of neighbouring runs.
- The server is started for this, in a temporary folder, with its own settings but for autovacuum, which is off:
  tables are vacuumed and analyzed between the runs of large days instead.

Speed is reported, not asserted: the exit code is 0 unless something breaks.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator

from benchmarks.load import against_the_floor, statements, with_history, write_ahead_log
from benchmarks.memory import peak
from benchmarks.parse import against_json
from benchmarks.server import running_server
from benchmarks.table import Row, print_table


async def _measure(*, quick: bool) -> AsyncIterator[Row]:
    runs = 7 if quick else 15
    async with running_server() as server:
        measures = (
            against_the_floor(server, size=1_500 if quick else 6_000, runs=runs),
            statements(server),
            write_ahead_log(server, runs=runs),
            against_json(runs=5 * runs),
            with_history(server, seasons=3 if quick else 15, games_a_season=2_000 if quick else 6_000, runs=2 * runs),
            peak(server),
        )
        for measure in measures:
            async for row in measure:
                yield row


async def _print_table(*, quick: bool) -> None:
    rows = []
    async for row in _measure(quick=quick):
        print(row.what, f"{row.value:.2f} {row.unit}", file=sys.stderr)  # it takes minutes
        rows.append(row)
    print_table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast parse and load are.")
    parser.add_argument("--quick", action="store_true", help="fewer runs and smaller sizes: does it work at all")
    asyncio.run(_print_table(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()

"""The program that every contender is.

`python -m benchmarks.peers.MODULE FIRST LAST` loads the dates from the API at `NCAA_API_URL` into `DATABASE_URL`, and
prints the processor seconds of its imports and its peak memory in KiB.
"""

import datetime as dt
import sys
import time
from collections.abc import Callable
from pathlib import Path

MISSING_GROUP = "dlt is not installed: run `uv run --group peers python -m benchmarks.peers`."


def run(load: Callable[[dt.date, dt.date], None]) -> None:
    """Runs `load` for the dates of the command line and prints the costs."""
    imported = time.process_time()
    first, last = (dt.date.fromisoformat(argument) for argument in sys.argv[1:])
    load(first, last)
    # Not ru_maxrss: a child starts with its parent's.
    lines = Path("/proc/self/status").read_text().splitlines()
    print(f"\n{imported} {next(line for line in lines if line.startswith('VmHWM')).split()[1]}")


def dates_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Returns all dates, both included."""
    return [first + dt.timedelta(days=day) for day in range((last - first).days + 1)]

"""Measures memory. Run as a program it is the measured process: it loads one day and prints its memory use."""

import asyncio
import datetime as dt
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.table import Row
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings
from pipelines.warehouse.load import load_scoreboard

if TYPE_CHECKING:
    from benchmarks.server import Server

_SIZE = 200
_DATE = dt.date(2026, 2, 7)


async def peak(server: "Server") -> AsyncIterator[Row]:
    """Measures the highest resident memory of parse and load, the first connection included, minus that before."""
    from benchmarks.scoreboards import response  # kept out of the measured process

    answer = response(_DATE, _SIZE)
    database_url = server.new_database().render_as_string(hide_password=False)
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.memory",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": database_url},
    )
    output, _ = await program.communicate(answer.body)
    before, highest = (int(kibibytes) for kibibytes in output.split())
    details = f"VmHWM of a separate process, above {before / 1024:.0f} MiB once imported"
    yield Row(f"peak memory of a day of {_SIZE} games", (highest - before) / 1024, 30, "MiB", details)


async def _parse_and_load(body: bytes) -> None:
    fetched_at = dt.datetime.combine(_DATE, dt.time(23), dt.UTC)
    scoreboard = parse_scoreboard(
        ScoreboardResponse(MENS_BASKETBALL, _DATE, body, fetched_at, "https://ncaa-api.example")
    )
    async with Database(Settings()) as database, database.get_session() as session:
        report = await load_scoreboard(session, scoreboard, games_expected=scoreboard.games_received)
    assert report.games_inserted == _SIZE, report


def _kibibytes(name: str) -> int:
    # Not ru_maxrss: a child starts with its parent's.
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


if __name__ == "__main__":
    body = sys.stdin.buffer.read()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = _kibibytes("VmRSS:")
    asyncio.run(_parse_and_load(body))
    print(before, _kibibytes("VmHWM:"))

"""Measures the parser, from bytes to typed games, against `json.loads`."""

import datetime as dt
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.scoreboards import response
from benchmarks.table import Row, ratio
from benchmarks.timing import Workload, compare
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard

_RECORDINGS = Path(__file__).resolve().parents[1].parent / "shared/data/scoreboards"
"""Recorded answers of the real API, on machines that have them."""


async def against_json(*, runs: int) -> AsyncIterator[Row]:
    """Compares on a generated scoreboard of 170 games, which has the bound, and on the recordings."""
    yield await _against_json("parse of 170 games / json.loads", response(dt.date(2026, 2, 7), 170), runs)
    for path in sorted(_RECORDINGS.glob("*/*.json")):
        date = dt.date.fromisoformat(path.stem)
        fetched_at = dt.datetime.combine(date, dt.time(23), dt.UTC)
        recording = ScoreboardResponse(MENS_BASKETBALL, date, path.read_bytes(), fetched_at, path.as_uri())
        yield await _against_json(f"parse of {path.parent.name} {date} / json.loads", recording, runs)


async def _against_json(what: str, recording: ScoreboardResponse, runs: int) -> Row:
    async def parse(_run: int) -> None:
        parse_scoreboard(recording)

    async def loads(_run: int) -> None:
        json.loads(recording.body)

    # Nothing here waits; wall time would include the work of other processes.
    comparison = await compare(Workload(parse), Workload(loads), runs=runs, warm_ups=5, clock=time.process_time)
    return ratio(what, comparison, 4)

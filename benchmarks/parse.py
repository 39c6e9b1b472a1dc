"""Measures of the parse: bytes to typed games, against bare JSON."""

import datetime as dt
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.days import response
from benchmarks.table import Row, ratio
from benchmarks.timing import Way, compare
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard

_RECORDINGS = Path(__file__).resolve().parents[1].parent / "shared/data/scoreboards"
"""Of the real API; beside the project on the machines where it is made."""


async def against_json(*, runs: int) -> AsyncIterator[Row]:
    """A made-up scoreboard of 170 games, which has the bound, and recordings where there are any."""
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

    # Nothing here waits, so the processor's time is the truth; the clock's has the neighbours' work in it.
    comparison = await compare(Way(parse), Way(loads), runs=runs, warm_ups=5, clock=time.process_time)
    return ratio(what, comparison, 4)

"""Scoreboards to parse: those under tests/scoreboards, and any that a test makes up."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard

FOLDER = Path(__file__).parents[2] / "scoreboards"
FETCHED_AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
SOURCE_URL = "http://ncaa.example/scoreboard"


@pytest.fixture(scope="session")
def made_up() -> Callable[[str, str], ScoreboardResponse]:
    """The answer in `tests/scoreboards/<feed>/<date>-<trap>.json`, for its date."""

    def read(feed: str, trap: str) -> ScoreboardResponse:
        (path,) = FOLDER.glob(f"{feed}/????-??-??-{trap}.json")
        return ScoreboardResponse(
            MENS_BASKETBALL, dt.date.fromisoformat(path.name[:10]), path.read_bytes(), FETCHED_AT, SOURCE_URL
        )

    return read


@pytest.fixture(scope="session")
def parse_made_up(made_up: Callable[[str, str], ScoreboardResponse]) -> Callable[[str, str], ParsedScoreboard]:
    """That answer, parsed."""
    return lambda feed, trap: parse_scoreboard(made_up(feed, trap))


@pytest.fixture(scope="session")
def parse() -> Callable[[object, dt.date], ParsedScoreboard]:
    """Parses bytes, or anything else as JSON, as the answer for a date."""

    def run(answer: object, game_date: dt.date) -> ParsedScoreboard:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return parse_scoreboard(ScoreboardResponse(MENS_BASKETBALL, game_date, body, FETCHED_AT, SOURCE_URL))

    return run

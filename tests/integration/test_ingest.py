"""Dates through fetch, parse and load: completeness by the calendar, real and simulated games kept apart."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.api import Answer, Api
from support.raw_games import raw_answer, raw_game

from pipelines.errors import EmptyScoreboardError, MixedGamesError
from pipelines.ingest import IngestedDate, ingest_date
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings
from simulator.options import Options
from simulator.server import serving

Rows = Callable[[str], list[dict[str, Any]]]
SCOREBOARD, CALENDAR = "/scoreboard/basketball-men/d1/", "/schedule-alt/basketball-men/d1/"
DAY = dt.date(2025, 12, 1)


GAMES = [
    raw_game(7_000_001, "duke", "pitt"),
    raw_game(7_000_002, "kansas", "iowa"),
    raw_game(7_000_003, "ucla", "usc"),
]


class Source:
    """An API with `games` on each date and a calendar that lists `expected` for DAY. None: the calendar fails."""

    def __init__(self, api: Api) -> None:
        self.games = GAMES
        self.expected: int | None = len(GAMES)
        self.requests: list[str] = api.requests

        def give(path: str) -> Answer | None:
            if path.startswith(CALENDAR):
                days = [
                    {"contestDate": "11/30/2025", "count": 7},
                    {"contestDate": "12/01/2025", "count": self.expected},
                ]
                body = {"data": {"schedules": {"games": days}}}
                return None if self.expected is None else Answer(json.dumps(body).encode())
            return Answer(json.dumps(raw_answer(*self.games)).encode())

        api.answer = give


@pytest.fixture
def source(api: Api) -> Source:
    return Source(api)


@pytest.fixture
def ingest(settings: Settings, api: Any) -> Callable[..., IngestedDate]:
    """Ingests dates in order with one client and returns the last outcome."""

    def run(*dates: dt.date, url: str | None = None) -> IngestedDate:
        async def ingest() -> IngestedDate:
            async with Database(settings) as database, NcaaClient(url or api.url) as client:
                return [await ingest_date(date, MENS_BASKETBALL, client, database) for date in dates][-1]

        return asyncio.run(ingest())

    return run


def test_each_season_has_its_calendar_and_the_off_season_needs_none(source: Source, ingest: Any) -> None:
    ingest(DAY, dt.date(2025, 3, 1), dt.date(2025, 7, 4))
    assert [path for path in source.requests if path.startswith(CALENDAR)] == [f"{CALENDAR}2025", f"{CALENDAR}2024"]


def test_a_date_with_fewer_games_than_the_calendar_lists_loads_and_withdraws_none(
    source: Source, ingest: Any, rows: Rows
) -> None:
    ingest(DAY)
    source.games, source.expected = GAMES[:2], 3
    report = ingest(DAY).report
    assert (report.games_expected, report.games_processed, report.games_withdrawn) == (3, 2, 0)
    [scoreboard] = rows("SELECT games_expected, games_received FROM scoreboard")
    assert scoreboard == {"games_expected": 3, "games_received": 2}
    assert {row["game_status"] for row in rows("SELECT game_status FROM fact_game")} == {"final"}


def test_a_final_that_leaves_a_complete_scoreboard_stays_and_is_suspect(
    source: Source, ingest: Any, rows: Rows
) -> None:
    ingest(DAY)
    source.games, source.expected = GAMES[:2], 2
    report = ingest(DAY).report
    assert (report.games_withdrawn, report.games_suspect) == (0, 1)
    suspects = "SELECT game_id, game_status FROM fact_game WHERE suspect_reason IS NOT NULL"
    assert rows(suspects) == [{"game_id": "ncaam_7000003", "game_status": "final"}]


def test_a_date_loads_without_a_calendar(source: Source, ingest: Any, rows: Rows) -> None:
    source.expected = None
    report = ingest(DAY).report
    assert (report.games_expected, report.games_inserted) == (None, 3)


def test_an_empty_scoreboard_of_the_season_is_refused_unless_the_calendar_agrees(
    source: Source, ingest: Any, rows: Rows
) -> None:
    ingest(DAY)
    source.games = []
    for expected in (3, None):
        source.expected = expected
        with pytest.raises(EmptyScoreboardError):
            ingest(DAY)
    assert len(rows("SELECT * FROM fact_game WHERE game_status = 'final'")) == 3
    source.expected = 0
    report = ingest(DAY).report
    assert (report.games_withdrawn, report.games_suspect) == (0, 3)


def test_a_database_of_real_games_refuses_simulated_ones(source: Source, ingest: Any, rows: Rows) -> None:
    ingest(DAY)
    with serving(Options(season=2025)) as simulated:
        with pytest.raises(MixedGamesError, match="serves simulated games, and this database holds real ones"):
            ingest(dt.date(2025, 12, 2), url=simulated.url)
        assert rows("SELECT DISTINCT is_simulated FROM scoreboard") == [{"is_simulated": False}]


def test_a_database_of_simulated_games_refuses_real_ones(source: Source, ingest: Any, rows: Rows) -> None:
    with serving(Options(season=2025)) as simulated:
        report = ingest(dt.date(2025, 12, 6), url=simulated.url).report
        assert report.games_inserted == report.games_expected > 0
    with pytest.raises(MixedGamesError, match="serves real games, and this database holds simulated ones"):
        ingest(DAY)
    assert rows("SELECT DISTINCT is_simulated FROM scoreboard") == [{"is_simulated": True}]

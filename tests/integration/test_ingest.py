"""A date through fetch, parse and load: what the calendar decides, and whose games share a database."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.api import Answer, Api

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


def game(contest_id: int, home: str, away: str) -> dict[str, Any]:
    """A final game, as short as the format lets it be."""
    sides = {
        side: {"score": score, "names": {"short": name.title(), "seo": name}}
        for side, name, score in (("home", home, "80"), ("away", away, "70"))
    }
    return {"game": {"url": f"/game/{contest_id}", "gameState": "final", "currentPeriod": "FINAL", **sides}}


GAMES = [game(7000001, "duke", "pitt"), game(7000002, "kansas", "iowa"), game(7000003, "ucla", "usc")]


class Source:
    """What the API says: `games` on any day, and `expected` as the calendar has it for DAY (None: it is broken)."""

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
            return Answer(json.dumps({"games": self.games}).encode())

        api.answer = give


@pytest.fixture
def source(api: Api) -> Source:
    return Source(api)


@pytest.fixture
def ingest(settings: Settings, api: Any) -> Callable[..., IngestedDate]:
    """Brings dates in one after the other with one client, as a run does; gives the last."""

    def run(*dates: dt.date, url: str | None = None) -> IngestedDate:
        async def ingest() -> IngestedDate:
            async with Database(settings) as database, NcaaClient(url or api.url) as client:
                return [await ingest_date(date, MENS_BASKETBALL, client, database) for date in dates][-1]

        return asyncio.run(ingest())

    return run


def test_a_season_asks_for_its_calendar_once_and_the_summer_for_none(source: Source, ingest: Any) -> None:
    ingest(DAY, dt.date(2025, 11, 30), dt.date(2026, 1, 5), dt.date(2025, 3, 1), dt.date(2025, 7, 4))
    assert [path for path in source.requests if path.startswith(CALENDAR)] == [f"{CALENDAR}2025", f"{CALENDAR}2024"]


def test_a_day_with_fewer_games_than_the_calendar_says_loads_and_withdraws_none(
    source: Source, ingest: Any, rows: Rows
) -> None:
    ingest(DAY)
    source.games, source.expected = GAMES[:2], 3
    report = ingest(DAY).report
    assert (report.games_expected, report.games_processed, report.games_withdrawn) == (3, 2, 0)
    [scoreboard] = rows("SELECT games_expected, games_received FROM scoreboard")
    assert scoreboard == {"games_expected": 3, "games_received": 2}
    assert {row["game_status"] for row in rows("SELECT game_status FROM fact_game")} == {"final"}


def test_a_game_that_leaves_a_complete_scoreboard_is_withdrawn(source: Source, ingest: Any, rows: Rows) -> None:
    ingest(DAY)
    source.games, source.expected = GAMES[:2], 2
    assert ingest(DAY).report.games_withdrawn == 1
    assert rows("SELECT game_id FROM fact_game WHERE game_status = 'withdrawn'") == [{"game_id": "ncaam_7000003"}]


def test_a_calendar_that_cannot_be_had_does_not_cost_the_day(source: Source, ingest: Any, rows: Rows) -> None:
    source.expected = None
    report = ingest(DAY).report
    assert (report.games_expected, report.games_inserted) == (None, 3)


def test_an_empty_day_of_the_season_needs_the_calendar_and_leaves_what_is_stored(
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
    assert ingest(DAY).report.games_withdrawn == 3


def test_simulated_and_real_games_never_share_a_database(source: Source, ingest: Any, rows: Rows) -> None:
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

"""When the season's calendar is fetched: once per hour for all runs, and again when a scoreboard contradicts it."""

import asyncio
import datetime as dt
import json
import time
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from support.api import Answer, Api
from support.client import DATE
from support.invariants import QUIET
from support.raw_games import raw_answer, raw_game
from support.warehouse import Warehouse

from pipelines.assets import ncaa_games
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.resources import DatabaseResource, EventLogResource, NcaaApiResource
from pipelines.runtime.retries import RETRIES
from pipelines.settings import Settings
from pipelines.warehouse import calendars
from pipelines.warehouse.calendars import CALENDAR_PAUSE_SECONDS

Rows = Callable[[str], list[dict[str, Any]]]
CALENDAR = "/schedule-alt/basketball-men/d1/2025"
NO_GAMES = json.dumps({"games": []}).encode()


def calendar(*games: tuple[str, int]) -> Answer:
    days = [{"contestDate": date, "count": count} for date, count in games]
    return Answer(json.dumps({"data": {"schedules": {"games": days}}}).encode())


def fails_first(api: Api, failures: int) -> None:
    """Serves empty scoreboards, and a calendar of one day without games after so many failures."""

    def answer(path: str) -> Answer | None:
        if path != CALENDAR:
            return Answer(NO_GAMES)
        return None if api.requests.count(CALENDAR) <= failures else calendar(("11/03/2025", 169))

    api.answer = answer


def materialize(database_url: sa.URL, api: Api, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    url = database_url.render_as_string(hide_password=False)
    return dg.materialize(
        [ncaa_games],
        partition_key=DATE.isoformat(),
        resources={
            "database": DatabaseResource(url=url),
            "ncaa_api": NcaaApiResource(base_url=api.url, database_url=url),
            "event_log": EventLogResource(),
        },
        instance=instance,
        raise_on_error=False,
    )


def test_a_retry_of_the_run_fetches_a_failed_calendar_again(database_url: sa.URL, api: Api) -> None:
    fails_first(api, 1)
    with dg.instance_for_test() as instance:
        result = materialize(database_url, api, instance)
    assert result.success
    assert api.requests.count(CALENDAR) == 2
    assert len(api.requests) == 4


def test_an_empty_date_with_a_failed_calendar_fails_with_the_reason_of_both(database_url: sa.URL, api: Api) -> None:
    fails_first(api, 100)
    with dg.instance_for_test() as instance:
        result = materialize(database_url, api, instance)
        events = (entry.message + str(entry.dagster_event) for entry in instance.all_logs(result.run_id))
        log = "\n".join(events).replace("\\'", "'")
    assert not result.success
    assert api.requests.count(CALENDAR) == 4, "one for each attempt"
    assert "returned no games, but the season's calendar is unknown (GET " in log
    assert f"{CALENDAR} gave 404 Not Found" in log


class Source:
    """An API with `games` games per date, and a calendar with `listed` for each date of December 2025."""

    def __init__(self, api: Api) -> None:
        self.games, self.listed = 2, 2
        self.pause = 0.0
        self._api = api
        api.answer = self._answer

    @property
    def calendars(self) -> int:
        """The number of requests for a calendar."""
        return sum(path.startswith("/schedule-alt") for path in self._api.requests)

    def _answer(self, path: str) -> Answer:
        if path.startswith("/schedule-alt"):
            time.sleep(self.pause)
            return calendar(*((f"12/{day:02}/2025", self.listed) for day in range(1, 32)))
        date = int("".join(path.split("/")[-3:]))
        games = [raw_game(date * 10 + number, f"home-{number}", f"away-{number}") for number in range(self.games)]
        return Answer(json.dumps(raw_answer(*games)).encode())


@pytest.fixture
def source(api: Api) -> Source:
    return Source(api)


@pytest.fixture
def run(settings: Settings, api: Api) -> Callable[..., None]:
    """Loads dates of December 2025 as one run, with a client and connections of its own."""

    def load(*days: int, url: str | None = None) -> None:
        asyncio.run(load_dates(settings, url or api.url, *days))

    return load


async def load_dates(settings: Settings, url: str, *days: int) -> None:
    dates = [dt.date(2025, 12, day) for day in days]
    async with Database(settings) as database, NcaaClient(url) as client:
        outcomes = [found async for found in ingest_dates(dates, MENS_BASKETBALL, client, database, QUIET)]
    assert all(not isinstance(outcome, Exception) for _, outcome in outcomes), outcomes


def age(warehouse: Warehouse, by: str) -> None:
    """Moves the calendar's moment."""
    warehouse.query(f"UPDATE season_calendar SET fetched_at = fetched_at - INTERVAL '{by}'")


def test_a_backfill_fetches_one_calendar_also_as_one_run_per_date(source: Source, run: Any, api: Api) -> None:
    for day in range(1, 13):
        run(day)
    assert source.calendars == 1
    run(*range(1, 32))
    assert source.calendars == 1
    assert len(api.requests) == 1 + 12 + 31


def test_runs_that_need_a_calendar_at_the_same_time_fetch_it_once(source: Source, settings: Settings, api: Api) -> None:
    source.pause = 0.5

    async def both() -> None:
        await asyncio.gather(*(load_dates(settings, api.url, day, day + 1) for day in (1, 3, 5)))

    asyncio.run(both())
    assert source.calendars == 1


@pytest.mark.parametrize(("by", "fetches"), [("59 minutes", 1), ("1 hour", 2), ("-59 minutes", 1), ("-61 minutes", 2)])
def test_a_calendar_of_another_hour_is_fetched_again(
    source: Source, run: Any, warehouse: Warehouse, by: str, fetches: int
) -> None:
    run(1)
    age(warehouse, by)
    run(1)
    run(2)
    assert source.calendars == fetches


def test_a_scoreboard_that_contradicts_the_calendar_fetches_it_again(source: Source, run: Any, rows: Rows) -> None:
    run(1)
    source.games = source.listed = 3
    run(2)
    assert rows("SELECT games_expected FROM scoreboard WHERE game_date = '2025-12-02'") == [{"games_expected": 3}]
    assert source.calendars == 2
    source.games = 1
    run(2)
    assert source.calendars == 3


def test_a_contradiction_that_stays_is_asked_about_once_an_hour(source: Source, run: Any, warehouse: Warehouse) -> None:
    source.games = 1
    for _ in range(4):
        run(1)
    assert source.calendars == 1, "the first calendar is newer than the scoreboard"
    run(2)
    assert source.calendars == 2
    run(2)
    run(2)
    assert source.calendars == 2
    age(warehouse, "1 hour")
    run(2)
    assert source.calendars == 3


def test_a_calendar_of_another_address_is_not_used(source: Source, run: Any) -> None:
    run(1)
    with Api() as other:
        run(2, url=Source(other)._api.url)
        assert other.requests.count(CALENDAR) == 1
    run(3)
    assert source.calendars == 2


def test_dates_of_a_range_share_a_failure_until_the_pause_is_over(
    api: Api, run: Any, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(api)

    def answer(path: str) -> Answer | None:
        return None if path == CALENDAR else source._answer(path)

    api.answer = answer
    run(*range(1, 21))
    assert source.calendars == 1
    assert rows("SELECT DISTINCT games_expected FROM scoreboard") == [{"games_expected": None}]
    monkeypatch.setattr(calendars, "CALENDAR_PAUSE_SECONDS", 0.0)
    run(*range(1, 4))
    assert source.calendars == 4


def test_the_failure_of_one_season_is_not_that_of_another(api: Api, settings: Settings, rows: Rows) -> None:
    source = Source(api)

    def answer(path: str) -> Answer | None:
        return None if path == CALENDAR else source._answer(path)

    api.answer = answer

    async def load() -> None:
        async with Database(settings) as database, NcaaClient(api.url) as client:
            dates = [dt.date(2025, 12, 1), dt.date(2024, 12, 1)]
            async for _ in ingest_dates(dates, MENS_BASKETBALL, client, database, QUIET):
                pass

    asyncio.run(load())
    assert rows("SELECT season FROM season_calendar") == [{"season": 2024}]


def test_the_pause_is_over_when_the_first_retry_starts() -> None:
    assert RETRIES.calculate_delay(1) >= CALENDAR_PAUSE_SECONDS

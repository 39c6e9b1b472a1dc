"""How often the season's calendar is fetched, and what a failed one costs."""

import asyncio
import datetime as dt
import json

import dagster as dg
import pytest
import sqlalchemy as sa
from support.api import Answer, Api
from support.client import DATE

from pipelines.assets import ncaa_games
from pipelines.errors import NcaaApiError, UpstreamFailedError
from pipelines.ncaa import client as client_module
from pipelines.ncaa.client import CALENDAR_PAUSE_SECONDS, NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.resources import DatabaseResource, EventLogResource, NcaaApiResource
from pipelines.runtime.retries import RETRIES

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
        log = "\n".join(entry.message + str(entry.dagster_event) for entry in instance.all_logs(result.run_id))
    assert not result.success
    assert api.requests.count(CALENDAR) == 4, "one for each attempt"
    assert "returned no games, but the season's calendar is unknown (GET " in log
    assert f"{CALENDAR} gave 404 Not Found" in log


def test_dates_of_a_range_share_a_failure_until_the_pause_is_over(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_first(api, 1)
    monkeypatch.setattr(client_module, "CALENDAR_PAUSE_SECONDS", 0.5)

    async def run() -> None:
        async with NcaaClient(api.url) as client:
            for _ in range(3):
                outcomes = await asyncio.gather(
                    *(client.season_calendar(MENS_BASKETBALL, 2025) for _ in range(50)), return_exceptions=True
                )
                assert [type(outcome) for outcome in outcomes] == [UpstreamFailedError] * 50
            await asyncio.sleep(0.5)
            for _ in range(3):
                assert await client.season_calendar(MENS_BASKETBALL, 2025) == {dt.date(2025, 11, 3): 169}

    asyncio.run(run())
    assert api.requests == [CALENDAR, CALENDAR]


def test_the_failure_of_one_season_is_not_that_of_another(api: Api) -> None:
    api.answer = lambda path: None if path == CALENDAR else calendar(("11/04/2024", 12))

    async def run() -> None:
        async with NcaaClient(api.url) as client:
            with pytest.raises(NcaaApiError):
                await client.season_calendar(MENS_BASKETBALL, 2025)
            assert await client.season_calendar(MENS_BASKETBALL, 2024) == {dt.date(2024, 11, 4): 12}

    asyncio.run(run())


def test_the_pause_is_over_when_the_first_retry_starts() -> None:
    assert RETRIES.calculate_delay(1) >= CALENDAR_PAUSE_SECONDS

"""`ncaa_standings` from the API to `gamepulse audit`, on the morning of a day in mid-season."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from support.builders import at, day
from support.clock import TravellingDatabaseResource
from support.databases import Databases
from support.invariants import QUIET
from support.postgres_servers import settings_for
from support.warehouse import Warehouse
from typer.testing import CliRunner, Result

from pipelines.assets import ncaa_standings
from pipelines.assets.checks import run_checks
from pipelines.cli.app import app
from pipelines.definitions import defs
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.partitions import days_between
from pipelines.postgres.sessions import Database
from pipelines.resources import EventLogResource, NcaaApiResource
from pipelines.runtime.runs import RANGE_TAGS
from pipelines.schedules import ncaa_standings_schedule
from simulator.options import Options
from simulator.server import Served, serving

TODAY = "2025-11-19"


class Morning(NamedTuple):
    """A database with all games of a season until yesterday, and the API that served them."""

    url: sa.URL
    api: Served
    warehouse: Warehouse

    def materialize(
        self, first: str = TODAY, last: str | None = None, instance: dg.DagsterInstance | None = None
    ) -> dg.ExecuteInProcessResult:
        url = self.url.render_as_string(hide_password=False)
        resources = {
            "database": TravellingDatabaseResource(url=url),
            "event_log": EventLogResource(),
            "ncaa_api": NcaaApiResource(base_url=self.api.url, database_url=url),
        }
        return dg.materialize(
            [ncaa_standings],
            partition_key=first if last is None else None,
            tags=dict(zip(RANGE_TAGS, (first, last), strict=True)) if last is not None else None,
            resources=resources,
            instance=instance or dg.DagsterInstance.ephemeral(),
            raise_on_error=False,
        )

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(
            app, list(arguments), env={"DATABASE_URL": self.url.render_as_string(hide_password=False), "COLUMNS": "200"}
        )

    def failed_checks(self) -> dict[str, str]:
        async def results() -> list[dg.AssetCheckResult]:
            async with Database(settings_for(self.url)) as database:
                names = {"records_agree_with_standings", "standings_are_compared"}
                return await run_checks(database, dt.datetime.now(dt.UTC), names)

        return {
            str(result.check_name): str(result.description) for result in asyncio.run(results()) if not result.passed
        }


@pytest.fixture(scope="module")
def loaded(databases: Databases) -> Iterator[Morning]:
    with (
        databases.temporary() as url,
        time_machine.travel(at(f"{TODAY} 09:10")),
        serving(Options(season=2025)) as api,
        Warehouse.connect(url) as warehouse,
    ):
        asyncio.run(load(url, api.url))
        yield Morning(url, api, warehouse)


async def load(url: sa.URL, api: str) -> None:
    async with Database(settings_for(url)) as database, NcaaClient(api) as client:
        dates = days_between(day("2025-11-03"), day(TODAY) - dt.timedelta(days=1))
        async for _, outcome in ingest_dates(dates, MENS_BASKETBALL, client, database, QUIET):
            assert not isinstance(outcome, GamePulseError), outcome


@pytest.fixture
def morning(loaded: Morning) -> Iterator[Morning]:
    """The loaded season, without standings and faults."""
    loaded.warehouse.query("TRUNCATE standing, discrepancy, resolution")
    loaded.warehouse.query("DELETE FROM archive.sighting WHERE endpoint = 'standings'")
    with time_machine.travel(at(f"{TODAY} 09:10")):
        yield loaded
    loaded.api.simulator.faults.set({})


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert result.success
    [event] = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    assert not result.success
    [event] = result.get_step_failure_events()
    return event.step_failure_data.user_failure_data.description or ""


def test_all_365_records_equal_the_standings(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    found = metadata(morning.materialize())
    assert (found["teams"], found["teams_agreed"], found["covers"]) == (365, 365, "2025-11-18")
    assert morning.failed_checks() == {}
    audit = morning.run("audit")
    assert audit.exit_code == 0
    assert audit.output.startswith(f"365 of 365 records equal the NCAA's standings of {TODAY}")
    assert f"365 of 365 records equal the NCAA's standings of {TODAY}" in morning.run("status").output
    assert json.loads(morning.run("audit", "--json", "--season", "2025").output)["agreed"] == 365
    missing = str(morning.run("audit", "--season", "2020").exception)
    assert missing.startswith("No standings of season 2020 are loaded.")
    assert "`gamepulse audit --load` does at once" in missing


def test_a_swapped_game_is_a_finding_until_it_is_explained_or_put_right(morning: Morning) -> None:
    swap = "UPDATE fact_game SET home_score = away_score, away_score = home_score WHERE game_id = $1"
    [game] = morning.warehouse.query("SELECT game_id FROM team_record WHERE game_date = '2025-11-18' LIMIT 1")
    morning.warehouse.query(swap, game["game_id"])
    found = metadata(morning.materialize())
    assert found["teams_agreed"] == 363
    assert found["findings"].count(game["game_id"]) == 2
    assert game["game_id"] in morning.failed_checks()["records_agree_with_standings"]
    audit = morning.run("audit")
    assert audit.exit_code == 1
    assert "363 of 365" in audit.output
    assert game["game_id"] in audit.output

    accepted = morning.run("accept", TODAY, "records_agree_with_standings", "--because", "Vacated", "--by", "ann")
    assert accepted.exit_code == 0
    assert morning.failed_checks() == {}
    audit = morning.run("audit")
    assert audit.exit_code == 0
    assert "Vacated (ann)" in audit.output

    morning.warehouse.query(swap, game["game_id"])
    assert metadata(morning.materialize())["teams_agreed"] == 365
    assert "2 earlier differences of the season are resolved" in morning.run("audit").output


def test_another_date_than_today_fails_without_a_retry(morning: Morning) -> None:
    reason = failure(morning.materialize("2025-11-18"))
    assert reason == (
        "2025-11-18: The NCAA serves only current standings, and none of 2025-11-18 were kept: materialize 2025-11-19."
    )
    assert morning.warehouse.query("SELECT FROM standing") == []


def test_standings_of_an_earlier_date_are_read_from_the_archive(morning: Morning) -> None:
    morning.materialize()
    morning.warehouse.query("TRUNCATE standing")
    morning.api.simulator.faults.set({"http_502": {"endpoints": ["standings"]}})
    with time_machine.travel(at("2025-11-20 09:10")):
        found = metadata(morning.materialize())
    assert (found["teams"], found["teams_agreed"], found["covers"]) == (365, 365, "2025-11-18")
    [spell] = morning.warehouse.query(
        "SELECT subject, outcome, answers FROM archive.sighting WHERE endpoint = 'standings'"
    )
    assert spell == {"subject": TODAY, "outcome": "loaded", "answers": 1}


def test_a_range_in_one_run_loads_the_dates_that_there_are_and_names_the_others(morning: Morning) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = morning.materialize("2025-11-17", TODAY, instance)
        assert instance.get_materialized_partitions(ncaa_standings.key) == {TODAY}
    assert failure(result).splitlines() == [
        f"{date}: The NCAA serves only current standings, and none of {date} were kept: materialize {TODAY}."
        for date in ("2025-11-17", "2025-11-18")
    ]
    assert "365 of 365" in morning.run("audit").output


def test_refused_standings_are_kept(morning: Morning) -> None:
    morning.api.simulator.faults.set({"html": {"endpoints": ["standings"], "times": 1}})
    assert metadata(morning.materialize())["teams_agreed"] == 365
    spells = morning.warehouse.query(
        "SELECT outcome FROM archive.sighting WHERE endpoint = 'standings' ORDER BY sighting_id"
    )
    assert [spell["outcome"] for spell in spells] == ["refused", "loaded"]


def test_a_failure_of_the_source_is_retried(morning: Morning) -> None:
    morning.api.simulator.faults.set({"http_502": {"endpoints": ["standings"], "times": 1}})
    result = morning.materialize()
    assert metadata(result)["teams_agreed"] == 365
    assert [event.step_key for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]


def test_a_stale_page_proves_nothing_and_is_requested_again(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", morning.url.render_as_string(hide_password=False))

    def requested(moment: str) -> list[str | None]:
        with dg.build_schedule_context(
            repository_def=defs.get_repository_def(), scheduled_execution_time=at(moment)
        ) as context:
            requests = ncaa_standings_schedule.evaluate_tick(context).run_requests
        return [request.partition_key for request in requests or []]

    assert requested("2026-07-01 09:10") == [], "off season"
    morning.api.simulator.faults.set({"stale_standings": {}})
    found = metadata(morning.materialize())
    assert (found["teams_agreed"], found["teams_not_compared"]) == (0, 365)
    assert "The page is stale: it was updated at 2025-11-16 05:50 ET" in found["not_compared"]
    assert "The page is stale" in morning.failed_checks()["standings_are_compared"]
    assert morning.run("audit").exit_code == 1
    assert requested(f"{TODAY} 10:10") == [TODAY]
    morning.api.simulator.faults.set({})
    assert metadata(morning.materialize())["teams_agreed"] == 365
    assert requested(f"{TODAY} 11:10") == []


def test_an_unknown_school_is_a_finding_and_the_others_are_compared(morning: Morning) -> None:
    morning.api.simulator.faults.set({"unknown_school": {}})
    found = metadata(morning.materialize())
    assert (found["teams_agreed"], found["teams_not_compared"]) == (364, 1)
    assert "Northern Cascadia is on the page, and unknown to models/reference" in found["findings"]
    assert "Northern Cascadia" in morning.failed_checks()["records_agree_with_standings"]


def test_standings_that_are_two_days_old_are_late(morning: Morning) -> None:
    morning.materialize()
    with time_machine.travel(at("2025-11-21 09:10")):
        assert morning.failed_checks() == {"standings_are_compared": f"The newest standings are of {TODAY}."}
        audit = morning.run("audit")
    assert audit.exit_code == 1
    assert "They are late" in audit.output

"""The code location as Dagster loads it, and the schedule's requests by time."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import time_machine

from pipelines.definitions import defs
from pipelines.partitions import game_dates
from pipelines.schedules import ncaa_schedule

EASTERN = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance without history."""
    with dg.instance_for_test() as instance:
        yield instance


def test_the_contract_of_names_holds() -> None:
    dg.Definitions.validate_loadable(defs)
    [spec] = [spec for spec in defs.resolve_all_asset_specs() if spec.key == dg.AssetKey("ncaa_games")]
    assert spec.group_name == "data_ingestion"
    assert spec.description is not None
    assert defs.resolve_job_def("ncaa_ingestion").partitions_def == game_dates
    schedule = defs.resolve_schedule_def("ncaa_schedule")
    assert schedule.cron_schedule == "*/15 * * * *"
    assert schedule.execution_timezone == "America/New_York"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert {"database", "ncaa_api"} <= set(defs.resources or {})


def test_todays_games_warn_after_two_missed_ticks_and_fail_after_two_hours() -> None:
    [spec] = [spec for spec in defs.resolve_all_asset_specs() if spec.key == dg.AssetKey("ncaa_games")]
    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(
        warn_window=dt.timedelta(minutes=45), fail_window=dt.timedelta(hours=2)
    )


@pytest.mark.parametrize(
    ("now", "today"),
    [
        ("2025-11-12T12:00", "2025-11-12"),
        ("2025-11-12T23:59", "2025-11-12"),
        ("2025-11-13T00:00", "2025-11-13"),
        ("2025-11-02T01:30", "2025-11-02"),  # daylight saving time ends
        ("2026-03-08T03:00", "2026-03-08"),  # and begins
        ("2026-01-01T00:00", "2026-01-01"),
        ("2024-02-29T20:00", "2024-02-29"),
    ],
)
def test_the_schedule_requests_today_which_is_always_the_latest_partition(
    now: str, today: str, instance: dg.DagsterInstance
) -> None:
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=EASTERN)
    with time_machine.travel(moment, tick=False):
        assert game_dates.get_last_partition_key() == today
        for zone in (EASTERN, dt.UTC, ZoneInfo("Asia/Tokyo")):
            with dg.build_schedule_context(
                instance=instance,
                repository_def=defs.get_repository_def(),
                scheduled_execution_time=moment.astimezone(zone),
            ) as context:
                requests = ncaa_schedule.evaluate_tick(context).run_requests or []
            assert today in {request.partition_key for request in requests}


def test_partitions_begin_with_the_season_of_2010() -> None:
    assert game_dates.get_first_partition_key() == "2010-11-01"

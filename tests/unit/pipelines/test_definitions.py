"""The code location, its descriptions, and the schedule's requests by time."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import time_machine

from pipelines.assets.checks import CHECKS, check_specs
from pipelines.cadence import STALE_AFTER, TICK_CRON, TICK_MINUTES
from pipelines.definitions import defs
from pipelines.partitions import game_dates
from pipelines.schedules import (
    ncaa_audit,
    ncaa_checks,
    ncaa_details,
    ncaa_ingestion,
    ncaa_prune,
    ncaa_report,
    ncaa_schedule,
    ncaa_upcoming,
)

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


def descriptions() -> Iterator[tuple[str, str | None]]:
    """Yields each name and description that Dagster's UI shows."""
    for spec in defs.resolve_all_asset_specs():
        yield spec.key.to_user_string(), spec.description
        schema = spec.metadata.get("dagster/column_schema")
        for column in schema.columns if schema is not None else ():
            yield f"{spec.key.to_user_string()}.{column.name}", column.description
    for check in check_specs():
        yield check.name, check.description
    for job in (ncaa_ingestion, ncaa_details, ncaa_audit, ncaa_upcoming, ncaa_report, ncaa_checks, ncaa_prune):
        yield job.name, job.description
    for automation in (*(defs.schedules or ()), *(defs.sensors or ())):
        yield getattr(automation, "name", ""), getattr(automation, "description", None)


@pytest.mark.parametrize(("name", "description"), list(descriptions()))
def test_everything_in_the_ui_has_a_description_without_backticks(name: str, description: str | None) -> None:
    assert description
    assert "`" not in description


def test_the_interval_of_ticks_and_the_limits_of_freshness_are_one_constant_each() -> None:
    assert ncaa_schedule.cron_schedule == TICK_CRON
    assert f"every {TICK_MINUTES} minutes" in (ncaa_schedule.description or "")
    [today_is_fresh] = [check for check in CHECKS if check.name == "today_is_fresh"]
    assert f"last {STALE_AFTER.total_seconds() / 60:.0f} minutes" in today_is_fresh.description

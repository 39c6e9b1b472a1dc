"""What `gamepulse status` reads from a real Dagster instance."""

import datetime as dt

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.scheduler.instigation import InstigatorStatus
from support.builders import at, day

from pipelines.partitions import game_dates
from pipelines.runtime.failures import failed_dates_metadata
from pipelines.runtime.history import idle_reason, read_orchestration
from pipelines.settings import PROJECT

NOW = at("2026-01-10 20:00")


@pytest.fixture
def dagster_of_the_test(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))


def materialize(date: str, error: str | None = None) -> None:
    """A run of the date, which fails where there is an error."""

    @dg.asset(partitions_def=game_dates)
    def ncaa_games() -> None:
        if error is not None:
            raise dg.Failure(error, metadata=failed_dates_metadata({day(date): error}))

    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dg.materialize([ncaa_games], instance=instance, partition_key=date, raise_on_error=False)


@pytest.mark.usefixtures("dagster_of_the_test")
def test_dates_whose_last_run_failed_are_failed_with_their_reason_until_one_succeeds() -> None:
    assert read_orchestration(NOW).failed == {}, "Dagster has never run"
    materialize("2026-01-05")
    assert read_orchestration(NOW).failed == {}, "nothing failed yet"
    materialize("2026-01-06", "The API returned no games.")
    assert read_orchestration(NOW).failed == {day("2026-01-06"): "The API returned no games."}
    materialize("2026-01-06")
    assert read_orchestration(NOW).failed == {}


@pytest.mark.usefixtures("dagster_of_the_test")
def test_without_a_daemon_there_is_no_tick() -> None:
    found = read_orchestration(dt.datetime.now(dt.UTC))
    assert (found.last_tick_at, found.idle) == (None, "no daemon has run yet")


@pytest.mark.parametrize(
    ("schedule", "heartbeat_age", "reason"),
    [
        (InstigatorStatus.STOPPED, 0, "the schedule is turned off"),
        (InstigatorStatus.RUNNING, None, "no daemon has run yet"),
        (InstigatorStatus.RUNNING, 100, None),
        (InstigatorStatus.DECLARED_IN_CODE, 100, None),
        (InstigatorStatus.RUNNING, 125, "no daemon is running"),
    ],
)
def test_a_daemon_without_a_heartbeat_for_two_minutes_is_not_running(
    schedule: InstigatorStatus, heartbeat_age: int | None, reason: str | None
) -> None:
    heartbeat_at = NOW - dt.timedelta(seconds=heartbeat_age) if heartbeat_age is not None else None
    assert idle_reason(schedule, heartbeat_at, NOW) == reason

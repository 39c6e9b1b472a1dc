"""What `gamepulse status` reads from a real Dagster instance."""

import datetime as dt

import pytest
import sqlalchemy as sa
from dagster._core.scheduler.instigation import InstigatorStatus
from support.builders import at

from pipelines.runtime.history import idle_reason, read_schedule

NOW = at("2026-01-10 20:00")


@pytest.fixture
def dagster_of_the_test(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))


@pytest.mark.usefixtures("dagster_of_the_test")
def test_without_a_daemon_there_is_no_tick() -> None:
    found = read_schedule(dt.datetime.now(dt.UTC))
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

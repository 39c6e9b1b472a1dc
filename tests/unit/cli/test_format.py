"""Moments as the command line formats them, in several local time zones, and the next tick."""

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator

import pytest
from dagster._utils.schedules import get_next_cron_tick
from hypothesis import given
from hypothesis import strategies as st
from support.builders import at

from pipelines.cadence import next_tick
from pipelines.cli.format import format_eastern
from pipelines.schedules import ncaa_schedule

NOW = at("2026-01-10 19:07")


@pytest.fixture
def machine_in() -> Iterator[Callable[[str], None]]:
    """Sets the machine's time zone until the test ends."""
    before = os.environ.get("TZ")

    def use(zone: str | None) -> None:
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()

    yield use
    use(before)


@pytest.mark.parametrize(
    ("zone", "moment", "text"),
    [
        ("America/New_York", "2026-01-10 19:15", "19:15 ET"),
        ("Europe/Berlin", "2026-01-10 19:15", "19:15 ET (01:15 here)"),
        ("America/New_York", "2026-01-11 00:15", "2026-01-11 00:15 ET"),
        ("UTC", "2025-12-31 23:59", "2025-12-31 23:59 ET (04:59 here)"),
    ],
)
def test_a_moment_is_shown_in_eastern_time_and_in_local_time_where_they_differ(
    machine_in: Callable[[str], None], zone: str, moment: str, text: str
) -> None:
    machine_in(zone)
    assert format_eastern(at(moment), NOW) == text


@given(st.floats(at("2010-11-01 00:00").timestamp(), at("2036-07-31 00:00").timestamp()))
def test_the_next_tick_is_that_of_dagster(timestamp: float) -> None:
    now = dt.datetime.fromtimestamp(timestamp, dt.UTC)
    assert isinstance(ncaa_schedule.cron_schedule, str)
    # Dagster's iterator starts with `now` if that is a tick.
    later = now + dt.timedelta(microseconds=1)
    tick = get_next_cron_tick(ncaa_schedule.cron_schedule, later, ncaa_schedule.execution_timezone)
    # In UTC: Python never treats moments of different zones as equal in the hour that a clock repeats.
    assert next_tick(now) == tick.astimezone(dt.UTC)


def test_the_next_tick_is_after_now() -> None:
    assert next_tick(at("2026-01-10 19:15")) == at("2026-01-10 19:30")

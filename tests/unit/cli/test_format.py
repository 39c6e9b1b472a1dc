"""Moments as people read them, at explicit times in zones of other places."""

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
    """Gives the machine another zone; its own afterwards."""
    before = os.environ.get("TZ")

    def use(zone: str | None) -> None:
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()

    yield use
    use(before)


@pytest.mark.parametrize(
    ("zone", "moment", "said"),
    [
        ("America/New_York", "2026-01-10 19:15", "19:15 ET"),
        ("Europe/Berlin", "2026-01-10 19:15", "19:15 ET (01:15 here)"),
        ("America/New_York", "2026-01-11 00:15", "2026-01-11 00:15 ET"),
        ("UTC", "2025-12-31 23:59", "2025-12-31 23:59 ET (04:59 here)"),
    ],
)
def test_a_moment_is_said_in_eastern_time_with_what_a_reader_elsewhere_lacks(
    machine_in: Callable[[str], None], zone: str, moment: str, said: str
) -> None:
    machine_in(zone)
    assert format_eastern(at(moment), NOW) == said


@given(st.floats(at("2010-11-01 00:00").timestamp(), at("2036-07-31 00:00").timestamp()))
def test_the_next_tick_is_dagsters_own(timestamp: float) -> None:
    now = dt.datetime.fromtimestamp(timestamp, dt.UTC)
    assert isinstance(ncaa_schedule.cron_schedule, str)
    # Dagster's iterator begins with `now` itself, where that is a tick.
    later = now + dt.timedelta(microseconds=1)
    tick = get_next_cron_tick(ncaa_schedule.cron_schedule, later, ncaa_schedule.execution_timezone)
    # In UTC, since Python takes no two moments of different zones for equal in the hour that a clock repeats.
    assert next_tick(now) == tick.astimezone(dt.UTC)


def test_a_tick_that_is_now_is_not_the_next_one() -> None:
    assert next_tick(at("2026-01-10 19:15")) == at("2026-01-10 19:30")

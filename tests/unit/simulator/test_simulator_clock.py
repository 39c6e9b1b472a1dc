"""The clock: wall time by default, can be set and sped up, always US Eastern."""

from datetime import UTC, datetime

import pytest

from simulator.clock import Clock
from simulator.days import EASTERN


class Wall:
    def __init__(self) -> None:
        self.seconds = 1_780_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_the_clock_is_wall_time_in_us_eastern() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    wall.seconds += 90
    assert clock.now() == datetime.fromtimestamp(wall.seconds, UTC)
    assert clock.now().tzinfo is EASTERN


def test_the_clock_starts_at_the_given_time_and_runs_at_the_given_speed() -> None:
    wall = Wall()
    clock = Clock(datetime.fromisoformat("2026-03-21T20:00"), speed=60, wall=wall)
    wall.seconds += 90
    assert clock.now() == datetime(2026, 3, 21, 21, 30, tzinfo=EASTERN)


def test_the_clock_can_be_set_and_stopped() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    clock.set(datetime(2026, 3, 22, 0, tzinfo=UTC), speed=0)
    wall.seconds += 3600
    assert clock.now() == datetime(2026, 3, 21, 20, tzinfo=EASTERN)


def test_a_negative_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 or more"):
        Clock(speed=-1)

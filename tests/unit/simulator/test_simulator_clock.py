"""The clock: the wall's by default, set and sped up on demand, Eastern always."""

from datetime import UTC, datetime

import pytest

from simulator.clock import Clock
from simulator.days import EASTERN


class Wall:
    def __init__(self) -> None:
        self.seconds = 1_780_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_it_is_the_walls_time_in_eastern() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    wall.seconds += 90
    assert clock.now() == datetime.fromtimestamp(wall.seconds, UTC)
    assert clock.now().tzinfo is EASTERN


def test_it_starts_where_it_is_told_and_runs_as_fast_as_it_is_told() -> None:
    wall = Wall()
    clock = Clock(datetime.fromisoformat("2026-03-21T20:00"), speed=60, wall=wall)
    wall.seconds += 90
    assert clock.now() == datetime(2026, 3, 21, 21, 30, tzinfo=EASTERN)


def test_it_can_be_moved_and_stopped() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    clock.set(datetime(2026, 3, 22, 0, tzinfo=UTC), speed=0)
    wall.seconds += 3600
    assert clock.now() == datetime(2026, 3, 21, 20, tzinfo=EASTERN)


def test_it_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Clock(speed=-1)

"""The simulator's clock: wall time by default; it can be set, sped up and stopped."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from simulator.days import EASTERN


class Clock:
    """Simulated time, always aware and US Eastern. Speed 0 stops it."""

    def __init__(self, now: datetime | None = None, speed: float = 1.0, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.set(now, speed)

    def now(self) -> datetime:
        """Returns the simulated time."""
        elapsed = (self._wall() - self._set_at) * self.speed
        return datetime.fromtimestamp(self._origin + elapsed, UTC).astimezone(EASTERN)

    def set(self, now: datetime | None = None, speed: float = 1.0) -> None:
        """Sets the time and continues at `speed`. None is wall time; a time without a zone is US Eastern.

        Raises:
            ValueError: `speed` is negative.
        """
        if speed < 0:
            raise ValueError(f"the speed of the clock is {speed}, expected 0 or more")
        if now is not None and now.tzinfo is None:
            now = now.replace(tzinfo=EASTERN)
        self._set_at = self._wall()
        self._origin = self._set_at if now is None else now.timestamp()
        self.speed = speed

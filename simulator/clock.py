"""The simulator's clock: the wall's by default, and it can be set and sped up while games are on."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from simulator.days import EASTERN


class Clock:
    """Simulated time, always aware and Eastern. Speed 0 stops it."""

    def __init__(self, now: datetime | None = None, speed: float = 1.0, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.set(now, speed)

    def now(self) -> datetime:
        """The simulated present."""
        elapsed = (self._wall() - self._set_at) * self.speed
        return datetime.fromtimestamp(self._origin + elapsed, UTC).astimezone(EASTERN)

    def set(self, now: datetime | None = None, speed: float = 1.0) -> None:
        """Move to `now` (None: the wall's present; without a zone: Eastern) and go on from there at `speed`."""
        if speed < 0:
            raise ValueError(f"the clock does not run backwards: speed {speed}")
        if now is not None and now.tzinfo is None:
            now = now.replace(tzinfo=EASTERN)
        self._set_at = self._wall()
        self._origin = self._set_at if now is None else now.timestamp()
        self.speed = speed

"""What a simulator is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """All of it has defaults: a season around the present day, the wall's clock, seed 0, nothing wrong."""

    season: int | None = None
    """Play the real calendar up to this season (2025 is 2025-26) instead of a season laid around the present."""
    now: datetime | None = None
    """Where the clock starts, Eastern unless aware. Given, seasons are on the real calendar too."""
    speed: float = 1.0
    """Simulated seconds a second; 0 stops the clock."""
    seed: int = 0
    laid_around: date | None = None
    """Lay a season around this day, whatever the clock says."""
    messy: bool = False
    """All faults, now and then."""
    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Faults by name with their options: `{"http_500": {"dates": ["2026-02-03"], "times": 2}}`."""
    key: str | None = None
    """Require this in `x-ncaa-key`."""

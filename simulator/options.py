"""The options of a simulated server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """By default: a season around the present day, wall time, seed 0, no faults."""

    season: int | None = None
    """Play the real calendar up to this season (2025 is 2025-26) instead of a season around the present day."""
    now: datetime | None = None
    """Start of the clock, US Eastern unless aware. Implies the real calendar."""
    speed: float = 1.0
    """Simulated seconds per second; 0 stops the clock."""
    seed: int = 0
    midseason_date: date | None = None
    """Place a season around this date, regardless of the clock."""
    messy: bool = False
    """Inject every fault occasionally."""
    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Faults by name with their options: `{"http_500": {"dates": ["2026-02-03"], "times": 2}}`."""
    recorded: Path | None = None
    """Serve the recordings of this folder, and no season."""
    key: str | None = None
    """Value that the header `x-ncaa-key` must have."""

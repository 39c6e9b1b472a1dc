"""The state of a game as text: one spelling for Dagster's UI, the terminal and the simulator's page."""

import datetime as dt
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")


def describe_game_state(
    status: str,
    *,
    start_time: dt.datetime | None = None,
    period: str | None = None,
    clock: str | None = None,
    overtime_periods: int = 0,
) -> str:
    """Describes a game by values of `fact_game`; `start_time` is aware and shown in US Eastern time.

    Examples: `7:00 PM`, `TBA`, `2nd 7:20`, `OT 0:31`, `halftime`, `final`, `final (2OT)`, `postponed`.
    """
    if status == "scheduled":
        return format_tip_off(start_time)
    if status == "live":
        shown_clock = None if period == "halftime" else clock
        return " ".join(part for part in (period, shown_clock) if part) or "live"
    if status == "final" and overtime_periods:
        return f"final ({format_overtime(overtime_periods)})"
    return status


def format_overtime(periods: int) -> str:
    """Formats overtimes as `OT`, `2OT`, …; `periods` is at least 1."""
    return "OT" if periods == 1 else f"{periods}OT"


def format_tip_off(start_time: dt.datetime | None) -> str:
    """Formats an aware moment as `7:00 PM`, US Eastern; None as `TBA`."""
    return "TBA" if start_time is None else f"{start_time.astimezone(EASTERN):%I:%M %p}".lstrip("0")

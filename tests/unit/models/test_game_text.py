"""The state of a game as text."""

import datetime as dt
from typing import Any

import pytest

from models.game_text import describe_game_state, format_overtime

EVENING = dt.datetime(2025, 11, 4, 0, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("status", "values", "text"),
    [
        ("scheduled", {"start_time": EVENING}, "7:00 PM"),
        ("scheduled", {"start_time": EVENING.replace(month=7)}, "8:00 PM"),  # daylight saving time
        ("scheduled", {"start_time": EVENING.replace(hour=5)}, "12:00 AM"),
        ("scheduled", {"start_time": EVENING.replace(hour=17, minute=5)}, "12:05 PM"),
        ("scheduled", {}, "TBA"),
        ("live", {"period": "2nd", "clock": "7:20"}, "2nd 7:20"),
        ("live", {"period": "2OT", "clock": "0:31", "overtime_periods": 2}, "2OT 0:31"),
        ("live", {"period": "halftime", "clock": "0:00"}, "halftime"),
        ("live", {}, "live"),
        ("final", {"period": "final"}, "final"),
        ("final", {"overtime_periods": 1}, "final (OT)"),
        ("final", {"overtime_periods": 3}, "final (3OT)"),
        ("postponed", {"start_time": EVENING}, "postponed"),
        ("canceled", {}, "canceled"),
        ("withdrawn", {"overtime_periods": 1}, "withdrawn"),
    ],
)
def test_a_game_reads_as_on_a_scoreboard(status: str, values: dict[str, Any], text: str) -> None:
    assert describe_game_state(status, **values) == text


def test_overtimes_are_numbered_from_the_second_on() -> None:
    assert [format_overtime(periods) for periods in (1, 2, 5)] == ["OT", "2OT", "5OT"]

"""Parsing of the season's calendar."""

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.errors import NotACalendarError
from pipelines.ncaa.calendar import parse_calendar

URL = "http://api.example/schedule-alt/basketball-men/d1/2025"


def calendar(*days: tuple[str, object]) -> bytes:
    games = [{"contestDate": date, "count": count} for date, count in days]
    return json.dumps({"data": {"schedules": {"games": games, "today": {}}}}).encode()


def test_a_calendar_lists_the_number_of_games_of_each_date() -> None:
    found = parse_calendar(calendar(("11/03/2025", 169), ("04/06/2026", 1), ("12/25/2025", 0)), URL)
    assert found == {dt.date(2025, 11, 3): 169, dt.date(2026, 4, 6): 1}


def test_the_recorded_calendar_is_read(shared_data: Path) -> None:
    body = (shared_data / "schedule-alt-2025.json").read_bytes()
    listed = json.loads(body)["data"]["schedules"]["games"]
    found = parse_calendar(body, URL)
    assert found[dt.date(2025, 11, 3)] == 169
    assert sum(found.values()) == sum(day["count"] for day in listed)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": null}',
        calendar(("2025-11-03", 169)),
        calendar(("11/03/2025", "many")),
        calendar(("11/03/2025", 169), ("11/04/2025", -1)),
        calendar(("13/40/2025", 1)),
        calendar(),
        calendar(("11/03/2025", 0)),
    ],
)
def test_a_malformed_or_empty_calendar_is_refused(body: bytes) -> None:
    with pytest.raises(NotACalendarError, match="/schedule-alt/basketball-men/d1/2025"):
        parse_calendar(body, URL)

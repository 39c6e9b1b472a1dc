"""The season's calendar, and what it makes of an empty scoreboard."""

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.errors import EmptyScoreboardError, NotACalendarError
from pipelines.ncaa.calendar import parse_calendar
from pipelines.ncaa.empty_days import is_off_season, reject_false_empty
from pipelines.ncaa.scoreboard import ParsedScoreboard

URL = "http://api.example/schedule-alt/basketball-men/d1/2025"


def calendar(*days: tuple[str, object]) -> bytes:
    games = [{"contestDate": date, "count": count} for date, count in days]
    return json.dumps({"data": {"schedules": {"games": games, "today": {}}}}).encode()


def empty_day(date: str) -> ParsedScoreboard:
    return ParsedScoreboard(
        dt.date.fromisoformat(date), "current", dt.datetime.now(dt.UTC), "http://api.example/day", (), ()
    )


def test_a_calendar_tells_the_games_of_each_date() -> None:
    found = parse_calendar(calendar(("11/03/2025", 169), ("03/10/2026", 24), ("12/25/2025", 0)), URL)
    assert found == {dt.date(2025, 11, 3): 169, dt.date(2026, 3, 10): 24}


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
        calendar(("11/03/2025", -1)),
        calendar(("13/40/2025", 1)),
        calendar(),
        calendar(("11/03/2025", 0)),
    ],
)
def test_what_is_no_calendar_or_has_no_games_proves_nothing(body: bytes) -> None:
    with pytest.raises(NotACalendarError, match="/schedule-alt/basketball-men/d1/2025"):
        parse_calendar(body, URL)


@pytest.mark.parametrize("date", ["2025-05-01", "2025-07-04", "2025-10-31"])
@pytest.mark.parametrize("expected", [None, 0, 12])
def test_an_empty_day_is_believed_off_season(date: str, expected: int | None) -> None:
    reject_false_empty(empty_day(date), expected)
    assert is_off_season(dt.date.fromisoformat(date))


@pytest.mark.parametrize("date", ["2025-11-01", "2025-12-25", "2026-02-28", "2026-04-30"])
def test_an_empty_day_of_the_season_is_believed_only_when_the_calendar_has_none(date: str) -> None:
    assert not is_off_season(dt.date.fromisoformat(date))
    reject_false_empty(empty_day(date), 0)
    with pytest.raises(EmptyScoreboardError, match="the season's calendar has 12 that day"):
        reject_false_empty(empty_day(date), 12)
    with pytest.raises(EmptyScoreboardError, match="calendar could not be had") as unknown:
        reject_false_empty(empty_day(date), None)
    assert unknown.value.retryable

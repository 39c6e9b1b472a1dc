"""Empty scoreboards: accepted in the off season or when the calendar lists no games, refused otherwise."""

import datetime as dt

import pytest
from support.builders import day, game, scoreboard

from pipelines.errors import EmptyScoreboardError
from pipelines.ncaa.empty_days import reject_false_empty
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard

FIRST_AND_LAST_OF_OFF_SEASON = ["2025-05-01", "2025-07-04", "2025-10-31"]
FIRST_AND_LAST_OF_SEASON = ["2025-11-01", "2025-12-25", "2026-02-28", "2026-04-30"]


def empty(date: str) -> ParsedScoreboard:
    return scoreboard(date, f"{date} 20:00")


def test_the_off_season_is_may_to_october() -> None:
    months = [month for month in range(1, 13) if MENS_BASKETBALL.is_off_season(dt.date(2026, month, 15))]
    assert months == [5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize("date", FIRST_AND_LAST_OF_OFF_SEASON)
@pytest.mark.parametrize("expected", [None, 0, 12])
def test_an_empty_scoreboard_is_accepted_in_the_off_season(date: str, expected: int | None) -> None:
    assert MENS_BASKETBALL.is_off_season(day(date))
    reject_false_empty(empty(date), expected)


@pytest.mark.parametrize("date", FIRST_AND_LAST_OF_SEASON)
def test_an_empty_scoreboard_of_the_season_needs_a_calendar_without_games(date: str) -> None:
    assert not MENS_BASKETBALL.is_off_season(day(date))
    reject_false_empty(empty(date), 0)
    with pytest.raises(EmptyScoreboardError, match="the season's calendar lists 12 for that date"):
        reject_false_empty(empty(date), 12)
    with pytest.raises(EmptyScoreboardError, match="the season's calendar is unknown") as unknown:
        reject_false_empty(empty(date), None)
    assert unknown.value.retryable


@pytest.mark.parametrize("expected", [None, 1, 12])
def test_a_scoreboard_with_one_game_is_accepted(expected: int | None) -> None:
    one_game = scoreboard("2025-12-25", "2025-12-25 20:00", game(6_500_000, "duke", "unc"))
    reject_false_empty(one_game, expected)


@pytest.mark.parametrize("expected", [None, 0, 12])
@pytest.mark.parametrize(
    ("fetched_at", "is_ahead"),
    [("2026-03-17 23:59", True), ("2026-03-18 00:00", False), ("2026-03-19 00:00", False)],
)
def test_an_empty_scoreboard_of_a_day_ahead_is_accepted(fetched_at: str, is_ahead: bool, expected: int | None) -> None:
    not_announced = scoreboard("2026-03-18", fetched_at)
    if is_ahead or expected == 0:
        reject_false_empty(not_announced, expected)
    else:
        with pytest.raises(EmptyScoreboardError):
            reject_false_empty(not_announced, expected)

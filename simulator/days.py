"""The dates of a season: its opening, its weeks and the days of the bracket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

FIRST_SEASON = 2010
FIRST_SEASON_OF_76_TEAMS = 2026
WEEKS = 22
"""Weeks from the opening Monday to the Monday of the championship game, as in 2023-24, 2024-25 and 2025-26."""

LAST_CONFERENCE_WEEK = 18
"""Week (from 0) of the late conference tournaments; its Sunday is Selection Sunday."""

_WINDOW_BLOCK_WEEKS = 8
_WINDOW_FIRST_WEEK = 9
_EPOCH_MONDAY = date(2001, 1, 1).toordinal()

# Contest ids of seasons on the real calendar are 6.0 to 6.8 million, those of season windows 7.0 to 9.9 million.
# The upper half of each stride is for games that are re-issued under a new id.
ID_STRIDE = 20_000
REISSUE_OFFSET = 10_000
_CALENDAR_IDS = 6_000_000
_WINDOW_IDS = 7_000_000
_WINDOW_EDITIONS = 145


def season_of(day: date) -> int:
    """Returns the season of a date: the calendar year of the August before it."""
    return day.year if day.month >= 8 else day.year - 1


def eastern(day: date, hour: int, minute: int = 0) -> datetime:
    """Returns a US Eastern time on a date."""
    return datetime.combine(day, time(hour, minute), EASTERN)


@dataclass(frozen=True)
class SeasonDays:
    """The dates of one season. Equal dates and an equal seed give equal games."""

    name: str
    season: int
    """The season whose teams play."""
    opening: date
    """A Monday."""
    first_id: int
    bracket: Mapping[int, tuple[date, date]] = field(hash=False, compare=False)
    """The first and second day of each round (1 to 7); equal where a round is played on one day."""
    last_day: date
    field_size: int = 68
    """Teams in the NCAA tournament."""
    always_on: bool = False
    """Whether each day has as many games, most of them in the evening and some at night: any of them is a good one."""

    def day(self, week: int, weekday: int) -> date:
        """Returns a date by week (from 0) and weekday (Monday is 0)."""
        return self.opening + timedelta(days=7 * week + weekday)

    @property
    def selection_sunday(self) -> date:
        return self.day(LAST_CONFERENCE_WEEK, 6)


def calendar_season(season: int) -> SeasonDays:
    """Returns a season on its real dates: the bracket opens in the week of the third Thursday of March."""
    first_of_march = date(season + 1, 3, 1)
    third_thursday = first_of_march + timedelta(days=(3 - first_of_march.weekday()) % 7 + 14)
    opening = third_thursday + timedelta(days=18) - timedelta(weeks=WEEKS)
    bracket = _bracket_days(opening)
    last_day = bracket[7][0]
    if season == 2019:  # stopped on 12 March 2020, in the week of the conference tournaments
        last_day = date(2020, 3, 11)
    if season == 2020:  # all of the bracket in Indiana, on other days
        bracket = _bracket_days_of_2021()
    return SeasonDays(
        name=str(season),
        season=season,
        opening=opening,
        first_id=_CALENDAR_IDS + (season - FIRST_SEASON) * ID_STRIDE,
        bracket=bracket,
        last_day=last_day,
        field_size=76 if season >= FIRST_SEASON_OF_76_TEAMS else 68,
    )


def season_around(today: date) -> SeasonDays:
    """Returns a season window in which `today` falls in January or February.

    The window moves in steps of eight weeks: servers started in the same eight weeks have the same games, and the next
    window has other contest ids.
    """
    block = (today.toordinal() - _EPOCH_MONDAY) // 7 // _WINDOW_BLOCK_WEEKS
    monday = date.fromordinal(_EPOCH_MONDAY + block * _WINDOW_BLOCK_WEEKS * 7)
    opening = monday - timedelta(weeks=_WINDOW_FIRST_WEEK)
    bracket = _bracket_days(opening)
    return SeasonDays(
        name=f"window {opening}",
        season=season_of(monday),
        opening=opening,
        first_id=_WINDOW_IDS + block % _WINDOW_EDITIONS * ID_STRIDE,
        bracket=bracket,
        last_day=bracket[7][0],
        always_on=True,
    )


def _bracket_days(opening: date) -> dict[int, tuple[date, date]]:
    def day(week: int, weekday: int) -> date:
        return opening + timedelta(days=7 * week + weekday)

    return {
        1: (day(19, 1), day(19, 2)),
        2: (day(19, 3), day(19, 4)),
        3: (day(19, 5), day(19, 6)),
        4: (day(20, 3), day(20, 4)),
        5: (day(20, 5), day(20, 6)),
        6: (day(21, 5), day(21, 5)),
        7: (day(22, 0), day(22, 0)),
    }


def _bracket_days_of_2021() -> dict[int, tuple[date, date]]:
    def march(number: int) -> date:
        return date(2021, 3, number)

    return {
        1: (march(18), march(18)),
        2: (march(19), march(20)),
        3: (march(21), march(22)),
        4: (march(27), march(28)),
        5: (march(29), march(30)),
        6: (date(2021, 4, 3), date(2021, 4, 3)),
        7: (date(2021, 4, 5), date(2021, 4, 5)),
    }

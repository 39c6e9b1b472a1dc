"""The basketball calendar: US Eastern dates and their seasons. Pure."""

import datetime as dt
from typing import Final

import pendulum

EASTERN: Final = pendulum.timezone("America/New_York")
FIRST_GAME_DATE: Final = dt.date(2010, 11, 1)
"""First date of the API's games, and of the partitions."""


def season_of(date: dt.date) -> int:
    """Returns the calendar year in which the date's season starts: 2025 for 2025-26.

    A season starts on 1 August, as in the API's own season year.
    """
    return date.year if date.month >= 8 else date.year - 1


def season_dates(season: int) -> tuple[dt.date, dt.date]:
    """Returns the first and the last date that may have games of a season.

    The championship is 18 days after the third Thursday of March: on 8 April at the latest.
    """
    return dt.date(season, 11, 1), dt.date(season + 1, 4, 8)


def eastern_date(moment: dt.datetime) -> dt.date:
    """Returns the US Eastern date at an aware moment."""
    return moment.astimezone(EASTERN).date()


def settles_at(game_date: dt.date) -> dt.datetime:
    """Returns noon, US Eastern, two days after the game date. Corrections are expected until then."""
    return dt.datetime.combine(game_date + dt.timedelta(days=2), dt.time(12), EASTERN)

"""The basketball calendar: Eastern dates and the seasons they belong to. Pure."""

import datetime as dt
from typing import Final

import pendulum

EASTERN: Final = pendulum.timezone("America/New_York")


def season_of(date: dt.date) -> int:
    """Calendar year in which the date's season starts: 2025 is 2025-26. It turns on 1 August, as the API's does."""
    return date.year if date.month >= 8 else date.year - 1


def season_start(season: int) -> dt.date:
    """1 August."""
    return dt.date(season, 8, 1)


def eastern_date(moment: dt.datetime) -> dt.date:
    """The date in US Eastern time at an aware moment."""
    return moment.astimezone(EASTERN).date()


def settles_at(game_date: dt.date) -> dt.datetime:
    """Noon, US Eastern, of the second day after: corrections come late, and no more are awaited from then on."""
    return dt.datetime.combine(game_date + dt.timedelta(days=2), dt.time(12), EASTERN)

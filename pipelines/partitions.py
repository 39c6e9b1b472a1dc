"""Partitions: one per game date, US Eastern, from the first season to today."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from pipelines.errors import ConfigurationError
from pipelines.seasons import FIRST_GAME_DATE

game_dates = dg.DailyPartitionsDefinition(
    start_date=FIRST_GAME_DATE.isoformat(),
    timezone="America/New_York",
    end_offset=1,  # without it a daily partition exists only once its day is over; today must be one
)


def dates_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Returns all game dates from `first` to `last`, both included.

    Raises:
        ConfigurationError: the range is empty, or reaches beyond the partitions.
    """
    earliest, latest = game_dates.get_first_partition_key(), game_dates.get_last_partition_key()
    if first > last:
        raise ConfigurationError(f"The range from {first} to {last} is empty: give the earlier date first.")
    if earliest is None or latest is None or first.isoformat() < earliest or last.isoformat() > latest:
        raise ConfigurationError(f"{first} to {last} is not within {earliest} to {latest}, the dates that there are.")
    return days_between(first, last)


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Returns all days from `first` to `last`, both included."""
    return [first + dt.timedelta(days=days) for days in range((last - first).days + 1)]


def ranges_of(dates: Sequence[dt.date]) -> list[list[dt.date]]:
    """Returns ascending dates as ranges without a gap."""
    ranges: list[list[dt.date]] = []
    for date in dates:
        if not ranges or date - ranges[-1][-1] > dt.timedelta(days=1):
            ranges.append([])
        ranges[-1].append(date)
    return ranges

"""Moments as the command line says them: US Eastern, and on this machine's clock where that is another."""

import datetime as dt
from typing import Final

from pipelines.warehouse.seasons import EASTERN, eastern_date

TICK: Final = dt.timedelta(minutes=15)
"""Of `ncaa_schedule`."""


def say(moment: dt.datetime, now: dt.datetime) -> str:
    """`07:15 ET`, with the date unless it is today's, and `(13:15 here)` where the local clock differs."""
    eastern, local = moment.astimezone(EASTERN), moment.astimezone()
    date = "" if eastern_date(moment) == eastern_date(now) else f"{eastern:%Y-%m-%d} "
    here = "" if eastern.utcoffset() == local.utcoffset() else f" ({local:%H:%M} here)"
    return f"{date}{eastern:%H:%M} ET{here}"


def next_tick(now: dt.datetime) -> dt.datetime:
    """When the schedule asks for today's games next: on the quarter of an hour, in every zone."""
    return now.astimezone(dt.UTC) + TICK - (now - dt.datetime.min.replace(tzinfo=dt.UTC)) % TICK

"""Moments as the command line prints them: US Eastern, and local time where the two differ."""

import datetime as dt

from pipelines.seasons import EASTERN, eastern_date


def format_eastern(moment: dt.datetime, now: dt.datetime) -> str:
    """Formats an aware moment as `07:15 ET`.

    The date is added unless it is today's. `(13:15 here)` is added where the local clock differs.
    """
    eastern, local = moment.astimezone(EASTERN), moment.astimezone()
    date = "" if eastern_date(moment) == eastern_date(now) else f"{eastern:%Y-%m-%d} "
    here = "" if eastern.utcoffset() == local.utcoffset() else f" ({local:%H:%M} here)"
    return f"{date}{eastern:%H:%M} ET{here}"

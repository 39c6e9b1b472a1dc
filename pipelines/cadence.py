"""How often today's games are fetched, and how old they may become. Imports no Dagster, so that the command line starts
quickly."""

import datetime as dt
from typing import Final

TICK_MINUTES: Final = 15
TICK: Final = dt.timedelta(minutes=TICK_MINUTES)
"""Interval of `ncaa_schedule`."""
TICK_CRON: Final = f"*/{TICK_MINUTES} * * * *"
STALE_AFTER: Final = 3 * TICK
"""Age from which today's games count as late: two ticks missed, and one still running."""
DETAILS_DAYS: Final = 30
"""Days before today whose final games are asked for details until they have them."""
FAILED_AFTER: Final = dt.timedelta(hours=2)
"""Age from which Dagster's freshness policy fails."""


def next_tick(now: dt.datetime) -> dt.datetime:
    """Next start of `ncaa_schedule` after an aware moment, in UTC: ticks are on the quarter hour in every time zone."""
    return now.astimezone(dt.UTC) + TICK - (now - dt.datetime.min.replace(tzinfo=dt.UTC)) % TICK

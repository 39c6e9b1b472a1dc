"""The measured ranges of dates, and the simulated times at which they are fetched."""

import datetime as dt
from dataclasses import dataclass

from pipelines.seasons import EASTERN

STATES = ("new", "changed", "unchanged")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of dates.

    `new` is fetched at the first moment, when some games are over, into an empty database; `changed` at the second,
    when all are; `unchanged` at the second again. The clock is stopped meanwhile.
    """

    name: str
    dates: tuple[dt.date, dt.date]
    moments: tuple[dt.datetime, dt.datetime]

    def moment(self, state: str) -> dt.datetime:
        return self.moments[0 if state == "new" else 1]


def _noon(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 12, tzinfo=EASTERN)


DAY = Span(
    "a day",
    (dt.date(2026, 1, 3),) * 2,
    (dt.datetime(2026, 1, 3, 18, tzinfo=EASTERN), _noon(2026, 1, 5)),
)
RANGE = Span("31 dates", (dt.date(2026, 1, 1), dt.date(2026, 1, 31)), (_noon(2026, 1, 16), _noon(2026, 2, 3)))
SEASON = Span("a season", (dt.date(2025, 11, 3), dt.date(2026, 4, 6)), (_noon(2026, 1, 18), _noon(2026, 4, 9)))

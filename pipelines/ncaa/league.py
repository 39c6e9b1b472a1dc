"""League: path in the API, id prefix, off season and tournament rounds."""

import datetime as dt
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class League:
    """One league. The assets hand it down to the client, the parser and the load."""

    sport: str
    """Value of the `sport` columns, and the prefix of game and team ids."""
    path: str
    """Sport and division in the API's paths."""
    off_season: frozenset[int]
    """Months without games."""
    rounds: tuple[str, ...]
    """Rounds of the NCAA tournament, in order. The API numbers them from 1."""

    def is_off_season(self, game_date: dt.date) -> bool:
        """Returns whether the date's month has no games."""
        return game_date.month in self.off_season


MENS_BASKETBALL: Final = League(
    sport="ncaam",
    path="basketball-men/d1",
    off_season=frozenset({5, 6, 7, 8, 9, 10}),
    rounds=("First Four", "First Round", "Second Round", "Sweet 16", "Elite Eight", "Final Four", "Championship"),
)

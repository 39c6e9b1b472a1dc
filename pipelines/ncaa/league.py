"""League: path in the API, id prefix, off season and tournament rounds."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pipelines.seasons import season_of


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
    """Rounds of the NCAA tournament, in order."""
    last_numbered_season: int
    """Last season in which the API's numbers of rounds are known: from 1, in the order of `rounds`."""
    tournament_months: frozenset[int]
    """Months of the NCAA tournament."""

    def is_off_season(self, game_date: dt.date) -> bool:
        """Returns whether the date's month has no games."""
        return game_date.month in self.off_season

    def numbers_rounds(self, game_date: dt.date) -> bool:
        """Returns whether a number of a round on that date is one of `rounds`, counted from 1."""
        return game_date.month in self.tournament_months and season_of(game_date) <= self.last_numbered_season


MENS_BASKETBALL: Final = League(
    sport="ncaam",
    path="basketball-men/d1",
    off_season=frozenset({5, 6, 7, 8, 9, 10}),
    rounds=("First Four", "First Round", "Second Round", "Sweet 16", "Elite Eight", "Final Four", "Championship"),
    last_numbered_season=2025,  # the tournament of 2027 has 76 teams and another opening round
    tournament_months=frozenset({3, 4}),
)

"""How much a game between neighbours counts. Pure."""

from decimal import Decimal
from typing import Final

CONFERENCE_GAME: Final = Decimal("1.20")
OTHER_GAME: Final = Decimal("1.00")
INDEPENDENT: Final = "independent"
"""The API's slug for teams of no conference; two of them are no rivals."""


def calculate_rivalry_factor(home_conference: str | None, away_conference: str | None) -> Decimal:
    """1.20 when both teams' conference slugs of the season are one conference, else 1.00.

    `independent` and none are no conference. What the SQL of the load computes is tested equal to this.
    """
    if home_conference is None or home_conference == INDEPENDENT:
        return OTHER_GAME
    return CONFERENCE_GAME if home_conference == away_conference else OTHER_GAME

"""The one list of views. Privileges and the document of the data model derive from it."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class View(NamedTuple):
    """A view of schema `public`; migrations create it."""

    name: str
    description: str
    columns: Mapping[str, str]
    """Meaning of each column, in their order."""


VIEWS: Final = (
    View(
        "unresolved_game",
        "One row per game that is still `scheduled` more than seven days after its US Eastern date: the source never "
        "said what became of it. `gamepulse resolve` gives it a status.",
        {
            "game_id": "As in `fact_game`.",
            "sport": "As in `fact_game`.",
            "game_date": "As in `fact_game`.",
            "away_team": "Short name of the away team.",
            "home_team": "Short name of the home team.",
            "days_ago": "Days since the game's date.",
        },
    ),
)
VIEW_NAMES: Final = tuple(view.name for view in VIEWS)

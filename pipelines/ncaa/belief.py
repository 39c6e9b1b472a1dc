"""Whether an empty scoreboard can be believed: a free day and a failure of the API are the same bytes. Pure."""

from pipelines.errors import EmptyScoreboardError
from pipelines.ncaa.scoreboard import Scoreboard

MONTHS_WITHOUT_GAMES = range(5, 11)
"""May to October: no college basketball is played."""


def require_believable(scoreboard: Scoreboard) -> None:
    """Raises `EmptyScoreboardError` for a scoreboard without games from November to April."""
    if scoreboard.games_received == 0 and scoreboard.game_date.month not in MONTHS_WITHOUT_GAMES:
        raise EmptyScoreboardError(
            f"GET {scoreboard.source_url} gave no games, which is not believed from November to April: "
            "the API answers so when its own source fails. What is stored stays."
        )

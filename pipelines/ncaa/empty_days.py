"""Whether an empty scoreboard can be believed: a free day and a failure of the API are the same bytes. Pure."""

import datetime as dt

from pipelines.errors import EmptyScoreboardError
from pipelines.ncaa.scoreboard import ParsedScoreboard


def is_off_season(game_date: dt.date) -> bool:
    """May to October: no college basketball is played, and no calendar is asked for."""
    return 5 <= game_date.month <= 10


def reject_false_empty(scoreboard: ParsedScoreboard, games_expected: int | None) -> None:
    """Lets a scoreboard pass that has games, or whose day has none.

    Raises:
        EmptyScoreboardError: no games in the season, and the calendar has some that day or could not be had (None).
    """
    if scoreboard.games_received > 0 or is_off_season(scoreboard.game_date) or games_expected == 0:
        return
    known = (
        "the season's calendar could not be had"
        if games_expected is None
        else f"the season's calendar has {games_expected} that day"
    )
    raise EmptyScoreboardError(
        f"GET {scoreboard.source_url} gave no games, and {known}: the API answers so when its own source fails. "
        "What is stored stays."
    )

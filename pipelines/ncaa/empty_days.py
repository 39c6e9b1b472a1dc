"""Decides whether an empty scoreboard means no games or an upstream failure. Both are the same bytes. Pure."""

from pipelines.errors import EmptyScoreboardError, NcaaApiError
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.seasons import eastern_date


def reject_false_empty(
    scoreboard: ParsedScoreboard, games_expected: int | None, calendar_failure: NcaaApiError | None = None
) -> None:
    """Accepts a scoreboard that has games, or whose date has none, or none announced yet.

    `calendar_failure` is why `games_expected` is unknown; the message quotes it.

    Raises:
        EmptyScoreboardError: no games in the season, and the calendar lists some for the date or is unknown (None).
    """
    if scoreboard.games_received > 0 or games_expected == 0 or scoreboard.league.is_off_season(scoreboard.game_date):
        return
    if scoreboard.game_date > eastern_date(scoreboard.fetched_at):
        return
    calendar = (
        "the season's calendar is unknown" + (f" ({str(calendar_failure).rstrip('.')})" if calendar_failure else "")
        if games_expected is None
        else f"the season's calendar lists {games_expected} for that date"
    )
    raise EmptyScoreboardError(
        f"GET {scoreboard.source_url} returned no games, but {calendar}. The API returns an empty list when its own "
        "source fails. Stored games are unchanged."
    )

"""One game date through the three steps: fetch, parse, load. Knows nothing of Dagster."""

import datetime as dt
from typing import NamedTuple

from pipelines.errors import NcaaApiError
from pipelines.ncaa.belief import is_off_season, require_believable
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.scoreboard import Scoreboard, parse_scoreboard
from pipelines.warehouse.database import Database
from pipelines.warehouse.load import LoadReport, load_scoreboard
from pipelines.warehouse.seasons import season_of


class IngestedDate(NamedTuple):
    """What came, and what loading it did."""

    scoreboard: Scoreboard
    report: LoadReport


async def ingest_date(game_date: dt.date, ncaa_api: NcaaClient, database: Database) -> IngestedDate:
    """Brings a US Eastern game date to what the API says of it now. All of it or, with an error, nothing.

    Raises:
        GamePulseError: what failed, in a sentence; `can_heal` says whether asking again may help.
    """
    expected = await games_expected(game_date, ncaa_api)
    scoreboard = parse_scoreboard(await ncaa_api.scoreboard(game_date))
    require_believable(scoreboard, expected)
    async with database.get_session() as session:
        return IngestedDate(scoreboard, await load_scoreboard(session, scoreboard, games_expected=expected))


async def games_expected(game_date: dt.date, ncaa_api: NcaaClient) -> int | None:
    """Games that the season's calendar has that day; None when it cannot be had, or is not asked for: off season."""
    if is_off_season(game_date):
        return None
    try:
        calendar = await ncaa_api.season_calendar(season_of(game_date))
    except NcaaApiError:
        return None  # the day loads all the same; a check says that its completeness is unknown
    return calendar.get(game_date, 0)

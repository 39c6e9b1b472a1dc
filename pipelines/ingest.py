"""One game date through the three steps: fetch, parse, load. Knows nothing of Dagster."""

import datetime as dt
from typing import NamedTuple

from pipelines.ncaa.belief import require_believable
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.scoreboard import Scoreboard, parse_scoreboard
from pipelines.warehouse.database import Database
from pipelines.warehouse.load import LoadReport, load_scoreboard


class IngestedDate(NamedTuple):
    """What came, and what loading it did."""

    scoreboard: Scoreboard
    report: LoadReport


async def ingest_date(game_date: dt.date, ncaa_api: NcaaClient, database: Database) -> IngestedDate:
    """Brings a US Eastern game date to what the API says of it now. All of it or, with an error, nothing.

    Raises:
        GamePulseError: what failed, in a sentence; `can_heal` says whether asking again may help.
    """
    scoreboard = parse_scoreboard(await ncaa_api.scoreboard(game_date))
    require_believable(scoreboard)
    async with database.get_session() as session:
        return IngestedDate(scoreboard, await load_scoreboard(session, scoreboard))

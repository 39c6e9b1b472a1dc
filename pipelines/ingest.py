"""Game dates through the three steps: fetch, parse, load. Knows nothing of Dagster."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

from structlog.stdlib import BoundLogger

from pipelines.errors import GamePulseError, NcaaApiError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.empty_days import is_off_season, reject_false_empty
from pipelines.ncaa.scoreboard import ParsedScoreboard, parse_scoreboard
from pipelines.postgres.sessions import Database
from pipelines.runtime.interrupts import Interrupts
from pipelines.seasons import season_of
from pipelines.warehouse.load import LoadReport, load_scoreboard

DATES_AT_ONCE = 8
"""How many dates of a range are under way together; more would only wait for the API's limit."""


class IngestedDate(NamedTuple):
    """What came, and what loading it did."""

    scoreboard: ParsedScoreboard
    report: LoadReport


async def ingest_date(game_date: dt.date, ncaa_api: NcaaClient, database: Database) -> IngestedDate:
    """Brings a US Eastern game date to what the API says of it now. All of it or, with an error, nothing.

    Raises:
        GamePulseError: what failed, in a sentence; `retryable` says whether asking again may help.
    """
    expected = await games_expected(game_date, ncaa_api)
    scoreboard = parse_scoreboard(await ncaa_api.scoreboard(game_date))
    reject_false_empty(scoreboard, expected)
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


async def ingest_dates(
    dates: Sequence[dt.date], ncaa_api: NcaaClient, database: Database, log: BoundLogger
) -> AsyncGenerator[tuple[dt.date, IngestedDate | GamePulseError], None]:
    """The outcome of each date, as soon as it is there: dates are fetched side by side, and one that fails fails alone.

    Close it (`aclosing`) where you stop early, so that no date stays under way. An interrupt ends dates under way, and
    is raised after the outcomes of those that are done.
    """
    slots = asyncio.Semaphore(DATES_AT_ONCE)

    async def ingest(game_date: dt.date) -> tuple[dt.date, IngestedDate | GamePulseError]:
        events = log.bind(partition=game_date.isoformat())
        async with slots:
            events.info("ncaa_games_asset_started")
            try:
                outcome = await ingest_date(game_date, ncaa_api, database)
            except GamePulseError as error:
                events.error("ncaa_games_asset_failed", error=str(error))
                return game_date, error
            events.info("ncaa_games_asset_completed", **outcome.report.counts())
            return game_date, outcome

    tasks = [asyncio.create_task(ingest(game_date)) for game_date in dates]
    # Dagster raises an interrupt that arrives between two outcomes, and closes a run's resources before its generators.
    ncaa_api.users.update(tasks)
    database.users.update(tasks)
    interrupts = Interrupts()
    try:
        for done in asyncio.as_completed(tasks):
            with interrupts.cancelling(tasks):
                try:
                    outcome = await done
                except asyncio.CancelledError:
                    if interrupts.received is None:
                        raise
                    continue
            yield outcome
        interrupts.pass_on()
    finally:
        ncaa_api.users.difference_update(tasks)
        database.users.difference_update(tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

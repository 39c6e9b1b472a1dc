"""Fetches, parses and loads game dates. Independent of Dagster's API."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Sequence
from typing import Final, NamedTuple

from structlog.stdlib import BoundLogger

from pipelines.errors import GamePulseError, NcaaApiError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.empty_days import reject_false_empty
from pipelines.ncaa.league import League
from pipelines.ncaa.scoreboard import ParsedScoreboard, parse_scoreboard
from pipelines.postgres.sessions import Database
from pipelines.runtime.interrupts import Interrupts
from pipelines.seasons import eastern_date
from pipelines.warehouse.archive import Question, keep_loaded, keep_refused
from pipelines.warehouse.calendars import Calendars
from pipelines.warehouse.load import LoadReport, load_scoreboard

CONCURRENT_DATES: Final = 8
"""Dates of a range that are ingested at the same time. More would only wait for the API's rate limit."""


class IngestedDate(NamedTuple):
    """The parsed scoreboard of a date and the report of its load."""

    scoreboard: ParsedScoreboard
    report: LoadReport

    @property
    def has_findings(self) -> bool:
        """Whether something may be wrong with the answer: the checks decide.

        It is incomplete, unknown, unreadable, suspect, withdrawn or stale, or a past date has games that are not over.
        """
        report = self.report
        is_past = self.scoreboard.game_date < eastern_date(self.scoreboard.fetched_at)
        is_unknown = report.games_expected is None and not self.scoreboard.league.is_off_season(
            self.scoreboard.game_date
        )
        return (
            is_unknown
            or (report.games_expected or 0) > report.games_processed
            or report.is_stale
            or report.is_clock_void
            or bool(self.scoreboard.unreadable_fields)
            or (is_past and report.games_live + report.games_scheduled > 0)
            or report.games_rejected + report.games_suspect + report.games_withdrawn > 0
        )


async def ingest_date(
    game_date: dt.date, league: League, ncaa_api: NcaaClient, database: Database, calendars: Calendars | None = None
) -> IngestedDate:
    """Fetches, parses and loads a US Eastern game date, in one transaction. Dates of a range share `calendars`.

    Raises:
        GamePulseError: the date was not loaded; `retryable` tells whether a retry may succeed.
    """
    question = Question(league.sport, "scoreboard", game_date.isoformat())
    response, expected = None, None
    try:
        response = await ncaa_api.scoreboard(league, game_date)
        scoreboard = parse_scoreboard(response)
        calendars = calendars or calendars_of(league, ncaa_api, database)
        expected, calendar_failure = await calendars.games_expected(scoreboard)
        reject_false_empty(scoreboard, expected, calendar_failure)
    except NcaaApiError as error:
        if response is not None:
            error.answer = response.raw
        await keep_refused(database, question, error, expected)
        raise
    async with database.get_session() as session:
        report = await load_scoreboard(session, scoreboard, games_expected=expected)
        await keep_loaded(
            session,
            question,
            response.raw,
            is_stale=report.is_stale,
            games_expected=expected,
            updated_at=scoreboard.answer_updated_at,
            is_required=database.is_archive_required,
        )
    return IngestedDate(scoreboard, report)


def calendars_of(league: League, ncaa_api: NcaaClient, database: Database) -> Calendars:
    """Returns the league's calendars: those in the database, fetched from the API when they are outdated."""
    return Calendars(league, database, ncaa_api.calendar_url, ncaa_api.season_calendar)


async def ingest_dates(
    dates: Sequence[dt.date], league: League, ncaa_api: NcaaClient, database: Database, log: BoundLogger
) -> AsyncGenerator[tuple[dt.date, IngestedDate | GamePulseError], None]:
    """Ingests dates concurrently and yields each outcome when it is ready. A failing date does not stop the others.

    Close the generator (`aclosing`) to stop early: closing it cancels the remaining dates. An interrupt cancels them
    and is raised after the outcomes of the dates that are done.
    """
    slots = asyncio.Semaphore(CONCURRENT_DATES)
    calendars = calendars_of(league, ncaa_api, database)

    async def ingest(game_date: dt.date) -> tuple[dt.date, IngestedDate | GamePulseError]:
        events = log.bind(partition=game_date.isoformat())
        async with slots:
            events.info("ncaa_games_asset_started")
            try:
                outcome = await ingest_date(game_date, league, ncaa_api, database, calendars)
            except GamePulseError as error:
                events.error("ncaa_games_asset_failed", error=str(error))
                return game_date, error
            events.info("ncaa_games_asset_completed", is_stale=outcome.report.is_stale, **outcome.report.counts())
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

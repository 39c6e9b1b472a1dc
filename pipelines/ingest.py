"""Fetches, parses and loads game dates, the details of games and standings. Independent of Dagster's API."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.stdlib import BoundLogger

from pipelines.errors import GamePulseError, NcaaApiError, NotInArchiveError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.details import GameDetails, parse_details
from pipelines.ncaa.empty_days import reject_false_empty
from pipelines.ncaa.league import League
from pipelines.ncaa.raw import RawAnswer
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard
from pipelines.ncaa.standings import Standings, StandingsResponse, parse_standings
from pipelines.postgres.sessions import Database
from pipelines.runtime.interrupts import Interrupts
from pipelines.seasons import eastern_date
from pipelines.warehouse.archive import Question, begin, keep, keep_loaded, keep_refused, read_bodies, read_spells
from pipelines.warehouse.calendars import Calendars
from pipelines.warehouse.details import load_details
from pipelines.warehouse.load import LoadReport, load_scoreboard
from pipelines.warehouse.standings import Audit, load_standings

T = TypeVar("T")

CONCURRENT_DATES: Final = 8
"""Dates of a range that are ingested at the same time. More would only wait for the API's rate limit."""
CONCURRENT_GAMES: Final = 8
"""Games whose details are fetched at the same time. More would only wait for the API's rate limit."""
ABANDONED_AFTER: Final = 10
"""Failures of a date after which the rest of it is not requested, if they are the majority: the API is down."""
TOLERATED_FAILURES: Final = 5
"""One in so many requests may fail without failing its date, when its retries are used up."""


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
    load = partial(
        load_and_keep,
        response=response,
        scoreboard=scoreboard,
        games_expected=expected,
        is_archive_required=database.is_archive_required,
    )
    return IngestedDate(scoreboard, await database.commit(load))


async def load_and_keep(
    session: AsyncSession,
    response: ScoreboardResponse,
    scoreboard: ParsedScoreboard,
    games_expected: int | None,
    *,
    is_archive_required: bool,
) -> LoadReport:
    """Loads a scoreboard and archives its answer in the session's transaction; the caller commits."""
    report = await load_scoreboard(session, scoreboard, games_expected=games_expected)
    await keep_loaded(
        session,
        Question(response.league.sport, "scoreboard", response.game_date.isoformat()),
        response.raw,
        report,
        games_expected=games_expected,
        updated_at=scoreboard.answer_updated_at,
        is_required=is_archive_required,
    )
    return report


def calendars_of(league: League, ncaa_api: NcaaClient, database: Database) -> Calendars:
    """Returns the league's calendars: those in the database, fetched from the API when they are outdated."""
    return Calendars(league, database, ncaa_api.calendar_url, ncaa_api.season_calendar)


def ingest_dates(
    dates: Sequence[dt.date], league: League, ncaa_api: NcaaClient, database: Database, log: BoundLogger
) -> AsyncGenerator[tuple[dt.date, IngestedDate | GamePulseError], None]:
    """Ingests dates concurrently and yields outcomes as `ingest_each` does."""
    calendars = calendars_of(league, ncaa_api, database)

    async def ingest(game_date: dt.date, events: BoundLogger) -> IngestedDate:
        events.info("ncaa_games_asset_started")
        outcome = await ingest_date(game_date, league, ncaa_api, database, calendars)
        events.info("ncaa_games_asset_completed", is_stale=outcome.report.is_stale, **outcome.report.counts())
        return outcome

    return ingest_each("ncaa_games", ingest, dates, CONCURRENT_DATES, ncaa_api, database, log)


async def ingest_each(
    asset: str,
    ingest: Callable[[dt.date, BoundLogger], Awaitable[T]],
    dates: Iterable[dt.date],
    concurrent: int,
    ncaa_api: NcaaClient,
    database: Database,
    log: BoundLogger,
) -> AsyncGenerator[tuple[dt.date, T | GamePulseError], None]:
    """Ingests dates, some at the same time, and yields the outcome of each when it is ready. A failure stops no other.

    Close the generator (`aclosing`) to stop early: closing it cancels the remaining dates. An interrupt cancels them
    and is raised after the outcomes of the dates that are done. So each outcome must be recorded before the next is
    asked for and before control returns to Dagster, which raises an interrupt there at once. `asset` begins the name of
    the event that is logged for a failure.
    """
    slots = asyncio.Semaphore(concurrent)

    async def outcome_of(game_date: dt.date) -> tuple[dt.date, T | GamePulseError]:
        events = log.bind(partition=game_date.isoformat())
        async with slots:
            try:
                return game_date, await ingest(game_date, events)
            except GamePulseError as error:
                events.error(f"{asset}_asset_failed", error=str(error))
                return game_date, error

    tasks = [asyncio.create_task(outcome_of(game_date)) for game_date in dates]
    # Dagster closes a run's resources before its generators.
    ncaa_api.users.update(tasks)
    database.users.update(tasks)
    interrupts = Interrupts()
    try:
        with interrupts.cancelling(tasks):
            for done in asyncio.as_completed(tasks):
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


class DateDetails(NamedTuple):
    """What became of the requests of a date."""

    requested: int
    loaded: Sequence[GameDetails]
    failures: Mapping[int, NcaaApiError]
    """Errors by contest id."""
    tables_changed: frozenset[str]
    not_archived: str | None = None
    """Why an answer could not be archived, if so."""

    @property
    def missing(self) -> dict[int, str]:
        """Why each of the games has no venue, by contest id."""
        without = {game.contest_id: game.missing_reason for game in self.loaded if game.missing_reason is not None}
        return without | {contest_id: str(error) for contest_id, error in self.failures.items()}

    @property
    def is_broken(self) -> bool:
        """Whether so many requests failed that not single games are the cause."""
        return len(self.failures) * TOLERATED_FAILURES > self.requested


async def ingest_date_details(
    game_date: dt.date, contest_ids: Sequence[int], league: League, ncaa_api: NcaaClient, database: Database
) -> DateDetails:
    """Requests the details of the games of a date, and loads what came in one transaction.

    Raises:
        DatabaseError, MixedGamesError: nothing was loaded.
    """
    slots = asyncio.Semaphore(CONCURRENT_GAMES)
    loaded: list[GameDetails] = []
    failures: dict[int, NcaaApiError] = {}
    answers: list[tuple[int, RawAnswer, str | None]] = []

    async def fetch(contest_id: int) -> None:
        async with slots:
            if failures and len(failures) >= max(ABANDONED_AFTER, len(loaded)):
                failures[contest_id] = next(reversed(failures.values()))
                return
            response = None
            try:
                response = await ncaa_api.game_details(contest_id)
                loaded.append(parse_details(response))
                answers.append((contest_id, response.raw, None))
            except NcaaApiError as error:
                failures[contest_id] = error
                if response is not None:
                    error.answer = response.raw
                if error.answer is not None:
                    answers.append((contest_id, error.answer, str(error)))

    await asyncio.gather(*(fetch(contest_id) for contest_id in contest_ids))
    now = await database.now()
    failed = [
        GameDetails(
            contest_id,
            now if error.answer is None else error.answer.fetched_at,
            is_simulated=None,
            missing_reason=str(error),
        )
        for contest_id, error in failures.items()
    ]

    async def load(session: AsyncSession) -> DateDetails:
        tables_changed = await load_details(session, league, game_date, [*loaded, *failed])
        not_archived = None
        for contest_id, answer, reason in answers:
            failure = await keep(
                session,
                Question(league.sport, "details", str(contest_id)),
                answer,
                "loaded" if reason is None else "refused",
                is_required=database.is_archive_required,
                reason=reason,
            )
            not_archived = failure or not_archived
        return DateDetails(len(contest_ids), loaded, failures, tables_changed, not_archived)

    return await database.commit(load)


def ingest_details(
    pending: Mapping[dt.date, Sequence[int]],
    league: League,
    ncaa_api: NcaaClient,
    database: Database,
    log: BoundLogger,
) -> AsyncGenerator[tuple[dt.date, DateDetails | GamePulseError], None]:
    """Ingests the details of dates one after the other and yields outcomes as `ingest_each` does."""

    async def ingest(game_date: dt.date, events: BoundLogger) -> DateDetails:
        events.info("ncaa_game_details_asset_started", games_pending=len(pending[game_date]))
        outcome = await ingest_date_details(game_date, pending[game_date], league, ncaa_api, database)
        if outcome.not_archived is not None:
            events.warning("ncaa_game_details_not_archived", error=outcome.not_archived)
        events.info(
            "ncaa_game_details_asset_completed",
            games_requested=outcome.requested,
            games_without_venue=len(outcome.missing),
        )
        return outcome

    return ingest_each("ncaa_game_details", ingest, pending, 1, ncaa_api, database, log)


class IngestedStandings(NamedTuple):
    """The parsed standings of a morning, and how they differ from our games."""

    standings: Standings
    audit: Audit
    not_archived: str | None = None
    """Why the answer could not be archived, if so."""


async def ingest_standings(
    as_of: dt.date, league: League, ncaa_api: NcaaClient, database: Database
) -> IngestedStandings:
    """Fetches and loads today's standings, or loads those of an earlier US Eastern date from the archive.

    Raises:
        NotInArchiveError: the date is not today, and the archive has no page of it.
        GamePulseError: nothing was loaded; `retryable` tells whether a retry may succeed.
    """
    question = Question(league.sport, "standings", as_of.isoformat())
    today = eastern_date(await database.now())
    if as_of != today:
        standings = parse_standings(await _archived_standings(question, today, database))
        load = partial(load_standings, league=league, as_of=as_of, standings=standings)
        return IngestedStandings(standings, await database.commit(load))
    response = None
    try:
        response = await ncaa_api.standings(league)
        standings = parse_standings(response)
    except NcaaApiError as error:
        if response is not None:
            error.answer = response.raw
        await keep_refused(database, question, error)
        raise
    raw, required = response.raw, database.is_archive_required

    async def load_and_archive(session: AsyncSession) -> IngestedStandings:
        audit = await load_standings(session, league, as_of, standings)
        return IngestedStandings(standings, audit, await keep(session, question, raw, "loaded", is_required=required))

    return await database.commit(load_and_archive)


async def _archived_standings(question: Question, today: dt.date, database: Database) -> StandingsResponse:
    async with database.get_session() as session:
        connection = await begin(session)
        spells = await read_spells(connection, question.sport, question.endpoint, [question.subject])
        if not (loaded := [spell for spell in spells if spell.outcome == "loaded"]):
            raise NotInArchiveError(
                f"The NCAA serves only current standings, and none of {question.subject} were kept: "
                f"materialize {today}."
            )
        [body] = await read_bodies(connection, loaded[-1:])
    last = loaded[-1]
    return StandingsResponse(body, last.last_fetched_at, last.source_url, last.is_simulated)

"""Season calendars, kept in the database: the runs of an hour share one request."""

import asyncio
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from models.scoreboard import Scoreboard
from models.season_calendar import SeasonCalendar
from pipelines.errors import NcaaApiError
from pipelines.ncaa.calendar import Calendar
from pipelines.ncaa.league import League
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.postgres.sessions import Database, execute_patiently
from pipelines.seasons import eastern_date, season_of
from pipelines.warehouse.archive import Question, keep, keep_refused

CALENDAR_AGE: Final = dt.timedelta(hours=1)
"""Age from which a calendar is fetched again."""
CALENDAR_PAUSE_SECONDS: Final = 2.0
"""How long a failed calendar is not fetched again. The dates of a range share the failure; the first retry of a run,
which Dagster starts after two seconds, fetches it again."""

# One process fetches and the others wait for its answer, as long as a permit may take. A process that hangs loses the
# lock.
_TIMEOUTS: Final = sa.text(
    "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true),"
    " set_config('idle_in_transaction_session_timeout', '5min', true)"
)
_LOCK: Final = "LOCK TABLE season_calendar IN SHARE ROW EXCLUSIVE MODE"
_LOCK_SECONDS: Final = 900.0
"""Longer than two processes that hang keep the lock."""


class Calendars:
    """Tells the number of games that a league's calendars list for a date. Keeps those that it has read in memory."""

    def __init__(
        self,
        league: League,
        database: Database,
        source_url: Callable[[League, int], str],
        fetch: Callable[[League, int], Awaitable[Calendar]],
    ) -> None:
        self._league = league
        self._database = database
        self._source_url = source_url
        self._fetch = fetch
        self._known: dict[int, SeasonCalendar] = {}
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failures: dict[int, tuple[float, NcaaApiError]] = {}
        """Each season's last failure, and when it came by the monotonic clock."""

    async def games_expected(self, scoreboard: ParsedScoreboard) -> tuple[int | None, NcaaApiError | None]:
        """Returns the number of games of the scoreboard's date, None if unknown, and why the calendar failed.

        The off season needs no calendar. In the season the date loads without it, and is reported as unknown.

        Raises:
            DatabaseError: the database cannot be used.
        """
        if self._league.is_off_season(scoreboard.game_date):
            return None, None
        season = season_of(scoreboard.game_date)
        async with self._turns[season]:
            calendar = self._known.get(season)
            if calendar is None or is_outdated(calendar, scoreboard):
                try:
                    calendar = self._known[season] = await self._read_or_fetch(season, scoreboard)
                except NcaaApiError as error:
                    await keep_refused(self._database, self._question(season), error)
                    return None, error
        return expected_games(calendar, scoreboard), None

    async def _read_or_fetch(self, season: int, scoreboard: ParsedScoreboard) -> SeasonCalendar:
        async with self._database.get_session() as session:
            if (calendar := await self._read(session, season, scoreboard)) is not None:
                return calendar
        if season in self._failures:
            failed_at, error = self._failures[season]
            if time.monotonic() - failed_at < CALENDAR_PAUSE_SECONDS:
                raise error
        async with self._database.get_session() as session:
            connection = await session.connection()
            await connection.execute(_TIMEOUTS)
            await execute_patiently(connection, _LOCK, _LOCK_SECONDS)
            if (calendar := await self._read(session, season, scoreboard)) is not None:
                return calendar  # another process fetched it meanwhile
            try:
                answer = await self._fetch(self._league, season)
            except NcaaApiError as error:
                self._failures[season] = time.monotonic(), error
                raise
            if answer.raw is not None:
                await keep(
                    session,
                    self._question(season),
                    answer.raw,
                    "loaded",
                    is_required=self._database.is_archive_required,
                )
            return await session.merge(
                SeasonCalendar(
                    sport=self._league.sport,
                    season=season,
                    fetched_at=answer.fetched_at,
                    source_url=answer.source_url,
                    games={date.isoformat(): count for date, count in answer.games.items()},
                )
            )

    def _question(self, season: int) -> Question:
        return Question(self._league.sport, "calendar", str(season))

    async def _read(self, session: AsyncSession, season: int, scoreboard: ParsedScoreboard) -> SeasonCalendar | None:
        """Returns the calendar in the database, unless it has to be fetched again."""
        sport = self._league.sport
        calendar = await session.get(SeasonCalendar, (sport, season))
        if calendar is None or calendar.source_url != self._source_url(self._league, season):
            return None
        if not is_outdated(calendar, scoreboard):
            return calendar
        if is_old(calendar, scoreboard):
            return None
        # A contradiction that an earlier load of the date met was not resolved by a newer calendar then.
        loaded = await session.get(Scoreboard, (sport, scoreboard.game_date))
        numbers = (scoreboard.games_received, expected_games(calendar, scoreboard))
        return calendar if loaded is not None and (loaded.games_received, loaded.games_expected) == numbers else None


def is_outdated(calendar: SeasonCalendar, scoreboard: ParsedScoreboard) -> bool:
    """Returns whether the calendar is old, or contradicted by a scoreboard that was fetched after it."""
    if is_old(calendar, scoreboard):
        return True
    is_contradicted = scoreboard.games_received != expected_games(calendar, scoreboard)
    is_ahead = scoreboard.game_date > eastern_date(scoreboard.fetched_at)  # games are announced one by one
    return is_contradicted and not is_ahead and calendar.fetched_at < scoreboard.fetched_at


def is_old(calendar: SeasonCalendar, scoreboard: ParsedScoreboard) -> bool:
    """Returns whether the two were not fetched in the same hour. A moment far ahead came from a wrong clock."""
    return abs(scoreboard.fetched_at - calendar.fetched_at) >= CALENDAR_AGE


def expected_games(calendar: SeasonCalendar, scoreboard: ParsedScoreboard) -> int:
    """Returns the number of games that the calendar lists for the scoreboard's date."""
    return calendar.games.get(scoreboard.game_date.isoformat(), 0)

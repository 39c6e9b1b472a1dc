"""Rebuilds game dates from the archive, with no request: `gamepulse replay`. Independent of Dagster's API."""

import asyncio
import dataclasses
import datetime as dt
import heapq
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from models.season_calendar import SeasonCalendar
from pipelines.errors import ArchiveError, GamePulseError, NcaaApiError
from pipelines.ingest import IngestedDate
from pipelines.ncaa.calendar import parse_calendar
from pipelines.ncaa.details import DetailsResponse, GameDetails, parse_details
from pipelines.ncaa.empty_days import reject_false_empty
from pipelines.ncaa.league import League
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard
from pipelines.ncaa.standings import Standings, StandingsResponse, parse_standings
from pipelines.postgres.sessions import Database
from pipelines.runtime.interrupts import Interrupts
from pipelines.seasons import season_of
from pipelines.warehouse.archive import Spell, begin, read_bodies, read_spells
from pipelines.warehouse.details import derive_sites, write_details
from pipelines.warehouse.load import TAKE_TURN, load_scoreboard, reconcile_date
from pipelines.warehouse.sql import read_sql
from pipelines.warehouse.standings import load_standings

if TYPE_CHECKING:
    import asyncpg

Outcome = tuple[dt.date, IngestedDate | GamePulseError]


class _Load(NamedTuple):
    """One end of a spell."""

    recorded_at: dt.datetime
    spell: Spell
    is_last: bool


class _Decision(NamedTuple):
    """A resolution that was made or closed."""

    recorded_at: dt.datetime
    game_id: str


async def replay_dates(dates: Sequence[dt.date], league: League, database: Database) -> AsyncGenerator[Outcome, None]:
    """Replaces what the tables hold of the dates by what the archived answers about them make, and yields each outcome.

    One transaction per season: readers see all of its dates change at once, and loads wait for it. A date without
    believed answers in the archive is left out; one that has an unreadable answer fails, and stays as it was. Standings
    are loaded where the tables have none of the season. Close the generator (`aclosing`) to stop early. An interrupt is
    raised after the outcomes of the season that is committed, as by `ingest_dates`.
    """
    interrupts = Interrupts()
    tasks: set[asyncio.Task[list[Outcome]]] = set()
    with interrupts.cancelling(tasks):
        for season, group in groupby(sorted(dates), season_of):
            task = asyncio.create_task(_replay_season(season, list(group), league, database))
            tasks.add(task)
            database.users.add(task)
            try:
                outcomes = await task
            except GamePulseError as error:
                outcomes = [(date, error) for date in dates if season_of(date) == season]
            except asyncio.CancelledError:
                if interrupts.received is None:
                    raise
                break
            finally:
                database.users.discard(task)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            for outcome in outcomes:
                yield outcome
            if interrupts.received is not None:
                break
    interrupts.pass_on()


async def _replay_season(season: int, dates: Sequence[dt.date], league: League, database: Database) -> list[Outcome]:
    try:
        return list((await database.commit(partial(_replace, season=season, dates=dates, league=league))).items())
    except (ArchiveError, NcaaApiError):
        pass  # seldom: which dates it concerns takes as long to find out as parsing all answers does
    async with database.get_session() as session:
        failures = await _unreadable(await begin(session), dates, league)
    readable = [date for date in dates if date not in failures]
    replaced = await database.commit(partial(_replace, season=season, dates=readable, league=league))
    return [*failures.items(), *replaced.items()]


async def _unreadable(
    connection: "asyncpg.Connection[Any]", dates: Sequence[dt.date], league: League
) -> dict[dt.date, GamePulseError]:
    """Returns the dates with an answer that was believed and cannot be read, and why."""
    failures: dict[dt.date, GamePulseError] = {}
    for spell in await _scoreboards(connection, dates, league):
        try:
            await _read(connection, league, spell)
        except (ArchiveError, NcaaApiError) as error:
            if spell.outcome != "refused":
                failures.setdefault(spell.date, error)
    return failures


async def _scoreboards(connection: "asyncpg.Connection[Any]", dates: Iterable[dt.date], league: League) -> list[Spell]:
    return await read_spells(connection, league.sport, "scoreboard", [date.isoformat() for date in dates])


async def _replace(
    session: AsyncSession, season: int, dates: Sequence[dt.date], league: League
) -> dict[dt.date, IngestedDate | GamePulseError]:
    """Replaces what the tables hold of the dates that have an answer that can be believed.

    Raises:
        ArchiveError, NcaaApiError: an answer that was believed cannot be read.
    """
    connection = await begin(session)
    await (await session.connection()).execute(TAKE_TURN)  # before the archive is read, to which loads add
    spells = await _scoreboards(connection, dates, league)
    believed = {spell.date for spell in spells if spell.outcome != "refused"}
    for spell in spells:
        if spell.date not in believed and await _read_if_readable(connection, league, spell) is not None:
            believed.add(spell.date)
    if not believed:
        return {}
    await connection.execute(read_sql("clear_dates"), league.sport, list(believed))
    await _load_calendar(session, connection, season, league)
    mornings, unreadable = await _mornings(connection, season, dates, league)
    events = _in_order([*(spell for spell in spells if spell.date in believed), *mornings])
    decisions = await _decisions(connection, league.sport)
    loaded = await _replay(session, connection, league, heapq.merge(events, decisions, key=_recorded_at))
    return loaded | await _load_details(connection, season, believed, league) | unreadable


async def _mornings(
    connection: "asyncpg.Connection[Any]", season: int, dates: Sequence[dt.date], league: League
) -> tuple[list[Spell], dict[dt.date, GamePulseError]]:
    """Returns the standings of these dates where the tables have none of the season, and why some cannot be read.

    Those in the tables stay: they were compared with the games of their morning, which the archive may have no more.
    """
    query = "SELECT EXISTS (SELECT FROM standing WHERE sport = $1 AND season = $2)"
    if await connection.fetchval(query, league.sport, season):
        return [], {}
    spells: list[Spell] = []
    failures: dict[dt.date, GamePulseError] = {}
    for spell in await read_spells(connection, league.sport, "standings", [date.isoformat() for date in dates]):
        if spell.outcome == "loaded":
            try:
                await _read_standings(connection, spell, spell.last_fetched_at)
                spells.append(spell)
            except (ArchiveError, NcaaApiError) as error:
                failures[spell.date] = error
    return spells, failures


async def _read_standings(connection: "asyncpg.Connection[Any]", spell: Spell, fetched_at: dt.datetime) -> Standings:
    [body] = await read_bodies(connection, [spell])
    return parse_standings(StandingsResponse(body, fetched_at, spell.source_url, spell.is_simulated))


def _recorded_at(event: _Load | _Decision) -> dt.datetime:
    return event.recorded_at


def _in_order(spells: Collection[Spell]) -> list[_Load]:
    """Both ends of each spell in the order in which they were loaded."""
    firsts = [_Load(spell.first_recorded_at, spell, is_last=False) for spell in spells]
    lasts = [_Load(spell.last_recorded_at, spell, is_last=True) for spell in spells if spell.answers > 1]
    return sorted([*firsts, *lasts], key=lambda load: (load.recorded_at, load.spell.sighting_id))


async def _decisions(connection: "asyncpg.Connection[Any]", sport: str) -> list[_Decision]:
    records = await connection.fetch(read_sql("read_decisions"), sport)
    return sorted(_Decision(record["moment"], record["game_id"]) for record in records)


async def _replay(
    session: AsyncSession,
    connection: "asyncpg.Connection[Any]",
    league: League,
    events: Iterable[_Load | _Decision],
) -> dict[dt.date, IngestedDate]:
    loaded: dict[dt.date, IngestedDate] = {}
    under_way: dict[int, ParsedScoreboard] = {}
    for event in events:
        if isinstance(event, _Decision):
            query = "SELECT game_date FROM fact_game WHERE game_id = $1"
            if (date := await connection.fetchval(query, event.game_id)) is not None:
                await reconcile_date(session, league, date, event.recorded_at, as_of=event.recorded_at)
            continue
        recorded_at, spell, is_last = event
        fetched_at = spell.last_fetched_at if is_last else spell.first_fetched_at
        if spell.question.endpoint == "standings":
            standings = await _read_standings(connection, spell, fetched_at)
            await load_standings(session, league, spell.date, standings, recorded_at=recorded_at)
            continue
        scoreboard = under_way.pop(spell.sighting_id, None) or await _read_if_readable(connection, league, spell)
        if scoreboard is None:
            continue
        if not is_last and spell.answers > 1:
            under_way[spell.sighting_id] = scoreboard
        answer = dataclasses.replace(
            scoreboard,
            fetched_at=fetched_at,
            answer_updated_at=spell.last_updated_at if is_last else spell.first_updated_at,
        )
        report = await load_scoreboard(session, answer, games_expected=spell.games_expected, as_of=recorded_at)
        if spell.date in loaded:
            changed = loaded[spell.date].report.tables_changed | report.tables_changed
            report = dataclasses.replace(report, tables_changed=changed)
        if spell.date not in loaded or not report.is_stale:
            loaded[spell.date] = IngestedDate(answer, report)
    return loaded


async def _read_if_readable(
    connection: "asyncpg.Connection[Any]", league: League, spell: Spell
) -> ParsedScoreboard | None:
    """As `_read`; None for an answer that was refused and still is."""
    try:
        return await _read(connection, league, spell)
    except (ArchiveError, NcaaApiError):
        if spell.outcome != "refused":
            raise
        return None


async def _read(connection: "asyncpg.Connection[Any]", league: League, spell: Spell) -> ParsedScoreboard:
    """Parses the answer of a spell. A refused one may be readable by now.

    Raises:
        ArchiveError: the body is missing or corrupt.
        NcaaApiError: this code refuses it.
    """
    [body] = await read_bodies(connection, [spell])
    response = ScoreboardResponse(
        league, spell.date, body, spell.first_fetched_at, spell.source_url, spell.is_simulated
    )
    scoreboard = parse_scoreboard(response)
    if spell.outcome == "refused":
        reject_false_empty(scoreboard, spell.games_expected)
    return scoreboard


async def _load_calendar(
    session: AsyncSession, connection: "asyncpg.Connection[Any]", season: int, league: League
) -> None:
    """Stores the last calendar of the season that the archive has, where the tables have none."""
    spells = await read_spells(connection, league.sport, "calendar", [str(season)])
    believed = [spell for spell in spells if spell.outcome == "loaded"]
    if not believed or await session.get(SeasonCalendar, (league.sport, season)) is not None:
        return
    last = believed[-1]
    [body] = await read_bodies(connection, [last])
    games = parse_calendar(body, last.source_url)
    await session.merge(
        SeasonCalendar(
            sport=league.sport,
            season=season,
            fetched_at=last.last_fetched_at,
            source_url=last.source_url,
            games={date.isoformat(): count for date, count in games.items()},
        )
    )
    await session.flush()


async def _load_details(
    connection: "asyncpg.Connection[Any]", season: int, dates: Collection[dt.date], league: League
) -> dict[dt.date, GamePulseError]:
    """Loads the details of the games of these dates; returns the dates with details that cannot be read, and why."""
    query = "SELECT split_part(game_id, '_', 2), game_date FROM fact_game WHERE sport = $1 AND game_date = ANY ($2)"
    date_of: dict[str, dt.date] = dict(await connection.fetch(query, league.sport, list(dates)))
    failures: dict[dt.date, GamePulseError] = {}
    rounds: dict[int, list[GameDetails]] = {}  # one statement writes each game once
    answers = Counter[str]()
    for spell in await read_spells(connection, league.sport, "details", date_of.keys()):
        contest_id = spell.question.subject
        try:
            [body] = await read_bodies(connection, [spell])
            details = parse_details(
                DetailsResponse(int(contest_id), body, spell.last_fetched_at, spell.source_url, spell.is_simulated)
            )
        except (ArchiveError, NcaaApiError) as error:
            if spell.outcome != "refused":
                failures.setdefault(date_of[contest_id], error)
                continue
            details = GameDetails(
                int(contest_id), spell.last_fetched_at, spell.is_simulated, missing_reason=spell.reason
            )
        rounds.setdefault(answers[contest_id], []).append(details)
        answers[contest_id] += 1
    for details_of_games in rounds.values():
        await write_details(connection, league, details_of_games)
    await derive_sites(connection, league, season)
    return failures

"""Loads one scoreboard into the star schema: one transaction per date, a bounded number of statements.

What becomes of each game is decided in `evidence.py`; docs/rules.md has the rules.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from models.turns import LOAD_TURN, take_turn
from pipelines.errors import MixedGamesError
from pipelines.ncaa.league import League
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.seasons import season_of
from pipelines.warehouse.answer import is_complete_answer, learn, statement_of, unreadable_sample
from pipelines.warehouse.evidence import Row
from pipelines.warehouse.game_rows import read_games
from pipelines.warehouse.sql import read_sql
from pipelines.warehouse.stored_dates import (
    Resolution,
    agreed_resolutions,
    are_games_known,
    is_settled_date,
    others_settled,
    read_resolutions,
    read_stored_dates,
    resolve,
    take_simple,
    write_changes,
)
from pipelines.warehouse.teams import team_seasons

if TYPE_CHECKING:
    import asyncpg

TAKE_TURN: Final = sa.text(take_turn(LOAD_TURN))
"""Any number, the same for all processes: loads take turns."""
CLOCK_TOLERANCE: Final = dt.timedelta(seconds=60)
"""A moment further ahead of the database's clock than this came from a clock that was wrong, and is void."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load did. Inserted, updated, unchanged, rejected and undecided games add up to those processed."""

    games_processed: int
    games_rejected: int
    games_expected: int | None
    """What the season's calendar has that day; None when unknown."""
    games_final: int
    games_live: int
    games_scheduled: int
    games_inserted: int = 0
    games_updated: int = 0
    games_unchanged: int = 0
    games_undecided: int = 0
    """Announced with an undecided team: no row yet."""
    games_suspect: int = 0
    """Games of the date that the evidence contradicts, after this load."""
    games_withdrawn: int = 0
    """Newly withdrawn: they left the scoreboard, or were superseded by another contest id of the same teams."""
    teams_inserted: int = 0
    teams_updated: int = 0
    is_stale: bool = False
    """The answer is older than the one loaded, so it changed nothing."""
    is_clock_void: bool = False
    """The moment stored for the date lay ahead of the database's clock, and was replaced."""
    tables_changed: frozenset[str] = frozenset()
    """Which of `fact_game`, `dim_team` and `rejected_game` have other rows than before."""

    def counts(self) -> dict[str, int]:
        """The numbers that are known, by name: what logs and metadata carry."""
        return {name: value for name, value in asdict(self).items() if type(value) is int}


async def load_scoreboard(
    session: AsyncSession,
    scoreboard: ParsedScoreboard,
    *,
    games_expected: int | None = None,
    as_of: dt.datetime | None = None,
) -> LoadReport:
    """Loads a scoreboard in the session's transaction; the caller commits.

    `games_expected` is what the season's calendar has that day, None when unknown: only a scoreboard with as many
    games is complete, so that games missing from it have left it. `as_of` is when the answer was first loaded, for a
    replay: people's resolutions of that moment apply.

    Raises:
        MixedGamesError: simulated games for a database of real ones, or the other way round.
    """
    connection = await begin_load(session)
    sport, date, moment = scoreboard.league.sport, scoreboard.game_date, scoreboard.fetched_at
    before = await connection.fetchrow(read_sql("read_watermark"), sport, date, as_of)
    assert before is not None
    if before["is_simulated"] is not None and before["is_simulated"] != scoreboard.is_simulated:
        raise MixedGamesError(
            f"{scoreboard.source_url} serves {kind_of_games(scoreboard.is_simulated)} games, and this database holds "
            f"{kind_of_games(before['is_simulated'])} ones: use another database. Nothing was loaded."
        )
    latest_valid = before["now"] + CLOCK_TOLERANCE
    is_clock_void = before["fetched_at"] is not None and before["fetched_at"] > latest_valid
    if _is_stale(scoreboard, before, latest_valid):
        await connection.execute(read_sql("record_stale_answer"), sport, date, moment)
        states = _states((await read_games(connection, sport, dates=[date])).values())
        return LoadReport(
            games_processed=scoreboard.games_received,
            games_rejected=len(scoreboard.rejects),
            games_undecided=scoreboard.games_undecided,
            games_expected=games_expected,
            is_stale=True,
            games_final=states["final"],
            games_live=states["live"],
            games_scheduled=states["scheduled"],
        )

    statements = {game.contest_id: statement_of(game) for game in scoreboard.games}
    resolutions: dict[int, Resolution] = {}
    if before["has_resolutions"]:
        resolutions = await read_resolutions(connection, sport, moment, as_of or before["now"])
    stored = await read_stored_dates(connection, sport, date, statements, has_evidence=before["has_evidence"])
    unchanged, new = take_simple(stored, scoreboard.feed, statements, resolutions)
    simple = unchanged.keys() | new.keys()
    stored.void_after(latest_valid, moment)
    stored.moments[date] = moment
    is_complete = is_complete_answer(scoreboard, games_expected)
    previous_moment = moment if is_clock_void or before["fetched_at"] is None else before["fetched_at"]
    learn(stored.listings, scoreboard, statements, simple, len(unchanged), previous_moment, is_complete=is_complete)
    if agreed := agreed_resolutions(stored, resolutions, statements):
        await connection.execute(read_sql("close_resolutions"), agreed, moment)
    changed = new | resolve(stored, resolutions)
    rows = unchanged | changed

    teams, season = team_seasons(scoreboard, rows), season_of(date)
    await connection.execute(read_sql("retire_team_seasons"), sport, season, [team.slug for team in teams])
    team_counts = await connection.fetchrow(read_sql("upsert_teams"), sport, season, *_columns(teams, _TEAM_COLUMNS))
    assert team_counts is not None
    slugs = {team.slug for team in teams}
    upserted = {
        contest_id: slugs
        for contest_id in statements
        if contest_id in changed and changed[contest_id].game_date == date
    }
    conference_changed = team_counts["conference_changed"]
    tables_changed = await write_changes(
        connection, sport, stored, changed, moment, upserted=upserted, conference_changed=conference_changed
    )
    if team_counts["teams_inserted"] or team_counts["teams_updated"]:
        tables_changed |= {"dim_team"}
    if others := others_settled(stored, rows, scoreboard.league):
        await connection.execute(read_sql("settle_dates"), sport, list(others), list(others.values()))
    if scoreboard.rejects or before["has_rejects"]:
        readable_ids = [*statements, *scoreboard.undecided]
        rejects = _columns(scoreboard.rejects, _REJECT_COLUMNS)
        if await connection.fetchval(read_sql("replace_rejects"), sport, date, is_complete, readable_ids, *rejects):
            tables_changed |= {"rejected_game"}
    on_date = [row for row in rows.values() if row.game_date == date]
    await connection.execute(
        read_sql("record_scoreboard"),
        sport,
        date,
        scoreboard.feed,
        moment,
        scoreboard.source_url,
        scoreboard.is_simulated,
        games_expected,
        scoreboard.games_received,
        is_complete,
        scoreboard.games_undecided,
        len(scoreboard.unreadable_fields),
        unreadable_sample(scoreboard),
        _if_valid(scoreboard.answer_updated_at, latest_valid),
        before["fetched_at"] if is_clock_void else None,
        is_settled_date(
            date,
            moment,
            on_date,
            are_games_known=are_games_known(
                scoreboard.league,
                date,
                games_expected if games_expected is not None else before["games_expected"],
                scoreboard.games_undecided,
            ),
        ),
    )
    written = [
        contest_id
        for contest_id in statements
        if contest_id not in unchanged and rows[contest_id] != stored.rows.get(contest_id)
    ]
    inserted = sum(contest_id not in stored.rows for contest_id in written)
    states = _states(on_date)
    return LoadReport(
        games_processed=scoreboard.games_received,
        games_inserted=inserted,
        games_updated=len(written) - inserted,
        games_unchanged=len(statements) - len(written),
        games_rejected=len(scoreboard.rejects),
        games_undecided=scoreboard.games_undecided,
        games_suspect=sum(row.suspect_reason is not None for row in on_date),
        games_withdrawn=sum(
            row.is_withdrawn and not (contest_id in stored.rows and stored.rows[contest_id].is_withdrawn)
            for contest_id, row in changed.items()
        ),
        games_expected=games_expected,
        teams_inserted=team_counts["teams_inserted"],
        teams_updated=team_counts["teams_updated"],
        is_clock_void=is_clock_void,
        tables_changed=tables_changed,
        games_final=states["final"],
        games_live=states["live"],
        games_scheduled=states["scheduled"],
    )


async def reconcile_date(
    session: AsyncSession, league: League, game_date: dt.date, moment: dt.datetime, *, as_of: dt.datetime | None = None
) -> int:
    """Derives the rows of a date again from its evidence and from people's resolutions; returns how many changed.

    For a resolution that was made or undone at `moment`: no answer is needed. `as_of` is as in `load_scoreboard`.
    """
    connection = await begin_load(session)
    before = await connection.fetchrow(read_sql("read_watermark"), league.sport, game_date, as_of)
    assert before is not None
    if before["fetched_at"] is None:
        return 0
    stored = await read_stored_dates(connection, league.sport, game_date, (), has_evidence=before["has_evidence"])
    held_at = as_of or before["now"]
    rows = resolve(stored, await read_resolutions(connection, league.sport, held_at, held_at))
    await write_changes(connection, league.sport, stored, rows, moment)
    is_known = are_games_known(league, game_date, before["games_expected"], before["games_undecided"])
    on_date = [row for row in rows.values() if row.game_date == game_date]
    is_settled = is_settled_date(game_date, before["fetched_at"], on_date, are_games_known=is_known)
    await connection.execute(read_sql("settle_dates"), league.sport, [game_date], [is_settled])
    return sum(stored.rows.get(contest_id) != row for contest_id, row in rows.items())


async def begin_load(session: AsyncSession) -> "asyncpg.Connection[Any]":
    """Waits until it is this load's turn; returns the driver's connection, which takes arrays."""
    transaction = await session.connection()
    await transaction.execute(TAKE_TURN)
    raw = await transaction.get_raw_connection()
    connection: asyncpg.Connection[Any] = raw.driver_connection  # type: ignore[assignment]
    return connection


def _is_stale(scoreboard: ParsedScoreboard, before: Mapping[str, Any], latest_valid: dt.datetime) -> bool:
    """Whether an answer loaded earlier is newer: by the moment of the request, or by the API's own `updated_at`."""
    if before["fetched_at"] is None or before["fetched_at"] > latest_valid:
        return False
    if scoreboard.fetched_at < before["fetched_at"]:
        return True
    updated_at, previous = scoreboard.answer_updated_at, _if_valid(before["answer_updated_at"], latest_valid)
    return (
        updated_at is not None
        and previous is not None
        and updated_at < previous
        # Two hosts, or the two feeds, have clocks of their own.
        and scoreboard.feed == before["feed"]
        and scoreboard.source_url == before["source_url"]
    )


def _states(rows: Iterable[Row]) -> Counter[str]:
    """Number of games by status."""
    return Counter(row.statement.game_status for row in rows)


def _if_valid(moment: dt.datetime | None, latest_valid: dt.datetime) -> dt.datetime | None:
    return None if moment is None or moment > latest_valid else moment


def kind_of_games(is_simulated: bool) -> str:
    """Returns the word for games of the simulator, or for others."""
    return "simulated" if is_simulated else "real"


_TEAM_COLUMNS: Final = (
    "slug",
    "team_name",
    "team_name_watermark",
    "full_name",
    "full_name_watermark",
    "abbreviation",
    "abbreviation_watermark",
    "conference_id",
    "conference_name",
    "conference_watermark",
)
_REJECT_COLUMNS: Final = ("key", "contest_id", "reason", "payload")


def _columns(rows: Sequence[object], names: Sequence[str]) -> list[list[Any]]:
    """One array per column, as `unnest` takes them."""
    return [[getattr(row, name) for row in rows] for name in names]

"""Loads the details of games: venues, points by period, and the neutral sites that follow from them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlmodel.ext.asyncio.session import AsyncSession

from pipelines.errors import MixedGamesError
from pipelines.ncaa.details import GameDetails
from pipelines.ncaa.league import League
from pipelines.seasons import season_of
from pipelines.warehouse.load import begin_load, kind_of_games
from pipelines.warehouse.neutral_site import PlayedGame, Site, neutral_sites
from pipelines.warehouse.sql import read_sql

if TYPE_CHECKING:
    import asyncpg


def pending_details(connection: Connection, sport: str, dates: Sequence[dt.date]) -> dict[dt.date, list[int]]:
    """Returns the contest ids of each date's final games whose details are missing or outdated.

    Takes a synchronous connection; `AsyncConnection.run_sync` calls it from a session.
    """
    pending: dict[dt.date, list[int]] = {date: [] for date in dates}
    for game_date, contest_id in connection.execute(
        sa.text(read_sql("pending_details")), {"sport": sport, "dates": list(dates)}
    ):
        pending[game_date].append(contest_id)
    return pending


def within_budget(
    pending: Mapping[dt.date, Sequence[int]], budget: float
) -> tuple[dict[dt.date, Sequence[int]], dict[dt.date, Sequence[int]]]:
    """Returns the dates whose games fit in a number of requests, earlier ones of the mapping first, and the others."""
    chosen: dict[dt.date, Sequence[int]] = {}
    left: dict[dt.date, Sequence[int]] = {}
    for game_date, contest_ids in pending.items():
        fits = not contest_ids or len(contest_ids) <= budget
        (chosen if fits else left)[game_date] = contest_ids
        budget -= len(contest_ids) if fits else 0
    return chosen, left


def requested_today(connection: Connection, now: dt.datetime) -> int:
    """Returns how many games' details were requested in the 24 hours up to an aware moment."""
    requested = sa.text("SELECT count(*) FROM game_detail WHERE fetched_at > :since")
    return int(connection.scalar(requested, {"since": now - dt.timedelta(days=1)}) or 0)


def duration_message(pending: Mapping[dt.date, Sequence[int]], requests_per_second: float) -> str:
    """Returns how many requests there are to send, and how long they take when no other process sends any."""
    requests = sum(map(len, pending.values()))
    duration = dt.timedelta(seconds=round(requests / requests_per_second))
    return f"{requests} games of {len(pending)} dates need details, one request each: about {duration} (h:mm:ss)."


async def load_details(
    session: AsyncSession, league: League, game_date: dt.date, details: Sequence[GameDetails]
) -> frozenset[str]:
    """Loads the details of games of a date in the session's transaction; returns the tables that changed.

    The neutral sites of the whole season are derived again: each game tells more about the teams' usual venues.

    Raises:
        MixedGamesError: simulated details for real games, or the other way round.
    """
    connection = await begin_load(session)
    is_simulated = await connection.fetchval(
        "SELECT is_simulated FROM scoreboard WHERE sport = $1 AND game_date = $2", league.sport, game_date
    )
    given = {game.is_simulated for game in details} - {None, is_simulated}
    if is_simulated is not None and given:
        raise MixedGamesError(
            f"NCAA_API_URL serves {kind_of_games(not is_simulated)} games, and this database holds "
            f"{kind_of_games(is_simulated)} ones: use another database. Nothing was loaded."
        )
    changed = await write_details(connection, league, details)
    await derive_sites(connection, league, season_of(game_date))
    return changed


async def write_details(
    connection: "asyncpg.Connection[Any]", league: League, details: Sequence[GameDetails]
) -> frozenset[str]:
    """Writes the details of games, each once; returns the tables that changed."""
    venues = [game.venue for game in details]
    names, cities, states = ([getattr(venue, field, None) for venue in venues] for field in ("name", "city", "state"))
    status = await connection.execute(read_sql("write_venues"), names, cities, states)
    is_fact_changed = await connection.fetchval(
        read_sql("write_details"),
        league.sport,
        [game.contest_id for game in details],
        [game.fetched_at for game in details],
        names,
        cities,
        states,
        [game.missing_reason for game in details],
        [_array(game.home_points) for game in details],
        [_array(game.away_points) for game in details],
    )
    changed = {"game_detail"} if details else set()
    if status != "INSERT 0 0":
        changed.add("dim_venue")
    if is_fact_changed:
        changed.add("fact_game")
    return frozenset(changed)


async def derive_sites(connection: "asyncpg.Connection[Any]", league: League, season: int) -> None:
    """Derives the neutral sites of a season from the venues of its final games, which are all that have one."""
    await connection.execute(read_sql("clear_sites"), league.sport, season)
    games: list[PlayedGame] = []
    stored: dict[str, tuple[Any, ...]] = {}
    width = len(PlayedGame._fields)
    for row in await connection.fetch(read_sql("played_games"), league.sport, season):
        values = tuple(row)
        games.append(PlayedGame(*values[:width]))
        stored[values[0]] = values[width:]
    changed: dict[str, Site] = {
        game_id: site for game_id, site in neutral_sites(games).items() if stored[game_id] != site
    }
    if changed:
        columns = [list(column) for column in zip(*changed.values(), strict=True)]
        await connection.execute(read_sql("write_sites"), list(changed), *columns)


def _array(points: Sequence[int] | None) -> str | None:
    """Returns the literal of an array: `unnest` would flatten an array of arrays."""
    return None if points is None else "{" + ",".join(map(str, points)) + "}"

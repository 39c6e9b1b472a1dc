"""Loads the NCAA's standings of a morning and compares them with our records. docs/rules.md, "Standings"."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlmodel.ext.asyncio.session import AsyncSession

from models.reference import Team, teams
from pipelines.errors import MixedGamesError
from pipelines.ncaa.league import League
from pipelines.ncaa.standings import Standing, Standings
from pipelines.seasons import season_of
from pipelines.warehouse.discrepancies import (
    NO_GAMES,
    Fault,
    Record,
    SeasonGame,
    Tally,
    differs,
    explain,
    tournaments_begin,
)
from pipelines.warehouse.load import begin_load
from pipelines.warehouse.sql import read_sql

if TYPE_CHECKING:
    import asyncpg

    DriverConnection = asyncpg.Connection[Any]

_ALL_CONFERENCE_GAMES: Final = 99


class Finding(NamedTuple):
    """A difference between the standings and our games; names and values as in table `discrepancy`."""

    school: str
    team_id: str | None
    difference: str
    theirs: str | None
    ours: str | None
    finding: str
    game_ids: tuple[str, ...] = ()


class Audit(NamedTuple):
    """The outcome of a comparison."""

    as_of: dt.date
    covers: dt.date
    schools: int
    agreed: int
    not_compared: Mapping[str, str]
    """Reasons by school."""
    findings: Sequence[Finding]


async def load_standings(
    session: AsyncSession,
    league: League,
    as_of: dt.date,
    standings: Standings,
    *,
    recorded_at: dt.datetime | None = None,
) -> Audit:
    """Loads the standings of a US Eastern date and compares them, in the session's transaction; the caller commits.

    Discrepancies are those of the newest standings that were compared: earlier ones leave them as they are.
    `recorded_at` is when they were first loaded, for a replay; default: now.

    Raises:
        MixedGamesError: simulated standings for a database of real games, or the other way round.
    """
    connection = await begin_load(session)
    sport, season = league.sport, season_of(standings.covers)
    state = await connection.fetchrow(
        read_sql("read_audit_state"), sport, season, as_of, standings.covers, standings.open_date
    )
    assert state is not None
    if state["is_simulated"] not in (None, standings.is_simulated):
        raise MixedGamesError(
            f"{standings.source_url} serves {'simulated' if standings.is_simulated else 'real'} standings, and this "
            "database holds games of the other kind: use another database. Nothing was loaded."
        )
    by_name = {team.short_name: team for team in teams(season)}
    ids = {row.school: f"{sport}_{by_name[row.school].slug}" for row in standings.rows if row.school in by_name}
    reason = _reason(state, standings, await _is_unmoved(connection, sport, state, standings))
    findings: list[Finding] = []
    if reason is not None:
        not_compared = dict.fromkeys((row.school for row in standings.rows), reason)
    else:
        not_compared, findings = await _compare(connection, sport, season, as_of, standings, by_name)
    differing = {finding.school for finding in findings}
    rows = standings.rows
    await connection.execute(
        read_sql("replace_standings"),
        sport,
        as_of,
        season,
        standings.covers,
        [row.school for row in rows],
        [ids.get(row.school) for row in rows],
        [row.conference for row in rows],
        [row.wins for row in rows],
        [row.losses for row in rows],
        [row.conference_wins for row in rows],
        [row.conference_losses for row in rows],
        [row.streak for row in rows],
        standings.updated_at,
        standings.fetched_at,
        [None if row.school in not_compared else row.school not in differing for row in rows],
        [not_compared.get(row.school) for row in rows],
    )
    if reason is None and not state["is_superseded"]:
        await _write(connection, sport, season, as_of, recorded_at, not_compared.keys() - differing, findings)
    agreed = sum(row.school not in differing and row.school not in not_compared for row in rows)
    return Audit(as_of, standings.covers, len(rows), agreed, not_compared, findings)


def is_audited(connection: Connection, sport: str, as_of: dt.date) -> bool:
    """Returns whether the standings of a date are loaded and were compared."""
    compared = sa.text(
        "SELECT EXISTS (SELECT FROM standing WHERE sport = :sport AND as_of = :as_of AND agrees IS NOT NULL)"
    )
    return bool(connection.scalar(compared, {"sport": sport, "as_of": as_of}))


def _reason(state: Mapping[str, Any], standings: Standings, is_unmoved: bool) -> str | None:
    """Returns why nothing can be compared."""
    updated = f"{standings.updated_at:%Y-%m-%d %H:%M} ET"
    if state["newer_games"] is not None:
        return f"The page is stale: it was updated at {updated}, and games of {state['newer_games']} are final."
    if is_unmoved:
        return (
            f"The page is stale: it was updated at {updated} and still shows the records of "
            f"{state['previous_as_of']}, though {state['games_since']} games were played since."
        )
    if not state["has_calendar"]:
        return "No date of the season is loaded: run `gamepulse backfill FROM TO`."
    if missing := state["missing_dates"]:
        return (
            f"{len(missing)} dates of the season up to {standings.covers} are not loaded: run `gamepulse backfill "
            f"{missing[0]} {missing[-1]}`."
        )
    return None


async def _is_unmoved(
    connection: "DriverConnection", sport: str, state: Mapping[str, Any], standings: Standings
) -> bool:
    """Returns whether the page shows the records of an earlier day, though games were played since."""
    if not state["games_since"] or state["previous_as_of"] is None:
        return False
    previous = await connection.fetch(
        "SELECT school, wins, losses FROM standing WHERE sport = $1 AND as_of = $2", sport, state["previous_as_of"]
    )
    return {tuple(row) for row in previous} == {(row.school, row.wins, row.losses) for row in standings.rows}


async def _compare(
    connection: "DriverConnection",
    sport: str,
    season: int,
    as_of: dt.date,
    standings: Standings,
    by_name: Mapping[str, Team],
) -> tuple[dict[str, str], list[Finding]]:
    """Returns why schools were not compared, and the differences of the others."""
    last = standings.open_date or standings.covers
    games = [SeasonGame(*row) for row in await connection.fetch(read_sql("read_season_games"), sport, season, last)]
    open_teams = {team for game in games if game.game_date > standings.covers for team in (game.home, game.away)}
    known = {by_name[row.school].slug: row for row in standings.rows if row.school in by_name}
    division = [team.slug for team in by_name.values()]
    ours = await _records(connection, sport, season, standings.covers, division, known)
    not_compared = {
        row.school: f"It plays on {standings.open_date}, while the page was updated."
        for slug, row in known.items()
        if slug in open_teams
    }
    differing = {
        slug: row
        for slug, row in known.items()
        if row.school not in not_compared and differs(_theirs(row), ours.get(slug, NO_GAMES))
    }
    differences = {slug: _theirs(row).tally.minus(ours.get(slug, NO_GAMES).tally) for slug, row in differing.items()}
    agreements = await connection.fetch(read_sql("read_agreements"), sport, season, as_of)
    agreed_at = {row["team_id"].removeprefix(f"{sport}_"): row["agreed_at"] for row in agreements if row["team_id"]}
    conferences = {slug: row.conference for slug, row in known.items()}
    faults = explain(
        differences, [game for game in games if game.game_date <= standings.covers], conferences, agreed_at, season
    )
    findings = [
        _finding(sport, slug, row, ours.get(slug, NO_GAMES), differences[slug], faults)
        for slug, row in differing.items()
    ]
    unknown = [row.school for row in standings.rows if row.school not in by_name]
    not_compared |= dict.fromkeys(unknown, "models/reference does not know the name.")
    findings += [
        Finding(name, None, "unknown name", None, None, f"{name} is on the page, and unknown to models/reference")
        for name in unknown
    ]
    listed = {row.school for row in standings.rows}
    findings += [
        Finding(name, f"{sport}_{team.slug}", "not listed", None, str(ours[team.slug]), f"{name} is not on the page")
        for name, team in by_name.items()
        if name not in listed and team.slug in ours
    ]
    return not_compared, findings


async def _records(
    connection: "DriverConnection",
    sport: str,
    season: int,
    covers: dt.date,
    division: Collection[str],
    known: Mapping[str, Standing],
) -> dict[str, Record]:
    """Returns our records of the division's teams by slug; teams without a counted game are omitted."""
    conference_games = dict.fromkeys(division, _ALL_CONFERENCE_GAMES)
    if covers >= tournaments_begin(season):
        conference_games |= {slug: row.conference_wins + row.conference_losses for slug, row in known.items()}
    rows = await connection.fetch(
        read_sql("read_records"),
        sport,
        season,
        covers,
        [f"{sport}_{team}" for team in conference_games],
        list(conference_games.values()),
    )
    return {
        row["team_id"].removeprefix(f"{sport}_"): Record(
            Tally(row["wins"], row["losses"], row["conference_wins"], row["conference_losses"]), row["streak"]
        )
        for row in rows
    }


def _theirs(row: Standing) -> Record:
    return Record(Tally(row.wins, row.losses, row.conference_wins, row.conference_losses), row.streak)


def _finding(sport: str, slug: str, row: Standing, ours: Record, difference: Tally, faults: Sequence[Fault]) -> Finding:
    own = [fault for fault in faults if slug in (fault.winner, fault.loser)]
    theirs = _theirs(row)
    numbers = " ".join(f"{number:+}" for number in difference)
    identity = numbers if any(difference) else f"streak {row.streak} {ours.streak}"
    because = f" ({'; '.join(map(str, own))})" if own else ""
    return Finding(
        row.school,
        f"{sport}_{slug}",
        identity,
        str(theirs),
        str(ours),
        f"{row.school} is {theirs} in the standings, {ours} here{because}",
        tuple(sorted({game_id for fault in own for game_id in fault.game_ids})),
    )


async def _write(
    connection: "DriverConnection",
    sport: str,
    season: int,
    as_of: dt.date,
    recorded_at: dt.datetime | None,
    unknown: Collection[str],
    findings: Sequence[Finding],
) -> None:
    """Ends discrepancies that no longer hold, continues those that do, inserts the others; leaves `unknown` schools."""
    new = await connection.fetch(
        read_sql("write_discrepancies"),
        sport,
        season,
        as_of,
        list(unknown),
        *([getattr(finding, column) for finding in findings] for column in Finding._fields[:-1]),
        [" ".join(finding.game_ids) for finding in findings],
        recorded_at,
    )
    await connection.executemany(
        "INSERT INTO discrepancy"
        " (sport, season, school, team_id, difference, theirs, ours, finding, game_ids, first_seen, last_seen)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        [(sport, season, *list(row.values())[:6], row["game_ids"].split(), as_of) for row in new],
    )

"""Loads one scoreboard into the star schema: one transaction per date, a bounded number of statements.

What becomes of each game is decided in `evidence.py`; docs/rules.md has the rules.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from models.reference import conference_name, conferences
from pipelines.errors import MixedGamesError
from pipelines.ncaa.game import Game
from pipelines.ncaa.league import League
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard
from pipelines.seasons import eastern_date, season_of, settles_at
from pipelines.warehouse import evidence as rule
from pipelines.warehouse.evidence import Elsewhere, Evidence, Row, Statement
from pipelines.warehouse.game_rows import (
    Listings,
    implied_evidence,
    is_implied,
    read_evidence,
    read_games,
    write_evidence,
    write_games,
)
from pipelines.warehouse.sql import read_sql
from pipelines.warehouse.teams import affected_teams, team_seasons

if TYPE_CHECKING:
    import asyncpg

LOAD_LOCK: Final = 4_617_366
"""Any number, the same for all processes: loads take turns."""
SAMPLE: Final = 5
CLOCK_TOLERANCE: Final = dt.timedelta(seconds=60)
"""A moment further ahead of the database's clock than this came from a clock that was wrong, and is void."""

_BEGINNING: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


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

    def counts(self) -> dict[str, int]:
        """The numbers that are known, by name: what logs and metadata carry."""
        return {name: value for name, value in asdict(self).items() if type(value) is int}


async def load_scoreboard(
    session: AsyncSession, scoreboard: ParsedScoreboard, *, games_expected: int | None = None
) -> LoadReport:
    """Loads a scoreboard in the session's transaction; the caller commits.

    `games_expected` is what the season's calendar has that day, None when unknown: only a scoreboard with as many
    games is complete, so that games missing from it have left it.

    Raises:
        MixedGamesError: simulated games for a database of real ones, or the other way round.
    """
    connection = await _begin(session)
    sport, date, moment = scoreboard.league.sport, scoreboard.game_date, scoreboard.fetched_at
    before = await connection.fetchrow(read_sql("read_watermark"), sport, date)
    assert before is not None
    if before["is_simulated"] is not None and before["is_simulated"] != scoreboard.is_simulated:
        raise MixedGamesError(
            f"{scoreboard.source_url} serves {_kind(scoreboard.is_simulated)} games, and this database holds "
            f"{_kind(before['is_simulated'])} ones: use another database. Nothing was loaded."
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
    resolutions = await _read_resolutions(connection, sport, moment) if before["has_resolutions"] else {}
    stored = await _read_stored(connection, sport, date, statements, has_evidence=before["has_evidence"])
    unchanged = _unchanged(stored, scoreboard.feed, statements, resolutions)
    stored.void_after(latest_valid, moment)
    stored.moments[date] = moment
    is_complete = _is_complete(scoreboard, games_expected)
    previous_moment = moment if is_clock_void or before["fetched_at"] is None else before["fetched_at"]
    _learn(stored.listings, scoreboard, statements, unchanged, previous_moment, is_complete=is_complete)
    if agreed := _agreed(stored, resolutions, statements):
        await connection.execute(read_sql("close_resolutions"), agreed, moment)
    changed = _resolve(stored, resolutions)
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
    await _write(connection, sport, stored, changed, upserted=upserted, conference_changed=conference_changed)
    if others := _others_settled(stored, rows, scoreboard.league):
        await connection.execute(read_sql("settle_dates"), sport, list(others), list(others.values()))
    if scoreboard.rejects or before["has_rejects"]:
        readable_ids = [*statements, *scoreboard.undecided]
        rejects = _columns(scoreboard.rejects, _REJECT_COLUMNS)
        await connection.execute(read_sql("replace_rejects"), sport, date, is_complete, readable_ids, *rejects)
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
        _is_settled(
            date,
            moment,
            on_date,
            is_calendar_known=scoreboard.league.is_off_season(date)
            or games_expected is not None
            or before["games_expected"] is not None,
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
        games_final=states["final"],
        games_live=states["live"],
        games_scheduled=states["scheduled"],
    )


async def reconcile_date(session: AsyncSession, league: League, game_date: dt.date) -> int:
    """Derives the rows of a date again from its evidence and from people's resolutions; returns how many changed.

    For a resolution that was made or undone: no answer is needed.
    """
    connection = await _begin(session)
    before = await connection.fetchrow(read_sql("read_watermark"), league.sport, game_date)
    assert before is not None
    if before["fetched_at"] is None:
        return 0
    stored = await _read_stored(connection, league.sport, game_date, (), has_evidence=before["has_evidence"])
    rows = _resolve(stored, await _read_resolutions(connection, league.sport, before["now"]))
    await _write(connection, league.sport, stored, rows)
    is_calendar_known = league.is_off_season(game_date) or before["games_expected"] is not None
    on_date = [row for row in rows.values() if row.game_date == game_date]
    is_settled = _is_settled(game_date, before["fetched_at"], on_date, is_calendar_known=is_calendar_known)
    await connection.execute(read_sql("settle_dates"), league.sport, [game_date], [is_settled])
    return sum(stored.rows.get(contest_id) != row for contest_id, row in rows.items())


@dataclass(slots=True)
class _Stored:
    """What the tables hold of a date, and of other dates that share a contest with it."""

    date: dt.date
    dates: set[dt.date]
    """All dates that were read whole."""
    rows: dict[int, Row]
    listings: Listings
    kept: dict[tuple[int, dt.date], Evidence]
    """The part of `listings` that `game_evidence` has."""
    moments: dict[dt.date, dt.datetime]
    """Latest answer of each date."""
    expected: dict[dt.date, int | None]
    """Games of each other date by its calendar."""

    def void_after(self, latest_valid: dt.datetime, moment: dt.datetime) -> None:
        """Replaces moments ahead of the database's clock: by `moment`, and those of whole answers by the earliest."""
        for date, fetched_at in self.moments.items():
            if fetched_at > latest_valid:
                self.moments[date] = _BEGINNING
        for listing in self.listings.values():
            for date, evidence in listing.items():
                if max(evidence.last_listed_at or _BEGINNING, evidence.contradicted_since or _BEGINNING) > latest_valid:
                    listing[date] = evidence._replace(
                        last_listed_at=_earlier(evidence.last_listed_at, moment),
                        contradicted_since=_earlier(evidence.contradicted_since, moment),
                    )


class _Resolution(NamedTuple):
    """What a person decided about a game."""

    resolution_id: int
    game_status: str


async def _begin(session: AsyncSession) -> "asyncpg.Connection[Any]":
    """Waits until it is this load's turn; returns the driver's connection, which takes arrays."""
    transaction = await session.connection()
    await transaction.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
    raw = await transaction.get_raw_connection()
    connection: asyncpg.Connection[Any] = raw.driver_connection  # type: ignore[assignment]
    return connection


async def _read_stored(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    date: dt.date,
    contest_ids: Collection[int],
    *,
    has_evidence: bool,
) -> _Stored:
    rows = await read_games(connection, sport, dates=[date])
    apart = await read_evidence(connection, sport, [date], {*contest_ids, *rows}) if has_evidence else {}
    unknown = [contest_id for contest_id in {*contest_ids, *apart} if contest_id not in rows]
    moved = await read_games(connection, sport, contest_ids=unknown) if unknown else {}
    others = {row.game_date for row in moved.values()} | {day for listing in apart.values() for day in listing}
    others.discard(date)
    if others:
        # All contests of these dates: one that comes or goes matters to the others of the same teams.
        rows |= await read_games(connection, sport, dates=list(others))
        apart = await read_evidence(connection, sport, (), {*contest_ids, *rows, *apart})
    days = others | {day for listing in apart.values() for day in listing}
    answers = await connection.fetch(read_sql("read_dates"), sport, list(days)) if days else []
    moments = dict.fromkeys(days, _BEGINNING) | {record["game_date"]: record["fetched_at"] for record in answers}
    expected = {record["game_date"]: record["games_expected"] for record in answers if record["game_date"] in others}
    listings: Listings = {contest_id: {row.game_date: implied_evidence(row)} for contest_id, row in rows.items()}
    kept = {}
    for contest_id, listing in apart.items():
        for day, evidence in listing.items():
            listings.setdefault(contest_id, {})[day] = kept[contest_id, day] = evidence
    return _Stored(date, {date, *others}, rows, listings, kept, moments, expected)


async def _read_resolutions(
    connection: "asyncpg.Connection[Any]", sport: str, moment: dt.datetime
) -> dict[int, _Resolution]:
    records = await connection.fetch(read_sql("read_resolutions"), sport, eastern_date(moment))
    return {record["contest_id"]: _Resolution(record["resolution_id"], record["game_status"]) for record in records}


def _is_complete(scoreboard: ParsedScoreboard, games_expected: int | None) -> bool:
    """Whether games missing from the scoreboard have left it."""
    if games_expected is None or scoreboard.games_received < games_expected:
        return False
    # An entry that does not say which game it is may be any of those that are missing.
    are_rejects_named = all(reject.contest_id is not None for reject in scoreboard.rejects)
    return are_rejects_named and scoreboard.undecided_without_id == 0


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


def _unchanged(
    stored: _Stored, feed: Feed, statements: Mapping[int, Statement], resolutions: Mapping[int, _Resolution]
) -> dict[int, Row]:
    """Takes the games that the answer cannot change out of `stored.listings`, and returns their rows.

    Most games of most answers: their row says the same, nothing contradicts it, and no other game of the date has the
    same teams. Without this, an unchanged day of 6,000 games takes half as long again.
    """
    teams = Counter(row.statement.teams for row in stored.rows.values() if row.game_date == stored.date)
    candidates = {}
    for contest_id, statement in statements.items():
        row = stored.rows.get(contest_id)
        if row is not None and (row.game_date, row.feed, row.last_seen_at, row.suspect_reason, row.statement) == (
            stored.date,
            feed,
            None,
            None,
            statement,
        ):
            candidates[contest_id] = row
        elif row is None or (row.game_date, row.statement.teams) != (stored.date, statement.teams):
            teams[statement.teams] += 1
    unchanged = {
        contest_id: row
        for contest_id, row in candidates.items()
        if teams[row.statement.teams] == 1
        and contest_id not in resolutions
        and (contest_id, stored.date) not in stored.kept
        and len(stored.listings[contest_id]) == 1
    }
    for contest_id in unchanged:
        del stored.listings[contest_id]
    return unchanged


def _learn(
    listings: Listings,
    scoreboard: ParsedScoreboard,
    statements: Mapping[int, Statement],
    unchanged: Collection[int],
    previous_moment: dt.datetime,
    *,
    is_complete: bool,
) -> None:
    """Folds the answer into the evidence of its date."""
    date, feed, moment = scoreboard.game_date, scoreboard.feed, scoreboard.fetched_at
    earlier = {contest_id: listing[date] for contest_id, listing in listings.items() if date in listing}
    for contest_id, statement in statements.items():
        if contest_id not in unchanged:
            listings.setdefault(contest_id, {})[date] = rule.listed(earlier.get(contest_id), statement, feed, moment)
    listed_ids = {reject.contest_id for reject in scoreboard.rejects} | {*scoreboard.undecided}
    missing = {}
    for contest_id, evidence in earlier.items():
        if contest_id in listed_ids and contest_id not in statements:
            listings[contest_id][date] = rule.listed_unreadable(evidence)
        elif contest_id not in statements:
            missing[contest_id] = evidence
    present = len(unchanged) + sum(not evidence.is_withdrawn for evidence in earlier.values())
    leaving = sum(not evidence.is_withdrawn for evidence in missing.values())
    absence: rule.Absence = "unknown"
    if is_complete:
        is_braked = eastern_date(moment) > date or leaving > 3 or leaving * 5 > present
        absence = "to be confirmed" if is_braked else "left"
    finals: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements.values():
        if statement.is_final:
            finals.setdefault(statement.teams, []).append(statement)
    listed_teams = {statement.teams for statement in statements.values()}
    for contest_id, evidence in missing.items():
        is_under_another_id = is_complete and evidence.statement.is_final and evidence.statement.teams in listed_teams
        meaning: rule.Absence = "under another id" if is_under_another_id else absence
        after = rule.unlisted(evidence, feed, meaning, moment, previous_moment)
        same_teams = finals.get(evidence.statement.teams, ())
        if after is not evidence and rule.is_reissued(evidence, same_teams, is_complete=is_complete):
            after = rule.withdrawn(after)
        listings[contest_id][date] = after


def _agreed(stored: _Stored, resolutions: Mapping[int, _Resolution], statements: Mapping[int, Statement]) -> list[int]:
    """Ids of resolutions that the answer agrees with."""
    return [
        resolution.resolution_id
        for contest_id, resolution in resolutions.items()
        if contest_id in statements
        and stored.listings[contest_id][stored.date].statement.game_status == resolution.game_status
    ]


def _resolve(stored: _Stored, resolutions: Mapping[int, _Resolution]) -> dict[int, Row]:
    """The rows of all dates read, by contest id."""
    standing: dict[dt.date, dict[int, Evidence]] = {}
    elsewhere: dict[int, list[Elsewhere]] = {}
    for contest_id, listing in stored.listings.items():
        date = rule.standing_date(listing, stored.moments)
        standing.setdefault(date, {})[contest_id] = listing[date]
        if len(listing) > 1:
            others = sorted(listing, key=partial(rule.seen_at, listing, stored.moments), reverse=True)
            rank = others.index(date)
            elsewhere[contest_id] = [
                Elsewhere(listing[other], number < rank) for number, other in enumerate(others) if other != date
            ]
    statuses = {contest_id: resolution.game_status for contest_id, resolution in resolutions.items()}
    rows: dict[int, Row] = {}
    for date, contests in standing.items():
        if date in stored.dates:
            rows |= rule.rows_of_date(date, contests, elsewhere, statuses)
    return rows


async def _write(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    stored: _Stored,
    rows: Mapping[int, Row],
    *,
    upserted: Mapping[int, Collection[str]] = MappingProxyType({}),
    conference_changed: Sequence[int] = (),
) -> None:
    """Writes what changed: rows, evidence that they do not hold, and what follows from both for teams and dates."""
    changed = {contest_id: row for contest_id, row in rows.items() if stored.rows.get(contest_id) != row}
    if changed:
        await write_games(connection, sport, changed, stored.rows)
    kept = {
        (contest_id, date): evidence
        for contest_id, listing in stored.listings.items()
        for date, evidence in listing.items()
        if contest_id in rows and not is_implied(evidence, date, rows[contest_id])
    }
    new = {key: evidence for key, evidence in kept.items() if stored.kept.get(key) != evidence}
    obsolete = [key for key in stored.kept if key not in kept and key[0] in rows]
    if new or obsolete:
        await write_evidence(connection, sport, new, obsolete)
    affected = affected_teams(changed, stored.rows, upserted)
    changed_teams = list(conference_changed)
    if affected:
        named = [
            (season, slug, conference_name(slug, season))
            for season in sorted({season for season, _ in affected})
            for slug in sorted(conferences())
        ]
        changed_teams += await connection.fetchval(
            read_sql("derive_conferences"),
            sport,
            [season for season, _ in affected],
            [slug for _, slug in affected],
            *zip(*named, strict=True),
        )
    if changed_teams:
        await connection.execute(read_sql("recompute_rivalry"), changed_teams)


def _others_settled(stored: _Stored, rows: Mapping[int, Row], league: League) -> dict[dt.date, bool]:
    """Whether each other date that was read is settled."""
    by_date: dict[dt.date, list[Row]] = {date: [] for date in stored.expected}
    for row in rows.values():
        if row.game_date in by_date:
            by_date[row.game_date].append(row)
    return {
        date: _is_settled(
            date,
            stored.moments[date],
            by_date[date],
            is_calendar_known=league.is_off_season(date) or stored.expected[date] is not None,
        )
        for date in by_date
    }


def _is_settled(date: dt.date, fetched_at: dt.datetime, rows: Iterable[Row], *, is_calendar_known: bool) -> bool:
    """Whether no more is expected of a date: fetched late enough, all games over, nothing contradicted or unknown."""
    return (
        is_calendar_known
        and fetched_at >= settles_at(date)
        and all(
            row.statement.game_status not in {"scheduled", "live"} and row.contradicted_since is None for row in rows
        )
    )


def _states(rows: Iterable[Row]) -> Counter[str]:
    """Number of games by status."""
    return Counter(row.statement.game_status for row in rows)


def statement_of(game: Game) -> Statement:
    """A parsed game as a statement."""
    home, away = game.home, game.away
    return Statement(  # by position: keywords would take twice as long, and a day has hundreds
        home.slug,
        away.slug,
        game.status,
        game.start_time,
        home.score,
        away.score,
        game.period,
        game.clock,
        game.overtime_periods,
        home.rank,
        away.rank,
        home.seed,
        away.seed,
        game.bracket_round,
        game.network,
        home.conference_id,
        away.conference_id,
    )


def unreadable_sample(scoreboard: ParsedScoreboard) -> str | None:
    """The first unreadable fields of an answer, for people."""
    fields = scoreboard.unreadable_fields[:SAMPLE]
    return "; ".join(f"contest {contest_id}: {name} {raw!r}" for contest_id, name, raw in fields) or None


def _if_valid(moment: dt.datetime | None, latest_valid: dt.datetime) -> dt.datetime | None:
    return None if moment is None or moment > latest_valid else moment


def _earlier(moment: dt.datetime | None, limit: dt.datetime) -> dt.datetime | None:
    return None if moment is None else min(moment, limit)


def _kind(is_simulated: bool) -> str:
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

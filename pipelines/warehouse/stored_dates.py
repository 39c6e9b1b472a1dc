"""The dates that a load may change: what the tables hold of them, how their games stand, and what to write."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from models.reference import conference_name, conferences
from pipelines.ncaa.league import League
from pipelines.ncaa.scoreboard import Feed
from pipelines.seasons import eastern_date, settles_at
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
from pipelines.warehouse.teams import affected_teams

if TYPE_CHECKING:
    import asyncpg

_BEGINNING: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(slots=True)
class StoredDates:
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
    counts: dict[dt.date, tuple[int | None, int]]
    """Games of each other date by its calendar, and undecided ones of its latest answer."""

    def void_after(self, latest_valid: dt.datetime, moment: dt.datetime) -> None:
        """Replaces moments ahead of the database's clock: by `moment`, and those of whole answers by the earliest."""
        for date, fetched_at in self.moments.items():
            if fetched_at > latest_valid:
                self.moments[date] = _BEGINNING
        for listing in self.listings.values():
            for date, evidence in listing.items():
                last_listed_at, contradicted_since = (
                    moment if stored is not None and stored > latest_valid else stored
                    for stored in (evidence.last_listed_at, evidence.contradicted_since)
                )
                if (last_listed_at, contradicted_since) != (evidence.last_listed_at, evidence.contradicted_since):
                    listing[date] = evidence._replace(
                        last_listed_at=last_listed_at, contradicted_since=contradicted_since
                    )


class Resolution(NamedTuple):
    """What a person decided about a game."""

    resolution_id: int
    game_status: str


async def read_stored_dates(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    date: dt.date,
    contest_ids: Collection[int],
    *,
    has_evidence: bool,
) -> StoredDates:
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
    counts = {
        record["game_date"]: (record["games_expected"], record["games_undecided"])
        for record in answers
        if record["game_date"] in others
    }
    listings: Listings = {contest_id: {row.game_date: implied_evidence(row)} for contest_id, row in rows.items()}
    kept = {}
    for contest_id, listing in apart.items():
        for day, evidence in listing.items():
            listings.setdefault(contest_id, {})[day] = kept[contest_id, day] = evidence
    return StoredDates(date, {date, *others}, rows, listings, kept, moments, counts)


async def read_resolutions(
    connection: "asyncpg.Connection[Any]", sport: str, moment: dt.datetime, as_of: dt.datetime
) -> dict[int, Resolution]:
    """Decisions about games that held when an answer of `moment` was loaded, `as_of` by the database's clock."""
    records = await connection.fetch(read_sql("read_resolutions"), sport, eastern_date(moment), as_of)
    return {record["contest_id"]: Resolution(record["resolution_id"], record["game_status"]) for record in records}


def take_simple(
    stored: StoredDates, feed: Feed, statements: Mapping[int, Statement], resolutions: Mapping[int, Resolution]
) -> tuple[dict[int, Row], dict[int, Row]]:
    """Takes games that need no judgement out of `stored.listings`; returns rows that stay as they are, and new rows.

    Most games of most answers are such: their row says the same and nothing contradicts it, or they are new, and no
    other game of the date has the same teams. Without this, an unchanged day of 6,000 games takes half as long again.
    """
    # Of every contest that may come to stand on the date, by what it said before or says now.
    teams = Counter(statement.teams for statement in statements.values())
    for contest_id, listing in stored.listings.items():
        if stored.date in listing:
            before, now = listing[stored.date].statement.teams, statements.get(contest_id)
            if now is None or now.teams != before:
                teams[before] += 1
    same, new = {}, {}
    for contest_id, statement in statements.items():
        row = stored.rows.get(contest_id)
        if contest_id in resolutions:
            continue
        simple = Row(stored.date, feed, None, None, None, statement)
        if contest_id not in stored.listings:
            new[contest_id] = simple
        elif row == simple and (contest_id, stored.date) not in stored.kept:
            same[contest_id] = simple
    unchanged = {
        contest_id: row
        for contest_id, row in same.items()
        if teams[row.statement.teams] == 1 and len(stored.listings[contest_id]) == 1
    }
    for contest_id in unchanged:
        del stored.listings[contest_id]
    return unchanged, {contest_id: row for contest_id, row in new.items() if teams[row.statement.teams] == 1}


def agreed_resolutions(
    stored: StoredDates, resolutions: Mapping[int, Resolution], statements: Mapping[int, Statement]
) -> list[int]:
    """Ids of resolutions that the answer agrees with."""
    return [
        resolution.resolution_id
        for contest_id, resolution in resolutions.items()
        if contest_id in statements
        and stored.listings[contest_id][stored.date].statement.game_status == resolution.game_status
    ]


def resolve(stored: StoredDates, resolutions: Mapping[int, Resolution]) -> dict[int, Row]:
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


async def write_changes(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    stored: StoredDates,
    rows: Mapping[int, Row],
    moment: dt.datetime,
    *,
    upserted: Mapping[int, Collection[str]] = MappingProxyType({}),
    conference_changed: Sequence[int] = (),
) -> frozenset[str]:
    """Writes what changed at `moment`: rows and their history, evidence that they do not hold, and what follows from
    both for teams and dates.

    Returns which of the tables `fact_game` and `dim_team` have changed rows.
    """
    changed = {contest_id: row for contest_id, row in rows.items() if stored.rows.get(contest_id) != row}
    if changed:
        await write_games(connection, sport, changed, stored.rows, moment)
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
        return frozenset({"fact_game", "dim_team"})
    return frozenset({"fact_game"} if changed else ())


def others_settled(stored: StoredDates, rows: Mapping[int, Row], league: League) -> dict[dt.date, bool]:
    """Whether each other date that was read is settled."""
    by_date: dict[dt.date, list[Row]] = {date: [] for date in stored.counts}
    for row in rows.values():
        if row.game_date in by_date:
            by_date[row.game_date].append(row)
    return {
        date: is_settled_date(
            date,
            stored.moments[date],
            by_date[date],
            are_games_known=are_games_known(league, date, *stored.counts[date]),
        )
        for date in by_date
    }


def are_games_known(league: League, date: dt.date, games_expected: int | None, games_undecided: int) -> bool:
    """Whether it is known which games a date has: how many, and between which teams."""
    return games_undecided == 0 and (games_expected is not None or league.is_off_season(date))


def is_settled_date(date: dt.date, fetched_at: dt.datetime, rows: Iterable[Row], *, are_games_known: bool) -> bool:
    """Whether no more is expected of a date: fetched late enough, all games over, nothing contradicted or unknown."""
    return (
        are_games_known
        and fetched_at >= settles_at(date)
        and all(
            row.statement.game_status not in {"scheduled", "live"} and row.contradicted_since is None for row in rows
        )
    )

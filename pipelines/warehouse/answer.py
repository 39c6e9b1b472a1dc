"""One answer as evidence: its games as statements, and what it adds to the evidence of its date. Pure."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final

from pipelines.ncaa.game import Game
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.seasons import eastern_date
from pipelines.warehouse import evidence as rule
from pipelines.warehouse.evidence import Statement
from pipelines.warehouse.game_rows import Listings

SAMPLE: Final = 5


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


def is_complete_answer(scoreboard: ParsedScoreboard, games_expected: int | None) -> bool:
    """Whether games missing from the scoreboard have left it."""
    if games_expected is None or scoreboard.games_received < games_expected:
        return False
    # An entry that does not say which game it is may be any of those that are missing.
    are_rejects_named = all(reject.contest_id is not None for reject in scoreboard.rejects)
    return are_rejects_named and scoreboard.undecided_without_id == 0


def learn(
    listings: Listings,
    scoreboard: ParsedScoreboard,
    statements: Mapping[int, Statement],
    simple: Collection[int],
    unchanged: int,
    previous_moment: dt.datetime,
    *,
    is_complete: bool,
) -> None:
    """Folds the answer into the evidence of its date."""
    date, feed, moment = scoreboard.game_date, scoreboard.feed, scoreboard.fetched_at
    earlier = {contest_id: listing[date] for contest_id, listing in listings.items() if date in listing}
    for contest_id, statement in statements.items():
        if contest_id not in simple:
            listings.setdefault(contest_id, {})[date] = rule.listed(earlier.get(contest_id), statement, feed, moment)
    listed_ids = {reject.contest_id for reject in scoreboard.rejects} | {*scoreboard.undecided}
    missing = {}
    for contest_id, evidence in earlier.items():
        if contest_id in listed_ids and contest_id not in statements:
            listings[contest_id][date] = rule.listed_unreadable(evidence)
        elif contest_id not in statements:
            missing[contest_id] = evidence
    present = unchanged + sum(not evidence.is_withdrawn for evidence in earlier.values())
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


def unreadable_sample(scoreboard: ParsedScoreboard) -> str | None:
    """The first unreadable fields of an answer, for people."""
    fields = scoreboard.unreadable_fields[:SAMPLE]
    return "; ".join(f"contest {contest_id}: {name} {raw!r}" for contest_id, name, raw in fields) or None

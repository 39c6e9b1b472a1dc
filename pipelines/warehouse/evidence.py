"""The rule of evidence: which of several statements about a game stands. Pure; docs/rules.md explains it.

A *statement* is what one answer says of a game. The *evidence* of a contest id on one date is kept from answer to
answer: `listed`, `listed_unreadable` and `unlisted` fold an answer of that date into it, and look at no other date and
no other game. `standing_date` then chooses among the dates that listed a contest, and `rows_of_date` among the contest
ids of the same teams on one date. So dates loaded in any order end in the same rows.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from pipelines.ncaa.scoreboard import Feed

CONFIRMED_AFTER: Final = dt.timedelta(hours=6)
"""How long after the first contradiction of a final the same contradiction is believed."""

WITHDRAWN: Final = "withdrawn"
UNLISTED: Final = "unlisted"
LEGACY: Final = "legacy"
NO_SCORE: Final = "no score"

Absence = Literal["unknown", "left", "to be confirmed", "under another id"]
"""What it means that an answer lacks a game: nothing, that the game has left, that a second answer must agree, or that
the answer lists the game's teams under another contest id that is not final."""


class Statement(NamedTuple):
    """What an answer says of a game. Fields are columns of `fact_game`, but for the slugs of the two teams."""

    home_slug: str
    away_slug: str
    game_status: str
    game_start_time: dt.datetime | None
    home_score: int | None
    away_score: int | None
    game_period: str | None
    game_clock: str | None
    overtime_periods: int
    home_rank: int | None
    away_rank: int | None
    home_seed: int | None
    away_seed: int | None
    bracket_round: str | None
    network: str | None
    home_conference_id: str | None
    away_conference_id: str | None

    @property
    def is_final(self) -> bool:
        """Final with a score that basketball allows: a draw and 0-0 are none."""
        return self.game_status == "final" and self.home_score != self.away_score

    @property
    def teams(self) -> tuple[str, str]:
        """Both slugs, whoever is at home."""
        return (self.home_slug, self.away_slug) if self.home_slug < self.away_slug else (self.away_slug, self.home_slug)

    @property
    def score(self) -> tuple[int | None, int | None]:
        """Points in the order of `teams`."""
        home_first = self.home_slug < self.away_slug
        return (self.home_score, self.away_score) if home_first else (self.away_score, self.home_score)


class Evidence(NamedTuple):
    """What the answers of one date support about one contest id. Moments are aware."""

    statement: Statement
    """The furthest statement once it is final, else the newest."""
    feed: Feed
    last_listed_at: dt.datetime | None = None
    """Last answer that listed the game; None while the latest one does."""
    is_withdrawn: bool = False
    """The source dropped the game."""
    contradiction: str | None = None
    """How the newest answer disagrees: a status, `no score`, `unlisted` or `legacy`."""
    contradicted_since: dt.datetime | None = None
    """First answer of that uninterrupted contradiction."""

    @property
    def pending_since(self) -> dt.datetime | None:
        """When the contradiction began that a later answer may confirm."""
        return None if self.contradiction == LEGACY else self.contradicted_since


class Elsewhere(NamedTuple):
    """Evidence of a date on which a contest does not stand."""

    evidence: Evidence
    is_newer: bool
    """Its answer is newer than that of the date on which the contest stands."""


class Row(NamedTuple):
    """A row of `fact_game`, but for its keys and what follows from the teams."""

    game_date: dt.date
    feed: Feed
    last_seen_at: dt.datetime | None
    suspect_reason: str | None
    contradicted_since: dt.datetime | None
    statement: Statement

    @property
    def is_withdrawn(self) -> bool:
        return self.statement.game_status == WITHDRAWN


def listed(evidence: Evidence | None, statement: Statement, feed: Feed, moment: dt.datetime) -> Evidence:
    """Evidence after an answer that lists the game.

    Below final the newest statement stands. A final gives way to another final at once, and to anything else when two
    answers at least six hours apart agree. The legacy feed never replaces what the current feed said.
    """
    if evidence is None:
        return Evidence(statement, feed)
    if feed == "legacy" and evidence.feed == "current":
        return _disputed(evidence, statement, moment)
    statement = _filled(statement, evidence.statement)
    if statement.is_final or not evidence.statement.is_final:
        return Evidence(statement, feed)
    kind = NO_SCORE if statement.game_status == "final" else statement.game_status
    since = _contradicted_since(evidence, kind, moment)
    if moment - since >= CONFIRMED_AFTER:
        return Evidence(statement, feed)
    return Evidence(evidence.statement, evidence.feed, contradiction=kind, contradicted_since=since)


def listed_unreadable(evidence: Evidence) -> Evidence:
    """Evidence after an answer that lists the game without a statement: rejected, or with an undecided team."""
    if evidence.contradiction == UNLISTED:
        evidence = evidence._replace(contradiction=None, contradicted_since=None)
    return evidence._replace(last_listed_at=None)


def unlisted(
    evidence: Evidence, feed: Feed, absence: Absence, moment: dt.datetime, previous_moment: dt.datetime
) -> Evidence:
    """Evidence after an answer that lacks the game; `previous_moment` is that of the date's answer before it.

    A final needs a second answer in any case, unless it was re-issued as another final: see `is_reissued`. While its
    teams are listed under an id that is not final, it stays.
    """
    if feed == "legacy" and evidence.feed == "current":
        return evidence
    evidence = evidence._replace(last_listed_at=evidence.last_listed_at or previous_moment)
    if evidence.is_withdrawn or absence == "unknown":
        return evidence
    if absence == "left" and not evidence.statement.is_final:
        return withdrawn(evidence)
    since = _contradicted_since(evidence, UNLISTED, moment)
    if moment - since >= CONFIRMED_AFTER and absence != "under another id":
        return withdrawn(evidence)
    return evidence._replace(contradiction=UNLISTED, contradicted_since=since)


def withdrawn(evidence: Evidence) -> Evidence:
    """Evidence of a game that has left its date."""
    return evidence._replace(is_withdrawn=True, contradiction=None, contradicted_since=None)


def is_reissued(evidence: Evidence, finals: Iterable[Statement], *, is_complete: bool) -> bool:
    """Whether a final that an answer lacks is one of the finals of the same teams that it lists.

    With an equal score it is; with another score it is when the answer has as many games as the calendar says.
    """
    statement = evidence.statement
    return statement.is_final and any(is_complete or same_result(statement, final) for final in finals)


def same_result(one: Statement, other: Statement) -> bool:
    """Whether two statements about the same teams give each the same points, whoever is at home."""
    return one.score == other.score


def standing_date(listings: Mapping[dt.date, Evidence], moments: Mapping[dt.date, dt.datetime]) -> dt.date:
    """The date on which a contest stands, of those that listed it; `moments` has each date's latest answer.

    What the current feed said before the legacy feed, a final that was not withdrawn before any other, then the newest
    answer that listed it, then the later date.
    """
    if len(listings) == 1:
        return next(iter(listings))

    def rank(date: dt.date) -> tuple[bool, bool, dt.datetime, dt.date]:
        evidence = listings[date]
        is_final = evidence.statement.is_final and not evidence.is_withdrawn
        return evidence.feed == "current", is_final, *seen_at(listings, moments, date)

    return max(listings, key=rank)


def seen_at(
    listings: Mapping[dt.date, Evidence], moments: Mapping[dt.date, dt.datetime], date: dt.date
) -> tuple[dt.datetime, dt.date]:
    """When an answer of the date last listed the contest, for ordering; of one moment the later date is the newer."""
    return listings[date].last_listed_at or moments[date], date


def rows_of_date(
    game_date: dt.date,
    standing: Mapping[int, Evidence],
    elsewhere: Mapping[int, Sequence[Elsewhere]],
    resolutions: Mapping[int, str],
) -> dict[int, Row]:
    """The rows of a date by contest id.

    `standing` has the contests that stand on the date, `elsewhere` the other dates that listed them, the newest first,
    and `resolutions` the statuses that people gave.
    """
    verdicts = _verdicts(standing)
    rows = {}
    for contest_id, evidence in standing.items():
        statement = evidence.statement
        is_withdrawn, suspect = verdicts.get(contest_id, _Verdict(evidence.is_withdrawn, None))
        pending_since = None
        if not is_withdrawn:
            pending_since = evidence.pending_since
            if evidence.contradiction is not None:
                suspect = _CONTRADICTIONS.get(evidence.contradiction, suspect)
            elif suspect is None and contest_id in elsewhere:
                suspect = _contradicted_elsewhere(statement, elsewhere[contest_id])
        for other in elsewhere.get(contest_id, ()):
            if statement.network is None and other.evidence.statement.network is not None:
                statement = statement._replace(network=other.evidence.statement.network)
        status = WITHDRAWN if is_withdrawn else statement.game_status
        resolved = resolutions.get(contest_id)
        if resolved is not None and resolved != status:
            suspect = RESOLVED_OTHERWISE if status == "final" else None
            status, pending_since = resolved, None
        if status != statement.game_status:
            statement = _with_status(statement, status)
        rows[contest_id] = Row(game_date, evidence.feed, evidence.last_listed_at, suspect, pending_since, statement)
    return rows


TWO_FINALS: Final = "Another final game of the same teams is on this date."
SUPERSEDED: Final = "Another contest id of the same teams is final, and the source still lists this one."
REISSUED_OTHERWISE: Final = "Re-issued under another contest id with another score."
FINAL_ELSEWHERE: Final = "Another date lists it as final with another score."
TO_COME_ELSEWHERE: Final = "A newer answer of another date says that it is not over."
RESOLVED_OTHERWISE: Final = "The source has a final score, and a person resolved the game otherwise."
_CONTRADICTIONS: Final[Mapping[str, str]] = {
    "scheduled": "The newest answer says scheduled.",
    "live": "The newest answer says live.",
    "postponed": "The newest answer says postponed.",
    "canceled": "The newest answer says canceled.",
    NO_SCORE: "The newest answer gives it no plausible score.",
    UNLISTED: "The newest answer does not list it.",
    LEGACY: "The legacy feed says otherwise.",
}


class _Verdict(NamedTuple):
    """What the other contests of the same teams on a date make of a contest."""

    is_withdrawn: bool
    suspect_reason: str | None


def _verdicts(standing: Mapping[int, Evidence]) -> dict[int, _Verdict]:
    """Verdicts on contests of teams that have several on the date."""
    pairs: dict[tuple[str, str], list[int]] = {}
    for contest_id, evidence in standing.items():
        pairs.setdefault(evidence.statement.teams, []).append(contest_id)
    verdicts: dict[int, _Verdict] = {}
    for contest_ids in pairs.values():
        if len(contest_ids) > 1:
            verdicts.update(_verdicts_of_pair({contest_id: standing[contest_id] for contest_id in contest_ids}))
    return verdicts


def _verdicts_of_pair(contests: Mapping[int, Evidence]) -> Iterator[tuple[int, _Verdict]]:
    """Final before live before any other status, then listed before unlisted, then the newer contest id.

    Finals stand side by side, except that a listed one replaces an unlisted one with the same result.
    """
    present = {contest_id: evidence for contest_id, evidence in contests.items() if not evidence.is_withdrawn}
    finals = {contest_id: evidence.statement for contest_id, evidence in present.items() if evidence.statement.is_final}
    listed_finals = [final for contest_id, final in finals.items() if present[contest_id].last_listed_at is None]
    replaced = {
        contest_id
        for contest_id, final in finals.items()
        if present[contest_id].last_listed_at is not None and any(same_result(final, other) for other in listed_finals)
    }
    best = None if finals else max(present, default=None, key=lambda contest_id: _rank(contest_id, present[contest_id]))
    for contest_id, evidence in contests.items():
        if evidence.is_withdrawn:
            is_other_score = evidence.statement.is_final and not any(
                same_result(evidence.statement, final) for final in finals.values()
            )
            yield contest_id, _Verdict(True, REISSUED_OTHERWISE if finals and is_other_score else None)
        elif contest_id in replaced:
            yield contest_id, _Verdict(True, None)
        elif contest_id in finals:
            yield contest_id, _Verdict(False, TWO_FINALS if len(finals) - len(replaced) > 1 else None)
        elif finals:
            yield contest_id, _Verdict(True, SUPERSEDED if evidence.last_listed_at is None else None)
        else:
            yield contest_id, _Verdict(contest_id != best, None)


def _rank(contest_id: int, evidence: Evidence) -> tuple[bool, bool, int]:
    return evidence.statement.game_status == "live", evidence.last_listed_at is None, contest_id


def _contradicted_elsewhere(statement: Statement, others: Iterable[Elsewhere]) -> str | None:
    if not statement.is_final:
        return None
    for evidence, is_newer in others:
        other = evidence.statement
        if (
            other.is_final
            and not evidence.is_withdrawn
            and (other.teams, other.score) != (statement.teams, statement.score)
        ):
            return FINAL_ELSEWHERE
        # A date that the game left may go on listing it as postponed or canceled.
        if is_newer and evidence.last_listed_at is None and other.game_status in {"scheduled", "live"}:
            return TO_COME_ELSEWHERE
    return None


def _contradicted_since(evidence: Evidence, kind: str, moment: dt.datetime) -> dt.datetime:
    """When the present contradiction began: earlier than `moment` only where the newest answer said the same."""
    if evidence.contradiction == kind and evidence.contradicted_since is not None:
        return evidence.contradicted_since
    return moment


def _disputed(evidence: Evidence, statement: Statement, moment: dt.datetime) -> Evidence:
    """Evidence of the current feed after an answer of the legacy feed, which may only fill in the network."""
    kept = evidence.statement
    agrees = (
        statement._replace(
            network=kept.network,
            home_conference_id=kept.home_conference_id,
            away_conference_id=kept.away_conference_id,
        )
        == kept
    )
    if kept.network is None and statement.network is not None:
        evidence = evidence._replace(statement=kept._replace(network=statement.network))
    if agrees and evidence.contradiction == LEGACY:
        return evidence._replace(contradiction=None, contradicted_since=None)
    if not agrees and evidence.contradiction is None and not evidence.is_withdrawn:
        return evidence._replace(contradiction=LEGACY, contradicted_since=moment)
    return evidence


def _filled(new: Statement, old: Statement) -> Statement:
    """A network and conferences once known are kept where the new statement has none."""
    if new.network is not None and new.home_conference_id is not None and new.away_conference_id is not None:
        return new
    known = {old.home_slug: old.home_conference_id, old.away_slug: old.away_conference_id}
    return new._replace(
        network=new.network or old.network,
        home_conference_id=new.home_conference_id or known.get(new.home_slug),
        away_conference_id=new.away_conference_id or known.get(new.away_slug),
    )


def _with_status(statement: Statement, status: str) -> Statement:
    """A statement under another status: only live games have a clock, and scheduled ones have no score."""
    if status == "scheduled":
        return statement._replace(
            game_status=status, game_clock=None, game_period=None, overtime_periods=0, home_score=None, away_score=None
        )
    return statement._replace(game_status=status, game_clock=None)

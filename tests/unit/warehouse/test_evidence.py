"""Evidence decides: each sentence of the rule, as functions from values to values."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders import at

from pipelines.warehouse.evidence import (
    CONFIRMED_AFTER,
    FINAL_ELSEWHERE,
    REISSUED_OTHERWISE,
    RESOLVED_OTHERWISE,
    SUPERSEDED,
    TO_COME_ELSEWHERE,
    TWO_FINALS,
    Elsewhere,
    Evidence,
    Statement,
    is_reissued,
    listed,
    listed_unreadable,
    rows_of_date,
    standing_date,
    unlisted,
    withdrawn,
)

DATE = dt.date(2026, 1, 17)
NOON = at("2026-01-18 12:00")
HOUR = dt.timedelta(hours=1)


def said(status: str, home: int | None = None, away: int | None = None, **values: Any) -> Statement:
    """Duke at home to North Carolina."""
    fields = dict.fromkeys(Statement._fields) | {"home_slug": "duke", "away_slug": "unc", "overtime_periods": 0}
    return Statement(**(fields | {"game_status": status, "home_score": home, "away_score": away} | values))  # type: ignore[arg-type]


def kept(statement: Statement, last_listed_at: dt.datetime | None = None) -> Evidence:
    """Evidence of the current feed; the latest answer of its date lists the game unless a moment is given."""
    return Evidence(statement, "current", last_listed_at)


FINAL = said("final", 80, 70)
OTHER_FINAL = said("final", 81, 70)
SCHEDULED = said("scheduled")
LIVE = said("live", 78, 70)
CONTRADICTIONS = [SCHEDULED, LIVE, said("postponed"), said("canceled"), said("final", 0, 0), said("final", 70, 70)]
statements = st.sampled_from([FINAL, OTHER_FINAL, *CONTRADICTIONS])


@pytest.mark.parametrize("newest", [FINAL, OTHER_FINAL, *CONTRADICTIONS])
@pytest.mark.parametrize("earlier", [SCHEDULED, LIVE, said("postponed"), said("canceled"), said("final", 0, 0)])
def test_below_final_the_newest_answer_stands(earlier: Statement, newest: Statement) -> None:
    assert listed(Evidence(earlier, "current"), newest, "current", NOON) == Evidence(newest, "current")


def test_another_plausible_score_corrects_a_final_at_once() -> None:
    assert listed(kept(FINAL), OTHER_FINAL, "current", NOON) == kept(OTHER_FINAL)


@pytest.mark.parametrize("contradiction", CONTRADICTIONS)
def test_a_final_is_given_up_when_two_answers_six_hours_apart_agree(contradiction: Statement) -> None:
    evidence = kept(FINAL)
    for hours in (0, 1, 5.99):
        evidence = listed(evidence, contradiction, "current", NOON + hours * HOUR)
        assert (evidence.statement, evidence.pending_since) == (FINAL, NOON)
    assert listed(evidence, contradiction, "current", NOON + CONFIRMED_AFTER) == Evidence(contradiction, "current")


@pytest.mark.parametrize("between", [FINAL, OTHER_FINAL, said("canceled")])
def test_a_contrary_answer_between_starts_the_six_hours_anew(between: Statement) -> None:
    evidence = listed(kept(FINAL), LIVE, "current", NOON)
    evidence = listed(evidence, between, "current", NOON + HOUR)
    evidence = listed(evidence, LIVE, "current", NOON + 6 * HOUR)
    assert evidence.statement.is_final
    assert evidence.pending_since == NOON + 6 * HOUR


@given(answers=st.lists(st.tuples(statements, st.floats(0, 3)), max_size=12))
def test_no_answers_within_six_hours_of_each_other_lose_a_final(answers: list[tuple[Statement, float]]) -> None:
    evidence, moment = kept(FINAL), NOON
    for statement, share in answers:
        moment += share * CONFIRMED_AFTER / 40  # twelve of them stay below six hours
        evidence = listed(evidence, statement, "current", moment)
        assert evidence.statement.is_final


def test_the_legacy_feed_contradicts_and_never_replaces() -> None:
    evidence = kept(SCHEDULED)
    for day in range(3):
        evidence = listed(evidence, FINAL, "legacy", NOON + day * 24 * HOUR)
    assert (evidence.statement, evidence.contradiction, evidence.pending_since) == (SCHEDULED, "legacy", None)
    assert listed(evidence, SCHEDULED, "legacy", NOON).contradiction is None
    assert listed(evidence, FINAL, "current", NOON) == kept(FINAL)


@pytest.mark.parametrize(
    ("statement", "absence", "is_gone_at_once", "is_gone_after_six_hours"),
    [
        (SCHEDULED, "unknown", False, False),
        (SCHEDULED, "left", True, True),
        (SCHEDULED, "to be confirmed", False, True),
        (FINAL, "unknown", False, False),
        (FINAL, "left", False, True),
        (FINAL, "to be confirmed", False, True),
        (FINAL, "under another id", False, False),
    ],
)
def test_when_a_game_that_an_answer_lacks_has_left(
    statement: Statement, absence: Any, is_gone_at_once: bool, is_gone_after_six_hours: bool
) -> None:
    once = unlisted(Evidence(statement, "current"), "current", absence, NOON, NOON - HOUR)
    assert (once.is_withdrawn, once.last_listed_at) == (is_gone_at_once, NOON - HOUR)
    twice = unlisted(once, "current", absence, NOON + CONFIRMED_AFTER, NOON)
    assert (twice.is_withdrawn, twice.last_listed_at) == (is_gone_after_six_hours, NOON - HOUR)


def test_a_withdrawn_final_that_is_listed_again_as_scheduled_is_final_again() -> None:
    evidence = listed(withdrawn(kept(FINAL)), SCHEDULED, "current", NOON)
    assert (evidence.statement, evidence.is_withdrawn, evidence.contradiction) == (FINAL, False, "scheduled")


def test_a_game_that_is_listed_unreadably_has_not_left() -> None:
    pending = unlisted(kept(FINAL), "current", "to be confirmed", NOON, NOON - HOUR)
    assert listed_unreadable(pending) == kept(FINAL)


@pytest.mark.parametrize(
    ("other", "is_complete", "expected"),
    [(FINAL, False, True), (OTHER_FINAL, False, False), (OTHER_FINAL, True, True)],
)
def test_a_final_is_re_issued_by_an_equal_one_or_in_a_complete_answer(
    other: Statement, is_complete: bool, expected: bool
) -> None:
    exchanged = other._replace(
        home_slug="unc", away_slug="duke", home_score=other.away_score, away_score=other.home_score
    )
    for final in (other, exchanged):
        assert is_reissued(kept(FINAL), [final], is_complete=is_complete) is expected
    assert not is_reissued(kept(FINAL), [], is_complete=True)
    assert not is_reissued(kept(LIVE), [FINAL], is_complete=True)


def rows(evidence: dict[int, Evidence], elsewhere: Any = None, resolutions: Any = None) -> dict[int, tuple[str, Any]]:
    """Status and suspect reason of each contest."""
    found = rows_of_date(DATE, evidence, elsewhere or {}, resolutions or {})
    return {contest_id: (row.statement.game_status, row.suspect_reason) for contest_id, row in found.items()}


@pytest.mark.parametrize(
    ("hundred", "hundred_and_one", "expected"),
    [
        (kept(FINAL), kept(SCHEDULED), [("final", None), ("withdrawn", SUPERSEDED)]),
        (kept(FINAL), kept(LIVE, NOON), [("final", None), ("withdrawn", None)]),
        (
            kept(FINAL, NOON),
            kept(said("canceled")),
            [("final", None), ("withdrawn", SUPERSEDED)],
        ),
        (kept(LIVE, NOON), kept(SCHEDULED), [("live", None), ("withdrawn", None)]),
        (
            kept(SCHEDULED),
            kept(SCHEDULED, NOON),
            [("scheduled", None), ("withdrawn", None)],
        ),
        (kept(SCHEDULED), kept(SCHEDULED), [("withdrawn", None), ("scheduled", None)]),
        (kept(FINAL), kept(OTHER_FINAL), [("final", TWO_FINALS), ("final", TWO_FINALS)]),
        (kept(FINAL), kept(FINAL), [("final", TWO_FINALS), ("final", TWO_FINALS)]),
        (kept(FINAL, NOON), kept(FINAL), [("withdrawn", None), ("final", None)]),
        (
            withdrawn(kept(FINAL, NOON)),
            kept(FINAL),
            [("withdrawn", None), ("final", None)],
        ),
        (
            withdrawn(kept(FINAL, NOON)),
            kept(OTHER_FINAL),
            [("withdrawn", REISSUED_OTHERWISE), ("final", None)],
        ),
    ],
)
def test_which_contest_of_a_pair_stands(
    hundred: Evidence, hundred_and_one: Evidence, expected: list[tuple[str, str | None]]
) -> None:
    assert list(rows({100: hundred, 101: hundred_and_one}).values()) == expected


def test_of_two_dates_a_final_stands_then_the_newest_answer_then_the_later_date() -> None:
    later = DATE + dt.timedelta(days=2)
    moments = {DATE: NOON, later: NOON - HOUR}
    assert standing_date({DATE: kept(said("postponed")), later: kept(FINAL)}, moments) == later
    assert standing_date({DATE: kept(SCHEDULED), later: kept(LIVE)}, moments) == DATE
    assert standing_date({DATE: Evidence(LIVE, "legacy"), later: kept(SCHEDULED)}, moments) == later
    moments[later] = NOON
    assert standing_date({DATE: kept(SCHEDULED), later: kept(SCHEDULED)}, moments) == later


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Elsewhere(kept(OTHER_FINAL), is_newer=False), FINAL_ELSEWHERE),
        (Elsewhere(kept(SCHEDULED), is_newer=True), TO_COME_ELSEWHERE),
        (Elsewhere(kept(SCHEDULED), is_newer=False), None),
        (Elsewhere(kept(said("postponed")), is_newer=True), None),
    ],
)
def test_which_statement_of_another_date_makes_a_final_suspect(other: Elsewhere, reason: str | None) -> None:
    assert rows({100: kept(FINAL)}, {100: [other]}) == {100: ("final", reason)}


def test_a_resolution_gives_the_status_and_a_final_score_against_it_is_suspect() -> None:
    assert rows({100: kept(SCHEDULED)}, resolutions={100: "canceled"}) == {100: ("canceled", None)}
    assert rows({100: kept(FINAL)}, resolutions={100: "canceled"}) == {100: ("canceled", RESOLVED_OTHERWISE)}

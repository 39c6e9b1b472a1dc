"""Which games explain differing records: all that are certain, and none that is wrong."""

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from support.builders import at, day

from pipelines.warehouse.discrepancies import Fault, Record, SeasonGame, Tally, differs, explain

TEAMS = "abcdefgh"
CONFERENCES = {team: "one" if team < "e" else "two" for team in TEAMS}
AGREED = at("2026-01-10 09:10")
TODAY = day("2026-01-10")


def game(
    contest: int,
    home: str,
    away: str,
    *,
    home_wins: bool = True,
    counted: bool = True,
    changed: str = "2026-01-10 22:00",
) -> SeasonGame:
    scores = (80, 70) if home_wins else (70, 80)
    is_conference = CONFERENCES.get(home, home) == CONFERENCES.get(away, away)
    return SeasonGame(f"g{contest}", TODAY, home, away, *scores, counted, is_conference, at(changed))


def tallies(games: Iterable[SeasonGame]) -> dict[str, list[int]]:
    found = {team: [0, 0, 0, 0] for team in TEAMS}
    for played in games:
        for team, has_won in ((played.home, played.has_home_won), (played.away, not played.has_home_won)):
            if played.is_counted and team in found:
                found[team][0 if has_won else 1] += 1
                found[team][2 if has_won else 3] += played.is_conference
    return found


def named(
    truth: Iterable[SeasonGame], ours: list[SeasonGame], agreed: Mapping[str, dt.datetime] | None = None
) -> list[Fault]:
    theirs, here = tallies(truth), tallies(ours)
    differences = {team: Tally(*theirs[team]).minus(Tally(*here[team])) for team in TEAMS}
    return explain(differences, ours, CONFERENCES, dict.fromkeys(TEAMS, AGREED) if agreed is None else agreed, 2025)


def swapped(played: SeasonGame) -> SeasonGame:
    return played._replace(home_score=played.away_score, away_score=played.home_score)


class Injected(NamedTuple):
    """A day's games as they were, as we have them, and what is wrong with each of them."""

    truth: list[SeasonGame]
    ours: list[SeasonGame]
    faults: dict[str, str]


@st.composite
def days(draw: st.DrawFn) -> Injected:
    """Each team plays once at most; outsiders are upper case."""
    teams = draw(st.permutations([*TEAMS, "X", "Y"]))
    pairs = [(home, away) for home, away in zip(teams[::2], teams[1::2], strict=True) if {home, away} != {"X", "Y"}]
    truth = [game(number, *pair, home_wins=draw(st.booleans())) for number, pair in enumerate(pairs)]
    ours, faults = [], {}
    for played in truth:
        fault = draw(st.sampled_from(["", "", "swapped", "missing", "unlisted", "doubled"]))
        if fault:
            faults[played.game_id] = fault
        if fault == "missing":
            ours.append(played._replace(is_counted=False))
        elif fault == "doubled":
            ours += [played, played._replace(game_id=f"{played.game_id}b")]
        elif fault != "unlisted":
            ours.append(swapped(played) if fault == "swapped" else played)
    return Injected(truth, ours, faults)


@given(days())
def test_each_fault_of_a_day_is_named_as_what_it_is(injected: Injected) -> None:
    found = named(injected.truth, injected.ours)
    by_id = {fault.game_ids[0]: fault.kind for fault in found if fault.game_ids}
    listed = {game_id: kind for game_id, kind in injected.faults.items() if kind != "unlisted"}
    assert by_id.keys() <= listed.keys()
    for game_id, kind in listed.items():
        assert by_id.get(game_id) == kind


@given(days())
def test_the_opponent_in_a_game_that_we_do_not_have_is_named_only_if_it_is_certain(injected: Injected) -> None:
    pairs = {
        frozenset((played.home, played.away))
        for played in injected.truth
        if injected.faults.get(played.game_id) == "unlisted"
    }
    unlisted = [fault for fault in named(injected.truth, injected.ours) if not fault.game_ids]
    assert {frozenset((fault.winner, fault.loser)) for fault in unlisted} <= pairs


@given(days(), st.data())
def test_older_games_of_the_same_teams_are_not_blamed(injected: Injected, data: st.DataObject) -> None:
    older = [
        game(100 + number, *pair, home_wins=data.draw(st.booleans()), changed="2026-01-02 22:00")._replace(
            game_date=day("2026-01-02")
        )
        for number, pair in enumerate(combinations(TEAMS, 2))
    ]
    found = named([*older, *injected.truth], [*older, *injected.ours])
    assert {game_id.rstrip("b") for fault in found for game_id in fault.game_ids} <= injected.faults.keys()


def test_without_an_earlier_agreement_two_games_of_the_same_teams_are_ambiguous() -> None:
    truth = [game(1, "a", "b"), game(2, "b", "a", home_wins=False)]
    ours = [swapped(truth[0]), swapped(truth[1])]
    assert named([truth[0], swapped(truth[1])], ours, {}) == []


def test_a_swap_of_two_results_of_a_team_is_not_named_although_its_opponents_differ() -> None:
    truth = [game(1, "a", "b"), game(2, "c", "a")]
    assert named(truth, [swapped(played) for played in truth]) == []


def test_faults_of_several_days_are_separated_by_their_opponents() -> None:
    truth = [game(1, "a", "b"), game(2, "a", "c"), game(3, "a", "e")]
    found = named(truth, [swapped(truth[0]), swapped(truth[1]), truth[2]])
    assert {fault.game_ids for fault in found} == {("g1",), ("g2",)}


def test_a_game_of_a_conference_tournament_is_named_though_conference_records_agree() -> None:
    final = game(1, "a", "b")._replace(game_date=day("2026-03-14"))
    differences = {"a": Tally(1, -1), "b": Tally(-1, 1)}
    [fault] = explain(differences, [swapped(final)], CONFERENCES, {}, 2025)
    assert str(fault) == "g1: a won, not b"


def test_a_win_over_an_outsider_that_the_ncaa_does_not_count_is_named() -> None:
    [fault] = named([], [game(1, "a", "X")])
    assert (fault.kind, fault.game_ids) == ("uncounted", ("g1",))


def test_an_unknown_streak_agrees_and_another_one_does_not() -> None:
    tally = Tally(2, 1)
    assert not differs(Record(tally, None), Record(tally, 2))
    assert differs(Record(tally, -1), Record(tally, 2))
    assert not differs(Record(Tally(), 1), Record(Tally(), None)), "without games there is no streak"


def test_a_game_that_is_unchanged_since_its_teams_agreed_is_not_in_question() -> None:
    old, new = game(1, "a", "b", home_wins=False, changed="2026-01-09 22:00"), game(2, "a", "b")
    assert [fault.game_ids for fault in named([old, new], [old, swapped(new)])] == [("g2",)]
    assert named([old, new], [old, swapped(new)], agreed={}) == [], "either may be the one"

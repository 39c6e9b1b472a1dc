"""Faults by name: when they happen, to what, and that they leave the rest alone."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models.reference import teams
from simulator import payload
from simulator.days import EASTERN
from simulator.faults import BUCKET_SECONDS, CATALOGUE, Endpoint, Faults, Target
from simulator.game import State, ends_at
from simulator.listing import Listed, count, counts, listing
from simulator.world import World

SEED = 7
DAY = date(2025, 11, 15)
BEFORE = datetime(2025, 11, 1, 12, tzinfo=EASTERN)
EVENING = datetime(2025, 11, 15, 19, 30, tzinfo=EASTERN)
LATER = datetime(2025, 12, 24, 12, tzinfo=EASTERN)

WORLD = World(seed=SEED, teams=teams(), last_season=2025)
CLEAN = Faults(SEED)


def only(name: str, **options: Any) -> Faults:
    return Faults(SEED, {name: options})


def on(faults: Faults, now: datetime, day: date = DAY) -> dict[int, Listed]:
    return {entry.game.contest_id: entry for entry in listing(WORLD, faults, day, now)}


def struck(faults: Faults, day: date | None = DAY, at: datetime = EVENING, path: str = "/x") -> str | None:
    happened = faults.on_answer(Endpoint.SCOREBOARD, path, day, at)
    return happened and happened.name


def test_every_fault_has_a_line_of_description() -> None:
    assert all(fault.description and "\n" not in fault.description for fault in CATALOGUE.values())


@pytest.mark.parametrize(
    "given", [{"no_such": {}}, {"hang": {"often": 1}}, {"hang": {"dates": ["soon"]}}, {"hang": {"endpoints": ["x"]}}]
)
def test_what_is_not_known_is_refused(given: Mapping[str, Mapping[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Faults(SEED, given)


@pytest.mark.parametrize("name", [name for name, fault in CATALOGUE.items() if fault.target is Target.ANSWER])
def test_a_picked_fault_of_answers_always_happens(name: str) -> None:
    faults = only(name)
    assert all(struck(faults, at=EVENING + timedelta(seconds=second)) == name for second in range(100))
    assert faults.on_answer(Endpoint.SCHEDULE, "/x", None, EVENING) is None, "scoreboards only, unless asked"


def test_a_fault_can_be_kept_to_dates_endpoints_and_a_number_of_times() -> None:
    faults = only("http_500", dates=["2025-11-15", date(2025, 11, 16)])
    assert struck(faults, DAY) == struck(faults, DAY + timedelta(days=1)) == "http_500"
    assert struck(faults, DAY + timedelta(days=2)) is None
    faults = only("http_500", times=2)
    assert [struck(faults, path="/one") for _ in range(4)] == ["http_500", "http_500", None, None]
    assert struck(faults, path="/other") == "http_500"
    faults = only("http_404", endpoints=["schedule"])
    assert struck(faults) is None
    assert faults.on_answer(Endpoint.SCHEDULE, "/x", None, EVENING) is not None


def test_messy_spoils_some_answers_the_same_ones_again_and_heals_with_time() -> None:
    faults = Faults(SEED, messy=True)
    paths = [f"/{number}" for number in range(2000)]
    first = [struck(faults, path=path) for path in paths]
    assert 0.03 < sum(name is not None for name in first) / len(paths) < 0.15
    assert first == [struck(Faults(SEED, messy=True), path=path) for path in paths]
    healed = [struck(faults, at=EVENING + timedelta(seconds=BUCKET_SECONDS), path=path) for path in paths]
    assert sum(was is not None and now is not None for was, now in zip(first, healed, strict=True)) < 30
    assert "drip" not in faults.rules, "nor what only tests need"


def test_healing_takes_all_rules_away() -> None:
    faults = Faults(SEED, {"hang": {}}, messy=True)
    faults.set({})
    assert not faults.rules
    assert not faults.spoil_games


@pytest.mark.parametrize("name", [name for name, fault in CATALOGUE.items() if fault.target is Target.GAME])
def test_a_fault_of_games_spoils_its_share_of_them_and_leaves_other_dates_alone(name: str) -> None:
    elsewhere = only(name, dates=["2025-11-29"])
    assert on(elsewhere, EVENING) == on(CLEAN, EVENING)
    spoilt = on(only(name), LATER if name not in ("tba", "late_correction") else EVENING)
    clean = on(CLEAN, LATER if name not in ("tba", "late_correction") else EVENING)
    same = sum(spoilt.get(contest_id) == entry for contest_id, entry in clean.items())
    assert len(clean) * 0.3 < same < len(clean)


def test_a_late_correction_changes_a_score_once_a_day_after_and_not_the_winner() -> None:
    faults = only("late_correction", share=1)
    for contest_id, entry in on(faults, LATER).items():
        final = entry.game
        early = on(faults, ends_at(final) + timedelta(hours=23))[contest_id]
        late = on(faults, ends_at(final) + timedelta(hours=24))[contest_id]
        assert early.moment.state is late.moment.state is State.FINAL
        assert (early.moment.home, early.moment.away) != (late.moment.home, late.moment.away)
        assert (late.moment.home, late.moment.away) == (final.home_score, final.away_score)
        assert (early.game.home_score > early.game.away_score) == (final.home_score > final.away_score)
        assert early.game.home_score != early.game.away_score


def test_an_empty_slug_is_one_sides_only() -> None:
    for entry in on(only("empty_slug", share=1), EVENING).values():
        assert sorted((entry.game.home.slug == "", entry.game.away.slug == "")) == [False, True]


def test_outsiders_play_away_outside_conferences_and_some_have_no_slug_conference_or_code() -> None:
    faults = only("d3_opponent", share=1)
    entries = on(faults, EVENING).values()
    sides = [payload.contest(entry)["game"]["away"] for entry in entries]
    assert {"", "paine"} < {side["names"]["seo"] for side in sides}
    assert {"", "c2c"} <= {side["conferences"][0]["conferenceSeo"] for side in sides}
    assert any(side["names"]["short"].endswith(" ") for side in sides)
    january = date(2026, 1, 24)
    assert on(faults, LATER, january) == on(CLEAN, LATER, january)


def test_a_time_to_be_announced_is_known_once_the_game_is_on() -> None:
    faults = only("tba", share=1)
    assert all(entry.unplaced for entry in on(faults, BEFORE).values())
    assert not any(entry.unplaced for entry in on(faults, LATER).values())


def test_a_postponed_game_stays_as_it_was_and_mostly_says_nothing() -> None:
    entries = on(only("postponed", share=1), LATER).values()
    assert all(entry.moment.state is State.PRE for entry in entries)
    assert {entry.message for entry in entries} == {"", "POSTPONED", "CANCELED"}
    assert sum(entry.message == "" for entry in entries) > len(entries) / 2


def test_a_reissued_game_comes_under_a_newer_id_and_the_old_one_goes_or_stays() -> None:
    faults = only("reissued", share=1)
    assert on(faults, BEFORE) == on(CLEAN, BEFORE)
    old, new = on(CLEAN, LATER), on(faults, LATER)
    again = {contest_id for contest_id in new if contest_id not in old}
    assert len(again) == len(old)
    assert min(again) > max(old)
    assert 0 < len(new.keys() & old.keys()) < len(old)


def test_a_game_that_disappears_was_there() -> None:
    faults = only("disappeared")
    assert on(faults, BEFORE) == on(CLEAN, BEFORE)
    assert on(faults, LATER).keys() < on(CLEAN, LATER).keys()


def test_a_game_that_moves_is_on_one_date_at_a_time_and_keeps_its_id() -> None:
    faults = only("moved", share=1)
    week = [DAY + timedelta(days=offset) for offset in range(7)]
    assert on(faults, BEFORE) == on(CLEAN, BEFORE)
    here = on(CLEAN, BEFORE).keys()
    left = here - on(faults, LATER).keys()
    found = [contest_id for day in week[1:] for contest_id in on(faults, LATER, day) if contest_id in here]
    assert left
    assert sorted(found) == sorted(left)
    for day in week:
        assert all(entry.game.day == day for entry in on(faults, LATER, day).values())


@pytest.mark.parametrize("name", ["reissued", "disappeared", "moved", "postponed"])
def test_the_calendar_counts_what_the_scoreboard_lists(name: str) -> None:
    faults = only(name, share=0.5)
    calendar = counts(WORLD, faults, 2025, LATER)
    for offset in range(-10, 10):
        day = DAY + timedelta(days=offset)
        assert calendar[day] == count(WORLD, faults, day, LATER) == len(listing(WORLD, faults, day, LATER))


def test_the_calendar_counts_games_of_the_bracket_once_their_teams_are_known() -> None:
    thursday = date(2026, 3, 19)
    assert counts(WORLD, CLEAN, 2025, LATER).get(thursday, 0) == 0
    sunday = datetime(2026, 3, 15, 18, tzinfo=EASTERN)
    assert len(WORLD.games(date(2026, 3, 17)) + WORLD.games(date(2026, 3, 18))) == 4
    assert counts(WORLD, CLEAN, 2025, sunday)[thursday] == 16 - 2
    assert counts(WORLD, CLEAN, 2025, sunday + timedelta(days=4))[thursday] == 16

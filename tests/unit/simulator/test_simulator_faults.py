"""Faults by name: when they are injected, what they affect, and that they leave everything else unchanged."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models.reference import teams
from simulator import payload
from simulator.days import EASTERN
from simulator.faults import BUCKET_SECONDS, FAULTS, Endpoint, Faults, Target
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


def listed(faults: Faults, now: datetime, day: date = DAY) -> dict[int, Listed]:
    return {entry.game.contest_id: entry for entry in listing(WORLD, faults, day, now)}


def active_fault(faults: Faults, day: date | None = DAY, at: datetime = EVENING, path: str = "/x") -> str | None:
    active = faults.on_answer(Endpoint.SCOREBOARD, path, day, at)
    return active and active.name


def test_every_fault_has_a_one_line_description() -> None:
    assert all(fault.description and "\n" not in fault.description for fault in FAULTS.values())


@pytest.mark.parametrize(
    "given", [{"no_such": {}}, {"hang": {"often": 1}}, {"hang": {"dates": ["soon"]}}, {"hang": {"endpoints": ["x"]}}]
)
def test_unknown_names_and_options_are_refused(given: Mapping[str, Mapping[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Faults(SEED, given)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.target is Target.ANSWER])
def test_a_chosen_fault_affects_every_answer(name: str) -> None:
    faults = only(name)
    assert all(active_fault(faults, at=EVENING + timedelta(seconds=second)) == name for second in range(100))
    assert faults.on_answer(Endpoint.SCHEDULE, "/x", None, EVENING) is None, "scoreboards only by default"


def test_a_fault_can_be_limited_to_dates_endpoints_and_a_number_of_answers() -> None:
    faults = only("http_500", dates=["2025-11-15", date(2025, 11, 16)])
    assert active_fault(faults, DAY) == active_fault(faults, DAY + timedelta(days=1)) == "http_500"
    assert active_fault(faults, DAY + timedelta(days=2)) is None
    faults = only("http_500", times=2)
    assert [active_fault(faults, path="/one") for _ in range(4)] == ["http_500", "http_500", None, None]
    assert active_fault(faults, path="/other") == "http_500"
    faults = only("http_404", endpoints=["schedule"])
    assert active_fault(faults) is None
    assert faults.on_answer(Endpoint.SCHEDULE, "/x", None, EVENING) is not None


def test_messy_affects_some_answers_reproducibly_and_others_later() -> None:
    faults = Faults(SEED, messy=True)
    paths = [f"/{number}" for number in range(2000)]
    first = [active_fault(faults, path=path) for path in paths]
    assert 0.03 < sum(name is not None for name in first) / len(paths) < 0.15
    assert first == [active_fault(Faults(SEED, messy=True), path=path) for path in paths]
    later = [active_fault(faults, at=EVENING + timedelta(seconds=BUCKET_SECONDS), path=path) for path in paths]
    assert sum(was is not None and now is not None for was, now in zip(first, later, strict=True)) < 30
    assert "drip" not in faults.rules, "a fault that only tests need is not part of it"


def test_setting_no_faults_removes_all() -> None:
    faults = Faults(SEED, {"hang": {}}, messy=True)
    faults.set({})
    assert not faults.rules
    assert not faults.affects_games


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.target is Target.GAME])
def test_a_fault_of_games_affects_its_share_and_leaves_other_dates_unchanged(name: str) -> None:
    other_date = only(name, dates=["2025-11-29"])
    assert listed(other_date, EVENING) == listed(CLEAN, EVENING)
    corrupted = listed(only(name), LATER if name not in ("time_tba", "late_correction") else EVENING)
    clean = listed(CLEAN, LATER if name not in ("time_tba", "late_correction") else EVENING)
    same = sum(corrupted.get(contest_id) == entry for contest_id, entry in clean.items())
    assert len(clean) * 0.3 < same < len(clean)


def test_a_late_correction_changes_the_score_after_one_day_and_keeps_the_winner() -> None:
    faults = only("late_correction", share=1)
    for contest_id, entry in listed(faults, LATER).items():
        final = entry.game
        early = listed(faults, ends_at(final) + timedelta(hours=23))[contest_id]
        late = listed(faults, ends_at(final) + timedelta(hours=24))[contest_id]
        assert early.moment.state is late.moment.state is State.FINAL
        assert (early.moment.home, early.moment.away) != (late.moment.home, late.moment.away)
        assert (late.moment.home, late.moment.away) == (final.home_score, final.away_score)
        assert (early.game.home_score > early.game.away_score) == (final.home_score > final.away_score)
        assert early.game.home_score != early.game.away_score


def test_one_team_of_the_game_has_an_empty_slug() -> None:
    for entry in listed(only("empty_slug", share=1), EVENING).values():
        assert sorted((entry.game.home.slug == "", entry.game.away.slug == "")) == [False, True]


def test_opponents_outside_division_i_play_away_in_non_conference_games_and_some_lack_a_slug() -> None:
    faults = only("d3_opponent", share=1)
    entries = listed(faults, EVENING).values()
    sides = [payload.contest(entry)["game"]["away"] for entry in entries]
    assert {"", "paine"} < {side["names"]["seo"] for side in sides}
    assert {"", "c2c"} <= {side["conferences"][0]["conferenceSeo"] for side in sides}
    assert any(side["names"]["short"].endswith(" ") for side in sides)
    january = date(2026, 1, 24)
    assert listed(faults, LATER, january) == listed(CLEAN, LATER, january)


def test_an_unknown_start_time_is_known_once_the_game_is_live() -> None:
    faults = only("time_tba", share=1)
    assert all(entry.time_unknown for entry in listed(faults, BEFORE).values())
    assert not any(entry.time_unknown for entry in listed(faults, LATER).values())


def test_a_postponed_game_stays_pre_mostly_without_a_message() -> None:
    entries = listed(only("postponed", share=1), LATER).values()
    assert all(entry.moment.state is State.PRE for entry in entries)
    assert {entry.message for entry in entries} == {"", "POSTPONED", "CANCELED"}
    assert sum(entry.message == "" for entry in entries) > len(entries) / 2


def test_a_reissued_game_has_a_newer_id_and_half_of_them_stay_listed_under_the_old_id() -> None:
    faults = only("reissued", share=1)
    assert listed(faults, BEFORE) == listed(CLEAN, BEFORE)
    old, new = listed(CLEAN, LATER), listed(faults, LATER)
    again = {contest_id for contest_id in new if contest_id not in old}
    assert len(again) == len(old)
    assert min(again) > max(old)
    assert 0 < len(new.keys() & old.keys()) < len(old)


def test_a_game_disappears_after_it_was_listed() -> None:
    faults = only("disappeared")
    assert listed(faults, BEFORE) == listed(CLEAN, BEFORE)
    assert listed(faults, LATER).keys() < listed(CLEAN, LATER).keys()


def test_a_moved_game_is_listed_on_one_date_and_keeps_its_id() -> None:
    faults = only("moved", share=1)
    week = [DAY + timedelta(days=offset) for offset in range(7)]
    assert listed(faults, BEFORE) == listed(CLEAN, BEFORE)
    here = listed(CLEAN, BEFORE).keys()
    left = here - listed(faults, LATER).keys()
    found = [contest_id for day in week[1:] for contest_id in listed(faults, LATER, day) if contest_id in here]
    assert left
    assert sorted(found) == sorted(left)
    for day in week:
        assert all(entry.game.day == day for entry in listed(faults, LATER, day).values())


@pytest.mark.parametrize("name", ["reissued", "disappeared", "moved", "postponed"])
def test_the_calendar_count_equals_the_number_of_listed_games(name: str) -> None:
    faults = only(name, share=0.5)
    calendar = counts(WORLD, faults, 2025, LATER)
    for offset in range(-10, 10):
        day = DAY + timedelta(days=offset)
        assert calendar[day] == count(WORLD, faults, day, LATER) == len(listing(WORLD, faults, day, LATER))


def test_the_calendar_counts_bracket_games_once_their_teams_are_known() -> None:
    thursday = date(2026, 3, 19)
    assert counts(WORLD, CLEAN, 2025, LATER).get(thursday, 0) == 0
    sunday = datetime(2026, 3, 15, 18, tzinfo=EASTERN)
    assert len(WORLD.games(date(2026, 3, 17)) + WORLD.games(date(2026, 3, 18))) == 4
    assert counts(WORLD, CLEAN, 2025, sunday)[thursday] == 16 - 2
    assert counts(WORLD, CLEAN, 2025, sunday + timedelta(days=4))[thursday] == 16

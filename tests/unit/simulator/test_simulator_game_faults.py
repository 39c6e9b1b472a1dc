"""Faults of single games: when each of them changes the scoreboard, and that the game ends with its result."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from simulator import legacy, payload
from simulator.days import EASTERN, REISSUE_OFFSET
from simulator.faults import FAULTS, Faults, Target
from simulator.game import UNDECIDED, Game, Listed, State, ends_at
from simulator.listing import counts, listing
from simulator.world import World

SEED = 7
DAY = date(2025, 11, 15)
BEFORE = datetime(2025, 11, 1, 12, tzinfo=EASTERN)
EVENING = datetime(2025, 11, 15, 19, 30, tzinfo=EASTERN)
LATER = datetime(2025, 12, 24, 12, tzinfo=EASTERN)

WORLD = World(seed=SEED, last_season=2026)
CLEAN = Faults(SEED)
GAMES = WORLD.games(DAY)
GAME_FAULTS = [name for name, fault in FAULTS.items() if fault.target is Target.GAME]
NOT_PLAYED = {"postponed", "called_off", "disappeared", "moved", "d3_opponent", "empty_slug", "ornaments", "reissued"}


def only(name: str, **options: Any) -> Faults:
    return Faults(SEED, {name: options})


def listed(faults: Faults, now: datetime, day: date = DAY) -> dict[int, Listed]:
    return {entry.game.contest_id: entry for entry in listing(WORLD, faults, day, now)}


def fields(entry: Listed) -> dict[str, Any]:
    game: dict[str, Any] = payload.contest(entry)["game"]
    return game


def times_of(game: Game) -> list[datetime]:
    """Returns hourly times from two weeks before a game until two days after it."""
    return [game.tip_off + timedelta(hours=hour) for hour in range(-14 * 24, 48)]


@pytest.mark.parametrize("name", GAME_FAULTS)
def test_a_fault_affects_its_share_of_games_and_leaves_other_dates_unchanged(name: str) -> None:
    other_date, faults = only(name, dates=["2025-11-29"]), only(name)
    affected = set()
    for hour in range(-16, 40):
        now = datetime(2025, 11, 15, 12, tzinfo=EASTERN) + timedelta(hours=hour)
        clean, corrupted = listed(CLEAN, now), listed(faults, now)
        assert listed(other_date, now) == clean
        affected |= {contest_id for contest_id, entry in clean.items() if corrupted.get(contest_id) != entry}
        affected |= {contest_id - REISSUE_OFFSET for contest_id in corrupted if contest_id not in clean}
    assert 0 < len(affected) < len(GAMES) * 0.7


@pytest.mark.parametrize("name", sorted(set(GAME_FAULTS) - NOT_PLAYED))
def test_a_temporary_fault_ends_with_the_result_under_the_original_id(name: str) -> None:
    entries = listed(only(name, share=1), LATER)
    assert {contest_id: entries[contest_id] for contest_id in listed(CLEAN, LATER)} == listed(CLEAN, LATER)


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
    assert all(entry.overrides.get("startTime") == "TBA" for entry in listed(faults, BEFORE).values())
    assert not any(entry.overrides.get("startTime") == "TBA" for entry in listed(faults, LATER).values())


def test_a_postponed_game_stays_pre_mostly_without_a_message() -> None:
    entries = listed(only("postponed", share=1), LATER).values()
    assert all(entry.moment.state is State.PRE for entry in entries)
    messages = [entry.overrides.get("finalMessage", "") for entry in entries]
    assert set(messages) == {"", "POSTPONED", "CANCELED"}
    assert messages.count("") > len(messages) / 2


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


def test_undecided_teams_resolve_under_the_same_contest_id() -> None:
    faults = only("undecided_team", share=1)
    undecided = set()
    for game in GAMES:
        early = listed(faults, game.tip_off - timedelta(hours=13))[game.contest_id]
        sides = (early.game.home == UNDECIDED, early.game.away == UNDECIDED)
        undecided.add(sides)
        assert {fields(early)[side]["names"]["seo"] for side in ("home", "away")} >= {"tba"}
        assert listed(faults, game.tip_off - timedelta(hours=12))[game.contest_id].game == game
        assert game.contest_id not in listed(faults, game.tip_off - timedelta(days=15))
    assert undecided == {(True, False), (False, True), (True, True)}


def test_undecided_games_of_a_tournament_are_listed_until_their_teams_are_known() -> None:
    thursday = date(2026, 3, 19)
    monday = datetime(2026, 3, 16, 12, tzinfo=EASTERN)
    entries = listed(only("undecided_team", share=1), monday, thursday)
    waiting = [game for game in WORLD.games(thursday) if game.announced and game.announced > monday]
    assert waiting
    assert all(
        UNDECIDED in (entries[game.contest_id].game.home, entries[game.contest_id].game.away) for game in waiting
    )
    assert len(entries) == counts(WORLD, only("undecided_team", share=1), 2025, monday)[thursday] == 16
    for game in waiting:
        assert game.announced
        assert listed(only("undecided_team", share=1), game.announced, thursday)[game.contest_id].game == game


def test_replacing_the_faults_of_games_takes_effect_at_once() -> None:
    faults = only("disappeared", share=1)
    assert not listed(faults, LATER)
    faults.set({})
    assert listed(faults, LATER) == listed(CLEAN, LATER)
    faults.set({"postponed": {"share": 1}})
    assert {entry.moment.state for entry in listed(faults, LATER).values()} == {State.PRE}


def test_an_undecided_team_of_the_legacy_format_has_no_names_and_its_game_no_game_id() -> None:
    for entry in listed(only("undecided_team", share=1), BEFORE + timedelta(days=10)).values():
        game = legacy.contest(entry, WORLD.record)["game"]
        sides = [
            game[side] for side, team in (("home", entry.game.home), ("away", entry.game.away)) if team == UNDECIDED
        ]
        assert all(set(side["names"].values()) == {""} for side in sides)
        assert (game["gameID"], game["url"]) == ("", f"/game/{entry.game.contest_id}")


def test_a_duplicate_id_is_newer_and_stays_pre_while_the_older_becomes_final() -> None:
    entries = listed(only("duplicate_id", share=1), LATER)
    assert len(entries) == 2 * len(GAMES)
    for game in GAMES:
        older, newer = entries[game.contest_id].moment, entries[game.contest_id + REISSUE_OFFSET].moment
        assert (older.state, newer.state) == (State.FINAL, State.PRE)


def test_a_lower_id_comes_back_three_hours_before_tip_off() -> None:
    faults, game = only("lower_id", share=1), GAMES[0]
    ids = [
        [
            contest_id - game.contest_id
            for contest_id in listed(faults, now)
            if contest_id % REISSUE_OFFSET == game.contest_id % REISSUE_OFFSET
        ]
        for now in (game.tip_off - timedelta(hours=hours) for hours in (25, 24, 4, 3, 0))
    ]
    assert ids == [[0], [REISSUE_OFFSET], [REISSUE_OFFSET], [0], [0]]


def test_a_final_reverts_to_scheduled_live_or_postponed_and_comes_back() -> None:
    faults = only("final_reverts", share=1)
    reverted = set()
    for game in GAMES:
        states = [
            listed(faults, ends_at(game) + timedelta(minutes=minutes))[game.contest_id]
            for minutes in (59, 60, 239, 240)
        ]
        assert [entry.moment.state is State.FINAL for entry in states] == [True, False, False, True]
        reverted.add((states[1].moment.state, fields(states[1])["finalMessage"] == "POSTPONED"))
    assert reverted == {(State.PRE, False), (State.LIVE, False), (State.PRE, True)}


def test_an_implausible_final_is_0_0_a_draw_or_without_scores_for_two_hours() -> None:
    faults = only("implausible_final", share=1)
    scores = set()
    for game in GAMES:
        first, last, corrected = (
            listed(faults, ends_at(game) + timedelta(minutes=minutes))[game.contest_id].moment
            for minutes in (0, 119, 120)
        )
        assert first == last
        assert first.state is State.FINAL
        assert first.home == first.away
        scores.add("none" if first.home is None else "0-0" if first.home == 0 else "draw")
        assert (corrected.home, corrected.away) == (game.home_score, game.away_score)
    assert scores == {"none", "0-0", "draw"}


def test_a_called_off_game_has_each_of_the_upstream_texts_after_tip_off() -> None:
    faults = only("called_off", share=1)
    assert listed(faults, BEFORE) == listed(CLEAN, BEFORE)
    seen = {
        (game["gameState"], game["home"]["score"], game["away"]["score"], game["finalMessage"], game["currentPeriod"])
        for game in map(fields, listed(faults, LATER).values())
        if "resumed" not in game["finalMessage"]
    }
    assert seen == {
        ("final", "2", "0", "FORFEIT", "FORFEIT"),
        ("final", "0", "0", "FORFEIT", "FORFEIT"),
        ("pre", "", "", "NO CONTEST", ""),
        ("pre", "44", "40", "SUSPENDED", ""),
        ("live", "44", "40", "SUSPENDED", "SUSPENDED"),
        ("pre", "0", "0", "", "POSTPONED"),
        ("pre", "0", "0", "", "CANCELED"),
    }
    resumed = [game for game in map(fields, listed(faults, LATER).values()) if "resumed" in game["finalMessage"]]
    assert {game["finalMessage"] for game in resumed} == {"FINAL (resumed; November 16)"}
    assert all(game["gameState"] == "final" and int(game["home"]["score"]) > 2 for game in resumed)


def test_unreadable_ornaments_are_of_every_kind_and_leave_identity_and_scores_alone() -> None:
    faults = only("ornaments", share=1)
    clean, games = (
        {contest_id: fields(entry) for contest_id, entry in listed(each, EVENING).items()} for each in (CLEAN, faults)
    )
    changed = set()
    for contest_id, game in games.items():
        for name, value in game.items():
            if value != clean[contest_id][name]:
                changed.add(name)
        assert [game[side]["score"] for side in ("home", "away")] == [
            clean[contest_id][side]["score"] for side in ("home", "away")
        ]
        assert game["startDate"] == clean[contest_id]["startDate"]
    assert changed == {"home", "away", "bracketRound", "network", "startTime", "startTimeEpoch"}
    assert {"18:30", "Noon ET", "TBD ET"} < {game["startTime"] for game in games.values()}
    assert any("\u202f" in game["startTime"] for game in games.values())
    assert {"-5"} < {game["startTimeEpoch"] for game in games.values() if len(game["startTimeEpoch"]) != 10}
    assert any(len(game["startTimeEpoch"]) == 13 for game in games.values())
    assert any(len(game["network"]) > 128 for game in games.values())
    assert {"NR"} < {game["home"]["rank"] for game in games.values()}
    assert {0, 8} <= {game["bracketRound"] for game in games.values()}


@pytest.mark.parametrize("name", GAME_FAULTS)
def test_the_calendar_count_equals_the_number_of_listed_games(name: str) -> None:
    faults = only(name, share=0.5)
    calendar = counts(WORLD, faults, 2025, EVENING)
    for offset in range(-3, 4):
        day = DAY + timedelta(days=offset)
        assert calendar[day] == len(listing(WORLD, faults, day, EVENING))


def test_the_calendar_counts_bracket_games_once_their_teams_are_known() -> None:
    thursday = date(2026, 3, 19)
    assert counts(WORLD, CLEAN, 2025, LATER).get(thursday, 0) == 0
    sunday = datetime(2026, 3, 15, 18, tzinfo=EASTERN)
    assert len(WORLD.games(date(2026, 3, 17)) + WORLD.games(date(2026, 3, 18))) == 4
    assert counts(WORLD, CLEAN, 2025, sunday)[thursday] == 16 - 2
    assert counts(WORLD, CLEAN, 2025, sunday + timedelta(days=4))[thursday] == 16

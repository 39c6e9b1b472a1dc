"""Fields that only decorate a game never reject it: an unreadable one is null, counted and named."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.raw_games import parse_answer, raw_answer, raw_game

from pipelines.ncaa.game import Game
from pipelines.ncaa.scoreboard import ParsedScoreboard, UnreadableField

DATE = "2026-01-03"
A_MEGABYTE = "x" * 2**20
SEVEN_PM = dt.datetime(2026, 1, 4, 0, tzinfo=dt.UTC)


def changed(path: str, value: object, **fields: Any) -> dict[str, Any]:
    """Returns a raw game with another value at `path`, such as `home.names.short`."""
    target = whole = raw_game(8, **fields)
    *parents, last = path.split(".")
    for parent in parents:
        target = target[parent]
    target[last] = value
    return whole


def parse_one(raw: dict[str, Any], *, legacy: bool = False) -> tuple[Game, tuple[UnreadableField, ...]]:
    board = parse_answer(raw_answer(raw, **({"hideRank": True} if legacy else {})), "2025-01-03" if legacy else DATE)
    assert board.rejects == ()
    [game] = board.games
    return game, board.unreadable_fields


def short(value: object) -> str:
    return repr(value)[:20]


def value_of(game: Game, path: str) -> object:
    attributes = {
        "rank": "rank",
        "seed": "seed",
        "score": "score",
        "names.short": "team_name",
        "names.full": "full_name",
        "names.char6": "abbreviation",
        "conferences": "conference_id",
    }
    side, _, name = path.partition(".")
    return getattr(getattr(game, side), attributes[name])


JUNK = {
    "NUL": "x\0y",
    "line break": "x\ny",
    "escape": "\x1b[31m",
    "half a surrogate pair": "\ud800",
    "a megabyte": A_MEGABYTE,
    "130 characters": "x" * 130,
    "a number": 7.5,
    "true": True,
    "a list": ["x"],
    "an object": {"x": 1},
    "nesting": json.loads("[" * 150 + "]" * 150),
}
NOT_A_NUMBER = {name: value for name, value in JUNK.items() if name != "a number"} | {
    "words": "first",
    "a fraction": "1.5",
    "negative": "-1",
    "infinite": float("inf"),
    "NaN": float("nan"),
    "4000 digits": 10**3999,
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("side", ["home", "away"])
@pytest.mark.parametrize("name", ["names.short", "names.full", "names.char6", "conferences"])
def test_unreadable_text_of_a_side_is_null(side: str, name: str, junk: str) -> None:
    path = f"{side}.{name}"
    game, unreadable = parse_one(changed(path, JUNK[junk]))
    assert value_of(game, path) is None
    assert [(field.contest_id, field.name) for field in unreadable] == [(8, path)]


@pytest.mark.parametrize("value", [*NOT_A_NUMBER.values(), "0", 0, "NR", "26", "#4", "T-25"], ids=short)
@pytest.mark.parametrize("side", ["home", "away"])
def test_an_unreadable_rank_is_null(side: str, value: object) -> None:
    game, unreadable = parse_one(changed(f"{side}.rank", value))
    assert value_of(game, f"{side}.rank") is None
    assert [field.name for field in unreadable] == [f"{side}.rank"]


@pytest.mark.parametrize("value", [*NOT_A_NUMBER.values(), "0", 0, "33", "16a"], ids=short)
def test_an_unreadable_seed_is_null(value: object) -> None:
    game, unreadable = parse_one(changed("home.seed", value))
    assert game.home.seed is None
    assert [field.name for field in unreadable] == ["home.seed"]


@pytest.mark.parametrize("value", [*JUNK.values(), 0, 8, -1, 2**40], ids=short)
def test_an_unreadable_round_is_null(value: object) -> None:
    game, unreadable = parse_one(changed("bracketRound", value))
    assert game.bracket_round is None
    assert [field.name for field in unreadable] == ["bracketRound"]


@pytest.mark.parametrize("value", JUNK.values(), ids=short)
def test_an_unreadable_network_is_null(value: object) -> None:
    game, unreadable = parse_one(changed("network", value))
    assert game.network is None
    assert [field.name for field in unreadable] == ["network"]


UNREADABLE_TIMES = [
    "18:30",
    "TBD ET",
    "Noon ET",
    "Midnight",
    "7:00\u202fPM ET",
    "7:00 PM CT",
    "13:75 PM ET",
    "7 PM ET",
    "soon",
    *JUNK.values(),
]


@pytest.mark.parametrize("value", UNREADABLE_TIMES, ids=short)
@pytest.mark.parametrize("epoch", ["", "0"])
def test_an_unreadable_start_time_is_null(value: object, epoch: str) -> None:
    game, unreadable = parse_one(changed("startTime", value, startTimeEpoch=epoch))
    assert game.start_time is None
    assert [field.name for field in unreadable] == ["startTime"]


def test_a_readable_epoch_is_used_beside_an_unreadable_start_time() -> None:
    game, unreadable = parse_one(raw_game(8, startTime="18:30", startTimeEpoch=str(int(SEVEN_PM.timestamp()))))
    assert game.start_time == SEVEN_PM
    assert unreadable == (UnreadableField(8, "startTime", "18:30"),)


@pytest.mark.parametrize(
    "value",
    ["-5", -5, "1767484800000", "tonight", "9" * 40, "17674848OO", *(NOT_A_NUMBER.values())],
    ids=short,
)
def test_the_start_time_is_read_from_its_text_beside_an_unreadable_epoch(value: object) -> None:
    game, unreadable = parse_one(changed("startTimeEpoch", value))
    assert game.start_time == SEVEN_PM
    assert [field.name for field in unreadable] == ["startTimeEpoch"]


@pytest.mark.parametrize("value", [*JUNK.values(), "12:3", "forty", "7:20 PM"], ids=short)
def test_an_unreadable_clock_of_a_live_game_is_null(value: object) -> None:
    game, unreadable = parse_one(changed("contestClock", value, gameState="live", currentPeriod="2nd"))
    assert (game.status, game.period, game.clock) == ("live", "2nd", None)
    assert [field.name for field in unreadable] == ["contestClock"]


@pytest.mark.parametrize("value", [*JUNK.values(), "3RD QTR", "Set 2"], ids=short)
def test_an_unreadable_period_of_a_live_game_is_null(value: object) -> None:
    game, unreadable = parse_one(changed("currentPeriod", value, gameState="live", finalMessage=""))
    assert (game.status, game.period) == ("live", None)
    assert [field.name for field in unreadable] == ["currentPeriod"]


@pytest.mark.parametrize("value", JUNK.values(), ids=short)
@pytest.mark.parametrize("name", ["currentPeriod", "finalMessage", "contestClock"])
def test_unreadable_texts_of_a_final_do_not_cost_its_score(name: str, value: object) -> None:
    game, unreadable = parse_one(changed(name, value))
    assert (game.status, game.home.score, game.away.score) == ("final", 80, 70)
    assert [field.name for field in unreadable] == [name]


@pytest.mark.parametrize("value", [*NOT_A_NUMBER.values(), "forty", "301"], ids=short)
@pytest.mark.parametrize("state", ["pre", "live", "postponed", "canceled", "delayed"])
def test_an_unreadable_score_is_null_before_the_final(state: str, value: object) -> None:
    game, unreadable = parse_one(changed("home.score", value, gameState=state, currentPeriod="", finalMessage=""))
    assert game.home.score is None
    assert [field.name for field in unreadable] == ["home.score"]


def test_several_unreadable_fields_of_a_game_are_each_counted() -> None:
    raw = changed("home.rank", "NR", network="x" * 130, startTime="Noon ET", bracketRound=9)
    raw["away"]["conferences"] = [{"conferenceSeo": 7}]
    _, unreadable = parse_one(raw)
    assert {field.name: field.raw for field in unreadable} == {
        "home.rank": "NR",
        "network": "x" * 80,
        "startTime": "Noon ET",
        "bracketRound": "9",
        "away.conferences": "a list",
    }


def test_a_readable_answer_has_no_unreadable_fields(made_up: Callable[[str, str], Any]) -> None:
    board = parse_answer(raw_answer(raw_game(8), raw_game(9, "unc", "elon", gameState="pre", startTime="TBA")), DATE)
    assert board.unreadable_fields == ()


@pytest.mark.parametrize("feed", ["current", "legacy"])
@pytest.mark.parametrize("case", ["live", "overtime", "called-off", "tournament", "same-games", "empty"])
def test_the_hand_written_scoreboards_have_no_unreadable_fields(
    parse_made_up: Callable[[str, str], ParsedScoreboard], feed: str, case: str
) -> None:
    assert parse_made_up(feed, case).unreadable_fields == ()


@pytest.mark.parametrize("recording", ["legacy/2025-02-08", "legacy/2025-03-14", "current/2025-11-03"])
def test_recorded_scoreboards_have_no_unreadable_fields(shared_data: Any, recording: str) -> None:
    body = (shared_data / "scoreboards" / f"{recording}.json").read_bytes()
    assert parse_answer(body, recording[-10:]).unreadable_fields == ()


def test_of_a_contest_listed_twice_the_fields_of_the_kept_entry_count() -> None:
    entries = [raw_game(8, network=7, gameState="pre"), raw_game(8)]
    board = parse_answer(raw_answer(*entries), DATE)
    assert (board.games[0].status, board.unreadable_fields) == ("final", ())


def test_a_name_is_an_identifying_field_without_a_slug() -> None:
    raw = changed("home.names.short", "Du\0ke")
    raw["home"]["names"]["seo"] = ""
    board = parse_answer(raw_answer(raw), DATE)
    assert (board.games, len(board.rejects), board.undecided) == ((), 1, ())
    assert board.rejects[0].reason.startswith("home.names.short: ")


def test_the_score_of_a_final_is_an_identifying_field() -> None:
    board = parse_answer(raw_answer(changed("home.score", "eighty", network=7)), DATE)
    assert board.games == ()
    assert board.rejects[0].reason.startswith("home.score: ")


any_text = st.text(st.characters(exclude_categories=[]), max_size=12)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)
ORNAMENTS = [
    "startTime",
    "startTimeEpoch",
    "contestClock",
    "bracketRound",
    "network",
    *(f"{side}.{name}" for side in ("home", "away") for name in ("rank", "seed", "conferences")),
    *(f"{side}.names.{name}" for side in ("home", "away") for name in ("short", "full", "char6")),
]


@settings(max_examples=300)
@given(
    values=st.dictionaries(st.sampled_from(ORNAMENTS), any_json, min_size=1, max_size=4),
    state=st.sampled_from(["final", "live", "pre", "postponed"]),
    legacy=st.booleans(),
)
def test_any_json_in_ornaments_is_never_a_reject(values: dict[str, Any], state: str, legacy: bool) -> None:
    raw = raw_game(8, gameState=state)
    for path, value in values.items():
        target = raw
        *parents, last = path.split(".")
        for parent in parents:
            target = target[parent]
        target[last] = value
    game, unreadable = parse_one(raw, legacy=legacy)
    assert (game.contest_id, game.home.slug, game.away.slug) == (8, "duke", "yale")
    assert game.status == {"pre": "scheduled"}.get(state, state)
    if state == "final":
        assert (game.home.score, game.away.score) == (80, 70)
    assert {field.name for field in unreadable} <= values.keys()
    assert all(len(field.raw) <= 80 for field in unreadable)

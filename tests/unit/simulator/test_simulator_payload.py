"""Payloads compared with what docs/ncaa-api.md documents, without a recording."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from models.reference import teams
from simulator import legacy, payload
from simulator.days import EASTERN
from simulator.game import Game, Kind, Listed, Moment, State, final

NOW = datetime(2026, 3, 21, 20, 0, tzinfo=EASTERN)
HOME, AWAY = teams(2025)[0], teams(2025)[1]
GAME = Game(
    6_500_000,
    datetime(2026, 3, 21, 7, 5, tzinfo=EASTERN),
    HOME,
    AWAY,
    Kind.CONFERENCE,
    ((30, 35), (40, 30)),
    home_rank=3,
)
OVERTIME = replace(GAME, line=((30, 30), (40, 40), (9, 7)))
TWO_OVERTIMES = replace(GAME, line=((30, 30), (40, 40), (7, 7), (9, 7)))
BRACKET = replace(
    GAME,
    kind=Kind.BRACKET,
    bracket_id=231,
    bracket_round=2,
    round_name="First Round",
    home_seed=2,
    away_seed=15,
    home_rank=None,
)


def fields(game: Game, at: Moment | None = None) -> dict:
    return payload.contest(Listed(game, at or final(game)))["game"]


def test_an_empty_day_has_the_digest_of_the_real_api() -> None:
    empty = json.loads(payload.scoreboard((), NOW))
    assert empty == {
        "inputMD5Sum": "d751713988987e9331980363e24189ce",
        "instanceId": "d41d8cd98f00b204e9800998ecf8427e",
        "updated_at": "2026-03-22 00:00:00",
        "games": [],
    }


def test_the_digest_is_computed_from_the_games() -> None:
    body = payload.scoreboard([Listed(GAME, final(GAME))], NOW)
    games = body[body.index(b'"games":') + 8 : -1]
    assert json.loads(body)["inputMD5Sum"] == payload.md5(games)


def test_titles_name_the_away_team_first_and_dates_and_times_have_the_current_format() -> None:
    game = fields(GAME)
    assert game["title"] == f"{AWAY.short_name} {HOME.short_name}"
    assert (game["gameID"], game["url"]) == ("6500000", "/game/6500000")
    assert (game["startDate"], game["startTime"]) == ("03/21/2026", "7:05 AM ET")
    assert datetime.fromtimestamp(int(game["startTimeEpoch"]), UTC) == GAME.tip_off
    assert (game["home"]["rank"], game["away"]["rank"]) == ("3", "")
    assert (game["home"]["winner"], game["away"]["winner"]) == (True, False)


def test_overtime_is_in_the_period_and_not_in_the_message() -> None:
    for game, period in ((GAME, "FINAL"), (OVERTIME, "FINAL - OT"), (TWO_OVERTIMES, "FINAL - 2OT")):
        assert fields(game)["currentPeriod"] == period
        assert fields(game)["finalMessage"] == "FINAL"
        assert fields(game)["contestClock"] == "0:00"


def test_before_tip_off_scores_are_empty_and_the_clock_is_zero() -> None:
    game = fields(GAME, Moment(State.PRE))
    assert (game["gameState"], game["currentPeriod"], game["finalMessage"], game["contestClock"]) == (
        "pre", "", "", "0:00"
    )  # fmt: skip
    assert (game["home"]["score"], game["away"]["score"], game["home"]["winner"]) == ("", "", False)


def test_a_live_game_has_a_padded_clock_and_halftime_has_none() -> None:
    game = fields(GAME, Moment(State.LIVE, 2, clock=440, home=0, away=2))
    assert (game["currentPeriod"], game["finalMessage"], game["contestClock"]) == ("2nd", "2ND HALF", "07:20")
    assert (game["home"]["score"], game["away"]["score"], game["away"]["winner"]) == ("0", "2", False)
    game = fields(GAME, Moment(State.LIVE, 1, halftime=True, home=30, away=35))
    assert (game["currentPeriod"], game["finalMessage"], game["contestClock"]) == ("HALFTIME", "HALF", "0:00")


def test_bracket_fields_are_integers_in_the_tournament_and_empty_or_absent_elsewhere() -> None:
    game = fields(BRACKET)
    assert (game["bracketId"], game["bracketRound"]) == (231, 2)
    assert type(game["championshipId"]) is int
    assert game["championshipGame"]["round"].keys() == {"roundNumber", "title", "subtitle"}
    assert game["championshipGame"]["round"]["roundNumber"] == 2
    assert (game["home"]["seed"], game["away"]["seed"], game["home"]["rank"]) == ("2", "15", "")
    game = fields(GAME)
    assert (game["bracketId"], game["bracketRound"]) == ("", "")
    assert game.keys().isdisjoint({"championshipId", "championshipGame"})


def test_round_titles_carry_their_entities() -> None:
    title = fields(replace(BRACKET, bracket_round=1, round_name="First Four"))["championshipGame"]["round"]["title"]
    assert title == "First Four&#174;"


def test_overrides_replace_fields_by_path_in_both_formats() -> None:
    entry = Listed(GAME, Moment(State.PRE), {"startTime": "TBA", "startTimeEpoch": "", "home.rank": "NR"})
    for game in (payload.contest(entry)["game"], legacy.contest(entry, lambda team, at: (0, 0))["game"]):
        assert (game["startTime"], game["startTimeEpoch"], game["home"]["rank"]) == ("TBA", "", "NR")


def test_the_legacy_format_has_its_own_spellings_and_game_id() -> None:
    entry = legacy.contest(Listed(TWO_OVERTIMES, final(TWO_OVERTIMES)), lambda team, at: (20, 4))["game"]
    assert entry["url"] == "/game/6500000"
    assert entry["gameID"] != "6500000"
    assert entry["title"] == f"{HOME.short_name} {AWAY.short_name}"
    assert (entry["startDate"], entry["startTime"]) == ("03-21-2026", "07:05AM ET")
    assert entry["currentPeriod"] == entry["finalMessage"] == "FINAL (2OT)"
    assert entry["home"]["description"] == "(20-4)"
    assert entry["home"]["names"]["full"] == HOME.full_name
    assert entry["home"]["conferences"][1] == {"conferenceName": "Top 25", "conferenceSeo": "top-25"}
    assert len(entry["away"]["conferences"]) == 1
    halftime = Moment(State.LIVE, 1, halftime=True, home=30, away=35)
    entry = legacy.contest(Listed(BRACKET, halftime), lambda team, at: (0, 0))["game"]
    assert (entry["currentPeriod"], entry["contestClock"], entry["bracketId"]) == ("", ":00", "231")
    assert entry["bracketRound"] == "First Round"

"""Identity is the contest id: one row per contest, whichever feed speaks of it, and which of its values stand."""

import json
from typing import Any

import pytest
from support.builders import at, day, game, scoreboard, team
from support.warehouse import Warehouse

from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard


def values(warehouse: Warehouse, contest_id: int) -> dict[str, Any]:
    """The game without what says who wrote it and when."""
    written = {"game_key", "home_team_key", "away_team_key", "feed", "last_seen_at", "created_at", "updated_at"}
    return {name: value for name, value in warehouse.game(contest_id).items() if name not in written}


def answer(feed: str, fetched_at: str) -> ParsedScoreboard:
    """A Sweet 16 game that went to double overtime, as each feed spells it; parsed."""
    sides: dict[str, dict[str, Any]] = {
        "home": {"score": "90", "seed": "1", "rank": "", "winner": True},
        "away": {"score": "88", "seed": "4", "rank": "", "winner": False},
    }
    names = {"home": ("Duke", "duke", "Duke University", "DUKE"), "away": ("FDU", "fdu", "FDU", "FDU")}
    said: dict[str, Any] = {"url": "/game/6442348", "gameState": "final", "startTimeEpoch": "1743202800"}
    for side, (short, slug, full, char6) in names.items():
        is_current = feed == "current"
        sides[side]["names"] = {"short": short, "seo": slug, "full": "" if is_current else full, "char6": char6}
        sides[side]["conferences"] = [{"conferenceSeo": "acc", "conferenceName": "" if is_current else "ACC"}]
        sides[side]["description"] = "" if is_current else "(20-4)"
    if feed == "legacy":
        sides["away"]["names"]["seo"] = "fairleigh-dickinson"
        said |= {
            "gameID": "2634201",
            "startDate": "03-28-2025",
            "startTime": "07:00PM ET",
            "currentPeriod": "FINAL (2OT)",
            "finalMessage": "FINAL (2OT)",
            "contestClock": "0:00",
            "bracketRound": "Sweet 16&#174;",
            "network": "CBS",
        }
    else:
        said |= {
            "gameID": "6442348",
            "startDate": "03/28/2025",
            "startTime": "7:00 PM ET",
            "currentPeriod": "FINAL - 2OT",
            "finalMessage": "FINAL",
            "contestClock": "0:00",
            "bracketRound": 4,
            "network": "CBS",
        }
    envelope: dict[str, Any] = {"games": [{"game": said | sides}]}
    if feed == "legacy":
        envelope["hideRank"] = False
    return parse_scoreboard(
        ScoreboardResponse(
            MENS_BASKETBALL,
            day("2025-03-28"),
            json.dumps(envelope).encode(),
            at(fetched_at),
            f"https://api.test/{feed}",
        )
    )


@pytest.mark.parametrize("feeds", [("legacy", "current"), ("current", "legacy")])
def test_a_game_from_both_feeds_is_one_row_with_one_set_of_values(warehouse: Warehouse, feeds: tuple[str, str]) -> None:
    warehouse.load(answer(feeds[0], "2025-03-29 08:00"))
    first = values(warehouse, 6442348)

    report = warehouse.load(answer(feeds[1], "2025-03-29 09:00"))

    assert values(warehouse, 6442348) == first
    assert (first["game_period"], first["overtime_periods"], first["bracket_round"]) == ("final", 2, "Sweet 16")
    assert (first["home"], first["away"], first["game_date_key"]) == ("duke", "fdu", 20250328)
    assert report.games_suspect == 0
    assert warehouse.query("SELECT count(*) FROM fact_game") == [{"count": 1}]


@pytest.mark.parametrize("feeds", [("legacy", "current"), ("current", "legacy")])
def test_what_the_current_feed_wrote_stays_whichever_feed_comes_first(
    warehouse: Warehouse, feeds: tuple[str, str]
) -> None:
    said = {"current": game(7, "duke", "unc", "final 80-75"), "legacy": game(7, "duke", "unc", "final 80-74")}

    for hour, feed in enumerate(feeds):
        report = warehouse.load(scoreboard("2025-01-10", f"2025-01-11 0{hour}:00", said[feed], feed=feed))  # type: ignore[arg-type]

    row = warehouse.game(7)
    assert (row["away_score"], row["feed"]) == (75, "current")
    assert (report.games_suspect, report.games_updated) == ((0, 1) if feeds[1] == "current" else (1, 1))


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (game(7, "duke", "unc", "final 80-75"), "games_unchanged"),
        (game(7, "duke", "unc", "final 80-75", network="CBS"), "games_unchanged"),
        (game(7, "duke", "unc", "final 80-76"), "games_suspect"),
        (game(7, "duke", "unc", "final 80-75 OT"), "games_suspect"),
        (game(7, "duke", "unc", "canceled"), "games_suspect"),
        (game(7, "duke", "unc", "live 80-75 2nd 0:01"), "games_suspect"),
        (game(7, "unc", "duke", "final 80-75"), "games_suspect"),
        (game(7, "duke", team("unc", rank=3), "final 80-75"), "games_suspect"),
        (game(7, team("duke", seed=1), "unc", "final 80-75"), "games_suspect"),
        (game(7, "duke", "unc", "final 80-75", bracket_round="Elite Eight"), "games_suspect"),
        (game(7, "duke", "unc", "final 80-75", start_time=at("2025-01-10 19:00")), "games_suspect"),
    ],
)
def test_a_legacy_game_is_suspect_when_it_contradicts_the_current_one_in_anything_but_the_network(
    warehouse: Warehouse, said: Any, count: str
) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-11 08:00", game(7, "duke", "unc", "final 80-75", network="ESPN")))
    before = warehouse.tables()["fact_game"]

    report = warehouse.load(scoreboard("2025-01-10", "2025-01-11 09:00", said, feed="legacy"))

    assert getattr(report, count) == report.games_processed == 1
    after = warehouse.tables()["fact_game"]
    is_suspect = count == "games_suspect"
    assert after == [{**before[0], "suspect_reason": "The legacy feed says otherwise." if is_suspect else None}]


def test_a_legacy_game_fills_an_empty_network_of_the_current_one(warehouse: Warehouse) -> None:
    legacy = scoreboard(
        "2025-01-10", "2025-01-11 09:00", game(7, "duke", "unc", "final 80-75", network="CBS"), feed="legacy"
    )
    warehouse.load(scoreboard("2025-01-10", "2025-01-11 08:00", game(7, "duke", "unc", "final 80-75")))

    filling, again = warehouse.load(legacy), warehouse.load(legacy)

    row = warehouse.game(7)
    assert (row["network"], row["feed"]) == ("CBS", "current")
    assert (filling.games_updated, again.games_updated, again.games_unchanged) == (1, 0, 1)


def test_a_legacy_scoreboard_never_withdraws_or_moves_what_the_current_feed_wrote(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 08:00", game(7, "duke", "unc"), game(8, "iona", "yale")))

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 09:00", feed="legacy"), games_expected=0)
    warehouse.load(scoreboard("2025-01-11", "2025-01-10 10:00", game(8, "iona", "yale"), feed="legacy"))

    assert warehouse.statuses() == {7: "scheduled", 8: "scheduled"}
    assert warehouse.game(8)["game_date"] == day("2025-01-10")


def test_an_empty_network_never_erases_a_filled_one(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 08:00", game(7, "duke", "unc", network="ESPN")),
        scoreboard("2025-01-10", "2025-01-10 23:00", game(7, "duke", "unc", "final 80-75")),
    )

    assert warehouse.game(7)["network"] == "ESPN"


@pytest.mark.parametrize("later_date", ["2025-01-10", "2025-01-12"])
def test_an_empty_name_abbreviation_or_conference_never_erases_a_filled_one(
    warehouse: Warehouse, later_date: str
) -> None:
    filled = team("duke", "acc", name="Duke", full_name="Duke University", abbreviation="DUKE")
    empty = team("duke", name=None)

    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 08:00", game(7, filled, "unc")),
        scoreboard(later_date, "2025-01-12 08:00", game(9, empty, "yale")),
    )

    row = warehouse.team("duke", 2024)
    assert (row["team_name"], row["full_name"], row["abbreviation"]) == ("Duke", "Duke University", "DUKE")
    assert (row["conference_id"], row["conference_name"]) == ("acc", "ACC")


def test_an_empty_rank_seed_score_time_or_round_erases_the_old_one(warehouse: Warehouse) -> None:
    full = game(
        7,
        team("duke", rank=1, seed=1),
        team("unc", rank=2, seed=16),
        "live 10-8 1st 12:00",
        start_time=at("2025-03-21 19:00"),
        bracket_round="First Round",
    )
    warehouse.load(
        scoreboard("2025-03-21", "2025-03-21 20:00", full),
        scoreboard("2025-03-21", "2025-03-21 21:00", game(7, "duke", "unc", "postponed")),
    )

    row = warehouse.game(7)
    cleared = "home_rank away_rank home_seed away_seed home_score away_score game_start_time bracket_round game_clock"
    assert {row[name] for name in cleared.split()} == {None}
    assert row["game_period"] is None


def test_a_contest_whose_teams_change_stays_one_row(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 08:00", game(7, "duke", "unc")),
        scoreboard("2025-01-10", "2025-01-10 09:00", game(7, "iona", "duke")),
    )

    row = warehouse.game(7)
    assert (row["home"], row["away"]) == ("iona", "duke")

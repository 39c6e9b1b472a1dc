"""Evidence decides: of two answers the newest, on one date and between dates."""

from dataclasses import replace

import pytest
from support.builders import at, day, game, reject, scoreboard, team
from support.warehouse import Warehouse

from pipelines.errors import MixedGamesError


def test_an_older_fetch_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 22:00", game(7, "duke", "unc", "final 80-75")))
    before = warehouse.tables()

    report = warehouse.load(
        scoreboard(
            "2025-01-10",
            "2025-01-10 21:59",
            game(7, team("duke", "acc"), "unc", "live 70-70 2nd 1:00"),
            game(8, "iona", "yale"),
            rejects=[reject(9)],
        ),
        games_expected=3,
    )

    assert warehouse.tables() == before
    assert report.is_stale
    assert (report.games_processed, report.games_unchanged, report.games_rejected) == (3, 0, 1)
    assert (report.games_final, report.games_live, report.games_scheduled) == (1, 0, 0)


def test_an_older_fetch_changes_nothing_also_when_the_newer_one_changed_nothing(warehouse: Warehouse) -> None:
    same = game(7, "duke", "unc", "live 70-70 2nd 1:00")
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 21:00", same), scoreboard("2025-01-10", "2025-01-10 22:00", same)
    )
    before = warehouse.tables()

    late = warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:30", game(7, "duke", "unc", "live 9-9 1st 9:00")))

    assert late.is_stale
    assert warehouse.tables() == before


def test_of_two_fetches_of_one_instant_the_second_loads_again(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 21:00", game(7, "duke", "unc", "live 9-9 1st 9:00")),
        scoreboard("2025-01-10", "2025-01-10 21:00", game(7, "duke", "unc", "live 9-9 1st 8:00")),
    )

    assert warehouse.game(7)["game_clock"] == "8:00"


def test_a_game_that_moved_keeps_its_row(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-09 08:00", game(7, "duke", "unc")))
    key = warehouse.game(7)["game_key"]

    report = warehouse.load(scoreboard("2025-01-12", "2025-01-09 09:00", game(7, "duke", "unc")))

    row = warehouse.game(7)
    assert (row["game_key"], row["game_date"], row["game_date_key"]) == (key, day("2025-01-12"), 20250112)
    assert (report.games_updated, report.games_inserted, report.games_withdrawn) == (1, 0, 0)


def test_a_game_that_moved_to_another_season_refers_to_that_seasons_teams(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-07-31", "2025-07-01 08:00", game(7, "duke", "unc")),
        scoreboard("2025-08-01", "2025-07-02 08:00", game(7, "duke", "unc")),
    )

    row = warehouse.game(7)
    assert row["season"] == 2025
    assert row["home_team_key"] == warehouse.team("duke", 2025)["team_key"]
    assert row["away_team_key"] == warehouse.team("unc", 2025)["team_key"]


@pytest.mark.parametrize("old_date_was_loaded", [True, False])
def test_a_game_that_moved_stays_there_when_an_older_scoreboard_of_the_old_date_arrives(
    warehouse: Warehouse, old_date_was_loaded: bool
) -> None:
    old = scoreboard("2025-01-10", "2025-01-09 08:00", game(7, "duke", "unc"))
    late = scoreboard("2025-01-10", "2025-01-09 08:30", game(7, "duke", "unc"))
    if old_date_was_loaded:
        warehouse.load(old)
    warehouse.load(scoreboard("2025-01-12", "2025-01-09 09:00", game(7, "duke", "unc")))

    report = warehouse.load(late, games_expected=1)

    assert warehouse.game(7)["game_date"] == day("2025-01-12")
    assert (report.is_stale, report.games_unchanged, report.games_processed) == (False, 1, 1)


def test_a_game_goes_back_when_a_newer_scoreboard_of_the_old_date_lists_it(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-09 08:00", game(7, "duke", "unc")),
        scoreboard("2025-01-12", "2025-01-09 09:00", game(7, "duke", "unc")),
        scoreboard("2025-01-10", "2025-01-09 10:00", game(7, "duke", "unc")),
    )

    assert warehouse.game(7)["game_date"] == day("2025-01-10")


@pytest.mark.parametrize("dates", [("2025-01-10", "2025-01-12"), ("2025-01-12", "2025-01-10")])
def test_of_two_dates_fetched_at_one_instant_the_later_date_has_the_game(
    warehouse: Warehouse, dates: tuple[str, str]
) -> None:
    for date in dates:
        warehouse.load(scoreboard(date, "2025-01-09 08:00", game(7, "duke", "unc")))

    assert warehouse.game(7)["game_date"] == day("2025-01-12")


def test_a_game_is_as_late_as_the_last_scoreboard_that_listed_it(warehouse: Warehouse) -> None:
    """At 11:00 the new date no longer had it, so what the old date said at 10:30 is later."""
    warehouse.load(
        scoreboard("2025-01-12", "2025-01-09 10:00", game(7, "duke", "unc"), game(8, "iona", "yale")),
        scoreboard("2025-01-12", "2025-01-09 11:00", game(8, "iona", "yale")),
    )
    assert warehouse.game(7)["last_seen_at"] == at("2025-01-09 10:00")

    warehouse.load(scoreboard("2025-01-10", "2025-01-09 10:30", game(7, "duke", "unc")))

    row = warehouse.game(7)
    assert (row["game_date"], row["last_seen_at"]) == (day("2025-01-10"), None)


def test_a_game_that_every_scoreboard_listed_is_as_late_as_the_last_one(warehouse: Warehouse) -> None:
    same = game(7, "duke", "unc")
    warehouse.load(
        scoreboard("2025-01-12", "2025-01-09 10:00", same),
        scoreboard("2025-01-12", "2025-01-09 11:00", same),  # writes no game
        scoreboard("2025-01-10", "2025-01-09 10:30", same),
    )

    assert warehouse.game(7)["game_date"] == day("2025-01-12")


def test_a_date_is_settled_by_a_fetch_from_noon_two_days_later_that_finds_it_over(warehouse: Warehouse) -> None:
    over, running = game(7, "duke", "unc", "final 80-75"), game(7, "duke", "unc", "live 80-75 2nd 0:01")
    settled = []
    for fetched_at, said in [
        ("2025-01-12 11:59", over),
        ("2025-01-12 12:00", running),
        ("2025-01-12 12:01", over),
        ("2025-01-13 12:00", over),
        ("2025-01-14 12:00", running),
    ]:
        warehouse.load(scoreboard("2025-01-10", fetched_at, said), games_expected=1)
        settled.append(warehouse.query("SELECT settled_at FROM scoreboard")[0]["settled_at"])

    # The final that is live again has not been confirmed, so it is not settled either.
    assert settled == [None, None, at("2025-01-12 12:01"), at("2025-01-13 12:00"), None]


def test_a_date_whose_calendar_is_unknown_is_never_settled_in_the_season(warehouse: Warehouse) -> None:
    over = game(7, "duke", "unc", "final 80-75")
    settled = []
    for fetched_at, games_expected in [("2025-01-13 12:00", None), ("2026-06-01 12:00", None), ("2026-06-02 12:00", 1)]:
        warehouse.load(scoreboard("2025-01-10", fetched_at, over), games_expected=games_expected)
        settled.append(warehouse.query("SELECT settled_at FROM scoreboard")[0]["settled_at"] is not None)

    assert settled == [False, False, True]
    warehouse.load(scoreboard("2025-06-10", "2025-06-13 12:00"))
    summer = warehouse.query(
        "SELECT count(*) FROM scoreboard WHERE settled_at IS NOT NULL AND game_date = '2025-06-10'"
    )
    assert summer == [{"count": 1}]


def test_a_date_with_an_undecided_game_is_not_settled(warehouse: Warehouse) -> None:
    over = game(7, "duke", "unc", "final 80-75")
    settled = []
    for fetched_at, undecided in [("2025-01-13 12:00", (8,)), ("2025-01-14 12:00", ())]:
        warehouse.load(replace(scoreboard("2025-01-10", fetched_at, over), undecided=undecided), games_expected=1)
        settled.append(warehouse.query("SELECT settled_at FROM scoreboard")[0]["settled_at"])

    assert settled == [None, at("2025-01-14 12:00")]


def test_noon_is_eastern_noon_whatever_the_season(warehouse: Warehouse) -> None:
    """In winter that is 17:00 UTC, in summer 16:00."""
    for date, early, noon in [
        ("2025-01-10", "2025-01-12T16:59:00+00:00", "2025-01-12T17:00:00+00:00"),
        ("2025-04-05", "2025-04-07T15:59:00+00:00", "2025-04-07T16:00:00+00:00"),
    ]:
        for moment, is_settled in [(early, False), (noon, True)]:
            warehouse.load(scoreboard(date, at(moment)), games_expected=0)
            rows = warehouse.query("SELECT settled_at FROM scoreboard WHERE game_date = $1", day(date))
            assert (rows[0]["settled_at"] is not None) == is_settled


def test_simulated_games_and_real_ones_do_not_meet_in_one_database(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", game(7, "duke", "unc")))
    before = warehouse.tables()

    with pytest.raises(MixedGamesError, match="Nothing was loaded"):
        warehouse.load(
            replace(scoreboard("2025-01-11", "2025-01-11 20:00", game(8, "iona", "yale")), is_simulated=True)
        )

    assert warehouse.tables() == before

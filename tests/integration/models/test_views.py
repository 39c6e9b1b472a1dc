"""The views for people, read after loads."""

from support.builders import game, scoreboard, team
from support.warehouse import Warehouse

DATE, LATER = "2026-01-10", "2026-01-13 12:00"


def test_a_game_has_names_winner_and_margin_in_one_row(warehouse: Warehouse) -> None:
    duke, unc, army = team("duke", "acc", rank=3), team("north-carolina", "acc"), team("army", None)
    games = (game(1, duke, unc, "final 80-75"), game(2, army, duke, "live 40-38 2nd 7:20"), game(3, unc, army))
    warehouse.load(scoreboard(DATE, LATER, *games), games_expected=3)
    warehouse.query("UPDATE fact_game SET game_status = 'withdrawn' WHERE game_id = 'ncaam_3'")
    final, live = warehouse.query("SELECT * FROM game ORDER BY game_id")
    names = ("season_label", "home_team", "home_conference", "home_rank", "away_team", "is_conference_game")
    assert [final[name] for name in names] == ["2025-26", "Duke", "ACC", 3, "North-Carolina", True]
    assert (final["winner"], final["margin"]) == ("Duke", 5)
    assert (live["winner"], live["margin"], live["home_conference"], live["is_conference_game"]) == (
        None, None, None, False,
    )  # fmt: skip


def test_a_team_and_game_has_the_row_of_its_side(warehouse: Warehouse) -> None:
    played = game(1, team("duke", "acc", rank=3, seed=1), team("army", seed=16), "final 70-75 OT")
    warehouse.load(scoreboard(DATE, LATER, played), games_expected=1)
    names = "is_home, team, opponent, rank, opponent_rank, seed, opponent_seed, score, opponent_score, has_won, margin"
    assert [tuple(row.values()) for row in warehouse.query(f"SELECT {names} FROM team_game ORDER BY is_home")] == [
        (False, "Army", "Duke", None, 3, 16, 1, 75, 70, True, 5),
        (True, "Duke", "Army", 3, None, 1, 16, 70, 75, False, -5),
    ]


def test_a_drawn_final_has_no_winner(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard(DATE, LATER, game(1, "duke", "army", "final 80-75")), games_expected=1)
    warehouse.query("UPDATE fact_game SET home_score = 75")
    assert warehouse.query("SELECT winner, margin FROM game") == [{"winner": None, "margin": 0}]
    assert warehouse.query("SELECT DISTINCT has_won FROM team_game") == [{"has_won": None}]

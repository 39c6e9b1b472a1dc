"""The rows of `gamepulse scores`."""

import sqlalchemy as sa
from support.builders import at, day, game, scoreboard, team
from support.warehouse import Warehouse

from pipelines.cli.scores import read_scores

DATE = day("2026-01-10")


def test_games_are_ordered_by_tip_off_with_teams_of_their_season(warehouse: Warehouse, database_url: sa.URL) -> None:
    noon, evening = at("2026-01-10 12:00"), at("2026-01-10 19:00")
    warehouse.load(
        scoreboard(
            DATE,
            "2026-01-10 20:00",
            game(3, "iona", "rider"),
            game(2, team("duke", "acc", rank=4), team("unc", "acc"), "live 40-38 2nd 7:20", start_time=evening),
            game(1, team("drake", "mvc"), team("kansas", "big-12"), "final 80-75", start_time=noon),
        ),
        scoreboard("2026-01-11", "2026-01-10 20:00", game(4, "elon", "hofstra")),
    )
    found = read_scores(database_url, DATE)
    assert found.fetched_at == at("2026-01-10 20:00")
    assert [score.game_id for score in found.games] == ["ncaam_1", "ncaam_2", "ncaam_3"]
    final, live, to_be_announced = found.games
    assert (final.away_team, final.away_score, final.home_team, final.home_score) == ("Kansas", 75, "Drake", 80)
    assert final.conference_game is None
    assert (live.game_period, live.game_clock, live.home_rank, live.conference_game) == ("2nd", "7:20", 4, "ACC")
    assert to_be_announced.game_start_time is None


def test_a_date_without_games_differs_from_a_date_never_loaded(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(scoreboard("2026-07-04", "2026-07-04 06:00"))
    assert read_scores(database_url, day("2026-07-04")) == (day("2026-07-04"), at("2026-07-04 06:00"), [], None)
    assert read_scores(database_url, day("2026-07-05")) == (day("2026-07-05"), None, [], None)

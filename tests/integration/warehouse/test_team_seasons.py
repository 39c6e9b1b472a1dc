"""Teams and rivalry: the row of a team and season, what games refer to, and the rivalry factor that follows."""

import itertools
import random
from decimal import Decimal

import asyncpg
import pytest
from support.builders import day, game, scoreboard, team
from support.warehouse import Warehouse

from pipelines.errors import DatabaseError
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard
from pipelines.warehouse.rivalry import calculate_rivalry_factor

CONFERENCES = [None, "acc", "ivy", "independent"]


def season_opener(season: int, conference: str) -> ParsedScoreboard:
    """Duke's first game of a season, and where Duke plays then."""
    return scoreboard(
        f"{season}-11-05",
        f"{season}-11-06 08:00",
        game(season, team("duke", conference, name=f"Duke {season}"), "unc", "final 80-75"),
    )


def test_a_team_has_one_row_a_season_and_the_latest_is_current(warehouse: Warehouse) -> None:
    warehouse.load(season_opener(2014, "acc"), season_opener(2013, "big-east"), season_opener(2016, "ivy"))

    rows = warehouse.query(
        """SELECT season, conference_id, team_name, valid_from, valid_to, is_current
        FROM dim_team WHERE team_id = 'ncaam_duke' ORDER BY season"""
    )
    assert [tuple(row.values()) for row in rows] == [
        (2013, "big-east", "Duke 2013", day("2013-08-01"), day("2014-08-01"), False),
        (2014, "acc", "Duke 2014", day("2014-08-01"), day("2015-08-01"), False),
        (2016, "ivy", "Duke 2016", day("2016-08-01"), None, True),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations([2013, 2014, 2016])))
def test_seasons_in_any_order_give_the_same_team_rows_and_one_current_row_each(
    warehouse: Warehouse, order: tuple[int, ...]
) -> None:
    for season in order:
        warehouse.load(season_opener(season, "acc"))

    rows = warehouse.query("SELECT team_id, season FROM dim_team WHERE is_current ORDER BY team_id")
    assert [tuple(row.values()) for row in rows] == [("ncaam_duke", 2016), ("ncaam_unc", 2016)]
    open_rows = warehouse.query("SELECT season FROM dim_team WHERE valid_to IS NULL")
    assert [row["season"] for row in open_rows] == [2016, 2016]


def test_each_attribute_is_by_itself_that_of_the_latest_date_that_gave_one(warehouse: Warehouse) -> None:
    said = [
        ("2025-01-10", team("duke", "acc", name="Early", full_name="Early University")),
        ("2025-01-12", team("duke", name="Late")),
        ("2025-01-11", team("duke", "ivy", name="Between", abbreviation="BETW")),
    ]
    boards = [
        scoreboard(date, "2025-01-20 08:00", game(number, line, "unc", "final 80-75"))
        for number, (date, line) in enumerate(said, start=7)
    ]
    random.Random(8).shuffle(boards)
    for order in itertools.permutations(boards):
        warehouse.empty()
        warehouse.load(*order)

        row = warehouse.team("duke", 2024)
        assert (row["team_name"], row["full_name"]) == ("Late", "Early University")
        assert (row["abbreviation"], row["conference_id"], row["conference_name"]) == ("BETW", "ivy", "IVY")


def test_of_one_date_the_higher_contest_id_gives_the_attributes(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard(
            "2025-01-10",
            "2025-01-20 08:00",
            game(9, team("duke", "ivy", name="Nine"), "unc", "final 80-75"),
            game(7, "iona", team("duke", "acc", name="Seven"), "final 80-75"),
        )
    )

    row = warehouse.team("duke", 2024)
    assert (row["team_name"], row["conference_id"]) == ("Nine", "ivy")


@pytest.mark.parametrize("feeds", [("current", "legacy"), ("legacy", "current")])
def test_of_one_contest_the_current_feed_gives_the_attributes_whichever_feed_comes_first(
    warehouse: Warehouse, feeds: tuple[Feed, Feed]
) -> None:
    for hour, feed in enumerate(feeds):
        line = team("duke", f"conference-{feed}", name=feed)
        warehouse.load(
            scoreboard("2025-01-10", f"2025-01-20 0{hour}:00", game(7, line, "unc", "final 80-75"), feed=feed)
        )

    row = warehouse.team("duke", 2024)
    assert (row["team_name"], row["conference_id"]) == ("current", "conference-current")


def test_a_contradicted_game_names_its_teams_but_does_not_move_their_conference(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 23:00", game(7, "duke", "unc", "final 80-75")),
        scoreboard("2025-01-10", "2025-01-11 08:00", game(7, team("duke", "acc", name="Blue Devils"), "unc")),
    )

    row = warehouse.team("duke", 2024)
    assert (row["team_name"], row["conference_id"]) == ("Blue Devils", None)


def test_a_team_that_no_scoreboard_names_goes_by_its_slug(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 08:00", game(7, team("duke", name=None), "unc")))

    assert warehouse.team("duke", 2024)["team_name"] == "duke"


def test_a_team_counts_as_updated_only_when_a_visible_attribute_changed(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-20 08:00", game(7, team("duke", "acc"), "unc", "final 80-75")))
    before = warehouse.team("duke", 2024)["updated_at"]

    same = warehouse.load(
        scoreboard("2025-01-11", "2025-01-20 08:00", game(8, team("duke", "acc"), "unc", "final 80-75"))
    )
    assert (same.teams_inserted, same.teams_updated) == (0, 0)
    assert warehouse.team("duke", 2024)["updated_at"] == before

    other = warehouse.load(
        scoreboard("2025-01-12", "2025-01-20 08:00", game(9, team("duke", "ivy"), "unc", "final 80-75"))
    )
    assert (other.teams_inserted, other.teams_updated) == (0, 1)
    assert warehouse.team("duke", 2024)["updated_at"] > before


def test_games_refer_to_their_own_seasons_team_rows_and_nothing_else_is_accepted(warehouse: Warehouse) -> None:
    warehouse.load(season_opener(2013, "acc"), season_opener(2014, "acc"))
    wrong = warehouse.team("duke", 2014)["team_key"]

    for side in ("home", "away"):
        with pytest.raises(DatabaseError, match=f"fk_fact_game_{side}_team") as refused:
            warehouse.query(f"UPDATE fact_game SET {side}_team_key = $1 WHERE game_id = 'ncaam_2013'", wrong)
        assert isinstance(refused.value.__cause__, asyncpg.ForeignKeyViolationError)
    with pytest.raises(DatabaseError, match="fk_fact_game_home_team"):
        warehouse.query(
            """
            INSERT INTO fact_game (
                game_id, sport, game_date, game_date_key, home_team_key, away_team_key, game_status,
                overtime_periods, rivalry_factor, feed
            )
            SELECT 'ncaam_1', sport, '2013-12-01', 20131201, $1, away_team_key, 'scheduled', 0, 1.00, feed
            FROM fact_game WHERE game_id = 'ncaam_2013'
            """,
            wrong,
        )
    with pytest.raises(DatabaseError, match="fk_fact_game"):
        warehouse.query("UPDATE fact_game SET game_date = '2014-12-01', game_date_key = 20141201 WHERE season = 2013")


def test_a_second_current_row_of_a_team_is_refused(warehouse: Warehouse) -> None:
    warehouse.load(season_opener(2013, "acc"), season_opener(2014, "acc"))

    with pytest.raises(DatabaseError, match="uq_dim_team_current"):
        warehouse.query("UPDATE dim_team SET is_current = TRUE, valid_to = NULL WHERE slug = 'duke' AND season = 2013")


def test_the_rivalry_factor_of_every_pair_of_conferences_is_the_functions(warehouse: Warehouse) -> None:
    pairs = list(itertools.product(CONFERENCES, CONFERENCES))
    warehouse.load(
        scoreboard(
            "2025-01-10",
            "2025-01-10 08:00",
            *(
                game(number, team(f"home{number}", home), team(f"away{number}", away))
                for number, (home, away) in enumerate(pairs, start=1)
            ),
        )
    )

    for number, (home, away) in enumerate(pairs, start=1):
        assert warehouse.game(number)["rivalry_factor"] == calculate_rivalry_factor(home, away)


def test_the_rivalry_factor_recomputed_for_every_change_of_conference_is_the_functions(warehouse: Warehouse) -> None:
    changes = list(itertools.product(CONFERENCES, ["acc", "ivy", "independent"], ["acc", "independent", None]))
    first, second = [], []
    for number, (before, after, opponent) in enumerate(changes, start=1):
        first.append(game(number, team(f"home{number}", before), team(f"away{number}", opponent)))
        second.append(game(1000 + number, f"other{number}", team(f"home{number}", after)))
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 08:00", *first))

    warehouse.load(scoreboard("2025-01-11", "2025-01-11 08:00", *second))

    for number, (_, after, opponent) in enumerate(changes, start=1):
        assert warehouse.game(number)["rivalry_factor"] == calculate_rivalry_factor(after, opponent)


def test_rivalry_follows_a_change_of_conference_on_all_dates_of_that_season_and_of_no_other(
    warehouse: Warehouse,
) -> None:
    acc_duke, unc = team("duke", "acc"), team("unc", "acc")
    warehouse.load(
        scoreboard("2024-01-10", "2024-01-11 08:00", game(1, acc_duke, unc, "final 80-75")),
        scoreboard("2025-01-10", "2025-01-11 08:00", game(2, unc, acc_duke, "final 80-75")),
        scoreboard("2025-01-12", "2025-01-13 08:00", game(3, acc_duke, unc, "final 80-75")),
        scoreboard("2025-01-14", "2025-01-15 08:00", game(4, unc, team("iona", "acc"), "final 80-75")),
        scoreboard("2025-11-14", "2025-11-15 08:00", game(5, acc_duke, unc, "final 80-75")),
    )
    assert {warehouse.game(number)["rivalry_factor"] for number in range(1, 6)} == {Decimal("1.20")}

    warehouse.load(
        scoreboard("2025-02-01", "2025-02-02 08:00", game(6, team("duke", "ivy"), team("yale", "ivy"), "final 9-8"))
    )

    factors = {number: str(warehouse.game(number)["rivalry_factor"]) for number in range(1, 7)}
    assert factors == {1: "1.20", 2: "1.00", 3: "1.00", 4: "1.20", 5: "1.20", 6: "1.20"}


def test_an_earlier_date_loaded_late_changes_neither_conference_nor_rivalry(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-02-01", "2025-02-02 08:00", game(6, team("duke", "ivy"), team("yale", "ivy"), "final 9-8")),
        scoreboard("2025-01-10", "2025-02-03 08:00", game(2, team("duke", "acc"), team("unc", "acc"), "final 9-8")),
    )

    assert warehouse.team("duke", 2024)["conference_id"] == "ivy"
    assert [warehouse.game(number)["rivalry_factor"] for number in (2, 6)] == [Decimal("1.00"), Decimal("1.20")]

"""Loads the cases of ../shared/data/cases and checks the outcome that its README names, one test per case."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from support.api import Answer, Api
from support.builders import at
from support.clock import TravellingDatabaseResource
from support.warehouse import Warehouse

from pipelines.assets import ncaa_upcoming_games
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard
from pipelines.resources import EventLogResource, NcaaApiResource
from pipelines.warehouse.load import LoadReport

CASES = {
    "01-tba-teams",
    "02-upcoming-with-undecided-final",
    "03-2027-opening-round",
    "03c-round-number-0",
    "04-legacy-round-names-2014",
    "05-metro-conference-slug",
    "06-24h-time-no-date",
    "06b-24h-time-no-date-epoch",
    "09-uuid-game-id",
    "11-old-slugs",
    "21-final-and-newer-pre-id",
    "21b-first-final",
    "21d-two-finals-same-pair",
    "30-hawaii-midnight-dst-day",
    "30b-tipoff-0300-dst-day",
    "40-whole-day-twice",
    "41-one-id-final-then-pre",
    "41b-one-id-pre-then-final",
    "42-ids-swapped-between-two-games",
}
TODAY = "2026-11-27 12:00"
"""Fetch time of dates that lay ahead when the cases were written. A later one would be ahead of the server's clock."""

Load = Callable[..., LoadReport]


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    """The folder of the cases."""
    return shared_data / "cases"


@pytest.fixture
def load(cases: Path, warehouse: Warehouse) -> Load:
    """Loads a case's answer, fetched at a US Eastern time, with a calendar that agrees unless it is to be unknown.

    `edit` changes the answer first; `date` replaces that of the file's name.
    """

    def run(
        case: str,
        fetched_at: str,
        *,
        calendar: bool = True,
        date: str | None = None,
        edit: Callable[[Any], None] = lambda answer: None,
    ) -> LoadReport:
        path = (cases / case).with_suffix(".json")
        game_date = dt.date.fromisoformat(date or path.stem[-10:])
        answer = json.loads(path.read_text())
        edit(answer)
        response = ScoreboardResponse(
            MENS_BASKETBALL,
            game_date,
            json.dumps(answer).encode(),
            at(fetched_at),
            f"https://api.test/scoreboard/{game_date:%Y/%m/%d}",
        )
        ids = {entry["game"]["url"] for entry in answer["games"]}
        return warehouse.load(parse_scoreboard(response), games_expected=len(ids) if calendar else None)

    return run


def scores(warehouse: Warehouse) -> dict[int, tuple[str, int | None, int | None]]:
    """Returns status, home score and away score of each contest."""
    rows = warehouse.query(
        "SELECT split_part(game_id, '_', 2)::int AS id, game_status, home_score, away_score FROM fact_game ORDER BY id"
    )
    return {row["id"]: (row["game_status"], row["home_score"], row["away_score"]) for row in rows}


def scoreboard_row(warehouse: Warehouse) -> dict[str, Any]:
    """Returns the row of the one date that was loaded."""
    [row] = warehouse.query("SELECT * FROM scoreboard")
    return row


def suspects(warehouse: Warehouse) -> int:
    """Returns the number of suspect games."""
    [row] = warehouse.query("SELECT count(*) AS games FROM fact_game WHERE suspect_reason IS NOT NULL")
    return int(row["games"])


def slugs(warehouse: Warehouse) -> set[str]:
    """Returns the slugs of all teams."""
    return {row["slug"] for row in warehouse.query("SELECT slug FROM dim_team")}


def assert_is_good(warehouse: Warehouse) -> None:
    """Asserts that no game was rejected or withdrawn."""
    assert warehouse.rejects() == {}
    assert "withdrawn" not in warehouse.statuses().values()


def test_every_case_has_a_test(cases: Path) -> None:
    assert {path.name for path in cases.iterdir() if path.is_dir()} == CASES


def test_a_game_against_an_undecided_team_is_announced(load: Load, warehouse: Warehouse) -> None:
    report = load("01-tba-teams/a/2026-03-09", "2026-03-08 12:00")
    assert report.games_processed == 10
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) + scoreboard_row(warehouse)["games_undecided"] == 10
    assert set(warehouse.statuses().values()) == {"scheduled"}
    assert "tba" not in slugs(warehouse)


def test_two_games_of_one_team_against_undecided_teams_are_both_announced(load: Load, warehouse: Warehouse) -> None:
    def add_second(answer: Any) -> None:
        second = json.loads(json.dumps(answer["games"][-1]))
        second["game"] |= {"gameID": "6537101", "url": "/game/6537101"}
        answer["games"].append(second)

    load("01-tba-teams/a/2026-03-09", "2026-03-08 12:00", edit=add_second)
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) + scoreboard_row(warehouse)["games_undecided"] == 11
    assert "tba" not in slugs(warehouse)


def test_an_undecided_game_becomes_a_game_once_its_team_is_known(load: Load, warehouse: Warehouse) -> None:
    def decide(answer: Any) -> None:
        answer["games"][-1]["game"]["away"]["names"] = {
            "char6": "YOUNGS", "short": "Youngstown St.", "seo": "youngstown-st", "full": ""
        }  # fmt: skip

    load("01-tba-teams/a/2026-03-09", "2026-03-08 12:00")
    load("01-tba-teams/a/2026-03-09", "2026-03-08 23:00", edit=decide)
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 10
    assert scoreboard_row(warehouse)["games_undecided"] == 0
    game = warehouse.game(6_537_100)
    assert (game["home"], game["away"], game["game_status"]) == ("robert-morris", "youngstown-st", "scheduled")


def test_games_between_undecided_teams_are_counted(load: Load, warehouse: Warehouse) -> None:
    report = load("01-tba-teams/c/2026-03-09", "2026-03-08 12:00")
    assert (report.games_processed, report.games_rejected, report.games_suspect) == (12, 0, 0)
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 9
    row = scoreboard_row(warehouse)
    assert (row["games_expected"], row["games_received"], row["games_undecided"]) == (12, 12, 3)
    assert row["is_complete"]
    assert "tba" not in slugs(warehouse)


def test_upcoming_games_with_undecided_teams_are_loaded(
    cases: Path, warehouse: Warehouse, database_url: sa.URL, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cases / "02-upcoming-with-undecided-final"
    answers = {path.stem: path.read_bytes() for path in folder.glob("*.json")}
    calendar = {
        "data": {
            "schedules": {
                "games": [
                    {"contestDate": f"{date[5:7]}/{date[8:]}/{date[:4]}", "count": len(json.loads(answer)["games"])}
                    for date, answer in answers.items()
                ]
            }
        }
    }
    api.answer_with(answers)
    scoreboards = api.answer
    api.answer = lambda path: (
        Answer(json.dumps(calendar).encode()) if path.startswith("/schedule-alt") else scoreboards(path)
    )
    monkeypatch.setenv("NCAA_API_REQUESTS_PER_SECOND", "inf")
    url = database_url.render_as_string(hide_password=False)
    resources = {
        "database": TravellingDatabaseResource(url=url),
        "event_log": EventLogResource(),
        "ncaa_api": NcaaApiResource(base_url=api.url, database_url=url),
    }
    with time_machine.travel(at(TODAY)):
        result = dg.materialize([ncaa_upcoming_games], resources=resources)
    assert result.success
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 40
    [undecided] = warehouse.query("SELECT sum(games_undecided) AS games FROM scoreboard")
    assert undecided["games"] == 2
    assert "tba" not in slugs(warehouse)


@pytest.mark.parametrize("case", ["03-2027-opening-round", "03c-round-number-0"])
def test_a_round_is_named_by_the_title_of_the_answer(load: Load, warehouse: Warehouse, case: str) -> None:
    load(f"{case}/2027-03-16", TODAY)
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 6
    rounds = warehouse.query("SELECT DISTINCT bracket_round FROM fact_game")
    assert [row["bracket_round"] for row in rounds] == ["Opening Round"]


def test_a_round_number_without_a_known_name_is_null(load: Load, warehouse: Warehouse) -> None:
    def remove_titles(answer: Any) -> None:
        for entry in answer["games"]:
            del entry["game"]["championshipGame"]

    load("03c-round-number-0/2027-03-16", TODAY, edit=remove_titles)
    assert_is_good(warehouse)
    rounds = warehouse.query("SELECT DISTINCT bracket_round FROM fact_game")
    assert [row["bracket_round"] for row in rounds] == [None]
    assert scoreboard_row(warehouse)["fields_unreadable"] == 6


def test_old_round_names_have_the_spelling_of_the_date_dimension(load: Load, warehouse: Warehouse) -> None:
    load("04-legacy-round-names-2014/2014-03-20", "2014-03-22 13:00")
    assert_is_good(warehouse)
    rounds = {contest: warehouse.game(contest)["bracket_round"] for contest in warehouse.statuses()}
    assert rounds == {
        2_200_001: "First Round",
        2_200_002: "First Round",
        2_200_003: "Second Round",
        2_200_004: "Final Four",
        2_200_005: "First Round",
        2_200_006: "Championship",
        2_200_007: "Elite Eight",
        2_200_008: "First Four",
    }
    names = warehouse.query("SELECT DISTINCT tournament_round AS name FROM dim_date WHERE season = 2013")
    assert set(rounds.values()) <= {row["name"] for row in names}


def test_renamed_conferences_have_the_name_of_the_season(load: Load, warehouse: Warehouse) -> None:
    load("05-metro-conference-slug/2026-11-20", "2026-11-19 12:00")
    assert_is_good(warehouse)
    teams = {row["slug"]: row for row in warehouse.query("SELECT slug, conference_id, conference_name FROM dim_team")}
    metro, united = ("iona", "siena", "marist", "rider", "fairfield"), ("tarleton-st", "ut-arlington")
    for members, name in ((metro, "Metro"), (united, "United Athletic")):
        [(conference, conference_name)] = {
            (teams[slug]["conference_id"], teams[slug]["conference_name"]) for slug in members
        }
        assert conference is not None
        assert name in conference_name
    factors = [warehouse.game(contest)["rivalry_factor"] for contest in range(6_806_000, 6_806_004)]
    assert list(map(str, factors)) == ["1.20", "1.20", "1.20", "1.00"]


def test_a_renamed_conference_keeps_its_name_in_earlier_seasons(load: Load, warehouse: Warehouse) -> None:
    def use_old_slugs(answer: Any) -> None:
        answer["games"] = answer["games"][:2]
        for contest_id, entry in enumerate(answer["games"], 6_503_000):
            entry["game"] |= {"url": f"/game/{contest_id}", "startDate": "11/20/2025", "startTimeEpoch": ""}
            for side in ("home", "away"):
                entry["game"][side]["conferences"] = [{"conferenceName": "", "conferenceSeo": "maac"}]

    load("05-metro-conference-slug/2026-11-20", "2026-11-19 12:00")
    load("05-metro-conference-slug/2026-11-20", "2026-11-19 12:00", date="2025-11-20", edit=use_old_slugs)
    assert warehouse.team("siena", 2025)["conference_name"] == "MAAC"
    assert "Metro" in warehouse.team("siena", 2026)["conference_name"]


def test_a_time_without_a_date_is_null_and_counted(load: Load, warehouse: Warehouse) -> None:
    load("06-24h-time-no-date/2026-02-09", "2026-02-08 12:00")
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 6
    assert warehouse.game(6_800_000)["game_start_time"] is None
    assert warehouse.game(6_800_001)["game_start_time"] == at("2026-02-09 19:00")
    assert scoreboard_row(warehouse)["fields_unreadable"] == 1


def test_a_time_without_a_date_is_taken_from_the_epoch(load: Load, warehouse: Warehouse) -> None:
    load("06b-24h-time-no-date-epoch/2026-02-10", "2026-02-09 12:00")
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 6
    assert warehouse.game(6_801_000)["game_start_time"] == at("2026-02-10 18:30")


def test_the_contest_id_is_read_from_the_url_beside_a_uuid(load: Load, warehouse: Warehouse) -> None:
    load("09-uuid-game-id/2024-03-22", "2024-03-21 12:00")
    assert_is_good(warehouse)
    assert set(warehouse.statuses()) == set(range(6_250_500, 6_250_506))


def test_a_school_with_an_old_and_a_new_slug_is_one_team(load: Load, warehouse: Warehouse) -> None:
    load("11-old-slugs/2022-12-03", "2022-12-05 13:00")
    load("11-old-slugs/2017-12-02", "2022-12-05 13:00")
    assert_is_good(warehouse)
    assert len(slugs(warehouse)) == 4
    seasons = warehouse.query("SELECT season, count(*) AS teams FROM dim_team GROUP BY season ORDER BY season")
    assert [tuple(row.values()) for row in seasons] == [(2017, 4), (2022, 4)]
    for old, new in ((4_400_000, 6_000_000), (4_400_001, 6_000_001)):
        assert [warehouse.game(old)[side] for side in ("home", "away")] == [
            warehouse.game(new)[side] for side in ("home", "away")
        ]


@pytest.mark.parametrize("calendar", [True, False], ids=["calendar known", "calendar unknown"])
def test_a_final_stays_beside_a_newer_id_that_is_scheduled(load: Load, warehouse: Warehouse, calendar: bool) -> None:
    load("21-final-and-newer-pre-id/2026-02-07", "2026-02-09 13:00", calendar=calendar)
    assert scores(warehouse) == {6_536_001: ("final", 80, 70), 6_540_001: ("withdrawn", None, None)}
    assert suspects(warehouse) == 1


@pytest.mark.parametrize("state", ["pre", "canceled"])
@pytest.mark.parametrize("calendar", [True, False], ids=["calendar known", "calendar unknown"])
def test_a_final_stays_when_only_a_newer_id_is_listed(
    load: Load, warehouse: Warehouse, calendar: bool, state: str
) -> None:
    def reissue(answer: Any) -> None:
        game = answer["games"][0]["game"]
        game |= {"gameID": "6540011", "url": "/game/6540011", "gameState": state, "currentPeriod": ""}
        game |= {"finalMessage": ""}
        for side in ("home", "away"):
            game[side] |= {"score": "", "winner": False}

    load("21b-first-final/2026-02-08", "2026-02-08 23:00", calendar=calendar)
    assert scores(warehouse)[6_536_011] == ("final", 80, 70)
    for fetched_at in ("2026-02-08 23:15", "2026-02-09 13:00", "2026-02-10 13:00"):
        load("21b-first-final/2026-02-08", fetched_at, calendar=calendar, edit=reissue)
        assert scores(warehouse)[6_536_011] == ("final", 80, 70)
        assert scores(warehouse)[6_540_011][0] == "withdrawn"


def test_two_finals_of_one_pair_both_stay_and_are_suspect(load: Load, warehouse: Warehouse) -> None:
    load("21d-two-finals-same-pair/2020-12-19", "2020-12-21 13:00")
    assert scores(warehouse) == {6_436_001: ("final", 80, 70), 6_436_002: ("final", 66, 71)}
    assert suspects(warehouse) == 2


@pytest.mark.parametrize(
    ("case", "tip_off"),
    [("30-hawaii-midnight-dst-day", "2026-03-08 00:00"), ("30b-tipoff-0300-dst-day", "2026-03-08 23:59")],
)
def test_late_tip_offs_load_on_the_day_clocks_change(load: Load, warehouse: Warehouse, case: str, tip_off: str) -> None:
    load(f"{case}/2026-03-08", "2026-03-07 12:00")
    assert_is_good(warehouse)
    assert len(warehouse.statuses()) == 4
    assert warehouse.game(6_805_000)["game_start_time"] == at(tip_off)


def test_a_date_listed_twice_is_loaded_once(load: Load, warehouse: Warehouse) -> None:
    load("40-whole-day-twice/2026-02-14", "2026-02-16 13:00")
    assert_is_good(warehouse)
    assert scores(warehouse) == {6_601_001: ("final", 80, 70), 6_601_002: ("final", 61, 66)}
    assert suspects(warehouse) == 0


@pytest.mark.parametrize("case", ["41-one-id-final-then-pre", "41b-one-id-pre-then-final"])
def test_one_id_that_is_final_and_scheduled_in_one_answer_is_final(load: Load, warehouse: Warehouse, case: str) -> None:
    load(f"{case}/2026-02-15", "2026-02-17 13:00")
    assert_is_good(warehouse)
    assert scores(warehouse) == {6_601_011: ("final", 80, 70)}


def test_ids_swapped_between_two_games_end_with_the_right_teams(load: Load, warehouse: Warehouse) -> None:
    load("42-ids-swapped-between-two-games/1-first-2026-03-23", "2026-03-22 12:00")
    load("42-ids-swapped-between-two-games/2-then-2026-03-23", "2026-03-25 13:00")
    assert_is_good(warehouse)
    assert scores(warehouse) == {6_601_021: ("final", 80, 66), 6_601_022: ("final", 89, 66)}
    assert [warehouse.game(6_601_021)[side] for side in ("home", "away")] == ["alabama", "st-marys-ca"]
    assert [warehouse.game(6_601_022)[side] for side in ("home", "away")] == ["duke", "baylor"]

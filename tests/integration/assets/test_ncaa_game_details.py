"""The details of games in real Dagster runs, against the simulated API."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from support.builders import at
from support.postgres_servers import settings_for
from support.season import playing
from support.standings import SLUGS

from pipelines.assets import ncaa_game_details, ncaa_games
from pipelines.assets.checks import run_checks
from pipelines.ncaa.details import NO_CONTEST, NO_LOCATION
from pipelines.partitions import days_between
from pipelines.postgres.database import connect
from pipelines.postgres.sessions import Database
from pipelines.resources import DatabaseResource, EventLogResource, NcaaApiResource
from pipelines.runtime.retries import DoublingRetryPolicy
from simulator.details import place
from simulator.options import Options
from simulator.server import Served, serving

Rows = Callable[[str], list[dict[str, Any]]]
DAY = dt.date(2026, 1, 15)
Materialize = Callable[..., Any]
TRAPS = {"no_location": 0.01, "no_contests": 0.003, "details_502": 0.005, "http_500": 0.01, "http_429": 0.01}
"""Shares of the answers about games."""
THREE_DATES = dt.date(2026, 1, 16), dt.date(2026, 1, 18)
SEASON = dt.date(2025, 11, 3), dt.date(2026, 4, 6)
FINAL_GAMES = """
    SELECT home.team_id AS home, away.team_id AS away, venue_key, missing_reason
    FROM fact_game
    JOIN dim_team AS home ON home.team_key = home_team_key
    JOIN dim_team AS away ON away.team_key = away_team_key
    LEFT JOIN game_detail USING (game_id)
"""
WITHDRAW_ONE = """
    UPDATE fact_game SET game_status = 'withdrawn' WHERE game_id = (SELECT min(game_id) FROM game_detail)
"""


@pytest.fixture
def simulated() -> Iterator[Served]:
    with serving(Options(season=2025, now=at("2026-01-18T12:00"), speed=0)) as served:
        yield served


@pytest.fixture
def materialize(database_url: sa.URL, simulated: Served, monkeypatch: pytest.MonkeyPatch) -> Materialize:
    url = database_url.render_as_string(hide_password=False)
    monkeypatch.setenv("NCAA_API_REQUESTS_PER_SECOND", "1000")
    monkeypatch.setattr(DoublingRetryPolicy, "calculate_delay", lambda self, attempt_num: 0.0)

    def run(asset: dg.AssetsDefinition, day: dt.date = DAY, tags: dict[str, str] | None = None) -> Any:
        return dg.materialize(
            [asset],
            partition_key=day.isoformat(),
            tags=tags,
            resources={
                "database": DatabaseResource(url=url),
                "event_log": EventLogResource(),
                "ncaa_api": NcaaApiResource(base_url=simulated.url, database_url=url),
            },
            instance=dg.DagsterInstance.ephemeral(),
            raise_on_error=False,
        )

    return run


def requested(simulated: Served) -> list[str]:
    return [request.path for request in simulated.simulator.requests if request.path.startswith("/game/")]


def check_results(url: sa.URL) -> Sequence[dg.AssetCheckResult]:
    async def run() -> Sequence[dg.AssetCheckResult]:
        async with Database(settings_for(url)) as database:
            return await run_checks(database, at("2026-01-18T12:00"), {"points_add_up"})

    return asyncio.run(run())


def metadata(result: Any) -> dict[str, Any]:
    [materialization] = [
        event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey("ncaa_game_details")
    ]
    return {name: value.value for name, value in materialization.metadata.items()}


def test_each_final_game_gets_its_venue_and_points_with_one_request(
    materialize: Materialize, simulated: Served, rows: Rows
) -> None:
    assert materialize(ncaa_games).success
    assert materialize(ncaa_game_details).success
    games = {f"ncaam_{game.contest_id}": game for game in simulated.simulator.world.games(DAY)}
    assert len(requested(simulated)) == len(set(requested(simulated))) == len(games)
    found = rows("SELECT * FROM game_detail JOIN fact_game USING (game_id) JOIN dim_venue USING (venue_key)")
    assert len(found) == len(games) > 20
    for row in found:
        game = games[row["game_id"]]
        assert (row["venue_name"], row["city"], row["state"]) == place(game)
        assert row["venue"] == row["venue_name"]
        assert list(zip(row["home_points_by_period"], row["away_points_by_period"], strict=True)) == list(game.line)
        assert row["is_neutral_site"] is None  # one date tells no usual venue

    simulated.simulator.requests.clear()
    before = rows("SELECT game_id, updated_at FROM fact_game ORDER BY game_id")
    assert materialize(ncaa_games).success
    assert metadata(materialize(ncaa_game_details)) == {"games_processed": 0, "games_without_venue": 0}
    assert requested(simulated) == []
    assert rows("SELECT game_id, updated_at FROM fact_game ORDER BY game_id") == before


def test_misses_have_a_reason_and_are_requested_again(materialize: Materialize, simulated: Served, rows: Rows) -> None:
    assert materialize(ncaa_games).success
    simulated.simulator.faults.set({"no_location": {"share": 0.3}, "no_contests": {"share": 0.3}})
    result = materialize(ncaa_game_details)
    assert result.success
    reasons = rows("SELECT game_id, missing_reason FROM game_detail WHERE venue_key IS NULL ORDER BY game_id")
    assert {row["missing_reason"] for row in reasons} == {
        "The API's details of the game have no location.",
        "The API has no details of the game.",
    }
    assert metadata(result)["games_without_venue"] == len(reasons)
    assert len(metadata(result)["findings"].splitlines()) == len(reasons)

    simulated.simulator.faults.set({})
    simulated.simulator.requests.clear()
    assert materialize(ncaa_game_details).success
    assert sorted(requested(simulated)) == [row["game_id"].replace("ncaam_", "/game/") for row in reasons]
    assert rows("SELECT 1 FROM game_detail WHERE venue_key IS NULL OR missing_reason IS NOT NULL") == []


def test_a_game_that_is_no_longer_final_has_no_neutral_site(
    materialize: Materialize, rows: Rows, database_url: sa.URL
) -> None:
    assert materialize(ncaa_games).success
    assert materialize(ncaa_game_details).success
    with connect(database_url) as connection:
        connection.execute(sa.text(WITHDRAW_ONE))
        connection.commit()
    assert materialize(ncaa_game_details).success
    without = rows(
        "SELECT game_status FROM game_detail JOIN fact_game USING (game_id) WHERE neutral_site_basis IS NULL"
    )
    assert without == [{"game_status": "withdrawn"}]


def test_a_retry_requests_only_what_failed(materialize: Materialize, simulated: Served, rows: Rows) -> None:
    assert materialize(ncaa_games).success
    games = len(simulated.simulator.world.games(DAY))
    simulated.simulator.faults.set({"details_502": {"share": 0.1, "times": 1}})
    assert materialize(ncaa_game_details).success
    assert games < len(requested(simulated)) < 1.5 * games
    assert rows("SELECT 1 FROM game_detail WHERE venue_key IS NULL") == []


def test_98_percent_of_final_games_have_a_venue_within_24_hours_and_each_miss_has_its_reason(
    database_url: sa.URL, rows: Rows, pytestconfig: pytest.Config
) -> None:
    """By what the schedule requests at 07:20 after each of three dates, with `--full` of a season, from such an API."""
    first, last = SEASON if pytestconfig.getoption("--full") else THREE_DATES
    faults: dict[str, dict[str, Any]] = {name: {"share": share, "endpoints": ["game"]} for name, share in TRAPS.items()}
    faults["d3_opponent"] = {"share": 0.15}
    final: list[dict[str, Any]] = []
    with (
        serving(Options(season=2025, faults=faults)) as api,
        playing(database_url, api, f"{first} 06:00") as player,
    ):
        for date in days_between(first, last):
            morning = date + dt.timedelta(days=1)
            player.load(f"{morning} 06:00", [date])
            player.request_details(at(f"{morning} 07:20"))
            # The next request is a day later.
            final += rows(f"{FINAL_GAMES} WHERE game_status = 'final' AND game_date = '{date}'")
    division = {f"ncaam_{slug}" for slug in SLUGS}
    counted = [row for row in final if {row["home"], row["away"]} <= division]
    missing = [row["missing_reason"] for row in counted if row["venue_key"] is None]
    assert len(missing) <= 0.02 * len(counted), Counter(missing)
    assert set(missing) <= {NO_LOCATION, NO_CONTEST}, "what failed was requested again"
    assert len(counted) > 100


def test_an_api_that_is_down_fails_the_date_and_is_not_asked_for_each_game(
    materialize: Materialize, simulated: Served, rows: Rows
) -> None:
    assert materialize(ncaa_games).success
    simulated.simulator.faults.set({"details_502": {}})
    result = materialize(ncaa_game_details)
    assert not result.success
    assert len(requested(simulated)) <= 4 * 20
    assert {"502 Bad Gateway" in row["missing_reason"] for row in rows("SELECT missing_reason FROM game_detail")} == {
        True
    }


def test_requests_of_people_stay_within_the_daily_budget_and_those_of_the_schedule_do_not_count_against_it(
    materialize: Materialize, simulated: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert materialize(ncaa_games).success
    games = len(simulated.simulator.world.games(DAY))
    monkeypatch.setenv("NCAA_API_DETAILS_PER_DAY", str(games - 1))
    result = materialize(ncaa_game_details)
    assert not result.success
    [event] = result.get_step_failure_events()
    assert event.step_failure_data.user_failure_data.description == (
        f"2026-01-15: {games} games need details, and 0 of NCAA_API_DETAILS_PER_DAY={games - 1} were requested in the"
        " last 24 hours: materialize the date tomorrow."
    )
    assert requested(simulated) == []
    assert materialize(ncaa_game_details, tags={"dagster/schedule_name": "ncaa_details_schedule"}).success
    assert len(requested(simulated)) == games
    assert materialize(ncaa_game_details).success, "there is nothing to request"


def test_points_that_are_unknown_or_do_not_add_up_are_a_finding_and_requested_again(
    materialize: Materialize, simulated: Served, rows: Rows, database_url: sa.URL
) -> None:
    assert materialize(ncaa_games).success
    assert materialize(ncaa_game_details).success
    with connect(database_url) as connection:
        connection.execute(
            sa.text(
                "UPDATE game_detail SET home_points_by_period[1] = home_points_by_period[1] + 1"
                " WHERE game_id = (SELECT min(game_id) FROM game_detail)"
            )
        )
        connection.execute(  # the API had the game as live
            sa.text(
                "UPDATE game_detail SET home_points_by_period = NULL, away_points_by_period = NULL"
                " WHERE game_id = (SELECT max(game_id) FROM game_detail)"
            )
        )
        connection.commit()
    [finding] = [result.description for result in check_results(database_url) if result.check_name == "points_add_up"]
    assert finding is not None
    assert finding.count("by period") == 2
    simulated.simulator.requests.clear()
    assert materialize(ncaa_game_details).success
    assert len(requested(simulated)) == 2
    [finding] = [result.description for result in check_results(database_url) if result.check_name == "points_add_up"]
    assert finding == "Passed."

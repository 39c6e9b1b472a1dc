"""What the catalog shows: lineage, columns, row counts, and the days ahead."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from support.api import Answer, Api

from models.views import VIEW_NAMES
from pipelines.assets import coverage_report, ncaa_game_details, ncaa_games, ncaa_standings, ncaa_upcoming_games
from pipelines.assets.source_code import link_to_repository
from pipelines.assets.tables import SAMPLED, archive, ncaa_api, table_specs
from pipelines.definitions import defs
from pipelines.resources import DatabaseResource, EventLogResource, NcaaApiResource
from pipelines.seasons import eastern_date
from pipelines.settings import PROJECT
from simulator.options import Options
from simulator.server import Served, serving

Rows = Callable[[str], list[dict[str, Any]]]
TABLES = ("fact_game", "dim_team", "rejected_game")


@pytest.fixture
def simulated() -> Iterator[Served]:
    with serving(Options()) as served:
        yield served


@pytest.fixture
def resources(database_url: sa.URL, simulated: Served) -> dict[str, object]:
    url = database_url.render_as_string(hide_password=False)
    return {
        "database": DatabaseResource(url=url),
        "event_log": EventLogResource(),
        "ncaa_api": NcaaApiResource(base_url=simulated.url, database_url=url),
    }


def specs() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_lineage_goes_from_the_api_through_the_assets_to_the_tables() -> None:
    upstream = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs().items()}
    assert upstream == {
        "ncaa_api": set(),
        "archive": {"ncaa_api"},
        "ncaa_games": {"archive"},
        "ncaa_standings": {"ncaa_api", "ncaa_games"},
        "coverage_report": {"ncaa_standings"},
        "ncaa_upcoming_games": {"archive"},
        "ncaa_game_details": {"ncaa_games"},
        "game_detail": {"ncaa_game_details"},
        "dim_venue": {"ncaa_game_details"},
        **{table: {"ncaa_games", "ncaa_upcoming_games"} for table in TABLES},
        **{view: {"fact_game", "dim_team"} for view in VIEW_NAMES},
    }
    for name, spec in specs().items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name


def test_assets_link_to_local_files_without_a_project_url() -> None:
    linked = {name: spec for name, spec in specs().items() if name != "ncaa_api"}  # its code is henrygd/ncaa-api
    assert linked
    for name, spec in linked.items():
        [link] = spec.metadata["dagster/code_references"].code_references
        assert link.file_path == str(PROJECT / link.label)
        code = (PROJECT / link.label).read_text()
        marks = (f"def {name}(", f'__tablename__ = "{name}"', f'    View(\n        "{name}"')
        assert name == "archive" or any(mark in code for mark in marks)


@pytest.mark.parametrize("project_url", ["https://forge.example/fan/games", "https://forge.example/fan/games/"])
def test_assets_link_to_files_at_the_project_url(project_url: str) -> None:
    found = {}
    for asset in link_to_repository(
        [
            ncaa_api,
            archive,
            ncaa_games,
            ncaa_game_details,
            ncaa_standings,
            coverage_report,
            ncaa_upcoming_games,
            *table_specs(),
        ],
        project_url,
    ):
        for spec in asset.specs if isinstance(asset, dg.AssetsDefinition) else [asset]:
            found[spec.key.to_user_string()] = spec
    assert found.keys() == specs().keys()
    for name, spec in found.items():
        references = spec.metadata.get("dagster/code_references")
        assert (references is None) == (name == "ncaa_api")
        if references is not None:
            [link] = references.code_references
            assert link.url == f"https://forge.example/fan/games/blob/main/{link.label}"
            assert (PROJECT / link.label).is_file()


def test_columns_match_the_database(rows: Rows) -> None:
    for table in TABLES + VIEW_NAMES:
        found = rows(f"""
            SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable
            FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
            ORDER BY attnum""")
        columns = specs()[table].metadata["dagster/column_schema"].columns
        assert [
            {"name": column.name, "type": column.type.replace(", ", ","), "nullable": column.constraints.nullable}
            for column in columns
        ] == found, table
        for column in columns:
            assert column.description, f"{table}.{column.name}"


def test_a_run_reports_plottable_numbers_and_the_rows_of_each_table(resources: dict[str, object], rows: Rows) -> None:
    today = eastern_date(dt.datetime.now(dt.UTC)).isoformat()
    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize([ncaa_games], partition_key=today, resources=resources, instance=instance)
    by_asset = {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    counts = [name for name in by_asset["ncaa_games"] if name.startswith(("games_", "teams_"))]
    assert {type(by_asset["ncaa_games"][name].value) for name in counts} == {int}
    for table in ("fact_game", "dim_team"):
        [counted] = rows(f"SELECT count(*) AS rows FROM {table}")
        assert by_asset[table]["dagster/row_count"].value == counted["rows"]
    games = by_asset["fact_game"]["dagster/row_count"].value
    header, *table = str(by_asset["fact_game"]["newest_games"].value).split("\n\n")
    of = f"{min(games, SAMPLED)} of {games}" if games > SAMPLED else f"{games}"
    assert header == f"**{dt.date.fromisoformat(today):%A}, {today}**: {of} games"
    assert table[0] == "**Not real: simulated games.**"
    assert len(table[1].splitlines()) == 2 + min(games, SAMPLED)


def test_the_next_seven_days_are_loaded_as_announced(resources: dict[str, object], rows: Rows) -> None:
    today = eastern_date(dt.datetime.now(dt.UTC))
    result = dg.materialize([ncaa_upcoming_games], resources=resources, instance=dg.DagsterInstance.ephemeral())
    assert result.success
    dates = [today + dt.timedelta(days=ahead) for ahead in range(1, 8)]
    assert [row["game_date"] for row in rows("SELECT game_date FROM scoreboard ORDER BY 1")] == dates
    found = rows("SELECT DISTINCT game_status, home_score FROM fact_game")
    assert found == [{"game_status": "scheduled", "home_score": None}]
    [counted] = rows("SELECT count(*) AS games FROM fact_game")
    [*tables, event] = result.get_asset_materialization_events()
    assert {table.asset_key.to_user_string() for table in tables if table.asset_key} == {
        "archive",
        "fact_game",
        "dim_team",
    }
    assert event.step_materialization_data.materialization.metadata["games_processed"].value == counted["games"]


def test_days_ahead_without_announced_games_load(api: Api, database_url: sa.URL, rows: Rows) -> None:
    today = eastern_date(dt.datetime.now(dt.UTC))
    days = [today + dt.timedelta(days=ahead) for ahead in range(1, 8)]
    counts = [{"contestDate": f"{day:%m/%d/%Y}", "count": 16} for day in days]
    calendar = json.dumps({"data": {"schedules": {"games": counts}}}).encode()
    api.answer = lambda path: Answer(calendar if path.startswith("/schedule-alt") else b'{"games": []}')
    url = database_url.render_as_string(hide_password=False)
    resources = {
        "database": DatabaseResource(url=url),
        "event_log": EventLogResource(),
        "ncaa_api": NcaaApiResource(base_url=api.url, database_url=url),
    }
    result = dg.materialize([ncaa_upcoming_games], resources=resources, instance=dg.DagsterInstance.ephemeral())
    assert result.success
    assert len(api.requests) <= 9, "none was fetched twice"
    assert rows("SELECT DISTINCT games_received, settled_at FROM scoreboard") == [
        {"games_received": 0, "settled_at": None}
    ]

"""`gamepulse export`: the same rows in every format, the same bytes twice, and nothing half."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
import sqlalchemy as sa
from support.builders import at, day, game, scoreboard, team
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.errors import ExportError
from pipelines.postgres.database import connect
from pipelines.warehouse.export import DATABASE, EXPORTED, Format
from pipelines.warehouse.requested_dates import request_dates

FORMATS = get_args(Format)
NAMES = ('the "Devils", N.C.', "line\nbreak", "", "Añejo \\N")
NOW = "2026-02-01 12:00"
NOW_AT = at(NOW)
STANDING = """
    INSERT INTO standing (
        sport, as_of, school, season, conference, wins, losses, conference_wins, conference_losses, covers,
        page_updated_at, fetched_at
    )
    VALUES ('ncaam', $2, 'Duke', $1, 'ACC', 1, 0, 1, 0, $2, $3, $3)
"""
DETAIL = """
    INSERT INTO game_detail (game_id, fetched_at, venue_key, home_points_by_period, away_points_by_period)
    SELECT $1, $3, venue_key, '{41,39}', '{40,35}' FROM dim_venue WHERE venue_name = $2
"""


@pytest.fixture(autouse=True)
def loaded(warehouse: Warehouse, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two settled dates and one of the season before, with names that CSV has to quote."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    first, second, third, fourth = (team(f"team-{number}", "acc", name=name) for number, name in enumerate(NAMES))
    warehouse.load(scoreboard("2025-01-10", NOW, game(1, first, second, "final 80-75")), games_expected=1)
    warehouse.load(scoreboard("2026-01-10", NOW, game(2, first, second, "final 81-75 OT")), games_expected=1)
    warehouse.load(scoreboard("2026-01-31", NOW, game(3, third, fourth)), games_expected=1)
    for number in (1, 2):
        warehouse.query(
            "INSERT INTO dim_venue (venue_name, city, state) VALUES ($1, 'Durham', 'NC')", f"Arena {number}"
        )
        warehouse.query(DETAIL, f"ncaam_{number}", f"Arena {number}", NOW_AT)
    for season in (2024, 2025):
        warehouse.query(STANDING, season, day(f"{season + 1}-02-01"), NOW_AT)
    warehouse.query("UPDATE dim_team SET abbreviation = '' WHERE team_name = $1", NAMES[0])


def export(*arguments: object) -> str:
    """Runs the command and returns what it prints."""
    result = CliRunner().invoke(app, ["export", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def read(folder: Path, name: str, file_format: Format) -> list[tuple[object, ...]]:
    """Returns the rows of an exported table."""
    if file_format == "duckdb":
        with duckdb.connect(folder / DATABASE, read_only=True) as database:
            database.execute("SET TimeZone = 'UTC'")
            return database.sql(f"SELECT COLUMNS(*)::text FROM {name}").fetchall()
    file = f"read_csv('{folder}/{name}.csv', all_varchar = true, allow_quoted_nulls = false)"
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        source = file if file_format == "csv" else f"'{folder}/{name}.parquet'"
        return database.sql(f"SELECT COLUMNS(*)::text FROM {source}").fetchall()


def manifest_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))


def test_every_format_has_the_rows_of_the_database(warehouse: Warehouse, tmp_path: Path) -> None:
    for file_format in FORMATS:
        export(tmp_path / file_format, "--format", file_format)
    for exported in EXPORTED:
        tables = [read(tmp_path / file_format, exported.name, file_format) for file_format in FORMATS]
        assert tables[0] == tables[1] == tables[2], exported.name
        [counted] = warehouse.query(f"SELECT count(*) AS rows FROM {exported.name}")
        assert len(tables[0]) == counted["rows"] == manifest_of(tmp_path / "csv")["rows"][exported.name] > 0
    names = "SELECT team_name, abbreviation, team_key::text AS team_key FROM dim_team ORDER BY dim_team.team_key"
    found = {(row["team_key"], row["team_name"], row["abbreviation"]) for row in warehouse.query(names)}
    with duckdb.connect(tmp_path / "duckdb" / DATABASE, read_only=True) as database:
        assert set(database.sql("SELECT team_key::text, team_name, abbreviation FROM dim_team").fetchall()) == found
        assert database.sql("SELECT DISTINCT home_points_by_period FROM game_detail").fetchall() == [("{41,39}",)]
        [[start, margin]] = database.sql("SELECT max(game_date), sum(margin) FROM game").fetchall()
    assert (f"{start}", margin) == ("2026-01-31", 11)


@pytest.mark.parametrize("file_format", ["parquet", "csv"])  # DuckDB's file has bytes that are never the same
def test_two_exports_of_the_same_rows_have_the_same_bytes(file_format: Format, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        export(tmp_path / folder, "--format", file_format)
    first, second = (manifest_of(tmp_path / folder) for folder in ("first", "second"))
    assert first.pop("generated_at") < second.pop("generated_at")
    assert first == second
    for name, digest in first["files"].items():
        assert digest == f"sha256:{hashlib.sha256((tmp_path / 'second' / name).read_bytes()).hexdigest()}"
    assert {path.name for path in (tmp_path / "second").iterdir()} == {*first["files"], "manifest.json"}


def test_a_range_or_a_season_has_its_games_teams_and_dates_only(tmp_path: Path) -> None:
    printed = export("--season", 2024, tmp_path / "season")
    assert "1 games of 1 dates, 2025-01-10 to 2025-01-10." in printed
    season = manifest_of(tmp_path / "season")
    assert season["rows"] == {
        "game": 1, "team_game": 2, "fact_game": 1, "game_detail": 1, "dim_venue": 1,
        "dim_team": 2, "dim_date": 365, "standing": 1, "scoreboard": 1,
    }  # fmt: skip
    assert (season["seasons"], season["newest_fetch_at"]) == ([2024], "2026-02-01T17:00:00+00:00")
    assert "1 of the dates are not settled" in export("2026-01-10", "2026-01-31", tmp_path / "range")
    assert manifest_of(tmp_path / "range")["rows"]["dim_date"] == 22


def test_the_manifest_names_the_dates_of_the_range_that_are_not_loaded(
    warehouse: Warehouse, database_url: sa.URL, tmp_path: Path
) -> None:
    ahead = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    counts = {"2025-01-10": 1, "2025-01-11": 3, "2025-01-12": 0, "2026-01-11": 5, f"{ahead}": 9}
    warehouse.query(
        "INSERT INTO season_calendar (sport, season, fetched_at, source_url, games) VALUES ('ncaam', 2024, $1, '', $2)",
        NOW_AT,
        json.dumps(counts),
    )
    with connect(database_url) as connection:
        request_dates(connection, "ncaam", [day("2025-01-10"), day("2025-01-14")], "backfill abc")
        connection.commit()
    printed = export("--season", 2024, tmp_path / "season")
    assert manifest_of(tmp_path / "season")["dates_missing"] == ["2025-01-11", "2025-01-14"]
    assert "2 dates of the range are not loaded: run `gamepulse backfill 2025-01-11 2025-01-14`." in printed
    export(tmp_path / "all")
    assert manifest_of(tmp_path / "all")["dates_missing"] == ["2025-01-11", "2025-01-14", "2026-01-11"]
    assert "not loaded" not in export("2025-01-01", "2025-01-10", tmp_path / "range")
    assert manifest_of(tmp_path / "range")["dates_missing"] == []


def test_the_dictionary_describes_every_exported_column(tmp_path: Path) -> None:
    export(tmp_path / "csv", "--format", "csv")
    with duckdb.connect() as database:
        found = database.sql(f"SELECT * FROM read_csv('{tmp_path}/csv/data-dictionary.csv')").fetchall()
    for exported in EXPORTED:
        [header, *_] = (tmp_path / "csv" / f"{exported.name}.csv").read_text().splitlines()
        assert [column for table, column, *_ in found if table == exported.name] == header.split(",")
    assert all(kind and meaning for *_, kind, meaning in found)


def test_an_export_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    export(tmp_path / "games", "--format", "csv")
    (tmp_path / "games" / "notes.txt").write_text("mine")
    export(tmp_path / "games", "--format", "duckdb")
    assert {path.name for path in (tmp_path / "games").iterdir()} == {
        "notes.txt", "manifest.json", "data-dictionary.csv", DATABASE,
    }  # fmt: skip
    for folder, reason in ((tmp_path / "games" / "notes.txt", "is a file"), (tmp_path, "has other files")):
        with pytest.raises(ExportError, match=reason):
            export(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["games"]


def test_a_range_without_a_loaded_date_is_an_error_and_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="run `gamepulse backfill 2019-08-01 2020-07-31`"):
        export("--season", 2019, tmp_path / "games")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [("2026-01-10", "games"), ("2026-01-32", "2026-02-01", "games"), ("2026-02-01", "2026-01-01", "games")],
)
def test_a_wrong_range_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["export", *arguments]).exit_code == 2

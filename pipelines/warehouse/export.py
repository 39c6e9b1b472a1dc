"""Exports the tables of one moment to files. The same rows give the same bytes, except in DuckDB's own format.

Each table is streamed by COPY to a file, which DuckDB converts. The manifest is written last, so that a folder
without one holds no complete export.
"""

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import psycopg2.extensions
import sqlalchemy as sa
from sqlalchemy import URL, Connection
from sqlmodel import SQLModel

from models.dim_date import DimDate
from models.dim_team import DimTeam
from models.dim_venue import DimVenue
from models.fact_game import FactGame
from models.game_detail import GameDetail
from models.migrations import head_revision
from models.scoreboard import Scoreboard
from models.standing import Standing
from models.tables import table_name
from models.views import VIEWS, View
from pipelines.errors import ExportError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect
from pipelines.seasons import eastern_date, season_of
from pipelines.warehouse.sql import read_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Format = Literal["parquet", "csv", "duckdb"]
MANIFEST: Final = "manifest.json"
DICTIONARY: Final = "data-dictionary.csv"
DATABASE: Final = "gamepulse.duckdb"
_GAME, _TEAM_GAME = (next(view for view in VIEWS if view.name == name) for name in ("game", "team_game"))


class Exported(NamedTuple):
    """A table or view that is exported."""

    source: type[SQLModel] | View
    within: str
    """Condition of the rows in the range."""
    order: str

    @property
    def name(self) -> str:
        """Name in the database and of the file."""
        return self.source.name if isinstance(self.source, View) else table_name(self.source)


_DATES: Final = "game_date BETWEEN %(first)s AND %(last)s"
_SEASONS: Final = "season BETWEEN %(first_season)s AND %(last_season)s"
_GAMES: Final = f"game_id IN (SELECT game_id FROM fact_game WHERE {_DATES})"  # noqa: S608
EXPORTED: Final = (
    Exported(_GAME, _DATES, "game_date, game_id"),
    Exported(_TEAM_GAME, _DATES, "game_date, game_id, is_home"),
    Exported(FactGame, _DATES, "game_key"),
    Exported(GameDetail, _GAMES, "game_id"),
    Exported(DimVenue, f"venue_key IN (SELECT venue_key FROM game_detail WHERE {_GAMES})", "venue_key"),  # noqa: S608
    Exported(DimTeam, _SEASONS, "team_key"),
    Exported(DimDate, "full_date BETWEEN %(first)s AND %(last)s", "date_key"),
    Exported(Standing, _SEASONS, "sport, as_of, school"),
    Exported(Scoreboard, _DATES, "sport, game_date"),
)
"""The one list of exported tables: a new one is a line here."""
_RANGE: Final = sa.text("""
    SELECT
        min(game_date) AS first_date,
        max(game_date) AS last_date,
        count(*) AS dates,
        count(settled_at) AS dates_settled,
        max(fetched_at) AS newest_fetch_at,
        bool_or(is_simulated) AS is_simulated
    FROM scoreboard
    WHERE game_date BETWEEN :first AND :last
""")
_TYPES: Final = sa.text("""
    SELECT attname AS name, format_type(atttypid, atttypmod) AS type
    FROM pg_attribute
    WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
""")
_IN_DUCKDB: Final = {"jsonb": "VARCHAR", "smallint[]": "VARCHAR"}  # as PostgreSQL writes them: `{41,39}`


def export_tables(
    url: URL, folder: Path, file_format: Format, first: dt.date, last: dt.date, now: dt.datetime
) -> dict[str, Any]:
    """Exports the games of US Eastern dates, inclusive, with their teams and dates; returns the manifest.

    Missing dates are those up to today that have games by the calendar, or were requested, and are not loaded.

    An earlier export in the folder is replaced once the new one is complete.

    Raises:
        DatabaseError: the database cannot be read.
        ExportError: DuckDB is not installed, no date of the range is loaded, or the folder cannot be used.
    """
    try:
        import duckdb
    except ModuleNotFoundError:
        raise ExportError(
            "Exports need DuckDB: run `pip install 'gamepulse[export]'`, or `pip install duckdb`."
        ) from None
    old = _old_files(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as staging,
            duckdb.connect(config={"threads": 1}) as duck,
            connect(url) as connection,
        ):
            manifest = _write(connection, duck, Path(staging), file_format, first, last, eastern_date(now))
            manifest["generated_at"] = now.isoformat()
            _replace(folder, Path(staging), manifest, old)
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error}. Choose another folder.") from error
    return manifest


def _old_files(folder: Path) -> set[str]:
    """Returns the files of an earlier export in the folder, which must hold nothing but one, or not exist."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file: choose a folder.")
    if not any(folder.iterdir()):
        return set()
    try:
        listed = json.loads((folder / MANIFEST).read_text())["files"]
        return {MANIFEST, *(name for name in listed if Path(name).name == name)}
    except (OSError, ValueError, KeyError, TypeError):
        raise ExportError(
            f"{folder} has other files, and no {MANIFEST} of an export: choose a new folder, or empty it."
        ) from None


def _write(
    connection: Connection,
    duck: "DuckDBPyConnection",
    staging: Path,
    file_format: Format,
    first: dt.date,
    last: dt.date,
    today: dt.date,
) -> dict[str, Any]:
    connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    # Both write moments in the zone of the session.
    connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
    duck.execute("SET TimeZone = 'UTC'")
    found = connection.execute(_RANGE, {"first": first, "last": last}).one()._mapping
    if not found["dates"]:
        raise ExportError(f"No game date from {first} to {last} is loaded: run `gamepulse backfill {first} {last}`.")
    if file_format == "duckdb":
        duck.execute(f"ATTACH '{_quoted(staging / DATABASE)}' AS export")
    rows = {}
    dictionary = [("table", "column", "type", "meaning")]
    for exported in EXPORTED:
        types = {row.name: row.type for row in connection.execute(_TYPES, {"name": exported.name})}
        dictionary += [(exported.name, name, kind, _meaning(exported.source, name)) for name, kind in types.items()]
        copy = staging / f"{exported.name}.copy"
        rows[exported.name] = _copy(connection, exported, first, last, copy)
        _convert(
            duck, exported.name, dict(connection.execute(_TYPES, {"name": exported.name}).all()), copy, file_format
        )
        copy.unlink()
    if file_format == "duckdb":
        duck.execute("DETACH export")
    with (staging / DICTIONARY).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(dictionary)
    files = sorted(path for path in staging.iterdir())
    return {
        **{name: value.isoformat() if isinstance(value, dt.date) else value for name, value in found.items()},
        "dates_missing": [date.isoformat() for date in _missing_dates(connection, first, min(last, today))],
        "seasons": list(range(season_of(found["first_date"]), season_of(found["last_date"]) + 1)),
        "format": file_format,
        "version": version("gamepulse"),
        "revision": head_revision(),
        "rows": rows,
        "files": {path.name: f"sha256:{_hash(path)}" for path in files},
    }


def _missing_dates(connection: Connection, first: dt.date, last: dt.date) -> list[dt.date]:
    known = connection.execute(sa.text(read_sql("coverage")), {"sport": MENS_BASKETBALL.sport})
    return [
        date.game_date
        for date in known
        if first <= date.game_date <= last and date.fetched_at is None and date.games_expected != 0
    ]


def _copy(connection: Connection, exported: Exported, first: dt.date, last: dt.date, copy: Path) -> int:
    """Streams the rows of a table to a file; returns their number."""
    bounds = {"first": first, "last": last, "first_season": season_of(first), "last_season": season_of(last)}
    driver: psycopg2.extensions.connection = connection.connection.driver_connection  # type: ignore[assignment]
    with driver.cursor() as cursor, copy.open("wb") as file:
        # COPY takes no parameters.
        query = cursor.mogrify(
            f"COPY (SELECT * FROM {exported.name} WHERE {exported.within} ORDER BY {exported.order})"  # noqa: S608
            " TO STDOUT (FORMAT csv)",
            bounds,
        )
        cursor.copy_expert(query, file)
        return int(cursor.rowcount)


def _convert(duck: "DuckDBPyConnection", name: str, types: Mapping[str, str], copy: Path, file_format: Format) -> None:
    columns = ", ".join(f"'{column}': '{_IN_DUCKDB.get(kind, kind)}'" for column, kind in types.items())
    rows = (
        f"SELECT * FROM read_csv('{_quoted(copy)}', columns = {{{columns}}}, header = false, auto_detect = false, "  # noqa: S608
        "delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false, parallel = false)"
    )
    if file_format == "duckdb":
        duck.execute(f"CREATE TABLE export.{name} AS {rows}")
    else:
        options = "FORMAT parquet, COMPRESSION zstd" if file_format == "parquet" else "FORMAT csv, HEADER"
        duck.execute(f"COPY ({rows}) TO '{_quoted(copy.with_suffix(f'.{file_format}'))}' ({options})")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _meaning(source: type[SQLModel] | View, column: str) -> str:
    if isinstance(source, View):
        return source.columns[column].meaning
    return source.model_fields[column].description or ""


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(folder: Path, staging: Path, manifest: Mapping[str, object], old: set[str]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    new = list(staging.iterdir())
    for name in old - {path.name for path in new}:
        (folder / name).unlink(missing_ok=True)
    for path in new:
        path.replace(folder / path.name)
    (staging / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    (staging / MANIFEST).replace(folder / MANIFEST)

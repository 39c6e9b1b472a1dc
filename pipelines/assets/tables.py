"""The catalog's external assets: the API upstream of `ncaa_games`, the tables and their views downstream."""

import inspect
from collections.abc import Collection, Sequence
from typing import Any, Final

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from models.archive import ARCHIVE_TABLE_NAMES, Sighting
from models.dim_team import DimTeam
from models.dim_venue import DimVenue
from models.fact_game import FactGame
from models.game_detail import GameDetail
from models.rejected_game import RejectedGame
from models.tables import TABLES, table_name
from models.views import VIEWS, View
from pipelines.assets.preview import games_markdown
from pipelines.assets.source_code import source_code
from pipelines.ncaa.game import Game, TeamLine
from pipelines.postgres.sessions import Database
from pipelines.seasons import eastern_date

CATALOG: Final = tuple(model for model in TABLES if model in {FactGame, DimTeam, GameDetail, DimVenue, RejectedGame})
"""Tables in the catalog; the others hold the pipeline's own state and the calendar."""

_OF_DETAILS: Final = frozenset({GameDetail, DimVenue})

ncaa_api = dg.AssetSpec(
    "ncaa_api",
    group_name="source",
    kinds={"api"},
    owners=["team:gamepulse"],
    description="Scoreboards, one per game date, and season calendars of the NCAA, as henrygd/ncaa-api serves them.",
    metadata={"source_code": dg.MetadataValue.url("https://github.com/henrygd/ncaa-api")},
)


def column_schema(model: type[SQLModel]) -> dg.TableSchema:
    """Returns the columns of a table with their PostgreSQL types, from its model."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type.compile(dialect).lower(),
                description=_plain(model.model_fields[column.name].description or ""),
                constraints=dg.TableColumnConstraints(nullable=bool(column.nullable), unique=bool(column.unique)),
            )
            for column in model.__table__.columns  # type: ignore[attr-defined]
        ]
    )


def _plain(text: str) -> str:
    """Removes Markdown's backticks, which the UI shows as they are."""
    return text.replace("`", "")


archive = dg.AssetSpec(
    "archive",
    deps=["ncaa_api"],
    group_name="source",
    kinds={"postgres", "table"},
    owners=["team:gamepulse"],
    description="What the API said: each distinct answer that was loaded or refused, and when it was seen. gamepulse "
    "replay makes the tables from it. Columns: " + _plain(inspect.getdoc(Sighting) or ""),
    metadata={
        "dagster/table_name": ARCHIVE_TABLE_NAMES[1],
        "dagster/column_schema": column_schema(Sighting),
        **source_code(inspect.getfile(Sighting)),
    },
)
_ARCHIVE: Final = sa.text("""
    SELECT
        pg_total_relation_size('archive.body') + pg_total_relation_size('archive.sighting') AS bytes,
        (SELECT count(*) FROM archive.sighting) AS spells,
        (SELECT last_fetched_at FROM archive.sighting ORDER BY sighting_id DESC LIMIT 1) AS last_answer
""")


SAMPLED: Final = 15
"""Games that the page of fact_game shows."""
_SAMPLE: Final = sa.text("""
    WITH newest AS (
        SELECT max(game_date) AS game_date
        FROM fact_game
        WHERE game_date <= :today AND game_status <> 'withdrawn'
    )

    SELECT
        game_date,
        count(*) OVER () AS games,
        EXISTS (SELECT FROM scoreboard WHERE scoreboard.game_date = newest.game_date AND is_simulated) AS is_simulated,
        game_status,
        game_start_time,
        game_period,
        game_clock,
        overtime_periods,
        away.slug AS away_slug,
        away.team_name AS away_name,
        away_rank,
        away_score,
        home.slug AS home_slug,
        home.team_name AS home_name,
        home_rank,
        home_score
    FROM fact_game
    JOIN newest USING (game_date)
    JOIN dim_team AS away ON away.team_key = away_team_key
    JOIN dim_team AS home ON home.team_key = home_team_key
    WHERE game_status <> 'withdrawn'
    ORDER BY game_status <> 'live', game_status <> 'final', game_start_time, game_id
    LIMIT :limit
""")


def table_specs() -> list[dg.AssetSpec]:
    """Returns one external asset per table and view of the catalog, with its columns and their descriptions."""
    tables = [
        dg.AssetSpec(
            table_name(model),
            deps=["ncaa_game_details"] if model in _OF_DETAILS else ["ncaa_games", "ncaa_upcoming_games"],
            group_name="warehouse",
            kinds={"postgres", "table"},
            owners=["team:gamepulse"],
            description=_plain(inspect.getdoc(model) or ""),
            metadata={
                "dagster/table_name": f"public.{table_name(model)}",
                "dagster/column_schema": column_schema(model),
                **source_code(inspect.getfile(model)),
            },
        )
        for model in CATALOG
    ]
    views = [
        dg.AssetSpec(
            view.name,
            deps=[table_name(FactGame), table_name(DimTeam)],
            group_name="warehouse",
            kinds={"postgres", "view"},
            owners=["team:gamepulse"],
            description=_plain(view.description),
            metadata={
                "dagster/table_name": f"public.{view.name}",
                "dagster/column_schema": dg.TableSchema(
                    [dg.TableColumn(name, column.type, _plain(column.meaning)) for name, column in view.columns.items()]
                ),
                **source_code(inspect.getfile(View)),
            },
        )
        for view in VIEWS
    ]
    return [*tables, *views]


async def table_materializations(database: Database, tables: Collection[str]) -> list[dg.AssetMaterialization]:
    """Returns a materialization with the number of rows for each of the tables that is in the catalog.

    A table changes with a new answer, so the archive gets one as well, with its size and the moment of that answer.
    """
    names = [table_name(model) for model in CATALOG if table_name(model) in tables]
    if not names:
        return []
    counts = (f"SELECT '{name}' AS name, count(*) AS rows FROM {name}" for name in names)  # noqa: S608
    today = eastern_date(await database.now())
    async with database.get_session() as session:
        connection = await session.connection()
        rows = (await connection.execute(sa.text(" UNION ALL ".join(counts)))).all()
        size, spells, last_answer = (await connection.execute(_ARCHIVE)).one()
        newest = (await connection.execute(_SAMPLE, {"today": today, "limit": SAMPLED})).mappings().all()
    about_archive: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(spells),
        "megabytes": dg.MetadataValue.float(round(size / 1e6, 1)),
    }
    if last_answer is not None:
        about_archive["last_answer"] = dg.MetadataValue.timestamp(last_answer)
    metadata: dict[str, dict[str, Any]] = {name: {"dagster/row_count": count} for name, count in rows}
    if newest and "fact_game" in metadata:
        metadata["fact_game"]["newest_games"] = dg.MetadataValue.md(_sample(newest))
    return [
        dg.AssetMaterialization(archive.key, metadata=about_archive),
        *(dg.AssetMaterialization(name, metadata=values) for name, values in metadata.items()),
    ]


def _sample(rows: Sequence[sa.RowMapping]) -> str:
    first = rows[0]
    of = f" of {first['games']}" if len(rows) < first["games"] else ""
    table = games_markdown(map(_game, rows), is_simulated=first["is_simulated"])
    return f"**{first['game_date']:%A, %Y-%m-%d}**: {len(rows)}{of} games\n\n{table}"


def _game(row: sa.RowMapping) -> Game:
    home, away = (
        TeamLine(
            row[f"{side}_slug"],
            row[f"{side}_name"],
            None,
            None,
            None,
            None,
            row[f"{side}_score"],
            row[f"{side}_rank"],
            None,
        )
        for side in ("home", "away")
    )
    start_time, period, clock = row["game_start_time"], row["game_period"], row["game_clock"]
    return Game(0, row["game_status"], start_time, home, away, period, clock, row["overtime_periods"], None, None)

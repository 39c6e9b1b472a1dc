"""What `ncaa_games` reads and fills, as the catalog shows it: the API upstream, the tables downstream."""

import inspect
from collections.abc import Mapping

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from models.dim_team import DimTeam
from models.fact_game import FactGame
from models.rejected_game import RejectedGame
from pipelines.assets.source_code import source_code
from pipelines.postgres.sessions import Database

TABLES: tuple[type[SQLModel], ...] = (FactGame, DimTeam, RejectedGame)

ncaa_api = dg.AssetSpec(
    "ncaa_api",
    group_name="source",
    kinds={"api"},
    owners=["team:gamepulse"],
    description="The NCAA's scoreboards, one a game date, and season calendars, as henrygd/ncaa-api serves them.",
    metadata={"source_code": dg.MetadataValue.url("https://github.com/henrygd/ncaa-api")},
)


def table_specs() -> list[dg.AssetSpec]:
    """One external asset a table, its columns and descriptions those of its model."""
    return [
        dg.AssetSpec(
            name_of(model),
            deps=["ncaa_games", "ncaa_upcoming_games"],
            group_name="warehouse",
            kinds={"postgres", "table"},
            owners=["team:gamepulse"],
            description=inspect.getdoc(model),
            metadata={
                "dagster/table_name": f"public.{name_of(model)}",
                "dagster/column_schema": column_schema(model),
                **source_code(inspect.getfile(model)),
            },
        )
        for model in TABLES
    ]


def column_schema(model: type[SQLModel]) -> dg.TableSchema:
    """Columns of a table with their PostgreSQL types, from its model."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type.compile(dialect).lower(),
                description=model.model_fields[column.name].description,
                constraints=dg.TableColumnConstraints(nullable=bool(column.nullable), unique=bool(column.unique)),
            )
            for column in SQLModel.metadata.tables[name_of(model)].columns
        ]
    )


def name_of(model: type[SQLModel]) -> str:
    """The table's name."""
    return str(model.__tablename__)


async def row_counts(database: Database) -> Mapping[str, int]:
    """Rows of each table."""
    counts = (f"SELECT '{name_of(model)}' AS name, count(*) AS rows FROM {name_of(model)}" for model in TABLES)  # noqa: S608
    async with database.get_session() as session:
        rows = (await (await session.connection()).execute(sa.text(" UNION ALL ".join(counts)))).all()
    return {str(name): int(count) for name, count in rows}

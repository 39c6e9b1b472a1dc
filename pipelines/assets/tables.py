"""What `ncaa_games` reads and fills, as the catalog shows it: the API upstream, the tables downstream."""

import inspect
from collections.abc import Mapping
from typing import Final

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from models.dim_team import DimTeam
from models.fact_game import FactGame
from models.rejected_game import RejectedGame
from models.tables import TABLES, table_name
from pipelines.assets.source_code import source_code
from pipelines.postgres.sessions import Database

CATALOG: Final = tuple(model for model in TABLES if model in {FactGame, DimTeam, RejectedGame})
"""What people look up; the other tables are the pipeline's own bookkeeping and the calendar."""

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
            table_name(model),
            deps=["ncaa_games", "ncaa_upcoming_games"],
            group_name="warehouse",
            kinds={"postgres", "table"},
            owners=["team:gamepulse"],
            description=inspect.getdoc(model),
            metadata={
                "dagster/table_name": f"public.{table_name(model)}",
                "dagster/column_schema": column_schema(model),
                **source_code(inspect.getfile(model)),
            },
        )
        for model in CATALOG
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
            for column in SQLModel.metadata.tables[table_name(model)].columns
        ]
    )


async def row_counts(database: Database) -> Mapping[str, int]:
    """Rows of each table."""
    counts = (f"SELECT '{table_name(model)}' AS name, count(*) AS rows FROM {table_name(model)}" for model in CATALOG)  # noqa: S608
    async with database.get_session() as session:
        rows = (await (await session.connection()).execute(sa.text(" UNION ALL ".join(counts)))).all()
    return {str(name): int(count) for name, count in rows}

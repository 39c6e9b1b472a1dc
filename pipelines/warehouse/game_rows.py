"""Reads and writes rows of `fact_game` and `game_evidence`. The columns of a game are named in `Statement` alone."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from models.fact_game import FactGame
from models.tables import table_name
from pipelines.seasons import season_of
from pipelines.warehouse.evidence import Evidence, Row, Statement
from pipelines.warehouse.sql import read_sql

if TYPE_CHECKING:
    import asyncpg

Listings = dict[int, dict[dt.date, Evidence]]
"""Evidence by contest id and by the date that listed it."""

_COLUMNS: Final = Statement._fields[2:]  # behind the slugs of the two teams
_ROW_COLUMNS: Final = ("game_date", "feed", "last_seen_at", "suspect_reason", "contradicted_since")
_FIRST_ROW_COLUMN: Final = 1
_FIRST_STATEMENT_COLUMN: Final = _FIRST_ROW_COLUMN + len(_ROW_COLUMNS)


async def read_games(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    *,
    dates: Sequence[dt.date] = (),
    contest_ids: Sequence[int] = (),
) -> dict[int, Row]:
    """Rows by contest id: all that stand on `dates`, or those of `contest_ids`."""
    if dates:
        records = await connection.fetch(_read_games("game.game_date = ANY ($2::date[])"), sport, dates)
    else:
        game_ids = [f"{sport}_{contest_id}" for contest_id in contest_ids]
        records = await connection.fetch(_read_games("game.game_id = ANY ($2::text[])"), sport, game_ids)
    return {
        record[0]: Row._make(
            (*record[_FIRST_ROW_COLUMN:_FIRST_STATEMENT_COLUMN], Statement._make(record[_FIRST_STATEMENT_COLUMN:]))
        )
        for record in records
    }


async def read_evidence(
    connection: "asyncpg.Connection[Any]", sport: str, dates: Iterable[dt.date], contest_ids: Iterable[int]
) -> Listings:
    """Evidence that is kept apart from `fact_game`: of the dates, and of the contests on any date."""
    records = await connection.fetch(read_sql("read_evidence"), sport, list(dates), list(contest_ids))
    listings: Listings = {}
    for contest_id, game_date, statement, *rest in records:
        listings.setdefault(contest_id, {})[game_date] = Evidence(_from_json(statement), *rest)
    return listings


def implied_evidence(row: Row) -> Evidence:
    """The evidence that a row of `fact_game` stands for where none is kept apart."""
    if row.is_withdrawn:
        return Evidence(_before_tip_off(row.statement), row.feed, row.last_seen_at, is_withdrawn=True)
    return Evidence(row.statement, row.feed, row.last_seen_at)


def is_implied(evidence: Evidence, game_date: dt.date, row: Row) -> bool:
    """Whether `implied_evidence(row)` is the evidence of that date."""
    if game_date != row.game_date:
        return False
    if evidence.statement is row.statement and evidence.contradiction is None and not evidence.is_withdrawn:
        return True  # nearly always, and ten times as fast
    return evidence == implied_evidence(row)


async def write_games(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    rows: Mapping[int, Row],
    known: Collection[int],
    moment: dt.datetime,
) -> None:
    """Inserts rows, updates those of the contests `known`, and adds both to their history at `moment`.

    Their teams must be there.
    """
    dates: dict[dt.date, list[int]] = {}
    for contest_id in sorted(rows):
        dates.setdefault(rows[contest_id].game_date, []).append(contest_id)
    for game_date, contest_ids in dates.items():
        columns = [
            *zip(*(rows[contest_id][1:-1] for contest_id in contest_ids), strict=True),
            *zip(*(rows[contest_id].statement for contest_id in contest_ids), strict=True),
        ]
        await connection.execute(
            _write_games(),
            sport,
            game_date,
            season_of(game_date),
            [contest_id for contest_id in contest_ids if contest_id in known],
            moment,
            contest_ids,
            # The driver looks at each element: a column of nulls is cheaper as null.
            *(None if column.count(None) == len(column) else column for column in columns),
        )


async def write_evidence(
    connection: "asyncpg.Connection[Any]",
    sport: str,
    kept: Mapping[tuple[int, dt.date], Evidence],
    obsolete: Sequence[tuple[int, dt.date]],
) -> None:
    """Keeps evidence that `fact_game` does not hold, and deletes what it holds again."""
    records = [
        (contest_id, game_date, _to_json(evidence.statement), *evidence[1:])
        for (contest_id, game_date), evidence in kept.items()
    ]
    columns = list(zip(*records, strict=True)) if records else [()] * (2 + len(Evidence._fields))
    await connection.execute(
        read_sql("write_evidence"),
        sport,
        [contest_id for contest_id, _ in obsolete],
        [game_date for _, game_date in obsolete],
        *columns,
    )


def _before_tip_off(statement: Statement) -> Statement:
    return statement._replace(game_status="scheduled", home_score=None, away_score=None, game_period=None)


@cache
def _read_games(condition: str) -> str:
    columns = ", ".join(f"game.{name}" for name in _COLUMNS)
    return read_sql("read_games").replace("{condition}", condition).replace("{columns}", columns)


@cache
def _write_games() -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    table = SQLModel.metadata.tables[table_name(FactGame)]
    types = ["bigint", *(table.columns[name].type.compile(dialect) for name in _ROW_COLUMNS[1:])]
    types += ["text", "text", *(table.columns[name].type.compile(dialect) for name in _COLUMNS)]
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, start=6))
    return (
        read_sql("write_games")
        .replace("{arrays}", arrays)
        .replace("{incoming_columns}", ", ".join(f"incoming.{name}" for name in _COLUMNS))
        .replace("{columns}", ", ".join(_COLUMNS))
    )


def _to_json(statement: Statement) -> str:
    return json.dumps(statement._asdict(), default=dt.datetime.isoformat)


def _from_json(text: str) -> Statement:
    values = json.loads(text)
    start_time = values.get("game_start_time")
    values["game_start_time"] = dt.datetime.fromisoformat(start_time) if start_time is not None else None
    # A column that came after this evidence was written is null in it.
    return Statement(**{name: values.get(name) for name in Statement._fields})

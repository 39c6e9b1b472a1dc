"""Invariants after every drill: the tables equal those of a clean run, and nothing is stuck or left behind."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from support.dagster_stack import FINISHED, Stack, until
from support.databases import Databases
from support.postgres_servers import settings_for
from support.tables import EMPTY_ALL, dump

from models.turns import API_TURN, LOAD_TURN
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database

Tables = dict[str, list[dict[str, object]]]
TIMES = {"fact_game": ("last_seen_at",), "scoreboard": ("fetched_at", "settled_at")}
"""Columns that depend on when a date was loaded."""
QUIET: structlog.stdlib.BoundLogger = structlog.wrap_logger(structlog.ReturnLogger())


def tables(url: sa.URL) -> Tables:
    """Returns all rows that loads write, without surrogate keys; times become whether they are set.

    Without game_history, which tells what was shown before.
    """

    async def read() -> Tables:
        async with Database(settings_for(url)) as database, database.get_session() as session:
            return await dump(session)

    found = asyncio.run(read())
    del found["game_history"]
    for name, columns in TIMES.items():
        for row in found[name]:
            for column in columns:
                row[column] = row[column] is not None
    return found


def clean_tables(databases: Databases, api_url: str, dates: Sequence[date]) -> Tables:
    """Returns the tables of a new database into which each date was loaded once, without a fault."""

    async def load(url: sa.URL) -> None:
        async with (
            Database(settings_for(url)) as database,
            NcaaClient(api_url) as client,
            aclosing(ingest_dates(dates, MENS_BASKETBALL, client, database, QUIET)) as outcomes,
        ):
            async for _, outcome in outcomes:
                if isinstance(outcome, GamePulseError):
                    raise outcome

    with databases.temporary() as url:
        asyncio.run(load(url))
        return tables(url)


def assert_same(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Compares tables and, where rows differ, names one missing and one surplus row of the table."""
    for name, rows in expected.items():
        actual_rows, expected_rows = (Counter(tuple(row.items()) for row in side) for side in (actual[name], rows))
        missing = list((expected_rows - actual_rows).elements())
        surplus = list((actual_rows - expected_rows).elements())
        assert (missing, surplus) == ([], []), (
            f"{name}: {len(missing)} rows missing, {len(surplus)} too many\n{missing[:1]}\n{surplus[:1]}"
        )


def empty(stack: Stack) -> None:
    """Deletes all rows that loads write."""
    with stack.engine.begin() as connection:
        connection.execute(sa.text(EMPTY_ALL))


def is_alive(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_nothing_is_left(stack: Stack, run_ids: Iterable[str] = ()) -> None:
    """Asserts that all runs ended and that no session, turn or process of a run remains."""
    until("all runs ended", lambda: all(run.status.value in FINISHED for run in stack.instance.get_runs()), 60)
    until("all sessions ended", lambda: not stack.sessions(), 10)
    held = f"SELECT pid FROM pg_locks WHERE relation IN ('{LOAD_TURN}'::regclass, '{API_TURN}'::regclass)"
    assert stack.rows(held) == []
    pids = [stack.process_of(run_id) for run_id in run_ids]
    until("all processes of runs ended", lambda: not any(pid is not None and is_alive(pid) for pid in pids), 10)

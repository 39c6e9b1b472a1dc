"""What must hold after a drill: the tables of a clean run, and nothing that is stuck or left behind."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import SecretStr
from support.dagster_stack import FINISHED, Stack, until
from support.tables import dump

from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.rate_limit import API_LOCK
from pipelines.postgres.database import migrate
from pipelines.postgres.sessions import Database
from pipelines.postgres.url import psycopg2_url
from pipelines.settings import Settings
from pipelines.warehouse.load import LOAD_LOCK

Tables = dict[str, list[dict[str, object]]]
WHEN_IT_CAME = {"fact_game": ("last_seen_at",), "scoreboard": ("fetched_at", "settled_at")}
QUIET: structlog.stdlib.BoundLogger = structlog.wrap_logger(structlog.ReturnLogger())


def days(first: str, last: str) -> list[dt.date]:
    """All dates from the first to the last, both included."""
    start = dt.date.fromisoformat(first)
    return [start + dt.timedelta(days=number) for number in range((dt.date.fromisoformat(last) - start).days + 1)]


def new_database(server: sa.URL, name: str) -> sa.URL:
    """A migrated database without games."""
    administrator = sa.create_engine(psycopg2_url(server, "public"), isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    administrator.dispose()
    url = server.set(database=name)
    migrate(database_settings(url))
    return url


def database_settings(url: sa.URL) -> Settings:
    """Settings of that database, whatever the environment says."""
    return Settings(database_url=SecretStr(url.render_as_string(hide_password=False)))


def tables(url: sa.URL) -> Tables:
    """All rows that loads write, without surrogate keys and without when they came."""

    async def read() -> Tables:
        async with Database(database_settings(url)) as database, database.get_session() as session:
            return await dump(session)

    found = asyncio.run(read())
    for name, columns in WHEN_IT_CAME.items():
        for row in found[name]:
            for column in columns:
                row[column] = row[column] is not None
    return found


def clean_tables(server: sa.URL, name: str, api_url: str, dates: Sequence[dt.date]) -> Tables:
    """The tables of a new database into which the dates were loaded once, with nothing going wrong."""
    url = new_database(server, name)

    async def load() -> None:
        async with (
            Database(database_settings(url)) as database,
            NcaaClient(api_url) as client,
            aclosing(ingest_dates(dates, client, database, QUIET)) as outcomes,
        ):
            async for _, outcome in outcomes:
                if isinstance(outcome, GamePulseError):
                    raise outcome

    asyncio.run(load())
    return tables(url)


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Each table, with a row that differs where some do."""
    for name, rows in expected.items():
        there, due = (Counter(tuple(row.items()) for row in side) for side in (found[name], rows))
        missing, surplus = list((due - there).elements()), list((there - due).elements())
        assert (missing[:1], surplus[:1]) == ([], []), f"{name}: {len(missing)} rows missing, {len(surplus)} too many"


def empty(stack: Stack) -> None:
    """Deletes all rows that loads write."""
    with stack.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE fact_game, dim_team, scoreboard, rejected_game RESTART IDENTITY"))


def process_of(stack: Stack, run_id: str) -> int | None:
    """The process that the run was started in; None before it was."""
    started = [line for line in stack.messages(run_id) if "Started process for run" in line]
    return int(started[0].rpartition("pid: ")[2].rstrip(").")) if started else None


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_nothing_is_left(stack: Stack, run_ids: Iterable[str] = ()) -> None:
    """No run is stuck; no connection, lock or process of a run is left."""
    until("all runs end", lambda: all(run.status.value in FINISHED for run in stack.instance.get_runs()), 60)
    until("no session is left", lambda: not stack.sessions(), 10)
    held = f"SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND objid IN ({LOAD_LOCK}, {API_LOCK})"
    assert stack.rows(held) == []
    pids = [process_of(stack, run_id) for run_id in run_ids]
    until("no process is left", lambda: not any(pid is not None and is_alive(pid) for pid in pids), 10)

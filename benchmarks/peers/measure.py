"""Measures one load by one contender in a separate process."""

import datetime as dt
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from support.postgres_servers import settings_for

from benchmarks.peers.spans import Span
from benchmarks.scoreboards import scoreboard
from benchmarks.server import Server, connect
from pipelines.postgres.sessions import Database
from pipelines.settings import PROJECT
from pipelines.warehouse.load import load_scoreboard

_TEAMS_DAY, _TEAMS_GAMES = dt.date(2026, 4, 7), 2_000  # generated; every team plays
_STATEMENTS = """
SELECT coalesce(sum(calls), 0)::bigint
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = :database)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a whole process, imports included."""

    elapsed: float
    """Seconds."""
    processor: float
    """Seconds."""
    importing: float
    """Seconds of processor time before the load begins; later imports are not included."""
    peak: float
    """MiB."""
    statements: int
    logged: int
    """Bytes of write-ahead log."""


@dataclass(frozen=True, slots=True)
class Contender:
    """An alternative: its module, and the table that holds its games."""

    name: str
    module: str
    table: str = "public.fact_game"
    in_dagster: bool = False
    needs_teams: bool = False


CONTENDERS = (
    Contender("ours, through Dagster", "ours_in_dagster", in_dagster=True),
    Contender("ours, fetch and load alone", "ours"),
    Contender("dlt", "dlt_rest", "ncaa.games"),
    Contender("dlt, in Dagster", "dlt_in_dagster", "ncaa.games", in_dagster=True),
    Contender("row by row, SQLModel", "row_by_row"),
    Contender("floor: asyncpg, unnest", "floor", needs_teams=True),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A contender with its own database and folder."""

    contender: Contender
    url: sa.URL
    folder: Path

    def load(self, api: str, span: Span) -> tuple[float, float, float, float]:
        """Returns elapsed seconds, processor seconds, processor seconds of imports, and peak MiB."""
        command = [sys.executable, "-m", f"benchmarks.peers.{self.contender.module}", *map(str, span.dates)]
        environment = os.environ | {
            "DATABASE_URL": self.url.render_as_string(hide_password=False),
            "NCAA_API_URL": api,
            "NCAA_API_REQUESTS_PER_SECOND": "inf",
            "DAGSTER_HOME": str(PROJECT),
            "DLT_DATA_DIR": str(self.folder),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "CRITICAL",
        }
        output, log = self.folder / "output", self.folder / "log"
        with output.open("w") as stdout, log.open("w") as stderr:
            began = time.perf_counter()
            process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # prevents a second wait
        if process.returncode != 0:
            raise SystemExit(f"{self.contender.name} failed.\n{log.read_text()[-3_000:]}")
        importing, peak = map(float, output.read_text().split()[-2:])
        return elapsed, usage.ru_utime + usage.ru_stime, importing, peak / 1024


async def prepare(entry: Entry) -> None:
    """Creates what exists before the first load: Dagster's tables, the teams."""
    if entry.contender.in_dagster:
        os.environ["DATABASE_URL"] = entry.url.render_as_string(hide_password=False)
        with dg.DagsterInstance.from_config(str(PROJECT)):
            pass
    if entry.contender.needs_teams:
        async with Database(settings_for(entry.url)) as database, database.get_session() as session:
            await load_scoreboard(session, scoreboard(_TEAMS_DAY, _TEAMS_GAMES))
            connection = await session.connection()
            await connection.execute(sa.text("DELETE FROM fact_game"))
            await connection.execute(sa.text("DELETE FROM scoreboard"))


async def tidy(entry: Entry) -> None:
    """Vacuums and analyzes, as autovacuum would."""
    connection = await connect(entry.url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def measure(server: Server, entry: Entry, api: str, span: Span) -> Cost:
    """Measures one load."""
    server.execute("SELECT pg_stat_statements_reset()")
    before = server.log_position()
    load = entry.load(api, span)
    logged = server.log_position() - before
    return Cost(*load, server.value(_STATEMENTS, database=entry.url.database), logged)

"""GamePulse works through PgBouncer in session mode, and refuses its transaction mode before it writes anything."""

import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
import sqlalchemy as sa
from support.builders import game, scoreboard
from support.databases import Databases
from support.postgres_servers import settings_for
from support.warehouse import Warehouse

from models.migrations import VERSION_TABLE
from models.tables import TABLE_NAMES
from models.turns import TURN_NAMES
from pipelines.errors import ConfigurationError
from pipelines.postgres.connections import open_connection
from pipelines.postgres.database import migrate, ready_database
from pipelines.postgres.url import libpq_text, psycopg2_url
from pipelines.settings import PROJECT

pytestmark = pytest.mark.drill

MODES = """transaction;
transaction; server_round_robin = 1
transaction; ignore_startup_parameters = options,search_path,statement_timeout,lock_timeout
""".splitlines()


@contextmanager
def pgbouncer(url: sa.URL, mode: str, *settings: str) -> Iterator[sa.URL]:
    """Runs PgBouncer before the server and yields the URL that leads through it."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _run(url, Path(folder), mode, *settings)


def _run(url: sa.URL, folder: Path, mode: str, *settings: str) -> Iterator[sa.URL]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
    lines = [
        "[databases]",
        f"* = host={url.host} port={url.port}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = scram-sha-256",
        f"auth_file = {folder / 'users'}",
        f"pool_mode = {mode}",
        *settings,
    ]
    (folder / "pgbouncer.ini").write_text("\n".join(lines))
    user = None
    if os.getuid() == 0:  # PgBouncer does not run as root
        user = pwd.getpwnam("nobody").pw_uid
        for path in (folder, *folder.iterdir()):
            os.chown(path, user, -1)
    process = subprocess.Popen(["pgbouncer", "-q", folder / "pgbouncer.ini"], user=user, cwd="/")
    try:
        through = url.set(host="127.0.0.1", port=port)
        deadline = time.monotonic() + 30
        while True:
            with suppress(psycopg2.OperationalError):
                psycopg2.connect(libpq_text(through)).close()
                break
            assert process.poll() is None, "PgBouncer ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield through
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("mode", MODES)
def test_transaction_mode_is_refused_in_a_sentence_and_nothing_is_written(
    mode: str, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = "is behind a connection pooler in transaction mode, .* use its session mode"
    with databases.temporary(migrated=False) as url, pgbouncer(url, *mode.split(";")) as through:
        for use in (migrate, ready_database):
            with pytest.raises(ConfigurationError, match=refusal):
                use(settings_for(through))
        engine = sa.create_engine(psycopg2_url(url, "public"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            query = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'dagster')"
            assert connection.scalar(sa.text(query)) == 0
        migrate(settings_for(url))
        monkeypatch.setenv("DATABASE_URL", libpq_text(url))
        monkeypatch.setenv("DAGSTER_DATABASE_URL", libpq_text(through))
        with (
            dg.DagsterInstance.from_config(str(PROJECT)) as instance,
            pytest.raises(ConfigurationError, match=refusal),
        ):
            instance.get_runs_count()


def test_session_mode_works(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.temporary(migrated=False) as url, pgbouncer(url, "session") as through:
        migrate(settings_for(through))
        with Warehouse.connect(through) as warehouse:
            for _ in range(3):
                assert (
                    warehouse.load(scoreboard("2026-01-10", "2026-01-10 20:00", game(1, "duke", "unc"))).games_processed
                    == 1
                )
        monkeypatch.setenv("DATABASE_URL", libpq_text(through))
        with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
            instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition="2026-01-10"))
            assert instance.get_materialized_partitions(dg.AssetKey("ncaa_games")) == {"2026-01-10"}
        command = [Path(sys.executable).parent / "gamepulse", "psql", "--", "-Atc", "SELECT count(*) FROM fact_game"]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "1\n"
        with psycopg2.connect(libpq_text(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            assert {name for (name,) in cursor.fetchall()} == {*TABLE_NAMES, *TURN_NAMES, VERSION_TABLE}


def test_a_session_that_is_the_only_one_of_its_pool_is_not_taken_for_a_transaction(
    databases: Databases,
) -> None:
    with databases.temporary() as url, pgbouncer(url, "session", "default_pool_size = 1") as through:
        open_connection(through, {"search_path": "public"}).close()

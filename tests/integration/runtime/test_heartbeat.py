"""The health check of the daemon names stuck parts and stays cheap."""

import subprocess
import sys
import time

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._daemon.types import DaemonHeartbeat

from pipelines.runtime.heartbeat import PARTS, late_parts, main
from pipelines.settings import PROJECT


def test_a_part_of_the_daemon_that_is_stuck_is_named(
    database_url: sa.URL, administrator: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with administrator.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {database_url.database} SET timezone = 'America/New_York'"))
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        assert late_parts() == list(PARTS)
        for part in PARTS:
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), part, "id", []))
        assert late_parts() == []
        main()
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 100, "BACKFILL", "id", []))
        assert late_parts() == []
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 125, "SCHEDULER", "id", []))
    with pytest.raises(SystemExit, match=r"No heartbeat for 120 s of SCHEDULER\."):
        main()


def test_an_unreachable_database_fails_the_check_without_printing_the_password(
    database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = database_url.set(drivername="postgresql+asyncpg", port=1, password="hunter2")
    monkeypatch.setenv("DAGSTER_DATABASE_URL", gone.render_as_string(hide_password=False))
    with pytest.raises(SystemExit, match="The heartbeats cannot be read") as failure:
        main()
    assert "hunter2" not in str(failure.value)


def test_it_imports_nothing_that_is_slow_to_import() -> None:
    heavy = ("dagster", "sqlalchemy", "pydantic")
    probe = f"import sys, pipelines.runtime.heartbeat; sys.exit(sum(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False).returncode == 0

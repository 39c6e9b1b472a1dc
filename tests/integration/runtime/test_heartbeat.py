"""The health check of the daemon says what keeps it from its work, and stays cheap."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import pytest
import sqlalchemy as sa
from support import dagster_history

from pipelines.runtime.heartbeat import main
from pipelines.settings import PROJECT


@pytest.fixture
def instance(
    database_url: sa.URL, administrator: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """Dagster on the test's database, whose time zone is not UTC; no daemon has run."""
    with administrator.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {database_url.database} SET timezone = 'America/New_York'"))
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        yield instance


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_it_passes_while_the_daemon_does_its_work_and_names_what_does_not(instance: dg.DagsterInstance) -> None:
    with pytest.raises(SystemExit, match=r"^No daemon has run yet\.$"):
        main()
    dagster_history.work(instance, now())
    main()
    dagster_history.beat(instance, now() - dt.timedelta(seconds=125), "SCHEDULER")
    with pytest.raises(SystemExit, match=r"^No heartbeat for 120 s of SCHEDULER\.$"):
        main()


def test_a_clock_that_went_back_fails_it(instance: dg.DagsterInstance) -> None:
    dagster_history.work(instance, now())
    dagster_history.beat(instance, now() + dt.timedelta(hours=3))
    with pytest.raises(SystemExit, match="A clock went back: the last heartbeat of SCHEDULER"):
        main()
    dagster_history.beat(instance, now())
    dagster_history.tick(instance, now() + dt.timedelta(hours=3))
    with pytest.raises(SystemExit, match="A clock went back: the last tick of ncaa_schedule"):
        main()


def test_a_code_location_that_is_not_loaded_fails_it(instance: dg.DagsterInstance) -> None:
    dagster_history.beat(instance, now())
    with pytest.raises(SystemExit, match="The code location has never been loaded"):
        main()
    dagster_history.work(instance, now())
    dagster_history.evaluate(instance, now() - dt.timedelta(minutes=6))
    with pytest.raises(SystemExit, match="The code location is not loaded since"):
        main()


def test_a_schedule_that_a_person_turned_off_passes(instance: dg.DagsterInstance) -> None:
    dagster_history.work(instance, now())
    dagster_history.tick(instance, now() - dt.timedelta(hours=3), is_on=False)
    main()


def test_an_unreachable_database_fails_the_check_without_printing_the_password(
    database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = database_url.set(drivername="postgresql+asyncpg", port=1, password="hunter2")
    monkeypatch.setenv("DAGSTER_DATABASE_URL", gone.render_as_string(hide_password=False))
    with pytest.raises(SystemExit, match="Dagster's tables cannot be read") as failure:
        main()
    assert "hunter2" not in str(failure.value)


def test_it_imports_nothing_that_is_slow_to_import() -> None:
    heavy = ("dagster", "sqlalchemy", "pydantic", "pendulum")
    probe = f"import sys, pipelines.runtime.heartbeat; sys.exit(sum(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False).returncode == 0

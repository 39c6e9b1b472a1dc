"""`gamepulse status --check`: exit code and line for each state of the pipeline."""

import datetime as dt
from collections.abc import Callable, Iterator

import dagster as dg
import pytest
import sqlalchemy as sa
from support import dagster_history
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.cli.status import CRITICAL, OK, UNKNOWN, WARNING
from pipelines.health.check import clock_problems, today_problems
from pipelines.postgres.database import connect
from pipelines.seasons import eastern_date
from pipelines.settings import PROJECT
from pipelines.warehouse.requested_dates import DateState, record_lost, request_dates

NOW = at("2026-01-10 20:00")
MINUTE = dt.timedelta(minutes=1)
Check = Callable[[], tuple[int, str]]


def now() -> dt.datetime:
    """The time of the database, with which the tables are compared."""
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def instance(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster on the test's database, in which a daemon does all its work."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dagster_history.work(instance, now())
        yield instance


@pytest.fixture
def check() -> Check:
    """Runs the command and returns its exit code and its line."""

    def run() -> tuple[int, str]:
        found = CliRunner().invoke(app, ["status", "--check"])
        [line] = found.output.splitlines()
        return found.exit_code, line

    return run


def load_today(warehouse: Warehouse) -> None:
    played = game(1, "home", "away", "scheduled")
    warehouse.load(scoreboard(eastern_date(now()).isoformat(), now(), played), games_expected=1)


@pytest.mark.usefixtures("instance")
def test_a_pipeline_that_works_is_ok(warehouse: Warehouse, check: Check) -> None:
    load_today(warehouse)
    assert check() == (OK, "OK: nothing is wrong.")


def test_a_daemon_that_ended_is_critical(instance: dg.DagsterInstance, warehouse: Warehouse, check: Check) -> None:
    load_today(warehouse)
    dagster_history.beat(instance, now() - 60 * MINUTE)
    code, line = check()
    assert (code, line.partition(":")[0]) == (CRITICAL, "CRITICAL")
    assert "No daemon is running" in line


def test_a_schedule_that_is_turned_off_is_a_warning(
    instance: dg.DagsterInstance, warehouse: Warehouse, check: Check
) -> None:
    load_today(warehouse)
    dagster_history.tick(instance, now(), is_on=False)
    assert check() == (WARNING, "WARNING: ncaa_schedule is turned off.")


@pytest.mark.usefixtures("instance")
def test_failed_dates_that_nothing_requests_again_are_a_warning(
    warehouse: Warehouse, database_url: sa.URL, check: Check
) -> None:
    load_today(warehouse)
    dates = [day("2014-02-01"), day("2014-02-02")]
    with connect(database_url) as connection:
        request_dates(connection, "ncaam", dates, "backfill abc", now())
        record_lost(connection, "ncaam", dates, now(), now(), "canceled with backfill abc")
        connection.commit()
    sentence = "2014-02-02 and 1 more failed and will not be requested again: load with `gamepulse backfill`."
    assert check() == (WARNING, f"WARNING: {sentence}")
    accept = """
        INSERT INTO resolution (sport, check_name, first_date, last_date, because, created_by, created_at)
        VALUES ('ncaam', 'requested_dates_are_loaded', $1, $2, 'not needed', 'ann', $3)
    """
    warehouse.query(accept, *dates, now())
    assert check()[0] == OK


def test_an_unusable_database_is_critical(
    new_database: Callable[[], sa.URL], check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = new_database()
    for url, sentence in ((behind, "run `gamepulse migrate`"), (behind.set(port=1), "cannot be reached")):
        monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        code, line = check()
        assert (code, line.partition(":")[0]) == (CRITICAL, "CRITICAL")
        assert sentence in line


@pytest.mark.usefixtures("instance")
def test_a_server_that_cannot_write_is_critical(
    warehouse: Warehouse, database_url: sa.URL, administrator: sa.Engine, check: Check
) -> None:
    load_today(warehouse)
    with administrator.connect() as connection:  # in place of a disk that is full
        connection.execute(sa.text(f"ALTER DATABASE {database_url.database} SET temp_file_limit = '1MB'"))
    code, line = check()
    assert code == CRITICAL
    assert "temporary file size exceeds" in line


def test_a_wrong_setting_is_unknown(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCAA_API_REQUESTS_PER_SECOND", "many")
    code, line = check()
    assert code == UNKNOWN
    assert line.startswith("UNKNOWN: NCAA_API_REQUESTS_PER_SECOND: ")


@pytest.mark.parametrize(
    ("now", "fetched_at", "severity"),
    [
        ("2026-01-10 00:44", "2026-01-09 23:45", None),  # a day begins with nothing fetched
        ("2026-01-10 00:46", None, WARNING),
        ("2026-01-10 20:44", "2026-01-10 20:00", None),
        ("2026-01-10 20:46", "2026-01-10 20:00", WARNING),
        ("2026-01-10 22:01", "2026-01-10 20:00", CRITICAL),
        ("2026-01-10 20:00", "2026-01-10 20:00:50", None),
        ("2026-01-10 20:00", "2026-01-10 23:00", CRITICAL),  # the clock went back
        ("2026-07-10 20:00", None, None),  # off season
    ],
)
def test_todays_games_are_late_only_in_the_season(now: str, fetched_at: str | None, severity: int | None) -> None:
    today = DateState(eastern_date(at(now)), fetched_at=at(fetched_at) if fetched_at is not None else None)
    found = [CRITICAL if problem.is_critical else WARNING for problem in today_problems(today, at(now))]
    assert found == ([severity] if severity is not None else [])


@pytest.mark.parametrize(
    ("seconds", "words"), [(50, None), (-50, None), (90, "90 s ahead of"), (-3600, "3600 s behind")]
)
def test_a_clock_that_differs_from_the_databases_is_named(seconds: int, words: str | None) -> None:
    found = [problem.sentence for problem in clock_problems(NOW, NOW + dt.timedelta(seconds=seconds))]
    assert found == ([f"The clock of this machine is {words} the database's."] if words is not None else [])

"""`kill -9` of PostgreSQL, which holds the games and Dagster's tables, while a run loads. The outage is shorter or
longer than the waits of the retries. Afterwards the tables equal those of a clean run.

Where Dagster's tables were away for too long the run fails and is retried by the daemon, or by hand if the daemon lost
its code location: it reloads it every minute, which needs the database, and tries a retry only once.

How a load fails when its connection drops is tested in tests/integration/warehouse/test_load_concurrency.py; that the
embedded server keeps committed data, in tests/integration/postgres/test_embedded.py.
"""

import asyncio
import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from dagster._core.execution.backfill import BulkActionStatus
from support.dagster_stack import FINISHED, PROJECT, Stack, until
from support.databases import Databases
from support.invariants import assert_nothing_is_left, assert_same, clean_tables, empty, tables
from support.postgres_servers import settings_for
from support.webserver import date_range

from pipelines.assets.checks import run_checks
from pipelines.definitions import defs
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.sessions import Database
from pipelines.postgres.url import libpq_url
from pipelines.runtime.runs import PARTITION_TAG, RANGE_TAGS
from pipelines.sensors import ncaa_repairs
from pipelines.warehouse.load import TAKE_TURN

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

FIRST, LAST, NEXT = "2026-01-01", "2026-01-31", "2026-02-01"
DATABASE_DOWN = r"cannot be reached|Connection refused|closed the connection unexpectedly"


class Server(EmbeddedPostgres):
    """An embedded server that can be killed."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def kill(self) -> None:
        """Kills the postmaster; its children exit with it."""
        os.kill(int((self.home / "data" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for this module only."""
    server = Server(tmp_path_factory.mktemp("killed"))
    server.ensure_running()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def databases(server: Server) -> Iterator[Databases]:
    """Databases on the server that is killed."""
    databases = Databases(libpq_url(server.ensure_running()))
    yield databases
    databases.close()


def _unless_down(holds: Callable[[], object]) -> object:
    """Returns the result of `holds`, or None while the database is down."""
    with suppress(sa.exc.OperationalError, sa.exc.InterfaceError):
        return holds()
    return None


@contextmanager
def _before(stack: Stack) -> Iterator[str]:
    """Kills while the API's answer is awaited."""
    stack.set_faults(hang={"seconds": 3})
    yield stack.wait_for_request(lambda: stack.launch_date(FIRST), 150)
    stack.set_faults()


@contextmanager
def _within(stack: Stack) -> Iterator[str]:
    """Kills while the load waits for its turn."""
    waiting = "SELECT 1 FROM pg_locks WHERE relation = 'load_turn'::regclass AND NOT granted"
    connection = stack.engine.connect()
    try:
        connection.execute(TAKE_TURN)
        run_id = stack.launch_date(FIRST)
        until("the load waits", partial(stack.rows, waiting), 150)
        yield run_id
    finally:
        connection.invalidate()  # the server dropped it
        connection.close()


@contextmanager
def _after(stack: Stack) -> Iterator[str]:
    """Kills when some dates are loaded."""
    run_id = stack.launch_range(FIRST, LAST)
    until("some dates are loaded", lambda: len(stack.dates_loaded()) >= 3, 150)
    yield run_id


def _retry_of(stack: Stack, run_id: str) -> str:
    """Returns the daemon's retry of a run, or launches one where the daemon logged that it could not retry."""
    lost = f"Failed to retry run {run_id}"
    tag = {"dagster/parent_run_id": run_id}
    until("it is retried", lambda: stack.runs(**tag) or lost in stack.log.read_text(), 150)
    if runs := stack.runs(**tag):
        return runs[0].run_id
    run = stack.instance.get_run_by_id(run_id)
    assert run is not None
    return stack.launch({name: value for name, value in run.tags.items() if name in (PARTITION_TAG, *RANGE_TAGS)})


SHORT = [(_before, 30), (_within, 3), (_after, 3)]
FULL = [(moment, away) for moment in (_before, _within, _after) for away in (3, 30)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moment" in metafunc.fixturenames:
        metafunc.parametrize(("moment", "away"), FULL if metafunc.config.getoption("--full") else SHORT)


def test_a_run_recovers_when_postgresql_is_killed_and_restarted(
    stack: Stack, server: Server, databases: Databases, moment: Callable[[Stack], Iterator[str]], away: int
) -> None:
    empty(stack)
    with moment(stack) as run_id:
        log_before = stack.log.stat().st_size
        server.kill()
        time.sleep(away)
        server.ensure_running()
        stack.engine.dispose()
    launched_at_once = stack.launch_date(NEXT)
    began = time.monotonic()
    until("the run ends", lambda: _unless_down(lambda: stack.status(run_id) in FINISHED), 150)
    seconds = time.monotonic() - began
    print(f"{moment.__name__}, away {away} s: {stack.status(run_id)} {seconds:.0f} s after it was back")  # noqa: T201
    if stack.status(run_id) == "FAILURE":
        assert stack.finish(_retry_of(stack, run_id), 150) == "SUCCESS"
    assert stack.finish(launched_at_once, 150) == "SUCCESS", "the daemon may be without the code, but only for a minute"
    dates = [*date_range(FIRST, LAST if moment is _after else FIRST), *date_range(NEXT, NEXT)]
    assert re.search(DATABASE_DOWN, stack.log.read_bytes()[log_before:].decode()), (
        "no process logged that the database was down"
    )
    assert_same(tables(stack.url), clean_tables(databases, stack.api.url, dates))
    assert_nothing_is_left(stack, [run_id])


def test_dates_of_a_backfill_that_an_outage_ended_are_reported_and_repaired(
    stack: Stack, server: Server, databases: Databases, rounds: Callable[[int, int], int]
) -> None:
    """In full the database is down for two minutes; in short for seconds, and the backfill is failed as Dagster fails
    one whose code location it lost: its queued runs are canceled.
    """
    empty(stack)
    dates = date_range("2026-01-01", "2026-01-24")
    stack.set_faults(hang={"seconds": 4})  # so that most runs are still queued when the backfill ends
    backfill = stack.backfill([str(date) for date in dates])
    backfill_runs = partial(stack.runs, **{"dagster/backfill": backfill})
    until("a run started", lambda: any(run.status.value == "STARTED" for run in backfill_runs()), 150)
    server.kill()
    time.sleep(rounds(3, 120))
    server.ensure_running()
    stack.engine.dispose()
    until("Dagster reads its tables", lambda: _unless_down(lambda: _fail_backfill(stack, backfill)), 60)
    until("the backfill ended", lambda: _unless_down(lambda: stack.backfill_status(backfill) == "FAILED"), 150)
    stack.set_faults()
    assert_nothing_is_left(stack)
    canceled = [run for run in backfill_runs() if run.status.value == "CANCELED"]
    print(f"{len(canceled)} of {len(dates)} runs were canceled")  # noqa: T201
    unloaded = {str(date) for date in dates} - stack.dates_loaded()
    assert unloaded

    requests = _evaluate_repairs(stack, dt.timedelta())
    assert _failed_requests(stack) == len(unloaded - requests.keys())
    assert unloaded <= _dates_in_status(stack)
    requests |= _evaluate_repairs(stack, dt.timedelta(minutes=5))
    for date in unloaded & requests.keys():  # while no date loads, a few are tried
        assert stack.finish(stack.launch_date(date, **requests[date]), 150) == "SUCCESS"
    # Each evaluation requests at most 20 dates, of which some are of the last week. The faulty answers of the first
    # runs are failures of the source, which wait for an hour.
    for minutes in (10, 15, 20, 70):
        requests |= _evaluate_repairs(stack, dt.timedelta(minutes=minutes))
    assert {date for date in requests if date < "2026-02"} == unloaded
    date = min(unloaded)
    assert stack.finish(stack.launch_date(date, **requests[date]), 150) == "SUCCESS"
    assert stack.finish(stack.launch_range(min(unloaded), max(unloaded)), 150) == "SUCCESS"

    assert _failed_requests(stack) == 0
    assert not unloaded & _dates_in_status(stack)
    assert_same(tables(stack.url), clean_tables(databases, stack.api.url, dates))


def test_a_backfill_outlives_an_outage(stack: Stack, server: Server, rounds: Callable[[int, int], int]) -> None:
    """In full the database is down for two minutes, in which the daemon reloads its code location."""
    empty(stack)
    dates = [str(date) for date in date_range("2026-02-02", "2026-02-07")]
    stack.set_faults(hang={"seconds": 2})  # so that runs are still queued when the server is killed
    backfill = stack.backfill(dates)
    runs = partial(stack.runs, **{"dagster/backfill": backfill})
    until("a run started", lambda: any(run.status.value == "STARTED" for run in runs()), 150)
    server.kill()
    time.sleep(rounds(5, 120))
    server.ensure_running()
    stack.engine.dispose()
    stack.set_faults()
    until("the backfill completed", lambda: _unless_down(lambda: stack.backfill_ended(backfill)), 300)
    unloaded = {*dates} - stack.dates_loaded()
    print(f"{stack.backfill_status(backfill)}, {len(unloaded)} of {len(dates)} dates are left to the repairs")  # noqa: T201


def _fail_backfill(stack: Stack, backfill_id: str) -> bool:
    """Fails a backfill as the daemon does after an error that it does not retry."""
    backfill = stack.instance.get_backfill(backfill_id)
    assert backfill is not None
    if backfill.status == BulkActionStatus.REQUESTED:
        stack.instance.update_backfill(backfill.with_status(BulkActionStatus.FAILING))
    return True


def _evaluate_repairs(stack: Stack, later: dt.timedelta) -> dict[str, dict[str, str]]:
    """Evaluates the repair sensor and returns the tags of its requests by date."""
    with (
        time_machine.travel(dt.datetime.now(dt.UTC) + later),
        dg.build_sensor_context(instance=stack.instance, repository_def=defs.get_repository_def()) as context,
    ):
        requests = ncaa_repairs.evaluate_tick(context).run_requests or []
    return {request.partition_key: dict(request.tags) for request in requests if request.partition_key is not None}


def _failed_requests(stack: Stack) -> int:
    """Returns how many dates the check of requested dates reports."""

    async def run() -> int:
        async with Database(settings_for(stack.url)) as database:
            results = await run_checks(database, dt.datetime.now(dt.UTC))
        [result] = [result for result in results if result.check_name == "requested_dates_are_loaded"]
        return int(str(result.metadata["findings"].value))

    return asyncio.run(run())


def _dates_in_status(stack: Stack) -> set[str]:
    """Returns the dates that `gamepulse status` reports as missing or failed."""
    command = [Path(sys.executable).parent / "gamepulse", "status", "--json"]
    ended = subprocess.run(command, cwd=PROJECT, env=stack.environment, check=True, capture_output=True, text=True)
    report = json.loads(ended.stdout)
    return {*report["missing"], *report["failed"]}

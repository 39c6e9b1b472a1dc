"""`kill -9` of PostgreSQL, which holds the games and Dagster's own tables, while a run loads: it is away for less or
more than the retries wait, and all is as before once it is back. Where Dagster's own tables were away for too long the
run fails and is launched again: by the daemon, or by hand where the daemon had just lost the code (it loads the code
every minute, which needs the database, and tries a retry once).

What one load does when its connection dies is in tests/integration/warehouse/test_load_concurrency.py; that the
embedded server keeps what was committed, in tests/integration/postgres/test_embedded.py.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.dagster_stack import FINISHED, Stack, new_stack, until
from support.invariants import assert_nothing_is_left, assert_same, clean_tables, days, empty, tables

from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url
from pipelines.repairs import PARTITION_TAG, RANGE_TAGS
from pipelines.warehouse.load import LOAD_LOCK

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

FIRST, LAST, NEXT = "2026-01-01", "2026-01-31", "2026-02-01"
AWAY = r"cannot be reached|Connection refused|closed the connection unexpectedly"


class Server(EmbeddedPostgres):
    """One that is killed."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def kill(self) -> None:
        """The postmaster; the others follow it."""
        os.kill(int((self.home / "data" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own."""
    server = Server(tmp_path_factory.mktemp("killed"))
    server.ensure_running()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """On the server that is killed."""
    with new_stack(libpq_url(server.ensure_running()), "killed", tmp_path_factory.mktemp("stack")) as stack:
        stack.start_webserver()
        stack.stop_automation()
        stack.start_daemon()
        yield stack
        stack.stop()
        until("no process is left", lambda: not stack.processes(), 20)


def _patiently(holds: Callable[[], object]) -> object:
    """What it says; nothing while the database is away."""
    with suppress(sa.exc.OperationalError, sa.exc.InterfaceError):
        return holds()
    return None


@contextmanager
def _before(stack: Stack) -> Iterator[str]:
    """The request is out."""
    stack.set_faults(hang={"seconds": 3})
    asked = len(stack.api.simulator.requests)
    run_id = stack.launch_date(FIRST)
    until("the request is out", lambda: len(stack.api.simulator.requests) >= asked + 2, 150)
    yield run_id
    stack.set_faults()


@contextmanager
def _within(stack: Stack) -> Iterator[str]:
    """The load has begun, and waits for its turn."""
    waits = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOAD_LOCK} AND NOT granted"
    connection = stack.engine.connect()
    try:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOAD_LOCK})
        run_id = stack.launch_date(FIRST)
        until("it waits to load", partial(stack.rows, waits), 150)
        yield run_id
    finally:
        connection.invalidate()  # it is the server's no longer
        connection.close()


@contextmanager
def _after(stack: Stack) -> Iterator[str]:
    """Some dates are in."""
    run_id = stack.launch_range(FIRST, LAST)
    until("some dates are in", lambda: len(stack.dates_loaded()) >= 3, 150)
    yield run_id


def _again(stack: Stack, run_id: str) -> str:
    """The run that Dagster launches instead; by hand where its daemon, without the code, said that it cannot."""
    lost = f"Failed to retry run {run_id}"
    tag = {"dagster/parent_run_id": run_id}
    until("it is run again", lambda: stack.runs(**tag) or lost in stack.log.read_text(), 150)
    if runs := stack.runs(**tag):
        return runs[0].run_id
    run = stack.instance.get_run_by_id(run_id)
    assert run is not None
    return stack.launch({name: value for name, value in run.tags.items() if name in (PARTITION_TAG, *RANGE_TAGS)})


SHORT = [(_before, 30), (_within, 3), (_after, 3)]
FULL = [(moment, away) for moment in (_before, _within, _after) for away in (3, 30)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize(("moment", "away"), FULL if metafunc.config.getoption("--full") else SHORT)


def test_postgresql_is_killed_and_comes_back(
    stack: Stack, server: Server, moment: Callable[[Stack], Iterator[str]], away: int
) -> None:
    empty(stack)
    with moment(stack) as run_id:
        said_before = stack.log.stat().st_size
        server.kill()
        time.sleep(away)
        server.ensure_running()
        stack.engine.dispose()
    asked_for_at_once = stack.launch_date(NEXT)
    began = time.monotonic()
    until("the run ends", lambda: _patiently(lambda: stack.status(run_id) in FINISHED), 150)
    seconds = time.monotonic() - began
    print(f"{moment.__name__}, away {away} s: {stack.status(run_id)} {seconds:.0f} s after it was back")  # noqa: T201
    if stack.status(run_id) == "FAILURE":
        assert stack.finish(_again(stack, run_id), 150) == "SUCCESS"
    assert stack.finish(asked_for_at_once, 150) == "SUCCESS", (
        "the daemon may be without the code, but only for a minute"
    )
    dates = [*days(FIRST, LAST if moment is _after else FIRST), *days(NEXT, NEXT)]
    name = f"clean_{moment.__name__}_{away}"
    assert re.search(AWAY, stack.log.read_bytes()[said_before:].decode()), "nobody said that the database was away"
    assert_same(tables(stack.url), clean_tables(stack.url, name, stack.api.url, dates))
    assert_nothing_is_left(stack, [run_id])

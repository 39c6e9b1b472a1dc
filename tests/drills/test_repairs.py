"""Dates that failed because of this installation are loaded within minutes of the cause's end, by the daemon alone: the
API's name does not resolve, a run and the daemon are killed as the OOM killer kills, the database's disk is full.

How often a date is requested, and until when, is tested in tests/unit/pipelines/test_repairs.py.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from support.dagster_stack import FINISHED, PROJECT, Stack, new_stack, until
from support.databases import Databases
from support.invariants import assert_nothing_is_left, assert_same, clean_tables, empty, tables
from support.webserver import date_range

from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url
from pipelines.runtime.runs import PARTITION_TAG, REPAIR_SENSOR

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

FIRST, LAST = "2014-02-01", "2014-02-03"
DATES = {str(date) for date in date_range(FIRST, LAST)}
API_NAME = "ncaa-api.test"
RESOLVER = f"""
import socket
from pathlib import Path

resolve = socket.getaddrinfo

def getaddrinfo(host, *arguments, **options):
    if host in ("{API_NAME}", b"{API_NAME}"):
        if Path(__file__).with_name("away").exists():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        host = "127.0.0.1"
    return resolve(host, *arguments, **options)

socket.getaddrinfo = getaddrinfo
"""
"""What each Python process of the stack runs at its start, in place of a DNS server that the machine would use."""


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the resolver; while it has a file `away`, the API's name does not resolve."""
    folder = tmp_path_factory.mktemp("dns")
    (folder / "sitecustomize.py").write_text(RESOLVER)
    return folder


@pytest.fixture(scope="module")
def running_stack(databases: Databases, dns: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that reaches the API by a name."""
    with databases.temporary() as url, new_stack(url, tmp_path_factory.mktemp("repairs")) as stack:
        stack.environment |= {
            "NCAA_API_URL": stack.api.url.replace("127.0.0.1", API_NAME),
            "PYTHONPATH": str(dns),
        }
        stack.start_without_automation()
        yield stack
        stack.stop()


@contextmanager
def repairing(stack: Stack) -> Iterator[None]:
    """Turns the repairs on, where the days ahead were loaded before; a first start requests them too."""
    stack.instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_upcoming_games"))
    stack.start_sensor(REPAIR_SENSOR)
    yield
    stack.stop_automation()
    # Of the last week too, which the simulated season may not have: each makes four attempts.
    until("all repairs ended", lambda: all(run.status.value in FINISHED for run in stack.runs()), 400)
    assert_nothing_is_left(stack)


def repairs(stack: Stack) -> Counter[str]:
    """How often each of the dates was repaired."""
    runs = stack.runs(**{"dagster/sensor_name": REPAIR_SENSOR})
    return Counter(run.tags[PARTITION_TAG] for run in runs if run.tags[PARTITION_TAG] in DATES)


def seconds_until_loaded(stack: Stack) -> float:
    """Waits until all dates are loaded."""
    began = time.monotonic()

    def loaded() -> bool:
        with suppress(sa.exc.OperationalError, sa.exc.InterfaceError):
            return stack.dates_loaded() >= DATES
        return False

    until("all dates are loaded", loaded, 400)
    return time.monotonic() - began


def test_dates_that_failed_while_the_name_of_the_api_did_not_resolve(stack: Stack, dns: Path) -> None:
    empty(stack)
    (dns / "away").touch()
    run_id = stack.launch_range(FIRST, LAST)
    assert stack.finish(run_id, 150) == "FAILURE"
    assert "name resolution" in stack.failure(run_id)
    (dns / "away").unlink()
    with repairing(stack):
        print(f"loaded {seconds_until_loaded(stack):.0f} s after the name resolved")  # noqa: T201


def test_dates_of_a_run_that_was_killed_with_the_daemon(stack: Stack) -> None:
    """A run of the command line, which the daemon does not retry."""
    empty(stack)
    stack.set_faults(hang={"seconds": 60})
    command: list[str | Path] = [Path(sys.executable).parent / "gamepulse", "backfill", FIRST, LAST]
    started: list[subprocess.Popen[bytes]] = []

    def launch() -> str:
        started.append(
            subprocess.Popen(
                command, cwd=PROJECT, env=stack.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
        return ""

    stack.wait_for_request(launch, 150)
    for process in (started[0], stack.children["dagster-daemon"]):
        process.kill()
        process.wait()
    stack.set_faults()
    before = repairs(stack)
    stack.start_daemon()
    with repairing(stack):
        print(f"loaded {seconds_until_loaded(stack):.0f} s after the daemon started")  # noqa: T201
    assert repairs(stack) - before == dict.fromkeys(DATES, 1), "each once"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mounts a file system of 400 MB."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, "mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*as_root, "umount", "--lazy", folder], check=True)


def fill(ballast: Path) -> None:
    """Writes a file until its disk is full. The server takes space meanwhile, so that none can be reserved."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65_536))


def test_dates_that_failed_while_the_databases_disk_was_full(tmp_path: Path) -> None:
    folder, disk = tmp_path / "stack", tmp_path / "disk"
    folder.mkdir()
    disk.mkdir()
    with small_disk(disk):
        server = EmbeddedPostgres(disk / "server")
        databases = Databases(libpq_url(server.ensure_running()))
        try:
            with databases.temporary() as url, new_stack(url, folder) as stack:
                stack.start_without_automation()
                stack.set_faults(hang={"seconds": 2})
                stack.wait_for_request(lambda: stack.backfill(sorted(DATES)), 150)
                ballast = disk / "ballast"
                fill(ballast)
                until("a process has no space", lambda: b"No space left" in stack.log.read_bytes(), 150)
                time.sleep(20)
                assert not stack.dates_loaded() >= DATES
                ballast.unlink()
                server.ensure_running()
                stack.engine.dispose()
                stack.set_faults()
                with repairing(stack):
                    print(f"loaded {seconds_until_loaded(stack):.0f} s after there was space")  # noqa: T201
                assert_same(tables(stack.url), clean_tables(databases, stack.api.url, date_range(FIRST, LAST)))
                stack.stop()
        finally:
            server.stop()

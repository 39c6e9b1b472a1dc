"""`kill -9` of `gamepulse up` or of its database, and `gamepulse down` beside it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dagster_stack import processes_with, until
from support.up import Up
from support.webserver import Webserver

from pipelines.postgres.embedded import LOG_LIMIT

pytestmark = [pytest.mark.drill, pytest.mark.timeout(400)]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A running `gamepulse up --simulate`."""
    up = Up(tmp_path)
    up.start()
    yield up
    up.stop()


def _left(up: Up) -> dict[int, str]:
    return processes_with("GAMEPULSE_HOME", str(up.home))


def _kill_database(up: Up) -> None:
    pid = int((up.home / "postgres/data/postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


def test_the_children_of_a_killed_up_end_with_it_and_up_starts_again(up: Up) -> None:
    before = _left(up)
    assert len(before) >= 5, "up, webserver, daemon, simulator and code servers"
    up.process.kill()
    up.process.wait()
    began = time.monotonic()
    up.start()  # on the same ports, while they end
    until("it is up", lambda: "GamePulse is up" in up.log.read_text(), 120)
    assert not before.keys() & _left(up).keys()
    print(f"started again {time.monotonic() - began:.0f} s after the kill")  # noqa: T201
    up.process.kill()
    up.process.wait()
    began = time.monotonic()
    until("all processes ended", lambda: not _left(up), 60)
    print(f"all ended {time.monotonic() - began:.1f} s after the kill")  # noqa: T201


def test_a_second_up_on_the_database_is_refused_and_down_stops_the_first(up: Up) -> None:
    second = up.run("up", "--simulate", "--port", str(up.port + 1))
    assert second.returncode == 1
    assert f"Port {up.simulator_port} is taken" in second.stderr
    up.environment["GAMEPULSE_SIMULATOR_PORT"] = str(up.simulator_port + 1)
    second = up.run("up", "--simulate", "--port", str(up.port + 1))
    assert second.returncode == 1
    assert "already runs on database 'gamepulse_simulated' at 127.0.0.1" in second.stderr
    assert f"(process {up.process.pid}): stop it with " in second.stderr

    down = up.run("down")
    assert (down.returncode, down.stderr) == (0, "")
    assert "`gamepulse up` and its processes are stopped.\nThe database server is stopped.\n" in down.stdout
    assert up.process.wait(10) == 0
    assert _left(up) == {}
    assert "GamePulse is stopped." in up.log.read_text()


def test_up_rotates_its_log_and_starts_a_killed_database_again_or_ends_with_the_reason(up: Up) -> None:
    _kill_database(up)
    until("it says so", lambda: "was started again" in up.log.read_text(), 60)
    assert Webserver(up.port, "gamepulse").is_up()
    log = up.home / f"up-{up.port}.log"
    with log.open("ab") as writer:
        writer.write(b"an outage\n" * (LOG_LIMIT // 10 + 1))
    until("the log is rotated", lambda: log.stat().st_size < LOG_LIMIT, 30)
    assert log.with_name(f"{log.name}.1").stat().st_size > LOG_LIMIT
    assert up.process.poll() is None

    (up.home / "postgres/data/global/pg_control").write_bytes(b"")
    _kill_database(up)
    assert up.process.wait(60) == 1
    message = up.log.read_text()
    assert "PostgreSQL does not start" in message
    assert "gamepulse restore" in message.splitlines()[-1]
    assert _left(up) == {}

"""Which processes `gamepulse down` takes for its own, where no kernel ends them with their parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from pipelines.cli.processes import environment_of_members, running_ups, stop_all, stop_leftovers

URL = sa.make_url("postgresql://ann:secret@db.example.org/games")
# Starts a child in a session of its own, with a child of that one, as `up` starts the daemon and that a code server.
UP = """
import os, subprocess, sys, time
environment = {**os.environ, "GAMEPULSE_UP": sys.argv[1] if len(sys.argv) > 1 else str(os.getpid())}
daemon = subprocess.Popen(["sh", "-c", "sleep 90 & echo $!; wait"], env=environment, start_new_session=True,
    stdout=subprocess.PIPE, text=True)
print(daemon.pid, daemon.stdout.readline(), flush=True)
time.sleep(90)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], list[psutil.Process]]]]:
    """Starts what stands for an `up`; returns it and the processes that it started."""
    started: list[subprocess.Popen[str]] = []
    members: list[psutil.Process] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        environment = os.environ | environment_of_members(tmp_path, URL)
        del environment["GAMEPULSE_UP"]
        up = subprocess.Popen(
            [sys.executable, "-c", UP, *arguments], env=environment, stdout=subprocess.PIPE, text=True
        )
        started.append(up)
        assert up.stdout is not None
        its = [psutil.Process(int(pid)) for pid in up.stdout.readline().split()]
        members.extend(its)
        return up, its

    yield start
    for up in started:
        up.kill()
        up.communicate()
    for member in members:
        if member.is_running():
            member.kill()


def _running(*processes: psutil.Process) -> list[bool]:
    return [process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes]


def test_what_a_killed_up_left_is_stopped_and_a_running_one_is_not(
    start: Callable[..., tuple[subprocess.Popen[str], list[psutil.Process]]], tmp_path: Path
) -> None:
    killed, left = start()
    running, members = start()
    assert {up.pid for up in running_ups(tmp_path, URL)} == {killed.pid, running.pid}
    assert running_ups(tmp_path, URL.set(database="others")) == []
    killed.kill()
    killed.wait()
    assert [up.pid for up in running_ups(tmp_path)] == [running.pid]
    assert stop_leftovers(tmp_path) == 2
    assert _running(*left, *members) == [False, False, True, True]
    assert stop_all(tmp_path) == 2
    assert _running(*members) == [False, False]
    assert running.wait(5) == -signal.SIGTERM


def test_a_process_that_has_the_id_of_a_killed_up_and_one_of_another_folder_are_left_alone(
    start: Callable[..., tuple[subprocess.Popen[str], list[psutil.Process]]], tmp_path: Path
) -> None:
    stranger = subprocess.Popen(["sleep", "90"], env=os.environ | {"GAMEPULSE_HOME": str(tmp_path)})
    try:
        up, left = start(str(stranger.pid))
        up.kill()
        up.wait()
        assert stop_all(tmp_path / "other") == 0
        assert stop_all(tmp_path) == 2
        assert _running(*left) == [False, False]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()

"""Finds and stops the processes of `gamepulse up`, including those whose `up` was killed."""

import contextlib
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from sqlalchemy import URL

from pipelines.postgres.database import SIMULATED_DATABASE
from pipelines.postgres.url import libpq_text

MARK: Final = "GAMEPULSE_UP"
"""Environment variable of all processes that `gamepulse up` starts, directly or not: the process id of that `up`.

A file of process ids would outlive them and name no code server.
"""
STOP_SECONDS: Final = 8.0


class Member(NamedTuple):
    """A process that a `gamepulse up` started. psutil signals it only if its start time is still the same."""

    process: psutil.Process
    parent: int
    up: int
    database_url: str

    @property
    def is_leader(self) -> bool:
        """Whether `up` itself started it; code servers and runs are stopped by it."""
        with contextlib.suppress(ProcessLookupError):
            return os.getpgid(self.process.pid) == self.process.pid
        return False


def environment_of_members(home: Path, url: URL) -> dict[str, str]:
    """Returns the variables by which the processes of this `up` are found."""
    return {
        "DATABASE_URL": libpq_text(url),
        "GAMEPULSE_HOME": str(home),
        MARK: str(os.getpid()),
    }


def running_ups(home: Path, url: URL | None = None) -> list[psutil.Process]:
    """Returns each `gamepulse up` of a state folder, optionally only those on one database."""
    members = _members(home)
    if url is not None:
        members = [member for member in members if member.database_url == libpq_text(url)]
    found = []
    for pid in _living_ups(members):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return found


def runs_simulated(home: Path) -> bool:
    """Returns whether a `gamepulse up --simulate` of a state folder runs."""
    return bool(_living_ups([member for member in _members(home) if SIMULATED_DATABASE in member.database_url]))


def stop_leftovers(home: Path) -> int:
    """Stops the processes that killed `up`s left behind; returns how many."""
    members = _members(home)
    living = _living_ups(members)
    left = [member for member in members if member.up not in living]
    _end([member.process for member in left if member.is_leader], STOP_SECONDS)
    _end([member.process for member in left], 0)
    return len(left)


def stop_all(home: Path) -> int:
    """Stops each `gamepulse up` of a state folder and every process that it started; returns how many there were."""
    count = len(_members(home))
    _end(running_ups(home), STOP_SECONDS + 20)  # each stops its own; killed only if it hangs
    stop_leftovers(home)
    return count


def _members(home: Path) -> list[Member]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ValueError):
            environment = process.environ()
            if environment.get("GAMEPULSE_HOME") == str(home) and MARK in environment:
                up = int(environment[MARK])
                found.append(Member(process, process.ppid(), up, environment.get("DATABASE_URL", "")))
    return found


def _living_ups(members: Collection[Member]) -> set[int]:
    """Returns the process ids of living `up`s: a process whose parent dies gets another parent at once."""
    return {member.up for member in members if member.parent == member.up}


def _end(processes: Collection[psutil.Process], seconds: float) -> None:
    """Terminates processes, waits, and kills those that still run."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _wait(processes, seconds)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _wait(processes, 5)


def _wait(processes: Collection[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_runs(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE  # a container may have no init
    return False

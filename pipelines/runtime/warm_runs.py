"""Starts runs in processes that have the definitions loaded already, forked by `fork_server.py`."""

import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

from pipelines.errors import GamePulseError
from pipelines.settings import PROJECT

READY_SECONDS: Final = 60.0
REPLY_SECONDS: Final = 10.0
FORK_SERVER: Final = (sys.executable, "-m", "pipelines.runtime.fork_server")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """Request to execute a run."""

    run_id: str
    instance_ref: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """The server has loaded the definitions."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process for the run has been started."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The process of the run has ended."""

    run_id: str
    exit_code: int


class ColdStartNeededError(GamePulseError):
    """The run cannot be started by a fork server; the message says why."""


class WarmRuns:
    """Keeps a fork server of the present code, and starts runs with it. May be used by several threads."""

    def __init__(self, on_end: Callable[[Ended], None], command: Sequence[str] = FORK_SERVER) -> None:
        self._on_end = on_end
        self._command = command
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def start(self, start: Start) -> None:
        """Starts a process that executes the run.

        Raises:
            ColdStartNeededError: no fork server can start it.
        """
        with self._lock:
            self._present_server().start(start)

    def close(self) -> None:
        """Lets the fork server end with its last run."""
        with self._lock:
            if self._server is not None:
                self._server.retire()
            self._server = None

    def _present_server(self) -> "_Server":
        """Returns a server with the code and the packages of this moment."""
        if sys.platform != "linux":
            # System libraries of macOS may crash in a forked process: https://github.com/python/cpython/issues/77906
            raise ColdStartNeededError("processes are not forked on this system")
        try:
            present = fingerprint()
            if self._server is None or not self._server.serves(present):
                if self._server is not None:
                    self._server.retire()
                self._server = None
                self._server = _Server(self._command, present, self._on_end)
        except OSError as error:  # a file that is being replaced, or no memory for a process
            raise ColdStartNeededError(f"no fork server could be started: {error}") from None
        return self._server


class _Server:
    """A fork server started by this process. Its replies and ends of runs are read by a thread."""

    def __init__(self, command: Sequence[str], fingerprint: "Fingerprint", on_end: Callable[[Ended], None]) -> None:
        self._fingerprint = fingerprint
        self._on_end = on_end
        self._replies: queue.SimpleQueue[Ready | Started | None] = queue.SimpleQueue()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._connection = Connection(ours.detach())
        self._gone = threading.Event()
        threading.Thread(target=self._listen, name="fork-server", daemon=True).start()
        self._reply(READY_SECONDS)

    def serves(self, present: "Fingerprint") -> bool:
        """Returns whether it runs and has loaded the present code."""
        return not self._gone.is_set() and self._fingerprint == present

    def start(self, start: Start) -> None:
        """Forks a process for the run."""
        try:
            self._connection.send(start)
        except OSError:
            raise ColdStartNeededError("the fork server has ended") from None
        self._reply(REPLY_SECONDS)

    def retire(self) -> None:
        """Starts no more runs; the server ends with its last one."""
        try:
            self._connection.send(None)
        except OSError:
            _log.info("fork server %s has ended already", self._process.pid)

    def _reply(self, seconds: float) -> None:
        try:
            reply = self._replies.get(timeout=seconds)
        except queue.Empty:
            # It must not start the run after all. A process that it has forked finds the run started, and ends.
            self._process.kill()
            self._gone.set()
            raise ColdStartNeededError(f"the fork server did not answer within {seconds:g} seconds") from None
        if reply is None:
            raise ColdStartNeededError("the fork server has ended")

    def _listen(self) -> None:
        try:
            while True:
                message = self._connection.recv()
                if isinstance(message, Ended):
                    self._on_end(message)
                else:
                    self._replies.put(message)
        except (EOFError, OSError):
            self._gone.set()
            self._replies.put(None)
        self._process.wait()


class File(NamedTuple):
    """A state of a file or folder."""

    path: str
    changed: int
    """Time of the last change in nanoseconds, which tools that restore the modification time do not set."""
    size: int


Fingerprint = frozenset[File]


def fingerprint() -> Fingerprint:
    """Returns the state of all that a fork server loads: our sources, the `.env` file and the installed packages."""
    folders = {Path(entry) for entry in sys.path if Path(entry).is_dir()}
    installed = (
        _state(entry) for folder in folders for entry in os.scandir(folder) if entry.name.endswith(".dist-info")
    )
    settings = (_state(entry) for entry in os.scandir(PROJECT) if entry.name == ".env")
    return frozenset([*_files(PROJECT / "models"), *_files(PROJECT / "pipelines"), *settings, *installed])


def _files(folder: str | Path) -> Iterator[File]:
    for entry in os.scandir(folder):
        if not entry.is_dir():
            yield _state(entry)
        elif entry.name != "__pycache__":
            yield from _files(entry.path)


def _state(entry: os.DirEntry[str]) -> File:
    state = entry.stat()
    return File(entry.path, state.st_ctime_ns, state.st_size)

"""Dagster's webserver and daemon as children of one process that stops them together."""

import contextlib
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL

from pipelines.errors import ConfigurationError, GamePulseError
from pipelines.postgres.database import describe
from pipelines.settings import PROJECT, Settings

STOP_SECONDS = 8.0
START_SECONDS = 120.0
HOST = "127.0.0.1"
WORKSPACE = ("-w", str(PROJECT / "workspace.yaml"))


class StackError(GamePulseError):
    """A part of the stack did not start, or ended by itself."""


def run_stack(settings: Settings, url: URL, port: int, *, simulate: bool) -> None:
    """Runs on the database at `url` until Ctrl-C or SIGTERM; nothing is left behind but the embedded server.

    Raises:
        GamePulseError: the port is taken, or a part ended by itself.
    """
    _require_free(port, "choose another with `gamepulse up --port`")
    environment = {"DATABASE_URL": url.render_as_string(hide_password=False), "DAGSTER_HOME": str(PROJECT)}
    commands = [("dagster-webserver", "-h", HOST, "-p", str(port), *WORKSPACE), ("dagster-daemon", "run", *WORKSPACE)]
    if simulate:
        simulator_port = settings.gamepulse_simulator_port
        _require_free(simulator_port, "choose another for the simulated API with GAMEPULSE_SIMULATOR_PORT")
        commands.insert(0, ("gamepulse", "simulate", "--port", str(simulator_port)))
    started = time.monotonic()
    with _stopped_by_signals(), _children(commands, environment) as children:
        _wait_for_webserver(port, children)
        table = Table(title="GamePulse is up", title_justify="left", show_header=False)
        table.add_row("Dagster UI", f"http://localhost:{port}")
        table.add_row("Database", f"{describe(url)} (gamepulse psql{' --simulated' if simulate else ''})")
        table.add_row(
            "NCAA API", f"{settings.ncaa_api_url}{' (simulated: open it to see its games)' if simulate else ''}"
        )
        table.add_row("Schedule", f"today's games every 15 minutes; next at {_next_quarter():%H:%M}")
        table.add_row("Started", f"in {time.monotonic() - started:.0f} s; Ctrl-C stops it")
        Console().print(table)
        _watch(children)


class _Stop(BaseException):
    """Ctrl-C or SIGTERM."""


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise _Stop

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except _Stop:
        Console().print("GamePulse is stopped.")
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextlib.contextmanager
def _children(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Our processes by name, each in a session of its own: Ctrl-C reaches only us, and we stop them together."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for program, *arguments in commands:
            children[program] = subprocess.Popen(  # noqa: S603
                [str(Path(sys.executable).parent / program), *arguments],
                cwd=PROJECT,
                env={**os.environ, **environment},
                start_new_session=True,
                # Dagster copies an ignored SIGINT to SIGTERM, and `gamepulse up &` of a script ignores SIGINT.
                preexec_fn=_heed_signals,
            )
        yield children
    finally:
        with _signals_ignored():  # a second Ctrl-C must not leave half of it running
            _stop(children.values())


def _stop(children: Collection[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        # What it started and did not stop: code servers, runs.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _heed_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _require_free(port: int, advice: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise ConfigurationError(f"Port {port} is taken by another program: stop that one; {advice}.") from None


def _wait_for_webserver(port: int, parts: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        _require_running(parts)
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/server_info", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise StackError(f"dagster-webserver did not answer within {START_SECONDS:.0f} s.") from None
            time.sleep(0.2)


def _watch(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _require_running(parts)
        time.sleep(0.5)


def _require_running(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in parts.items():
        if process.poll() is not None:
            raise StackError(f"{name} ended by itself with exit code {process.returncode}; its last lines are above.")


def _next_quarter() -> dt.datetime:
    now = dt.datetime.now().astimezone()
    return (now + dt.timedelta(minutes=15 - now.minute % 15)).replace(second=0, microsecond=0)

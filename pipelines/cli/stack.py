"""Runs Dagster's webserver and daemon as child processes and stops them together."""

import contextlib
import ctypes
import datetime as dt
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from sqlalchemy import URL

from pipelines.cadence import TICK_MINUTES, next_tick
from pipelines.cli.format import format_eastern
from pipelines.cli.invocation import as_typed
from pipelines.cli.output import cell, say
from pipelines.cli.processes import STOP_SECONDS, environment_of_members, running_ups
from pipelines.errors import ConfigurationError, DatabaseError, GamePulseError
from pipelines.postgres.database import attend_server, connect
from pipelines.postgres.embedded import rotate_log
from pipelines.postgres.url import describe
from pipelines.settings import INSTANCE, Settings

START_SECONDS = 120.0
CHECK_SECONDS = 5.0
LAST_LINES = 10
HOST = "127.0.0.1"
STARTED = "GamePulse is up"
PR_SET_PDEATHSIG = 1
_LOCATIONS = """
    {workspaceOrError {
        ... on PythonError {message causes {message}}
        ... on Workspace {locationEntries {locationOrLoadError {... on PythonError {message causes {message}}}}}
    }}
"""
WORKSPACE = ("-w", str(INSTANCE / "workspace.yaml"))


class StackError(GamePulseError):
    """A process of the stack did not start, or ended."""


def require_ports(settings: Settings, host: str, port: int, *, simulate: bool) -> None:
    """Raises ConfigurationError: a port that the stack needs is not free."""
    _require_free(host, port, f"`gamepulse up --port {port + 1}`")
    if simulate:
        simulator_port = settings.gamepulse_simulator_port
        _require_free(HOST, simulator_port, f"GAMEPULSE_SIMULATOR_PORT={simulator_port + 1} for the simulated API")


def require_alone(settings: Settings, url: URL) -> None:
    """Raises ConfigurationError: a `gamepulse up` already runs on this database, which has room for one daemon."""
    for up in running_ups(settings.gamepulse_home.resolve(), url):
        raise ConfigurationError(
            f"`gamepulse up` already runs on database {describe(url)} (process {up.pid}): "
            "stop it with `gamepulse down`."
        )


def run_stack(settings: Settings, url: URL, host: str, port: int, simulator: Sequence[str] | None) -> None:
    """Runs on the database at `url` until Ctrl-C or SIGTERM. Only the embedded server keeps running.

    `simulator` has the options of the simulated API, if there is one.

    Raises:
        GamePulseError: a process did not start, or ended.
    """
    home = settings.gamepulse_home.resolve()
    environment = {**environment_of_members(home, url), "DAGSTER_HOME": str(home)}
    home.mkdir(parents=True, exist_ok=True)
    # Dagster writes beside its file, which may be in site-packages.
    shutil.copy(INSTANCE / "dagster.yaml", home)
    commands: dict[str, Sequence[str]] = {}
    if simulate := simulator is not None:
        simulator_port = str(settings.gamepulse_simulator_port)
        settings.simulator_port_file.write_text(simulator_port)
        commands["simulated API"] = ("gamepulse", "simulate", "--port", simulator_port, *simulator)
    commands["webserver"] = ("gamepulse-webserver", "-h", host, "-p", str(port), *WORKSPACE)
    commands["daemon"] = ("dagster-daemon", "run", *WORKSPACE)
    log = home / f"up-{port}.log"
    with _stopped_by_signals(), _children(commands, environment, log) as children:
        with Console().status("Starting Dagster"):
            local = HOST if host == "0.0.0.0" else host  # noqa: S104 - compared, not listened on
            _wait_for_webserver(f"http://{local}:{port}", children, log)
        now = dt.datetime.now(dt.UTC)
        ui = f"http://{'localhost' if host == HOST else host}:{port}"
        facts = {
            "Dagster UI": ui,
            "Today's games": f"{ui}/assets/fact_game?view=events",
            "NCAA API": f"{settings.ncaa_api_url}{' (simulated games; open it to see them)' if simulate else ''}",
            "Database": describe(url),
            "Running": ", ".join(commands),
            "Log": str(log),
            "Since": f"{format_eastern(now, now)}; Ctrl-C or `gamepulse down` stops it",
            "Commands": ", ".join(as_typed(f"gamepulse {name}") for name in ("scores", "status", "psql")),
        }
        _watch(settings, url, children, log, facts)


def _screen(facts: Mapping[str, str], now: dt.datetime) -> Table:
    table = Table(title=STARTED, title_justify="left", show_header=False)
    for name, value in facts.items():
        table.add_row(name, cell(value))
    table.add_row("Next tick", f"{format_eastern(next_tick(now), now)}: today's games, every {TICK_MINUTES} minutes")
    return table


class _Stop(BaseException):
    """Raised on Ctrl-C, SIGTERM, or a closed terminal."""


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise _Stop

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # which is how nohup keeps it running
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, stop)
    try:
        yield
    except _Stop:
        say("GamePulse is stopped.")
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextlib.contextmanager
def _children(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], log: Path
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Yields the processes by name and stops them together. In sessions of their own, Ctrl-C does not reach them.

    Their output goes to `log`, because a run prints dozens of lines.
    """
    children: dict[str, subprocess.Popen[bytes]] = {}
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    prepare = _preparation()
    try:
        with log.open("ab") as output:
            for name, (program, *arguments) in commands.items():
                children[name] = subprocess.Popen(  # noqa: S603
                    [str(Path(sys.executable).parent / program), *arguments],
                    # In the repository Dagster would override the environment by the `.env` file.
                    cwd=log.parent,
                    env={**os.environ, **environment},
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=prepare,
                )
        yield children
    finally:
        # A second Ctrl-C must not leave processes running.
        with _signals_ignored(), Console().status("Stopping"):
            _stop(children.values())


def _stop(children: Collection[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        # Code servers and runs that it started and did not stop.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _preparation() -> Callable[[], None]:
    """Returns what a child does before it becomes its program."""
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        # Dagster applies an ignored SIGINT to SIGTERM too, and `gamepulse up &` in a script ignores SIGINT.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if libc is not None:
            # SIGTERM when the main thread of `up` ends, also by SIGKILL. Elsewhere the next `up` or `down` stops them.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _require_free(host: str, port: int, other: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise ConfigurationError(f"{host} is not an address of this machine: choose another --host.") from None
        except PermissionError:
            raise ConfigurationError(f"Port {port} needs administrator rights: choose another, {other}.") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise ConfigurationError(f"{host} is not an address of this machine: choose another --host.") from None
            raise ConfigurationError(
                f"Port {port} is taken, perhaps by another `gamepulse up`: stop it with "
                f"`gamepulse down`, or choose another port, {other}."
            ) from None


def _wait_for_webserver(webserver: str, parts: Mapping[str, subprocess.Popen[bytes]], log: Path) -> None:
    """Waits until the webserver answers, which it does after it has tried to load the code location.

    Raises:
        StackError: a process ended, the webserver did not answer in time, or the code location does not load.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        _require_running(parts, log)
        try:
            error = code_location_error(webserver)
            break
        except OSError:  # also HTTP errors
            if time.monotonic() > deadline:
                raise StackError(f"The webserver did not answer within {START_SECONDS:.0f} s; see {log}.") from None
            time.sleep(0.2)
    if error is not None:
        raise StackError(f"The code location does not load: {error}. The traceback is in {log}.")


def code_location_error(webserver: str) -> str | None:
    """Returns why a webserver could not load the code location, or None when it did.

    Raises:
        OSError: the webserver does not answer.
    """
    body = json.dumps({"query": _LOCATIONS}).encode()
    request = urllib.request.Request(f"{webserver}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # http_proxy is for other machines
    with direct.open(request, timeout=10) as answer:
        workspace = json.load(answer)["data"]["workspaceOrError"]
    loads = [workspace, *(entry["locationOrLoadError"] for entry in workspace.get("locationEntries", ()))]
    errors = [[load, *load["causes"]][-1]["message"] for load in loads if load is not None and "message" in load]
    return "; ".join(" ".join(error.split()) for error in errors) or None


def _watch(
    settings: Settings, url: URL, parts: Mapping[str, subprocess.Popen[bytes]], log: Path, facts: Mapping[str, str]
) -> None:
    """Shows the facts until a process ends, or the embedded server ends and cannot be started again.

    On a terminal the next tick is kept up to date.
    """
    console = Console()
    shown = None
    database = _DatabaseWatch(settings, url, console)
    with Live(console=console, auto_refresh=False) if console.is_terminal else contextlib.nullcontext() as live:
        while True:
            now = dt.datetime.now(dt.UTC)
            if live is None and shown is None:
                console.print(_screen(facts, now))
            elif live is not None and shown != next_tick(now):
                # The empty line is for the terminal's ^C.
                live.update(Group(_screen(facts, now), ""), refresh=True)
            shown = next_tick(now)
            _require_running(parts, log)
            database.check()
            rotate_log(log)
            time.sleep(0.5)


class _DatabaseWatch:
    """Starts the embedded server again when it ends, and prints when a database does not answer."""

    def __init__(self, settings: Settings, url: URL, console: Console) -> None:
        self._settings = settings
        self._url = url
        self._console = console
        self._answers = True
        self._next_check = time.monotonic() + CHECK_SECONDS

    def check(self) -> None:
        """Checks every few seconds.

        Raises:
            EmbeddedPostgresError: the embedded server ended and cannot be started again.
        """
        if time.monotonic() < self._next_check:
            return
        if attend_server(self._settings, self._url):
            self._print("The database server had ended and was started again.")
        try:
            with connect(self._url):
                answer = "The database answers again."
                answers = True
        except DatabaseError as error:
            answer, answers = str(error), False
        if answers != self._answers:
            self._print(answer)
        self._answers = answers
        self._next_check = time.monotonic() + CHECK_SECONDS

    def _print(self, sentence: str) -> None:
        now = dt.datetime.now(dt.UTC)
        self._console.print(cell(f"{format_eastern(now, now)}: {sentence}"), soft_wrap=True)


def _require_running(parts: Mapping[str, subprocess.Popen[bytes]], log: Path) -> None:
    for name, process in parts.items():
        if process.poll() is not None:
            last_lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            say("\n".join(last_lines), err=True)
            raise StackError(
                f"The {name} ended with exit code {process.returncode}; its last lines are above, all are in {log}."
            )

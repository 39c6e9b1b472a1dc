"""Runs Dagster as in production: webserver, daemon and run processes, with a database and a simulated API."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from support.webserver import Webserver

from pipelines.postgres.url import psycopg2_url
from simulator.options import Options
from simulator.server import Served, serving

PROJECT = Path(__file__).resolve().parents[2]
NCAA_GAMES = dg.AssetKey("ncaa_games")
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}


def until(condition: str, holds: Callable[[], Any], seconds: float) -> Any:
    """Polls `holds` and returns its first true value; fails with the condition's description after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if value := holds():
            return value
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds: {condition}"
        time.sleep(0.1)


def free_port() -> int:
    """Returns a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    """Returns the environment without a developer's settings of this project, with `variables` added."""
    settings = (
        "DATABASE_URL",
        "DAGSTER_",
        "NCAA_API_",
        "GAMEPULSE_",
        "ALERT_",
        "HEALTHCHECK_",
        "PYTHONDONTWRITEBYTECODE",
    )
    return {name: value for name, value in os.environ.items() if not name.startswith(settings)} | variables


def processes_with(name: str, value: str) -> dict[int, str]:
    """Returns the command lines, by pid, of processes started with this environment variable.

    Orphans keep their environment but not their parent.
    """
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{name}={value}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


class Stack(Webserver):
    """A webserver and a daemon, their API and their tables."""

    def __init__(self, url: sa.URL, api: Served, instance: dg.DagsterInstance, folder: Path) -> None:
        super().__init__(free_port(), "gamepulse")
        self.url = url
        self.api = api
        self.instance = instance
        self.engine = sa.create_engine(psycopg2_url(url, "public"))
        self.log = folder / "dagster.log"
        self.environment = environment(
            DATABASE_URL=url.render_as_string(hide_password=False),
            DAGSTER_HOME=str(PROJECT),
            NCAA_API_URL=api.url,
            NCAA_API_REQUESTS_PER_SECOND="50",
        )
        self.workspace: tuple[str, ...] = ("-w", str(PROJECT / "workspace.yaml"))
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: str, *arguments: str) -> None:
        """Starts a Dagster process in its own session."""
        with self.log.open("ab") as log:
            self.children[program] = subprocess.Popen(
                [Path(sys.executable).parent / program, *arguments, *self.workspace],
                cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def start_webserver(self) -> None:
        """Starts the webserver and waits until it answers."""
        self.start("gamepulse-webserver", "-h", "127.0.0.1", "-p", str(self.port))
        until("the webserver answers", self.is_up, 150)

    def start_daemon(self) -> None:
        """Starts the daemon."""
        self.start("dagster-daemon", "run")

    def start_without_automation(self) -> None:
        """Starts webserver and daemon with all schedules and sensors off."""
        self.start_webserver()
        self.stop_automation()
        self.start_daemon()

    def stop(self) -> float:
        """Sends SIGTERM to webserver and daemon and returns the seconds until all processes, also of runs, ended."""
        began = time.monotonic()
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            child.wait(30)
        until("all processes ended", lambda: not self.processes(), 20)
        return time.monotonic() - began

    def processes(self) -> dict[int, str]:
        """Returns all processes that Dagster started, directly or not."""
        return processes_with("DATABASE_URL", self.environment["DATABASE_URL"])

    def launch_date(self, date: str, **tags: str) -> str:
        """Launches a run of one date and returns its id."""
        return self.launch({"dagster/partition": date, **tags})

    def launch_range(self, first: str, last: str) -> str:
        """Launches one run of a range of dates and returns its id."""
        return self.launch({"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last})

    def backfill_status(self, backfill_id: str) -> str:
        """Returns the status of a backfill."""
        backfill = self.instance.get_backfill(backfill_id)
        assert backfill is not None
        return backfill.status.value

    def backfill_ended(self, backfill_id: str) -> bool:
        """Whether all runs of a backfill ended."""
        return self.backfill_status(backfill_id).startswith("COMPLETED")

    def status(self, run_id: str) -> str:
        """Returns the status of a run."""
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run.status.value

    def finish(self, run_id: str, seconds: float = 60) -> str:
        """Waits until a run ended and returns its status."""
        return str(
            until(f"run {run_id} ends", lambda: self.status(run_id) in FINISHED and self.status(run_id), seconds)
        )

    def events(self, run_id: str) -> list[dg.DagsterEvent]:
        """Returns a run's events."""
        logs = self.instance.all_logs(run_id)
        return [record.dagster_event for record in logs if record.dagster_event is not None]

    def messages(self, run_id: str) -> list[str]:
        """Returns the messages of a run's log."""
        return [record.message for record in self.instance.all_logs(run_id)]

    def event_types(self, run_id: str) -> list[str]:
        """Returns the types of a run's events."""
        return [event.event_type_value for event in self.events(run_id)]

    def failure(self, run_id: str) -> str:
        """Returns the message of the last failure of a run's step."""
        error = [event for event in self.events(run_id) if event.is_step_failure][-1].step_failure_data.error
        assert error is not None
        return (error.cause or error).message

    def process_of(self, run_id: str) -> int | None:
        """Returns the pid of a run's process, or None before it was started."""
        started = [line for line in self.messages(run_id) if "Started process for run" in line]
        return int(started[0].rpartition("pid: ")[2].rstrip(").")) if started else None

    def runs(self, **tags: str) -> list[dg.DagsterRun]:
        """Returns the runs with these tags."""
        return list(self.instance.get_runs(dg.RunsFilter(tags=tags)))

    def retry_of(self, run_id: str, seconds: float = 60) -> str:
        """Waits until Dagster retried a run and returns the id of the retry."""
        [retry] = until("it is retried", lambda: self.runs(**{"dagster/parent_run_id": run_id}), seconds)
        return str(retry.run_id)

    def materialized(self, run_id: str) -> list[str]:
        """Returns the dates that a run reported as materialized."""
        return sorted(
            event.partition
            for event in self.events(run_id)
            if event.is_step_materialization and event.asset_key == NCAA_GAMES and event.partition is not None
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Returns the rows of a query."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def games(self, date: str) -> dict[str, tuple[str, int | None, int | None]]:
        """Returns status, home score and away score of a date's games in the tables, by game."""
        query = f"SELECT game_id, game_status, home_score, away_score FROM fact_game WHERE game_date = '{date}'"
        return {row[0]: tuple(row[1:]) for row in self.rows(query)}  # type: ignore[misc]

    def simulated_games(self, date: str) -> dict[str, tuple[str, int | None, int | None]]:
        """Returns status, home score and away score of a date's games at the API, by game."""
        with urllib.request.urlopen(
            f"{self.api.url}/scoreboard/basketball-men/d1/{date.replace('-', '/')}", timeout=10
        ) as answer:
            games = [entry["game"] for entry in json.load(answer)["games"]]
        status = {"pre": "scheduled"}
        return {
            f"ncaam_{game['url'].rpartition('/')[2]}": (
                status.get(game["gameState"], game["gameState"]),
                *(int(game[side]["score"]) if game[side]["score"] else None for side in ("home", "away")),
            )
            for game in games
        }  # type: ignore[return-value]

    def dates_loaded(self) -> set[str]:
        """Returns the dates that have a row in any table of games."""
        return {
            str(row[0]) for row in self.rows("SELECT game_date FROM scoreboard UNION SELECT game_date FROM fact_game")
        }

    def sessions(self) -> list[tuple[Any, ...]]:
        """Returns the pipeline's sessions in the database."""
        return self.rows(
            """SELECT pid, state, query FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'gamepulse'"""
        )

    def set_faults(self, **faults: Mapping[str, object]) -> None:
        """Sets the API's faults, which stay until the next call."""
        self.api.simulator.faults.set(faults)

    def wait_for_request(self, launch: Callable[[], str], seconds: float = 60) -> str:
        """Launches a run, waits until its scoreboard request was sent, and returns its id."""
        sent = len(self.api.simulator.requests)
        run_id = launch()
        until("the request is sent", lambda: len(self.api.simulator.requests) > sent, seconds)
        return run_id


@contextlib.contextmanager
def new_stack(url: sa.URL, folder: Path, options: Options = Options(season=2025)) -> Iterator[Stack]:  # noqa: B008
    """Yields a stack on a migrated database, with a simulator of the seasons to 2025-26 and no process started."""
    with serving(options) as api, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
            stack = Stack(url, api, instance, folder)
            try:
                yield stack
            finally:
                for child in stack.children.values():
                    child.kill()
                for pid in stack.processes():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                stack.engine.dispose()

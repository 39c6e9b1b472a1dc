"""Alerts and the dead man's switch, evaluated on a real Dagster instance, with a real webhook."""

import datetime as dt
import socket
import traceback
from collections.abc import Callable, Iterator

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from dagster._core.definitions.run_status_sensor_definition import RunStatusSensorCursor
from dagster._grpc.client import DEFAULT_SENSOR_GRPC_TIMEOUT
from support import dagster_history
from support.api import Answer, Api
from support.builders import day
from support.warehouse import Warehouse

from pipelines.assets.ncaa_games import failure_of
from pipelines.definitions import defs
from pipelines.errors import (
    AlertError,
    ApiTimeoutError,
    DatabaseUnreachableError,
    GamePulseError,
    UpstreamFailedError,
    WrongDateError,
)
from pipelines.health import webhooks
from pipelines.runtime.runs import ASSET, PARTITION_TAG, REASON_TAG
from pipelines.sensors import dead_mans_switch, failure_alert
from pipelines.settings import PROJECT

TODAY, YESTERDAY, OLD = "2026-01-15", "2026-01-14", "2014-02-01"
TIMEOUT, REFUSED = ApiTimeoutError("no answer."), UpstreamFailedError("GET gave 500.")
TICK = {"dagster/schedule_name": "ncaa_schedule", REASON_TAG: "today"}


class Alerts:
    """The sensors and the webhook, with the runs that the test makes."""

    def __init__(self, instance: dg.DagsterInstance, webhook: Api) -> None:
        self.instance = instance
        self.webhook = webhook
        self.cursor: str | None = None
        self.evaluate()

    def evaluate(self, sensor: dg.SensorDefinition = failure_alert) -> str | None:
        """Evaluates a sensor with its last cursor and returns its outcome."""
        repository = defs.get_repository_def()
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=repository, sensor_name=sensor.name
        ) as context:
            found = sensor.evaluate_tick(context)
        self.cursor = found.cursor
        return found.skip_message

    def fails(self, failures: dict[str, GamePulseError] | Exception, job: str = "ncaa_ingestion", **tags: str) -> str:
        """Runs a job that fails with these errors by date, or with another error, and returns its id."""

        @dg.op
        def breaks() -> None:
            if isinstance(failures, Exception):
                raise failures
            raise failure_of({day(date): error for date, error in failures.items()}, retries=3)

        return self._run(breaks, job, tags)

    def loads(self, *dates: str, job: str = "ncaa_ingestion", **tags: str) -> str:
        """Runs a job that loads these dates."""

        @dg.op
        def works(context: dg.OpExecutionContext) -> None:
            for date in dates:
                context.log_event(dg.AssetMaterialization(ASSET, partition=date))

        return self._run(works, job, tags)

    def _run(self, op: dg.OpDefinition, job: str, tags: dict[str, str]) -> str:
        @dg.job(name=job)
        def run() -> None:
            op()

        return run.execute_in_process(instance=self.instance, tags=tags, raise_on_error=False).run_id

    def posts(self) -> list[str]:
        """Returns the first line of each post since the last call."""
        received, self.webhook.received = self.webhook.received, []
        return [request.json()["text"].splitlines()[0] for request in received]


@pytest.fixture
def webhook(api: Api) -> Api:
    """A webhook that takes every post."""
    api.always(Answer())
    return api


@pytest.fixture
def alerts(database_url: sa.URL, webhook: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Alerts]:
    """Nothing has failed so far."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"{webhook.url}/hook")
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dagster_history.work(instance, dt.datetime.now(dt.UTC))
        yield Alerts(instance, webhook)


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_is_over(alerts: Alerts, webhook: Api) -> None:
    run_id = alerts.fails({TODAY: TIMEOUT, YESTERDAY: TIMEOUT})
    alerts.evaluate()
    [request] = webhook.received
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.json()["text"].splitlines() == [
        f"GamePulse: ncaa_ingestion failed for {TODAY}, {YESTERDAY} (run {run_id})",
        f"{YESTERDAY}: no answer.",
        f"{TODAY}: no answer.",
    ]
    alerts.posts()
    for date in (TODAY, YESTERDAY, OLD):
        alerts.fails({date: REFUSED})
        alerts.evaluate()
    assert alerts.posts() == [], "the same cause goes on"
    alerts.loads(TODAY)
    alerts.evaluate()
    alerts.loads(YESTERDAY)
    alerts.evaluate()
    assert alerts.posts() == [], f"{OLD} is not loaded"
    alerts.loads(OLD)
    alerts.evaluate()
    [end] = alerts.posts()
    assert end.startswith("GamePulse: over (began ")
    assert end.endswith(f" ET, 4 runs failed): ncaa_ingestion failed for {TODAY}, {YESTERDAY} (run {run_id})")
    alerts.evaluate()
    assert alerts.posts() == []


def test_two_causes_at_once_are_told_and_ended_each(alerts: Alerts) -> None:
    alerts.fails({TODAY: TIMEOUT, YESTERDAY: WrongDateError("another date came.")})
    alerts.evaluate()
    begins = [post.partition(" (run")[0] for post in alerts.posts()]
    assert sorted(begins) == [f"GamePulse: ncaa_ingestion failed for {date}" for date in (YESTERDAY, TODAY)]
    for date in (YESTERDAY, TODAY):
        alerts.loads(date)
        alerts.evaluate()
        [end] = alerts.posts()
        assert f"failed for {date}" in end


def test_a_date_that_stays_unloaded_does_not_hide_the_next_outage(alerts: Alerts) -> None:
    alerts.fails({OLD: TIMEOUT})
    alerts.loads(TODAY)
    alerts.fails({TODAY: TIMEOUT})
    alerts.fails({OLD: TIMEOUT})
    alerts.evaluate()
    assert [post.partition(" (run")[0] for post in alerts.posts()] == [
        f"GamePulse: ncaa_ingestion failed for {date}" for date in (OLD, TODAY)
    ]


def test_a_run_that_died_belongs_to_the_outage_in_which_it_died(alerts: Alerts) -> None:
    run = dg.DagsterRun("ncaa_ingestion", tags={PARTITION_TAG: TODAY})
    alerts.instance.add_run(run)
    alerts.instance.report_run_failed(run)
    alerts.evaluate()
    alerts.fails({YESTERDAY: DatabaseUnreachableError("Connection refused.")})
    alerts.evaluate()
    assert alerts.posts() == [f"GamePulse: ncaa_ingestion failed for {TODAY} (run {run.run_id})"]
    alerts.loads(TODAY, YESTERDAY)
    alerts.evaluate()
    assert len(alerts.posts()) == 1


def test_a_job_without_dates_and_a_defect_are_over_when_the_job_succeeds(alerts: Alerts) -> None:
    alerts.fails(ValueError("a defect"), job="ncaa_upcoming")
    alerts.evaluate()
    [post] = alerts.posts()
    assert post.startswith("GamePulse: ncaa_upcoming failed (run ")
    alerts.loads(TODAY)
    alerts.evaluate()
    assert alerts.posts() == []
    alerts.loads(job="ncaa_upcoming")
    alerts.evaluate()
    assert len(alerts.posts()) == 1


def test_a_database_that_is_away_is_told_although_nothing_runs(
    alerts: Alerts, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = database_url.set(port=1).render_as_string(hide_password=False)
    with monkeypatch.context() as away:
        away.setenv("DATABASE_URL", gone)
        for _ in range(2):
            alerts.evaluate()
        alerts.fails({TODAY: DatabaseUnreachableError("Connection refused.")})
        alerts.evaluate()
    assert alerts.posts() == ["GamePulse: reading the tables failed"]
    alerts.evaluate()
    alerts.loads(TODAY)
    alerts.evaluate()
    assert len(alerts.posts()) == 1


def test_another_problem_is_told_when_it_lasts_longer_than_a_tick(alerts: Alerts, warehouse: Warehouse) -> None:
    began = dt.datetime.now(dt.UTC)
    for minutes, is_on, told in [
        (0, False, 0),
        (10, True, 0),
        (11, False, 0),
        (30, False, 0),
        (32, False, 1),
        (50, True, 1),
    ]:
        now = began + dt.timedelta(minutes=minutes)
        dagster_history.work(alerts.instance, now)
        dagster_history.evaluate(alerts.instance, now, is_on=is_on)
        with time_machine.travel(now, tick=False):
            alerts.evaluate()
        found = [post for post in alerts.posts() if "ncaa_repairs is turned off." in post]
        assert len(found) == told, f"after {minutes} minutes"


def test_an_alert_that_was_not_delivered_is_sent_again(alerts: Alerts, webhook: Api) -> None:
    webhook.always(Answer(status=500))
    alerts.fails({TODAY: TIMEOUT, YESTERDAY: WrongDateError("another date came.")})
    for _ in range(2):
        with pytest.raises(AlertError, match=r"ALERT_WEBHOOK_URL answered 500"):
            alerts.evaluate()
    assert len(alerts.posts()) == 2
    webhook.answer = lambda path: Answer(status=200 if len(webhook.received) == 1 else 500)
    assert alerts.evaluate() == "1 alerts were sent, 1 are still to be sent."
    _, refused = alerts.posts()
    webhook.always(Answer())
    alerts.evaluate()
    assert alerts.posts() == [refused]
    alerts.loads(TODAY, YESTERDAY)
    alerts.evaluate()
    assert len(alerts.posts()) == 2


def test_without_a_webhook_nobody_was_told_and_the_run_says_so(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as unset:
        unset.delenv("ALERT_WEBHOOK_URL")
        run_id = alerts.fails({TODAY: TIMEOUT})
        assert alerts.evaluate() == "1 causes, and nobody was told: ALERT_WEBHOOK_URL is not set."
    said = [entry.message for entry in alerts.instance.all_logs(run_id)]
    assert "Sensor failure_alert: nobody was told: ALERT_WEBHOOK_URL is not set." in said
    alerts.evaluate()
    assert len(alerts.posts()) == 1, "the cause still holds when the webhook is set"


def test_the_cursor_of_dagsters_own_sensor_is_taken_over(alerts: Alerts) -> None:
    alerts.fails({TODAY: TIMEOUT})
    alerts.cursor = RunStatusSensorCursor(record_id=-1).to_json()
    alerts.evaluate()
    assert len(alerts.posts()) == 1


def test_the_cursor_stays_small_in_a_large_outage(alerts: Alerts) -> None:
    first = day(OLD)
    alerts.fails({(first + dt.timedelta(days=number)).isoformat(): TIMEOUT for number in range(2000)})
    alerts.evaluate()
    assert alerts.posts()[0].partition(" (run")[0].endswith(" and 1995 more")
    assert len(alerts.cursor or "") < 3000


@pytest.fixture
def switch(alerts: Alerts, webhook: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Evaluates the dead man's switch and returns the paths that were called."""
    monkeypatch.setenv("HEALTHCHECK_URL", f"{webhook.url}/ping/TOKEN")
    alerts.cursor = None

    def evaluate() -> list[str]:
        alerts.evaluate(dead_mans_switch)
        received, webhook.received = webhook.received, []
        return [f"{request.method} {request.path}" for request in received]

    return evaluate


def test_the_dead_mans_switch_is_called_once_after_each_tick_that_succeeded(
    alerts: Alerts, switch: Callable[[], list[str]]
) -> None:
    alerts.fails({TODAY: TIMEOUT}, **TICK)
    alerts.loads(OLD)
    alerts.loads(YESTERDAY, **TICK | {REASON_TAG: "yesterday's games are not over"})
    assert switch() == []
    for _ in range(2):
        alerts.loads(TODAY, **TICK)
        assert switch() == ["GET /ping/TOKEN"]
        assert switch() == []


def test_a_call_that_failed_is_made_again(alerts: Alerts, switch: Callable[[], list[str]], webhook: Api) -> None:
    alerts.loads(TODAY, **TICK)
    webhook.always(Answer(status=503))
    with pytest.raises(AlertError, match="HEALTHCHECK_URL answered 503"):
        switch()
    webhook.always(Answer())
    assert switch() == ["GET /ping/TOKEN"] * 2


def test_without_an_address_the_switch_is_off(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEALTHCHECK_URL", raising=False)
    alerts.cursor = None
    assert alerts.evaluate(dead_mans_switch) == "HEALTHCHECK_URL is not set."


@pytest.mark.parametrize(
    "address", ["{}/services/TOKEN", "http://127.0.0.1:9/services/TOKEN", "TOKEN", "http://[TOKEN/"]
)
def test_a_failed_call_does_not_print_the_address(address: str, api: Api) -> None:
    for message in (None, {"text": "an alert"}):
        with pytest.raises(AlertError, match="ALERT_WEBHOOK_URL") as refused:
            webhooks.call("ALERT_WEBHOOK_URL", address.format(api.url), message)
        trace = "".join(traceback.format_exception(refused.value))
        assert api.url not in trace
        assert "TOKEN" not in trace


def test_an_address_that_hangs_does_not_hold_a_sensor_until_dagster_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 3 * webhooks.CALL_TIMEOUT < DEFAULT_SENSOR_GRPC_TIMEOUT
    monkeypatch.setattr(webhooks, "CALL_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(AlertError, match="ReadTimeout"):
        webhooks.call("HEALTHCHECK_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")

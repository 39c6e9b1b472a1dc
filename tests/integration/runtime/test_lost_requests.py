"""Backfills, and runs that failed or were canceled, are read from Dagster's tables in PostgreSQL."""

import datetime as dt

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from support.builders import day

from pipelines.definitions import defs
from pipelines.runtime.run_launcher import STOPPED_TAG
from pipelines.runtime.runs import (
    ASSET,
    BACKFILL_TAG,
    PARTITION_TAG,
    RANGE_TAGS,
    RequestCursor,
    lost_requests,
    unfinished_dates,
    unfinished_repairs,
)
from pipelines.settings import PROJECT

LOCATION = RegisteredCodeLocationOrigin("pipelines.definitions")
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(LOCATION, "__repository__"), "ncaa_ingestion")


def reasons(instance: dg.DagsterInstance, cursor: RequestCursor, now: dt.datetime) -> dict[tuple[str, ...], str]:
    """The end of each request, without the ids of runs, by its dates."""
    return {
        tuple(date.isoformat() for date in request.dates): " ".join(
            word for word in (request.reason or "under way").split() if len(word) < 30
        )
        for request in lost_requests(instance, cursor, now)[0]
    }


def test_requests_that_ended_without_saying_so(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    now = dt.datetime.now(dt.UTC)
    cursor = RequestCursor(now - dt.timedelta(minutes=1), now - dt.timedelta(minutes=1))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        assert lost_requests(instance, RequestCursor(), now)[0] == []
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id="abc",
            asset_graph=defs.get_repository_def().asset_graph,
            partition_names=["2014-02-01", "2014-02-02"],
            asset_selection=[ASSET],
            backfill_timestamp=now.timestamp(),
            tags={},
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        instance.add_backfill(backfill)
        span = dict(zip(RANGE_TAGS, ("2015-01-01", "2015-01-02"), strict=True))
        for status, tags in (
            (dg.DagsterRunStatus.CANCELED, span),
            (dg.DagsterRunStatus.CANCELED, {PARTITION_TAG: "2016-01-01"}),
            (dg.DagsterRunStatus.CANCELED, {PARTITION_TAG: "2016-01-02", STOPPED_TAG: "true"}),
            (dg.DagsterRunStatus.CANCELED, {PARTITION_TAG: "2014-02-01", BACKFILL_TAG: "abc"}),
            (dg.DagsterRunStatus.FAILURE, {PARTITION_TAG: "2016-01-03"}),
            (dg.DagsterRunStatus.SUCCESS, {PARTITION_TAG: "2016-01-04"}),
        ):
            instance.add_run(dg.DagsterRun("ncaa_ingestion", status=status, tags=tags))
        runs = {
            ("2015-01-01", "2015-01-02"): "canceled with run",
            ("2016-01-01",): "canceled with run",
            ("2016-01-02",): "run was stopped with the daemon",
            ("2016-01-03",): "run failed before it loaded it",
        }
        by_a_person = {("2014-02-01",): "canceled with run"}
        whole = ("2014-02-01", "2014-02-02")
        assert reasons(instance, cursor, now) == {**runs, **by_a_person, whole: "under way"}
        following = lost_requests(instance, cursor, now)[1]
        assert RequestCursor.parse(str(following)) == following
        assert reasons(instance, following, now)[whole] == "under way"

        # A backfill that failed cancels its runs.
        instance.update_backfill(backfill.with_status(BulkActionStatus.FAILED))
        assert reasons(instance, cursor, now) == {**runs, whole: "backfill abc ended without loading it"}
        later = now + dt.timedelta(minutes=5)
        following = lost_requests(instance, following, later)[1]
        assert reasons(instance, following, later) == {}

        dates = [day("2014-02-01"), day("2026-01-10"), day("2026-01-11")]
        for status, run_tags in (
            (dg.DagsterRunStatus.QUEUED, {"dagster/partition": "2014-02-01", "dagster/sensor_name": "ncaa_repairs"}),
            (dg.DagsterRunStatus.STARTED, dict(zip(RANGE_TAGS, ("2026-01-09", "2026-01-10"), strict=True))),
            (dg.DagsterRunStatus.SUCCESS, {"dagster/partition": "2026-01-11"}),
        ):
            run = dg.DagsterRun("ncaa_ingestion", status=status, tags=run_tags, remote_job_origin=ORIGIN)
            instance.add_run(run)
        assert unfinished_dates(instance, dates) == set(dates[:2])
        assert unfinished_repairs(instance) == 1

"""Backfills and canceled ranges are read from Dagster's tables in PostgreSQL."""

import datetime as dt

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from support.builders import day

from pipelines.definitions import defs
from pipelines.runtime.runs import ASSET, RANGE_TAGS, unfinished_dates, unfinished_repairs, unstarted_requests
from pipelines.settings import PROJECT

LOCATION = RegisteredCodeLocationOrigin("pipelines.definitions")
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(LOCATION, "__repository__"), "ncaa_ingestion")


def test_backfills_and_canceled_ranges_since_a_moment(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    now = dt.datetime.now(dt.UTC)
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        assert unstarted_requests(instance, None, now)[0] == []
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
        tags = dict(zip(RANGE_TAGS, ("2015-01-01", "2015-01-02"), strict=True))
        instance.add_run(dg.DagsterRun("ncaa_ingestion", status=dg.DagsterRunStatus.CANCELED, tags=tags))
        requests, since = unstarted_requests(instance, now - dt.timedelta(minutes=1), now)
        assert [(request.dates, request.ended_at is None) for request in requests] == [
            ([day("2014-02-01"), day("2014-02-02")], True),
            ([day("2015-01-01"), day("2015-01-02")], False),
        ]
        assert unstarted_requests(instance, since, now)[0] == requests, "the backfill is under way"

        instance.update_backfill(backfill.with_status(BulkActionStatus.COMPLETED_FAILED))
        ended, since = unstarted_requests(instance, since, now)
        assert ended[0].reason == "backfill abc ended without loading it"
        later = now + dt.timedelta(minutes=1)
        assert unstarted_requests(instance, later, later)[0] == []

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

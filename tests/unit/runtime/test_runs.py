"""Dates, requesters and the maximum runtime of runs."""

import datetime as dt
import math

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from support.builders import day

from pipelines.definitions import defs
from pipelines.runtime.runs import MAX_RUNTIME_TAG, RANGE_TAGS, max_runtime, requester, run_dates


def test_the_dates_of_a_run_are_its_partition_or_its_range() -> None:
    assert run_dates({"dagster/partition": "2026-02-28"}) == [day("2026-02-28")]
    span = dict(zip(RANGE_TAGS, ("2026-02-27", "2026-03-01"), strict=True))
    assert run_dates(span) == [day("2026-02-27"), day("2026-02-28"), day("2026-03-01")]
    assert run_dates({"other": "tag"}) == []


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"dagster/schedule_name": "ncaa_schedule"}, "schedule"),
        ({"dagster/sensor_name": "ncaa_repairs"}, "repair"),
        ({"dagster/backfill": "abc"}, "backfill abc"),
        ({}, "run r1"),
    ],
)
def test_a_run_names_its_requester(tags: dict[str, str], name: str) -> None:
    assert requester(dg.DagsterRun("ncaa_ingestion", run_id="r1", tags=tags)) == name


@pytest.mark.parametrize("requests_per_second", [0.01, 0.1, 0.5, 5, math.inf])
@pytest.mark.parametrize("dates", [1, 150, 5_500])
def test_a_run_may_take_longer_than_its_permits_at_half_the_limit_and_four_attempts(
    dates: int, requests_per_second: float
) -> None:
    assert max_runtime(dates, requests_per_second) > 4 * dates / (requests_per_second / 2)
    games = 6_300 / 150 * dates  # of a season
    assert max_runtime(dates, requests_per_second, of_details=True) > 4 * games / (requests_per_second / 2)


@pytest.mark.parametrize(
    ("dates", "requests_per_second", "given", "expected"),
    [
        (2, "0.001", None, "16304"),  # the instance's limit is two hours
        (2, "5", None, None),
        (2, "0.1", "300", "464"),
        (2, "5", "3600", "3600"),
    ],
)
def test_the_executor_raises_the_maximum_runtime_for_a_low_rate_limit(
    dates: int, requests_per_second: str, given: str | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCAA_API_REQUESTS_PER_SECOND", requests_per_second)
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")  # the run fails at once
    first = day("2025-12-01")
    tags = dict(zip(RANGE_TAGS, (first.isoformat(), (first + dt.timedelta(days=dates - 1)).isoformat()), strict=True))
    if given is not None:
        tags[MAX_RUNTIME_TAG] = given
    monkeypatch.setattr("pipelines.runtime.retries.DoublingRetryPolicy.calculate_delay", lambda policy, attempt: 0.0)
    with dg.instance_for_test(overrides={"run_monitoring": {"enabled": True, "max_runtime_seconds": 7200}}) as instance:
        job = defs.resolve_job_def("ncaa_ingestion")
        run = instance.create_run_for_job(job_def=job, tags=tags)
        list(execute_run_iterator(InMemoryJob(job), run, instance))
        ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.tags.get(MAX_RUNTIME_TAG) == expected

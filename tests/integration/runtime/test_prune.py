"""Superseded runs leave Dagster's history; what its pages, `status`, repairs and checks show stays."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from support.api import Api
from support.dagster_stack import PROJECT
from support.raw_games import raw_answer, raw_game
from typer.testing import CliRunner

from pipelines.assets.checks import check_specs
from pipelines.assets.tables import table_specs
from pipelines.cli.app import app
from pipelines.cli.status import read_warehouse
from pipelines.definitions import defs
from pipelines.partitions import game_dates
from pipelines.postgres.database import connect
from pipelines.postgres.url import psycopg2_url
from pipelines.runtime.prune import Pruned, prune
from pipelines.runtime.runs import ASSET, RANGE_TAGS
from pipelines.sensors import repairs

Run = Callable[..., str]
DATES = [f"2025-12-{day:02}" for day in range(1, 9)]
LATER = dt.timedelta(days=15)
MUCH_LATER = dt.timedelta(days=91)


@pytest.fixture
def instance(database_url: sa.URL, api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance of `dagster.yaml` on the test's database, whose runs fetch from the test's API."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("NCAA_API_URL", api.url)
    monkeypatch.setenv("NCAA_API_REQUESTS_PER_SECOND", "inf")
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        yield instance


@pytest.fixture
def run(instance: dg.DagsterInstance, api: Api) -> Run:
    """Runs `ncaa_games` for dates, or another job; a failing one gets an answer that is not JSON."""

    def execute(*dates: str, job: str = "ncaa_ingestion", fails: bool = False) -> str:
        games = {
            date: json.dumps(raw_answer(raw_game(6_000_000 + n, f"home-{n}", f"away-{n}"))).encode()
            for n, date in enumerate(DATES)
        }
        api.answer_with(dict.fromkeys(DATES, b"maintenance") if fails else games)
        tags = dict(zip(RANGE_TAGS, (dates[0], dates[-1]), strict=True)) if len(dates) > 1 else {}
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=dates[0] if len(dates) == 1 else None,
            tags=tags,
            raise_on_error=False,
        )
        assert result.success != fails
        return result.run_id

    return execute


def run_ids(instance: dg.DagsterInstance) -> set[str]:
    return {run.run_id for run in instance.get_runs()}


def shown(instance: dg.DagsterInstance, url: sa.URL) -> dict[str, Any]:
    """What the partitions' page, the pages of the tables and checks, `status` and the repairs show."""
    execute(url, "UPDATE asset_keys SET cached_status_data = NULL")
    partitions = get_and_update_asset_status_cache_value(instance, ASSET, game_dates)
    assert partitions is not None
    now = dt.datetime.now(dt.UTC)
    with connect(url) as connection:
        requested = repairs(instance, connection, now)
        connection.rollback()
        status = read_warehouse(connection, now)._replace(database_bytes=0)
    newest = {spec.key: instance.get_latest_materialization_event(spec.key) for spec in table_specs()}
    checks = {
        spec.key: instance.event_log_storage.get_asset_check_execution_history(spec.key, limit=1)[0].run_id
        for spec in check_specs()
    }
    return {
        "materialized": partitions.serialized_materialized_partition_subset,
        "failed": partitions.serialized_failed_partition_subset,
        "newest": {date: _newest(instance, date) for date in DATES},
        "tables": {key: event.run_id if event is not None else None for key, event in newest.items()},
        "checks": checks,
        "status": status,
        "repairs": requested,
    }


def _newest(instance: dg.DagsterInstance, date: str) -> str | None:
    records = instance.fetch_materializations(dg.AssetRecordsFilter(ASSET, asset_partitions=[date]), limit=1).records
    return records[0].run_id if records else None


def execute(url: sa.URL, statement: str) -> Any:
    engine = sa.create_engine(psycopg2_url(url, "dagster"))
    with engine.begin() as connection:
        result = connection.execute(sa.text(statement))
        found = result.scalar() if result.returns_rows else None
    engine.dispose()
    return found


def test_superseded_runs_go_and_what_is_shown_stays(
    instance: dg.DagsterInstance, database_url: sa.URL, run: Run, api: Api
) -> None:
    changed, unchanged, newest = (run(DATES[0]) for _ in range(3))
    failed, healed = run(DATES[1], fails=True), run(DATES[1])
    good, red = run(DATES[2]), run(DATES[2], fails=True)
    half_superseded, _ = run(DATES[3], DATES[4]), run(DATES[3])
    superseded, *_ = run(DATES[5], DATES[6]), run(DATES[5]), run(DATES[6])
    changed_tables, last = run(DATES[7]), run(DATES[7])
    checks = [run(job="ncaa_checks") for _ in range(3)]
    before = shown(instance, database_url)
    assert list(game_dates.deserialize_subset(before["failed"]).get_partition_keys()) == [DATES[2]]
    now = dt.datetime.now(dt.UTC)
    everything = run_ids(instance)

    assert prune(instance, now + dt.timedelta(days=13)) == Pruned(0, 0, 0)
    assert prune(instance, now + LATER, dry_run=True) == Pruned(5, 0, 0)
    assert run_ids(instance) == everything
    assert prune(instance, now + LATER) == Pruned(5, 0, 0)
    assert everything - run_ids(instance) == {changed, unchanged, superseded, *checks[:2]}
    assert shown(instance, database_url) == before

    assert prune(instance, now + MUCH_LATER) == Pruned(0, 1, 0)
    assert failed not in run_ids(instance)
    assert run_ids(instance) >= {newest, healed, good, red, half_superseded, changed_tables, last, checks[2]}
    assert shown(instance, database_url) == before
    assert prune(instance, now + MUCH_LATER) == Pruned(0, 0, 0)


def test_rows_of_checks_go_with_their_run_also_where_it_was_deleted_in_the_ui(
    instance: dg.DagsterInstance, database_url: sa.URL, run: Run
) -> None:
    run(job="ncaa_checks")
    rows = "SELECT count(*) FROM asset_check_executions"
    in_a_run = execute(database_url, rows)
    instance.delete_run(run(job="ncaa_checks"))
    assert execute(database_url, rows) == 2 * in_a_run, "Dagster leaves them"
    now = dt.datetime.now(dt.UTC)
    assert prune(instance, now, dry_run=True).orphaned == in_a_run
    assert prune(instance, now).orphaned == in_a_run
    assert execute(database_url, rows) == in_a_run


def test_a_job_deletes_a_bounded_number_of_runs_oldest_first(instance: dg.DagsterInstance, run: Run) -> None:
    oldest, older, *_ = *(run(DATES[0]) for _ in range(3)), run(DATES[1])
    now = dt.datetime.now(dt.UTC) + LATER
    assert prune(instance, now, at_most=1) == Pruned(1, 0, 0)
    assert run_ids(instance) >= {older}
    assert oldest not in run_ids(instance)
    assert run(job="ncaa_prune") in run_ids(instance)


def test_the_command_counts_and_deletes(instance: dg.DagsterInstance, database_url: sa.URL, run: Run) -> None:
    superseded, newest, other = run(DATES[0]), run(DATES[0]), run(DATES[1])
    execute(database_url, "UPDATE runs SET update_timestamp = update_timestamp - INTERVAL '15 days'")

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["prune", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert invoke("--dry-run").startswith("Would delete 1 superseded and 0 failed runs")
    counts = {"superseded": 1, "failed": 0, "orphaned": 0, "answers": 0}
    assert json.loads(invoke("--dry-run", "--json")) == {"dry_run": True, **counts}
    assert run_ids(instance) == {superseded, newest, other}
    assert invoke().startswith("Deleted 1 superseded and 0 failed runs")
    assert run_ids(instance) == {newest, other}

"""Dagster's tables and the app's share one database in separate schemas."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from support.databases import Databases

from models.migrations import VERSION_TABLE
from models.tables import TABLE_NAMES
from models.turns import TURN_NAMES
from pipelines.errors import DatabaseUnreachableError, SchemaError
from pipelines.postgres.url import libpq_text, psycopg2_url

PROJECT = Path(__file__).resolve().parents[3]
Rows = Callable[[str], list[dict[str, Any]]]


def test_dagster_keeps_its_tables_in_its_schema_and_its_history_over_a_restart(
    database_url: sa.URL, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition="2025-02-08"))
        # The reference that child processes receive must not contain a password.
        assert str(database_url.password) not in str(instance.get_ref().to_dict())
    with dg.DagsterInstance.from_config(str(PROJECT)) as restarted:
        assert restarted.get_materialized_partitions(dg.AssetKey("ncaa_games")) == {"2025-02-08"}

    tables = rows("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dagster')")
    by_schema = {
        schema: {row["tablename"] for row in tables if row["schemaname"] == schema} for schema in ("public", "dagster")
    }
    assert {"runs", "event_logs", "job_ticks", "alembic_version"} <= by_schema["dagster"]
    assert by_schema["public"] == {*TABLE_NAMES, *TURN_NAMES, VERSION_TABLE}


def test_an_instance_keeps_one_connection_replaces_it_when_lost_and_closes_it(
    database_url: sa.URL, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    connections = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:

        def report(partition: str) -> list[dict[str, Any]]:
            instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition=partition))
            instance.get_runs_count()
            instance.all_instigator_state()
            return rows(connections)

        [kept] = report("2025-02-08")
        assert report("2025-02-09") == [kept]
        rows(f"SELECT pg_terminate_backend({kept['pid']}, 5000)")
        [another] = report("2025-02-10")
        assert another != kept
        assert len(instance.get_materialized_partitions(dg.AssetKey("ncaa_games"))) == 3
    deadline = time.monotonic() + 30
    while rows(connections) and time.monotonic() < deadline:  # a backend process ends shortly after its client
        time.sleep(0.05)
    assert rows(connections) == []


def test_a_webserver_survives_a_restart_of_the_server_and_limits_its_statements(
    database_url: sa.URL, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.optimize_for_webserver(statement_timeout=1000, pool_recycle=-1, max_overflow=20)
        reads = (instance.get_runs_count, instance.all_asset_keys, instance.all_instigator_state)
        for read in reads:
            read()
            rows("""SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()""")
            read()
        with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
            assert connection.scalar(sa.text("SHOW statement_timeout")) == "1s"


def test_an_instance_opened_while_the_database_is_away_works_when_it_is_back(
    database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", libpq_text(database_url.set(port=1)))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        DefinitionsLoadContext(DefinitionsLoadType.INITIALIZATION)  # as a code server before it loads the code
        with pytest.raises(DatabaseUnreachableError):
            instance.get_runs_count()
        monkeypatch.setenv("DATABASE_URL", libpq_text(database_url))
        assert instance.get_runs_count() == 0


def test_a_run_looked_up_again_needs_no_statement_about_columns(
    database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", libpq_text(database_url))
    statements: list[str] = []
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        run = instance.create_run_for_job(dg.job(name="nothing")(lambda: None))
        assert instance.get_run_by_id(run.run_id) == run
        engine = instance.run_storage._engine  # type: ignore[attr-defined]
        sa.event.listen(engine, "before_cursor_execute", lambda _, __, statement, *___: statements.append(statement))
        assert instance.get_run_by_id(run.run_id) == run
    assert len(statements) == 1
    assert "FROM runs" in statements[0]


@pytest.mark.parametrize("may_create", [True, False])
def test_dagster_has_its_schema_on_a_server_of_its_own(
    database_url: sa.URL,
    databases: Databases,
    administrator: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    *,
    may_create: bool,
) -> None:
    role = f"dagster_of_{database_url.database}"
    with databases.temporary(migrated=False) as own, administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN PASSWORD 'p/w#rd'"))
        if may_create:
            connection.execute(sa.text(f"GRANT CREATE ON DATABASE {own.database} TO {role}"))
        monkeypatch.setenv("DATABASE_URL", libpq_text(database_url))
        monkeypatch.setenv("DAGSTER_DATABASE_URL", libpq_text(own.set(username=role, password="p/w#rd")))
        try:
            with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
                if may_create:
                    instance.upgrade()
                    assert instance.get_runs_count() == 0
                else:
                    with pytest.raises(SchemaError, match=f'run CREATE SCHEMA dagster AUTHORIZATION "{role}"'):
                        instance.get_runs_count()
        finally:
            engine = sa.create_engine(psycopg2_url(own, "public"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
            with engine.connect() as there:
                there.execute(sa.text(f"DROP OWNED BY {role} CASCADE"))
            connection.execute(sa.text(f"DROP ROLE {role}"))

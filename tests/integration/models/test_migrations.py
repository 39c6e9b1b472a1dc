"""Migrations against a real database: what they make, and what they refuse."""

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel
from support.postgres_servers import settings_for

from models import tables
from models.archive import ARCHIVE_SCHEMA, ARCHIVE_TABLE_NAMES
from models.migrations import VERSION_TABLE, alembic_config, head_revision
from models.turns import TURN_NAMES
from models.views import VIEWS
from pipelines.errors import DatabaseRefusedError, DatabaseUnreachableError, SchemaError
from pipelines.postgres.database import migrate, ready_database
from pipelines.postgres.url import psycopg2_url
from pipelines.seasons import season_of

NO_TABLE = {"__init__", "tables", "turns", "views", "game_text", "archive"}
"""Modules of `models` that hold no table."""
Rows = Callable[[str], list[dict[str, Any]]]


def execute(url: sa.URL, *statements: str) -> None:
    """Changes a database behind the migrations' back."""
    engine = sa.create_engine(psycopg2_url(url, "public"))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def is_of_models(name: str | None, kind: str, _: Any) -> bool:
    """Whether Alembic compares an object: a turn has no columns, so no model."""
    return name not in TURN_NAMES if kind == "table" else kind != "schema" or name in {None, ARCHIVE_SCHEMA}


def test_the_migrated_tables_are_those_of_the_models(database_url: sa.URL) -> None:
    engine = sa.create_engine(psycopg2_url(database_url, "public"))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "include_name": is_of_models, "include_schemas": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []
        made = {row[0] for row in connection.execute(sa.text("SELECT conname FROM pg_constraint WHERE contype = 'c'"))}
    engine.dispose()
    # Alembic compares no check constraints.
    checks = {
        constraint.name
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert checks <= made
    modules = {path.stem for path in Path(tables.__file__).parent.glob("*.py")} - NO_TABLE
    assert modules == set(tables.TABLE_NAMES)
    assert {*tables.TABLE_NAMES, *ARCHIVE_TABLE_NAMES} == set(SQLModel.metadata.tables)


def test_migrating_twice_or_from_many_processes_at_once_is_migrating_once(
    new_database: Callable[..., sa.URL],
) -> None:
    url = new_database()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate(settings_for(url))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert migrate(settings_for(url)) == url
    assert ready_database(settings_for(url)) == url


def test_a_database_with_tables_of_somebody_else_is_refused_and_left_alone(
    new_database: Callable[..., sa.URL],
) -> None:
    url = new_database()
    execute(url, "CREATE TABLE fact_game (mine text)", "INSERT INTO fact_game VALUES ('precious')")
    with pytest.raises(SchemaError, match=r"tables named fact_game that `gamepulse migrate` did not make"):
        migrate(settings_for(url))
    execute(url, "DELETE FROM fact_game WHERE mine = 'precious'", f"CREATE TABLE {VERSION_TABLE} (none_was_made text)")


def test_a_database_behind_its_migrations_names_the_command(new_database: Callable[..., sa.URL]) -> None:
    with pytest.raises(SchemaError, match=r"has no tables yet.*run `gamepulse migrate`"):
        ready_database(settings_for(new_database()))


def test_a_database_newer_than_the_code_is_refused(database_url: sa.URL) -> None:
    execute(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for use in (ready_database, migrate):
        with pytest.raises(SchemaError, match=r"revision 9999, newer than this code's .*: update the code"):
            use(settings_for(database_url))


def test_a_wrong_password_and_an_unreachable_server_are_sentences_without_the_password(database_url: sa.URL) -> None:
    wrong = settings_for(database_url.set(password="hunter2"))
    with pytest.raises(DatabaseRefusedError, match=r"password authentication failed.*Check user, password") as refused:
        ready_database(wrong)
    gone = settings_for(database_url.set(port=1, password="hunter2"))
    with pytest.raises(DatabaseUnreachableError, match=r"cannot be reached.*Is it running") as unreachable:
        ready_database(gone)
    assert "hunter2" not in f"{refused.value}{unreachable.value}"


def test_the_calendar_has_every_day_once_with_its_season(rows: Rows) -> None:
    days = rows("SELECT * FROM dim_date ORDER BY date_key")
    first = dt.date(2010, 7, 1)
    assert [day["full_date"] for day in days] == [first + dt.timedelta(days=n) for n in range(len(days))]
    assert days[-1]["full_date"] == dt.date(2036, 7, 31)
    for day in days:
        date = day["full_date"]
        assert day["date_key"] == int(f"{date:%Y%m%d}")
        assert (day["day_of_week"], day["day_name"]) == (date.isoweekday(), f"{date:%A}")
        assert (day["day_of_month"], day["month"], day["month_name"]) == (date.day, date.month, f"{date:%B}")
        assert (day["year"], day["quarter"]) == (date.year, (date.month + 2) // 3)
        assert day["is_weekend"] == (date.isoweekday() >= 6)
        assert day["season"] == season_of(date)
        assert day["season_label"] == f"{day['season']}-{(day['season'] + 1) % 100:02}"


@pytest.mark.parametrize(
    ("date", "tournament_round"),
    [
        ("2011-03-15", "First Four"),
        ("2011-04-04", "Championship"),
        ("2013-03-21", "First Round"),
        ("2018-03-31", "Final Four"),
        ("2019-04-08", "Championship"),
        ("2020-03-19", None),
        ("2021-03-16", None),
        ("2021-03-18", "First Four"),
        ("2021-03-30", "Elite Eight"),
        ("2021-04-05", "Championship"),
        ("2022-03-20", "Second Round"),
        ("2024-04-08", "Championship"),
        ("2025-03-28", "Sweet 16"),
        ("2025-03-30", "Elite Eight"),
        ("2025-04-01", None),
        ("2026-03-17", "First Four"),
        ("2026-04-06", "Championship"),
        ("2027-03-15", None),
        ("2027-03-16", "Opening Round"),
        ("2027-03-17", "Opening Round"),
        ("2027-03-18", "First Round"),
        ("2027-04-05", "Championship"),
        ("2036-03-18", "Opening Round"),
    ],
)
def test_tournament_days_are_those_on_which_it_was_played(rows: Rows, date: str, tournament_round: str | None) -> None:
    [day] = rows(f"SELECT tournament_round FROM dim_date WHERE full_date = '{date}'")
    assert day["tournament_round"] == tournament_round


def test_the_head_is_the_migration_with_the_highest_number() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [head_revision()]


def test_upgrading_changes_the_calendar_from_2027_on_and_downgrading_restores_it(database_url: sa.URL) -> None:
    def to(revision: str) -> list[tuple[Any, ...]]:
        config = alembic_config()
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            (command.upgrade if revision == "head" else command.downgrade)(config, revision)
            connection.commit()
            return [tuple(row) for row in connection.execute(sa.text("SELECT * FROM dim_date ORDER BY date_key"))]

    engine = sa.create_engine(psycopg2_url(database_url, "public"))
    with engine.connect() as connection:
        fresh = [tuple(row) for row in connection.execute(sa.text("SELECT * FROM dim_date ORDER BY date_key"))]
    before, upgraded = to("0003"), to("head")
    engine.dispose()
    assert upgraded == fresh
    changed = [(old, new) for old, new in zip(before, upgraded, strict=True) if old != new]
    assert len(changed) == 2 * 10
    assert all(old[0] >= 20270316 and set(old) ^ set(new) == {"First Four", "Opening Round"} for old, new in changed)


def test_march_madness_lasts_from_the_first_four_to_the_championship(rows: Rows) -> None:
    spans = {
        row["year"]: (row["first"], row["last"], row["days"], row["played"])
        for row in rows("""
            SELECT year, min(full_date) AS first, max(full_date) AS last, count(*) AS days,
                count(tournament_round) AS played
            FROM dim_date WHERE is_march_madness GROUP BY year""")
    }
    assert sorted(spans) == [year for year in range(2011, 2037) if year != 2020]
    assert spans[2025] == (dt.date(2025, 3, 18), dt.date(2025, 4, 7), 21, 12)
    assert spans[2021] == (dt.date(2021, 3, 18), dt.date(2021, 4, 5), 19, 11)


def test_the_views_have_the_described_columns(rows: Rows) -> None:
    found: dict[str, dict[str, str]] = {}
    for row in rows("""
        SELECT relname AS view, attname AS name, format_type(atttypid, atttypmod) AS type
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace
        ORDER BY relname, attnum"""):
        found.setdefault(row["view"], {})[row["name"]] = row["type"]
    described = {view.name: {name: column.type for name, column in view.columns.items()} for view in VIEWS}
    assert found == described
    assert {view: list(columns) for view, columns in found.items()} == {
        view: list(columns) for view, columns in described.items()
    }

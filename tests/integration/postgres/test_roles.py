"""Three roles on one database: each can do its own work and nothing else."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import dagster as dg
import psycopg2.extensions
import pytest
import sqlalchemy as sa
from psycopg2 import errors
from support.builders import scoreboard
from support.postgres_servers import settings_for

from pipelines.cli import database as commands
from pipelines.cli.scores import read_scores
from pipelines.errors import ConfigurationError, RolesError
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres.database import migrate, ready_database
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.roles import DAGSTER, PIPELINE, READER, Roles, create_roles, reader_url
from pipelines.postgres.sessions import Database
from pipelines.runtime.heartbeat import daemon_problems
from pipelines.settings import PROJECT, Settings
from pipelines.warehouse.load import load_scoreboard

ROLES = (PIPELINE, DAGSTER, READER)
PASSWORDS = {PIPELINE: "pi/pe@#:1%", DAGSTER: "d'ag\\ster", READER: 're"ad er'}


@pytest.fixture
def no_roles(administrator: sa.Engine, database_url: sa.URL) -> Iterator[None]:
    """Drops the roles before and after, and gives back what they lost: both belong to the server, not to a test."""
    drop_roles(administrator, database_url, *ROLES)
    yield
    drop_roles(administrator, database_url, *ROLES)
    execute(database_url, "GRANT TEMPORARY ON DATABASE postgres TO PUBLIC")


def drop_roles(administrator: sa.Engine, database: sa.URL, *roles: str) -> None:
    for role in roles:
        with administrator.connect() as connection:
            found = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if found:
            execute(database, f"DROP OWNED BY {role} CASCADE", f"DROP ROLE {role}")


@contextmanager
def logged_in(url: sa.URL) -> Iterator[psycopg2.extensions.connection]:
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def execute(url: sa.URL, *statements: str) -> None:
    with logged_in(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def roles(database_url: sa.URL, no_roles: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, sa.URL]:
    """The URL of each role, of a database with the tables of the app and of Dagster."""
    create_roles(database_url, settings_for(database_url, **PASSWORDS), owns_server=True)
    urls = {role: database_url.set(username=role, password=PASSWORDS[role]) for role in ROLES}
    monkeypatch.setenv("DATABASE_URL", urls[PIPELINE].render_as_string(hide_password=False))
    monkeypatch.setenv("DAGSTER_DATABASE_URL", urls[DAGSTER].render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition="2025-02-08"))
    return urls


REFUSED = errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction


FORBIDDEN = {
    PIPELINE: (
        "SELECT * FROM dagster.runs",
        "CREATE TABLE dagster.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "DROP TABLE fact_game",
        "TRUNCATE fact_game",
        "ALTER TABLE fact_game ADD COLUMN mine int",
        "UPDATE gamepulse_schema_version SET version_num = '9999'",
        "CREATE ROLE mine",
    ),
    DAGSTER: (
        "SELECT * FROM public.fact_game",
        "DELETE FROM public.fact_game",
        "SELECT * FROM public.gamepulse_schema_version",
        "CREATE TABLE public.mine (id int)",
        "CREATE ROLE mine",
    ),
    READER: (
        "INSERT INTO rejected_game DEFAULT VALUES",
        "UPDATE fact_game SET home_score = 0",
        "DELETE FROM fact_game",
        "SET default_transaction_read_only = off; DELETE FROM fact_game",
        "CREATE TABLE public.mine (id int)",
        "SELECT * FROM dagster.event_logs",
        "SELECT * FROM pg_authid",
        "BEGIN; LOCK TABLE load_turn IN ACCESS SHARE MODE",
        "BEGIN; LOCK TABLE api_turn IN ACCESS SHARE MODE",
        "SELECT pg_advisory_lock(4617366)",
        "SELECT pg_advisory_xact_lock_shared(1, n) FROM generate_series(1, 1000000) AS n",
        "SET default_transaction_read_only = off; CREATE TEMPORARY TABLE mine (id int)",
        "SET default_transaction_read_only = off; SELECT lo_from_bytea(0, '')",
        "SET temp_file_limit = -1",
    ),
}


@pytest.mark.usefixtures("no_roles")
def test_nothing_is_taken_from_others_but_by_the_advised_statements(database_url: sa.URL) -> None:
    settings = settings_for(database_url, **PASSWORDS)
    reader = database_url.set(username=READER, password=PASSWORDS[READER])
    advice = create_roles(database_url, settings).advice
    with logged_in(reader) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT has_database_privilege(current_database(), 'TEMP')")
        assert cursor.fetchone() == (True,)
    assert all(statement.startswith("REVOKE ") for statement in advice)
    execute(database_url, *advice)
    assert create_roles(database_url, settings) == Roles([*ROLES], [])


HOLDS = (
    "SELECT pg_advisory_lock(4617365), pg_advisory_lock(4617366), pg_advisory_lock(4617367)",
    "LOCK TABLE fact_game, scoreboard, dim_team IN ACCESS SHARE MODE",
    "LOCK TABLE load_turn, api_turn IN ACCESS SHARE MODE",
    "SELECT * FROM fact_game, gamepulse_schema_version",
)


@pytest.mark.usefixtures("no_roles")
@pytest.mark.parametrize("statement", HOLDS)
def test_no_lock_of_the_reader_stops_a_load_a_request_or_a_migration(database_url: sa.URL, statement: str) -> None:
    settings = settings_for(database_url, **PASSWORDS)
    create_roles(database_url, settings)  # the reader still has all rights of PUBLIC
    reader = database_url.set(username=READER, password=PASSWORDS[READER])

    async def load() -> None:
        async with Database(settings) as database, RateLimit(database, 100) as limit, asyncio.timeout(10):
            async with limit.permit():
                pass
            async with database.get_session() as session:
                await load_scoreboard(session, scoreboard("2025-01-10", "2025-01-10 23:00"))

    with logged_in(reader) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        with suppress(errors.InsufficientPrivilege):
            cursor.execute(statement)
        asyncio.run(load())
        migrate(settings)


def test_the_reader_has_a_limit_of_connections_and_settings_of_its_own(roles: dict[str, sa.URL]) -> None:
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(logged_in(roles[READER])) for _ in range(25)]
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"):
            execute(roles[READER], "SELECT 1")
        execute(roles[PIPELINE], "SELECT 1")
        with first.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE source = 'user' ORDER BY name")
            assert dict(cursor.fetchall()) == {
                "default_transaction_read_only": "on",
                "idle_in_transaction_session_timeout": "300000",
                "statement_timeout": "300000",
                "temp_file_limit": "1048576",
                "TimeZone": "America/New_York",
            }


def test_the_reader_can_use_what_only_reads_games(roles: dict[str, sa.URL]) -> None:
    url = ready_database(settings_for(roles[READER]))
    assert read_scores(url, dt.date(2025, 2, 8)).games == []


def test_no_role_can_do_what_is_not_its_work(roles: dict[str, sa.URL]) -> None:
    for role, statements in FORBIDDEN.items():
        for statement in statements:
            with logged_in(roles[role]) as connection, connection.cursor() as cursor, pytest.raises(REFUSED):
                cursor.execute(statement)


def test_each_role_can_do_its_work(roles: dict[str, sa.URL]) -> None:
    execute(
        roles[PIPELINE],
        "INSERT INTO dim_date SELECT * FROM dim_date ON CONFLICT DO NOTHING",
        "UPDATE fact_game SET home_score = 0",
        "DELETE FROM rejected_game",
    )
    assert ready_database(Settings()) == roles[PIPELINE]
    with logged_in(roles[READER]) as connection, connection.cursor() as cursor:
        for table in ("dim_date", "dim_team", "fact_game", "scoreboard", "rejected_game"):
            cursor.execute(f"SELECT count(*) FROM {table}")
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.upgrade()
        assert instance.get_materialized_partitions(dg.AssetKey("ncaa_games")) == {"2025-02-08"}


def test_running_again_changes_passwords_and_nothing_that_a_person_set(
    database_url: sa.URL, roles: dict[str, sa.URL]
) -> None:
    migrate(settings_for(database_url))
    changed = f"ALTER ROLE {READER} CONNECTION LIMIT 99", f"ALTER ROLE {READER} SET statement_timeout = '1h'"
    execute(database_url, *changed)
    assert create_roles(database_url, settings_for(database_url, **PASSWORDS)).names == [*ROLES]
    with logged_in(roles[READER]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolconnlimit, current_setting('statement_timeout') FROM pg_roles WHERE rolname = USER")
        assert cursor.fetchone() == (99, "1h")
    for url in roles.values():
        execute(url, "SELECT 1")
    create_roles(database_url, settings_for(database_url, **PASSWORDS | {READER: "new"}))
    execute(roles[READER].set(password="new"), "SELECT 1")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        execute(roles[READER], "SELECT 1")


@pytest.mark.usefixtures("no_roles")
def test_dagsters_older_tables_become_its_own(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition="2025-02-08"))
    create_roles(database_url, settings_for(database_url, **PASSWORDS))
    url = database_url.set(username=DAGSTER, password=PASSWORDS[DAGSTER])
    monkeypatch.setenv("DAGSTER_DATABASE_URL", url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition="2025-02-09"))
        partitions = instance.get_materialized_partitions(dg.AssetKey("ncaa_games"))
    assert partitions == {"2025-02-08", "2025-02-09"}


@pytest.mark.usefixtures("no_roles")
def test_dagsters_tables_are_its_own_after_the_administrators_first_migrate(
    new_database: Callable[..., sa.URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    for role, password in PASSWORDS.items():
        monkeypatch.setenv(f"{role.upper()}_PASSWORD", password)
    commands.migrate()
    login = url.set(username=DAGSTER, password=PASSWORDS[DAGSTER])
    monkeypatch.setenv("DAGSTER_DATABASE_URL", login.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition="2025-02-08"))
        instance.upgrade()


@pytest.mark.usefixtures("no_roles")
def test_without_passwords_there_are_no_roles_and_with_some_the_others_are_required(
    database_url: sa.URL, administrator: sa.Engine
) -> None:
    assert create_roles(database_url, settings_for(database_url)) == Roles([], [])
    with pytest.raises(RolesError, match="set GAMEPULSE_DAGSTER_PASSWORD, GAMEPULSE_READER_PASSWORD as well"):
        create_roles(database_url, settings_for(database_url, **{PIPELINE: "x"}))
    with administrator.connect() as connection:
        query = sa.text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'gamepulse_%'")
        assert connection.scalars(query).all() == []


@pytest.fixture
def owner(
    new_database: Callable[..., sa.URL], administrator: sa.Engine, database_url: sa.URL
) -> Iterator[Callable[..., sa.URL]]:
    """A database that belongs to a role without superuser rights and was migrated by it."""
    name = "test_owner"
    made: list[sa.URL] = []

    def make(attributes: str) -> sa.URL:
        url = new_database()
        made.append(url)
        execute(
            url,
            f"CREATE ROLE {name} LOGIN PASSWORD 'owner' {attributes}",
            f'ALTER DATABASE "{url.database}" OWNER TO {name}',
        )
        owned = url.set(username=name, password="owner")
        migrate(settings_for(owned))
        return owned

    yield make
    for url in made:
        drop_roles(administrator, url, *ROLES)
        execute(url, f"REASSIGN OWNED BY {name} TO CURRENT_USER", f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.mark.usefixtures("no_roles")
def test_an_owner_with_createrole_needs_no_superuser(owner: Callable[..., sa.URL]) -> None:
    url = owner("CREATEROLE")
    for _ in range(2):
        migrate(settings_for(url))
        advice = create_roles(url, settings_for(url, **PASSWORDS), owns_server=True).advice
        # Which only a superuser sets, and of another database only its owner revokes.
        assert advice[0] == f"ALTER ROLE {READER} SET temp_file_limit = '1GB'"
        assert "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC" in advice
        assert f"REVOKE TEMPORARY ON DATABASE {url.database} FROM PUBLIC" not in advice
    execute(url.set(username=DAGSTER, password=PASSWORDS[DAGSTER]), "CREATE TABLE dagster.mine (id int)")
    execute(url.set(username=READER, password=PASSWORDS[READER]), "SELECT * FROM fact_game")


@pytest.mark.usefixtures("no_roles")
def test_an_owner_without_createrole_gets_the_statements_for_the_administrator(
    owner: Callable[..., sa.URL], database_url: sa.URL
) -> None:
    url = owner("")
    with pytest.raises(RolesError, match="test_owner may not create the roles") as refused:
        create_roles(url, settings_for(url, **PASSWORDS))
    message = str(refused.value)
    assert not any(password in message for password in PASSWORDS.values())
    statements = [line for line in message.splitlines() if line.endswith(";")]
    assert len(statements) == 10

    administrators = database_url.set(database=url.database)
    execute(administrators, *statements)
    for role in ROLES:  # as psql's \password does
        execute(administrators, "SET password_encryption = 'scram-sha-256'")
        quoted = PASSWORDS[role].replace("'", "''")
        execute(administrators, f"ALTER ROLE {role} PASSWORD '{quoted}'")
    migrate(settings_for(url))
    assert create_roles(url, settings_for(url, **PASSWORDS)).names == [*ROLES]
    execute(url.set(username=READER, password=PASSWORDS[READER]), "SELECT * FROM fact_game")
    execute(url.set(username=DAGSTER, password=PASSWORDS[DAGSTER]), "CREATE TABLE dagster.mine (id int)")


def test_no_password_reaches_a_statement(database_url: sa.URL, roles: dict[str, sa.URL]) -> None:
    with logged_in(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'gamepulse_%'")
        assert all(hashed.startswith("SCRAM-SHA-256$") for (hashed,) in cursor.fetchall())


def test_a_url_without_a_password_and_a_password_in_a_file_log_in(
    roles: dict[str, sa.URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, role in {"DATABASE_URL": PIPELINE, "DAGSTER_DATABASE_URL": DAGSTER}.items():
        secret = tmp_path / role
        secret.write_text(PASSWORDS[role] + "\n")
        monkeypatch.setenv(f"{role.upper()}_PASSWORD_FILE", str(secret))
        monkeypatch.setenv(variable, str(roles[role]._replace(password=None)))
    assert ready_database(Settings()) == roles[PIPELINE]
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        assert instance.get_materialized_partitions(dg.AssetKey("ncaa_games")) == {"2025-02-08"}
    # The health check reads the environment by itself.
    assert [problem.cause for problem in daemon_problems()] == ["daemon"]

    # Of any other user, such as the owner.
    monkeypatch.delenv("GAMEPULSE_PIPELINE_PASSWORD_FILE")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / PIPELINE))
    assert ready_database(Settings()) == roles[PIPELINE]

    monkeypatch.setenv("GAMEPULSE_PIPELINE_PASSWORD_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ConfigurationError, match=r"GAMEPULSE_PIPELINE_PASSWORD_FILE names .* cannot be read"):
        Settings()


def test_the_embedded_server_makes_the_reader_by_itself(tmp_path: Path) -> None:
    settings = Settings(database_url=None, gamepulse_home=tmp_path)
    try:
        for simulate in (False, True):
            url = migrate(settings.model_copy(update={"gamepulse_simulate": simulate}))
            first = reader_url(url, settings)
            assert (first.username, first.database) == (READER, url.database)
            assert reader_url(url, settings) == first
            with logged_in(first) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM fact_game JOIN unresolved_game USING (game_id)")
                with pytest.raises(errors.ReadOnlySqlTransaction):
                    cursor.execute("DELETE FROM fact_game")
        password = settings.embedded_home / "reader-password"
        assert password.stat().st_mode & 0o077 == 0
        password.unlink()
        assert reader_url(url, settings).password != first.password
    finally:
        EmbeddedPostgres(settings.embedded_home).stop()


def test_another_server_needs_the_password_of_the_reader(settings: Settings, database_url: sa.URL) -> None:
    with pytest.raises(ConfigurationError, match="set GAMEPULSE_READER_PASSWORD"):
        reader_url(database_url, settings)

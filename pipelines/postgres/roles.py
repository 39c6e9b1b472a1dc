"""Creates the three database roles: the pipeline writes the tables, Dagster owns its schema, the application reads.

A deployment enables them by setting their passwords. Without passwords one role does everything; the embedded
server has the reader besides.
"""

from typing import Final, NamedTuple

import psycopg2.extensions
import sqlalchemy as sa
from psycopg2 import errorcodes
from pydantic import SecretStr
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from models.archive import ARCHIVE_SCHEMA, ARCHIVE_TABLE_NAMES
from models.migrations import VERSION_TABLE
from models.tables import TABLE_NAMES
from models.turns import TURN_NAMES
from models.views import VIEW_NAMES
from pipelines.errors import ConfigurationError, RolesError
from pipelines.postgres.database import DAGSTER_SCHEMA, connect, take_migration_turn
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.settings import Settings

PIPELINE: Final = "gamepulse_pipeline"
DAGSTER: Final = "gamepulse_dagster"
READER: Final = "gamepulse_reader"

_CREATE: Final = {role: f"CREATE ROLE {role} LOGIN" for role in (PIPELINE, DAGSTER, READER)}
_GIVE_SCHEMA: Final = f"ALTER SCHEMA {DAGSTER_SCHEMA} OWNER TO {DAGSTER}"
# Tables that Dagster created while it logged in as another role.
_GIVE_TABLES: Final = f"""
    DO $$
    DECLARE
        stray regclass;
    BEGIN
        FOR stray IN
            SELECT oid FROM pg_class
            WHERE relnamespace = '{DAGSTER_SCHEMA}'::regnamespace
                AND relkind = 'r'
                AND relowner <> '{DAGSTER}'::regrole
        LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO {DAGSTER}', stray);
        END LOOP;
    END
    $$
"""  # noqa: S608
_READER_GRANTS: Final = (
    f"GRANT USAGE ON SCHEMA public TO {READER}",
    f"GRANT SELECT ON {', '.join((*TABLE_NAMES, *VIEW_NAMES, VERSION_TABLE))} TO {READER}",
)
_GRANTS: Final = (
    f"GRANT USAGE ON SCHEMA public TO {PIPELINE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLE_NAMES)} TO {PIPELINE}",
    f"GRANT UPDATE ON {', '.join(TURN_NAMES)} TO {PIPELINE}",
    f"GRANT SELECT ON {', '.join((*VIEW_NAMES, VERSION_TABLE))} TO {PIPELINE}",
    *_READER_GRANTS,
    f"GRANT USAGE ON SCHEMA {ARCHIVE_SCHEMA} TO {PIPELINE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(ARCHIVE_TABLE_NAMES)} TO {PIPELINE}",
)
_READER_LIMIT: Final = f"ALTER ROLE {READER} CONNECTION LIMIT 25"
_SETTINGS: Final = {
    "default_transaction_read_only": "on",
    # CURRENT_DATE is then the date by which games are listed.
    "timezone": "America/New_York",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "5min",
    # Unlike the others, the reader cannot change it.
    "temp_file_limit": "1GB",
}
_READER_SETTINGS: Final = {name: f"ALTER ROLE {READER} SET {name} = '{value}'" for name, value in _SETTINGS.items()}
_HAS_LIMIT: Final = sa.text("SELECT rolconnlimit <> -1 FROM pg_roles WHERE rolname = :role")
_SET_ALREADY: Final = sa.text("""
    SELECT lower(split_part(setting, '=', 1))
    FROM pg_db_role_setting, unnest(setconfig) AS setting
    WHERE setrole = CAST(:role AS regrole) AND setdatabase = 0
""")
# What every role may do from the beginning, and by which the reader could fill the disk or the memory for locks.
_OPEN_WALLS: Final = sa.text(r"""
    SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', datname)
    FROM pg_database
    WHERE datallowconn AND has_database_privilege(:role, oid, 'CONNECT') AND has_database_privilege(:role, oid, 'TEMP')
    UNION ALL
    SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'
    WHERE has_schema_privilege(:role, 'public', 'CREATE')
    UNION ALL
    SELECT 'REVOKE EXECUTE ON FUNCTION ' || string_agg(CAST(CAST(oid AS regprocedure) AS text), ', ') || ' FROM PUBLIC'
    FROM pg_proc
    WHERE pronamespace = CAST('pg_catalog' AS regnamespace)
        AND (
            proname ~ '^pg_(try_)?advisory_(xact_)?lock'
            OR proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite')
        )
        AND has_function_privilege(:role, oid, 'EXECUTE')
    HAVING count(*) > 0
""")


class Roles(NamedTuple):
    """What `create_roles` did."""

    names: list[str]
    """The roles that exist now; none when no password is set."""
    advice: list[str]
    """Statements that limit the reader further, for an administrator to run."""


def create_roles(url: URL, settings: Settings, *, owns_server: bool = False) -> Roles:
    """Creates the roles of a migrated database with the passwords of the settings, their privileges and their limits.

    Idempotent; running it again changes the passwords, and keeps a limit that an administrator has changed. Rights that
    every role of the server has are taken from PUBLIC only if `owns_server` says that it serves GamePulse alone.

    Raises:
        RolesError: only some passwords are set, or `url` may not create roles. The message then contains the
            statements an administrator must run.
    """
    passwords = settings.role_passwords
    if not passwords:
        return Roles([], [])
    missing = [role for role in _CREATE if role not in passwords]
    if missing:
        names = ", ".join(f"{role.upper()}_PASSWORD" for role in missing)
        raise RolesError(f"Some roles of the database have a password and some have none: set {names} as well.")
    with connect(url) as connection:
        take_migration_turn(connection)
        query = "SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)"
        existing = set(connection.scalars(sa.text(query), {"roles": [*_CREATE]}))
        try:
            if _can_create_roles(connection):
                _make_roles(connection, passwords, existing)
            elif existing != set(_CREATE) or not _dagster_owns_its_schema(connection):
                raise RolesError(_for_administrator(url, existing))
            for grant in _GRANTS:
                connection.execute(sa.text(grant))
        except DBAPIError as error:
            if _is_refused(error):
                raise RolesError(_for_administrator(url, existing)) from None
            raise
        _execute_allowed(connection, _missing_limits(connection))
        if owns_server:
            _execute_allowed(connection, _open_walls(connection))
        # Asked again, because a REVOKE that may not revoke is a warning and no error.
        advice = _missing_limits(connection) + _open_walls(connection)
        connection.commit()
    return Roles([*_CREATE], advice)


def give_tables_to_dagster(url: URL) -> None:
    """Gives Dagster's tables that another login created to Dagster's role, which exists. Idempotent."""
    with connect(url) as connection:
        connection.execute(sa.text(_GIVE_TABLES))
        connection.commit()


def reader_url(url: URL, settings: Settings) -> URL:
    """Returns the URL with which an application or a notebook only reads the tables of a migrated database.

    On the embedded server it first creates the role, or gives it the privileges and limits that it lacks.

    Raises:
        ConfigurationError: the password of the role is unknown.
        DatabaseError: the role cannot be created, or cannot log in.
    """
    password = settings.gamepulse_reader_password
    if password is None and settings.database_url is None:
        with connect(url) as connection:
            take_migration_turn(connection)
            password = SecretStr(EmbeddedPostgres(settings.embedded_home).reader_password())
            exists = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": READER})
            _make_role(connection, READER, password, exists=bool(exists))
            for statement in (*_READER_GRANTS, *_missing_limits(connection), *_open_walls(connection)):
                connection.exec_driver_sql(statement)
            connection.commit()
    if password is None:
        raise ConfigurationError(
            f"The password of {READER} is unknown: set GAMEPULSE_READER_PASSWORD, or GAMEPULSE_READER_PASSWORD_FILE."
        )
    reader = url.set(username=READER, password=password.get_secret_value())
    with connect(reader):
        return reader


def _make_role(connection: Connection, role: str, password: SecretStr, *, exists: bool) -> None:
    if not exists:
        connection.execute(sa.text(_CREATE[role]))
    # Hashed on the client, like psql's \password: a password in a statement would appear in the server's log.
    secret = psycopg2.extensions.encrypt_password(
        password.get_secret_value(), role, connection.connection.driver_connection, "scram-sha-256"
    )
    connection.exec_driver_sql(f"ALTER ROLE {role} LOGIN PASSWORD '{secret}'")


def _make_roles(connection: Connection, passwords: dict[str, SecretStr], existing: set[str]) -> None:
    for role in _CREATE:
        _make_role(connection, role, passwords[role], exists=role in existing)
    if not _is_superuser(connection):
        # Only a member of a role may transfer ownership to it.
        connection.execute(sa.text(f"GRANT {DAGSTER} TO CURRENT_USER"))
    connection.execute(sa.text(_GIVE_SCHEMA))
    connection.execute(sa.text(_GIVE_TABLES))


def _missing_limits(connection: Connection) -> list[str]:
    """Returns the statements of the reader's limits that have no value yet; an administrator's value stays."""
    has_limit = connection.scalar(_HAS_LIMIT, {"role": READER})
    limit = [] if has_limit else [_READER_LIMIT]
    set_already = set(connection.scalars(_SET_ALREADY, {"role": READER}))
    return limit + [statement for name, statement in _READER_SETTINGS.items() if name not in set_already]


def _open_walls(connection: Connection) -> list[str]:
    return list(connection.scalars(_OPEN_WALLS, {"role": READER}))


def _execute_allowed(connection: Connection, statements: list[str]) -> None:
    """Executes statements, except those that this login may not execute, as on a managed database."""
    for statement in statements:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if not _is_refused(error):
                raise


def _is_refused(error: DBAPIError) -> bool:
    return getattr(error.orig, "pgcode", None) == errorcodes.INSUFFICIENT_PRIVILEGE


def _can_create_roles(connection: Connection) -> bool:
    query = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    return bool(connection.scalar(sa.text(query)))


def _is_superuser(connection: Connection) -> bool:
    return bool(connection.scalar(sa.text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")))


def _dagster_owns_its_schema(connection: Connection) -> bool:
    query = "SELECT nspowner = CAST(:role AS regrole) FROM pg_namespace WHERE nspname = :schema"
    return bool(connection.scalar(sa.text(query), {"role": DAGSTER, "schema": DAGSTER_SCHEMA}))


def _for_administrator(url: URL, existing: set[str]) -> str:
    lines = [
        f"{url.username} may not create the roles of GamePulse. Have an administrator of database {url.database!r} run "
        "this in psql, which asks for each password, and then migrate again:",
        "",
    ]
    for role, statement in _CREATE.items():
        if role not in existing:
            lines += [f"{statement};", f"\\password {role}"]
    statements = (_READER_LIMIT, *_READER_SETTINGS.values(), _GIVE_SCHEMA)
    return "\n".join([*lines, *(f"{statement};" for statement in statements)])

"""Creates the three database roles: the pipeline writes the tables, Dagster owns its schema, the application reads.

A deployment enables them by setting their passwords. Without passwords one role does everything.
"""

from typing import Final

import psycopg2.extensions
import sqlalchemy as sa
from psycopg2 import errorcodes
from pydantic import SecretStr
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from models.migrations import VERSION_TABLE
from models.tables import TABLE_NAMES
from models.views import VIEW_NAMES
from pipelines.errors import RolesError
from pipelines.postgres.database import DAGSTER_SCHEMA, MIGRATION_LOCK, connect
from pipelines.settings import Settings

PIPELINE: Final = "gamepulse_pipeline"
DAGSTER: Final = "gamepulse_dagster"
READER: Final = "gamepulse_reader"

_CREATE: Final = {role: f"CREATE ROLE {role} LOGIN" for role in (PIPELINE, DAGSTER, READER)}
_GIVE_SCHEMA: Final = f"ALTER SCHEMA {DAGSTER_SCHEMA} OWNER TO {DAGSTER}"
_READ_ONLY: Final = f"ALTER ROLE {READER} SET default_transaction_read_only = on"
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
_GRANTS: Final = (
    f"GRANT USAGE ON SCHEMA public TO {PIPELINE}, {READER}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLE_NAMES)} TO {PIPELINE}",
    f"GRANT SELECT ON {VERSION_TABLE} TO {PIPELINE}, {READER}",
    f"GRANT SELECT ON {', '.join(VIEW_NAMES)} TO {PIPELINE}",
    f"GRANT SELECT ON {', '.join((*TABLE_NAMES, *VIEW_NAMES))} TO {READER}",
)


def create_roles(url: URL, settings: Settings) -> list[str]:
    """Creates the roles of a migrated database with the passwords of the settings and their privileges.

    Returns the roles' names; none when no password is set. Idempotent; running it again changes the passwords.

    Raises:
        RolesError: only some passwords are set, or `url` may not create roles. The message then contains the
            statements an administrator must run.
    """
    passwords = settings.role_passwords
    if not passwords:
        return []
    missing = [role for role in _CREATE if role not in passwords]
    if missing:
        names = ", ".join(f"{role.upper()}_PASSWORD" for role in missing)
        raise RolesError(f"Some roles of the database have a password and some have none: set {names} as well.")
    with connect(url) as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
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
            if getattr(error.orig, "pgcode", None) == errorcodes.INSUFFICIENT_PRIVILEGE:
                raise RolesError(_for_administrator(url, existing)) from None
            raise
        connection.commit()
    return [*_CREATE]


def _make_roles(connection: Connection, passwords: dict[str, SecretStr], existing: set[str]) -> None:
    for role, statement in _CREATE.items():
        if role not in existing:
            connection.execute(sa.text(statement))
        # Hashed on the client, like psql's \password: a password in a statement would appear in the server's log.
        secret = psycopg2.extensions.encrypt_password(
            passwords[role].get_secret_value(), role, connection.connection.driver_connection, "scram-sha-256"
        )
        connection.exec_driver_sql(f"ALTER ROLE {role} LOGIN PASSWORD '{secret}'")
    connection.execute(sa.text(_READ_ONLY))
    if not _is_superuser(connection):
        # Only a member of a role may transfer ownership to it.
        connection.execute(sa.text(f"GRANT {DAGSTER} TO CURRENT_USER"))
    connection.execute(sa.text(_GIVE_SCHEMA))
    connection.execute(sa.text(_GIVE_TABLES))


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
    return "\n".join([*lines, f"{_READ_ONLY};", f"{_GIVE_SCHEMA};"])

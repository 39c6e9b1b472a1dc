"""The commands about the database itself: `gamepulse down`, `migrate`, `psql` and `url`."""

import os
import shutil
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import URL

from models.migrations import head_revision
from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.cli.processes import stop_all
from pipelines.errors import ConfigurationError
from pipelines.postgres import database
from pipelines.postgres.advice import warnings
from pipelines.postgres.binaries import find_binaries
from pipelines.postgres.dumps import dump_version
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.roles import create_roles, give_tables_to_dagster, reader_url
from pipelines.postgres.url import describe, libpq_text
from pipelines.settings import Settings

_TLS_ONLY: Final = {"require", "verify-ca", "verify-full"}


def down() -> None:
    """Stop everything of this state folder: gamepulse up, and the embedded database server, which outlives it.

    Example: gamepulse down

    Exit codes: 0 all is stopped, or was not running; 1 the database server could not be stopped.
    """
    settings = Settings()
    if stop_all(settings.gamepulse_home.resolve()):
        say("`gamepulse up` and its processes are stopped.")
    stopped = EmbeddedPostgres(settings.embedded_home).stop()
    say("The database server is stopped." if stopped else "No database server of this project was running.")


def migrate(
    simulate: Simulate = False,
    own_server: Annotated[
        bool,
        typer.Option("--own-server", help="The server is GamePulse's alone: take rights from PUBLIC."),
    ] = False,
) -> None:
    """Migrate the tables of the app and of Dagster, and create the database roles.

    Teams that were loaded under an old slug are merged with the same school's under its slug of today.

    Example: DATABASE_URL=postgresql://me@db.example.org/games gamepulse migrate

    Exit codes: 0 tables and roles are as this version needs them; 1 the database cannot be used, or has other tables
    of the same names.
    """
    from pipelines.runtime.instance import open_instance
    from pipelines.warehouse.merge_teams import merge_teams

    settings = Settings()
    url = database.migrate(settings)
    with database.connect(url) as connection:
        merged = merge_teams(connection)
        connection.commit()
    roles = create_roles(url, settings, owns_server=own_server or settings.database_url is None)
    with open_instance() as instance:
        instance.upgrade()
    if roles.names and settings.dagster_database_url is None:  # this login has created Dagster's tables
        give_tables_to_dagster(url)
    say(f"Database {describe(url)} is at revision {head_revision()}; Dagster's tables are up to date.")
    if merged:
        seasons = "1 team season that was" if merged == 1 else f"{merged} team seasons that were"
        say(f"Merged {seasons} loaded under an old slug.")
    if roles.names:
        say(f"Roles: {', '.join(roles.names)}.")
    for sentence in warnings(url, settings):
        say(f"Warning: {sentence}", err=True)
    if roles.advice:
        say(
            "Warning: gamepulse_reader has rights with which it can fill the disk or hold up the server. Have an "
            "administrator run this in the database, or migrate with --own-server if it is GamePulse's alone:\n"
            + "\n".join(f"{statement};" for statement in roles.advice),
            err=True,
        )


def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed to psql.")] = None,
    simulate: Simulate = False,
) -> None:
    """Open psql on the database in use.

    Example: gamepulse psql -- -c 'SELECT count(*) FROM fact_game'

    Exit codes: psql's own; 1 the database cannot be used.
    """
    settings = Settings()
    url = database.ready_database(settings)
    program = str(find_program("psql", settings, url))
    if url.password:
        os.environ["PGPASSWORD"] = url.password  # a process list shows arguments to everybody
    os.execv(program, [program, libpq_text(url, hide_password=True), *(arguments or [])])  # noqa: S606


def url(
    simulate: Simulate = False,
    reader: Annotated[
        bool, typer.Option("--reader", help="Log in as gamepulse_reader, which only reads the tables.")
    ] = False,
) -> None:
    """Print the URL of the database in use, with its password, for a notebook, an application or a database client.

    Example: DATABASE_URL=$(gamepulse url --reader) python report.py

    Exit codes: 0 the URL works; 1 the database cannot be used, or the password of gamepulse_reader is unknown.
    """
    settings = Settings()
    found = database.ready_database(settings)
    say(libpq_text(reader_url(found, settings) if reader else found))


def find_program(name: str, settings: Settings, url: URL) -> Path:
    """Returns the path of a client: the embedded server's own, or for another server the one on PATH, which knows TLS.

    Raises:
        ConfigurationError: the URL requires TLS, and only the embedded server's programs are installed.
    """
    on_path = shutil.which(name) if settings.database_url is not None else None
    if on_path is None and _requires_tls(url):
        raise ConfigurationError(
            f"Database {describe(url)} requires TLS, which the {name} of the embedded server does not have: "
            f"install PostgreSQL's own {name}."
        )
    return Path(on_path) if on_path is not None else find_binaries(None) / name


def find_dump_programs(settings: Settings, url: URL) -> Path:
    """Returns the folder of the newest pg_dump: one that is older than the server, or than a backup, cannot read it.

    Raises:
        ConfigurationError: the URL requires TLS, and only the embedded server's programs are installed.
    """
    found = find_program("pg_dump", settings, url)
    if not _requires_tls(url):
        found = max(found, find_binaries(None) / "pg_dump", key=dump_version)
    return found.parent


def _requires_tls(url: URL) -> bool:
    return bool({url.query.get("sslmode"), url.query.get("channel_binding")} & _TLS_ONLY)

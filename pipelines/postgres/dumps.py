"""Backups of the database: made, verified and restored by PostgreSQL's own programs.

A backup is one file in the custom format of `pg_dump`. It contains the tables of the app, the archive of raw answers
unless told otherwise, and the tables of Dagster where they are in the same database and the login may read them.
"""

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import URL, Connection

from models.archive import ARCHIVE_SCHEMA, ARCHIVE_TABLE_NAMES
from models.migrations import VERSION_TABLE, head_revision
from models.tables import TABLE_NAMES
from models.turns import TURN_NAMES
from models.views import VIEW_NAMES
from pipelines.errors import BackupError
from pipelines.postgres.database import (
    DAGSTER_SCHEMA,
    connect,
    create_database,
    database_url,
    drop_database,
    locate_database,
)
from pipelines.postgres.url import describe, libpq_text
from pipelines.settings import Settings

_OURS: Final = (*TABLE_NAMES, *TURN_NAMES, *VIEW_NAMES, VERSION_TABLE)
_VERSION: Final = f"public.{VERSION_TABLE}"
_COPY: Final = re.compile(rb"COPY (\S+) .*FROM stdin;\n")
# Relations of GamePulse and of Dagster; a sequence belongs to a table.
_RELATIONS: Final = """
    WITH named AS (
        SELECT pg_class.oid, nspname, relname, relkind
        FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname IN (:dagster, :archive) OR nspname = 'public' AND relname = ANY(:ours)
    ),
    relation AS (
        SELECT oid, nspname, relname, relkind
        FROM named
        UNION
        SELECT pg_class.oid, nspname, pg_class.relname, pg_class.relkind
        FROM named
        JOIN pg_depend ON refobjid = named.oid AND deptype IN ('a', 'i')
        JOIN pg_class ON pg_class.oid = objid AND pg_class.relkind = 'S'
    )
"""
_READABLE: Final = sa.text(f"""
    {_RELATIONS}
    SELECT nspname, relname, relkind, has_schema_privilege(nspname, 'USAGE') AND has_table_privilege(oid, 'SELECT')
    FROM relation
    WHERE relkind IN ('r', 'v', 'S')
    ORDER BY nspname, relname
""")  # noqa: S608
# What another application keeps in the same database.
_FOREIGN: Final = sa.text(f"""
    {_RELATIONS}
    SELECT format('--exclude-schema=%I', nspname)
    FROM pg_namespace
    WHERE nspname NOT IN ('public', :dagster, :archive) AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    UNION ALL
    SELECT format('--exclude-table=public.%I', relname)
    FROM pg_class
    WHERE relnamespace = CAST('public' AS regnamespace)
        AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND oid NOT IN (SELECT oid FROM relation)
""")  # noqa: S608
_DUMP: Final = (
    "--format=custom",
    "--lock-wait-timeout=60s",
    "--no-publications",
    "--no-subscriptions",
)
_PSQL: Final = ("--no-psqlrc", "--quiet", "--output=/dev/null", "--single-transaction", "--set=ON_ERROR_STOP=1")
# pg_restore 17 and newer send it to older servers too, which do not know it.
_UNKNOWN_BEFORE_17: Final = b"SET transaction_timeout = 0;\n"
_NAMES: Final = {"dagster": DAGSTER_SCHEMA, "archive": ARCHIVE_SCHEMA, "ours": [*_OURS]}


class Dump(NamedTuple):
    """The content of a backup."""

    rows: dict[str, int]
    """Number of rows by table: `public.fact_game`, `dagster.runs`."""
    revision: str
    """Of the app's tables."""

    @property
    def has_dagster(self) -> bool:
        """Whether it contains Dagster's tables: the history of runs, and which dates the UI shows as loaded."""
        return any(table.startswith(f"{DAGSTER_SCHEMA}.") for table in self.rows)


class Restored(NamedTuple):
    """What `restore` did."""

    dump: Dump
    url: URL
    former: str | None
    """Name of the database that was in its place; None when there was none, or an empty one."""


def dump_version(program: Path) -> int:
    """Returns the major version of a `pg_dump`."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(answer.split()[2].split(".")[0])  # pg_dump (PostgreSQL) 18.6


class Programs:
    """PostgreSQL's programs that make and read backups."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def dump(self, url: URL, file: Path, *, has_archive: bool = True) -> Dump:
        """Writes a backup to `file` and compares it with the database as it was when the backup began.

        Without the archive it has the archive's tables, and they are empty.

        Raises:
            BackupError: the server is too new, the login may not read a table, or `file` lacks something.
            DatabaseError: the database cannot be used.
        """
        with connect(url) as connection:
            version = self._require_version(connection, url)
            connection.rollback()
            connection.execution_options(isolation_level="REPEATABLE READ")
            snapshot = connection.scalar(sa.text("SELECT pg_export_snapshot()"))
            tables = _readable_tables(connection, url)
            excluded = [*connection.scalars(_FOREIGN, _NAMES)]
            if not has_archive:
                tables = [table for table in tables if table not in ARCHIVE_TABLE_NAMES]
                excluded.append(f"--exclude-table-data={ARCHIVE_SCHEMA}.*")
            rows = {table: _count(connection, table) for table in tables}
            if not any(table.startswith(f"{DAGSTER_SCHEMA}.") for table in tables):
                excluded.append(f"--exclude-schema={DAGSTER_SCHEMA}")
            if version >= 17:  # earlier ones do not know the option
                excluded.append("--exclude-extension=*")
            self._run_pg_dump(url, *_DUMP, f"--file={file}", f"--snapshot={snapshot}", *excluded)
        dump = self.read(file)
        for table in {**rows, **dump.rows}:
            if rows.get(table) != dump.rows.get(table):
                raise BackupError(
                    f"The backup has {dump.rows.get(table)} rows of {table}, database {describe(url)} had "
                    f"{rows.get(table)}: check the disk of {file.parent}, and make the backup again."
                )
        return dump

    def read(self, file: Path) -> Dump:
        """Reads all of a backup: its table of contents is at its beginning and does not tell that the end is missing.

        Raises:
            BackupError: the file is damaged, or no backup of this project.
        """
        rows: dict[str, int] = {}
        revision = None
        table = None
        command: list[str | Path] = [self._folder / "pg_restore", "--file=-", file]
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,  # noqa: S603
        ):
            assert process.stdout is not None
            for line in process.stdout:
                if table is None:
                    if (copy := _COPY.fullmatch(line)) is not None:
                        table = copy[1].decode()
                        rows[table] = 0
                elif line == b"\\.\n":
                    table = None
                else:
                    rows[table] += 1
                    if table == _VERSION:
                        revision = line.decode().strip()
            process.wait()
            errors.seek(0)
            reason = errors.read().decode(errors="replace").strip()
        if process.returncode != 0:
            raise BackupError(f"{file} is damaged, or not a backup: {reason}. Use another backup.")
        if revision is None:
            raise BackupError(f"{file} is not a backup of GamePulse: it has no rows of {_VERSION}.")
        return Dump(rows, revision)

    def restore(self, url: URL, file: Path, dump: Dump) -> None:
        """Restores a backup into an empty database, in one transaction, and compares the counts.

        Raises:
            BackupError: psql failed, or the rows are not those of the backup.
            DatabaseError: the database cannot be used.
        """
        self._run_psql(url, file)
        with connect(url) as connection:
            for table, expected in dump.rows.items():
                if (found := _count(connection, table)) != expected:
                    raise BackupError(f"{file} has {expected} rows of {table}, {describe(url)} has {found} of them.")
            connection.rollback()
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))

    def _require_version(self, connection: Connection, url: URL) -> int:
        """Returns the major version of pg_dump, which must not be older than the server's."""
        server = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one()) // 10000
        program = self._folder / "pg_dump"
        version = dump_version(program)
        if version < server:
            raise BackupError(
                f"Database {describe(url)} is PostgreSQL {server}, newer than {program} ({version}): put the programs "
                f"of PostgreSQL {server} on PATH."
            )
        return version

    def _run_pg_dump(self, url: URL, *options: str) -> None:
        ended = subprocess.run(  # noqa: S603
            self._command("pg_dump", url, *options),
            env=_environment(url),
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise BackupError(f"pg_dump failed on database {describe(url)}: {ended.stderr.strip()}")

    def _run_psql(self, url: URL, file: Path) -> None:
        """Hands psql the statements of a backup, of which pg_restore itself would send one that old servers refuse."""
        reader: list[str | Path] = [self._folder / "pg_restore", "--no-owner", "--no-privileges", "--file=-", file]
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=errors) as source,  # noqa: S603
            subprocess.Popen(  # noqa: S603
                self._command("psql", url, *_PSQL), stdin=subprocess.PIPE, stderr=errors, env=_environment(url)
            ) as target,
        ):
            assert source.stdout is not None
            assert target.stdin is not None
            try:
                target.stdin.writelines(line for line in source.stdout if line != _UNKNOWN_BEFORE_17)
                if source.wait() != 0:
                    target.kill()  # it would commit at the end of its input
                target.stdin.close()
            except BrokenPipeError:  # psql ended and says why
                source.kill()
                with contextlib.suppress(BrokenPipeError):
                    target.stdin.close()
            except BaseException:
                target.kill()
                raise
            if target.wait() != 0:
                errors.seek(0)
                reason = errors.read().decode(errors="replace").strip()
                raise BackupError(f"{file} cannot be restored to database {describe(url)}: {reason}")

    def _command(self, program: str, url: URL, *options: str) -> list[str | Path]:
        return [self._folder / program, "--no-password", f"--dbname={libpq_text(url, hide_password=True)}", *options]


def _environment(url: URL) -> dict[str, str]:
    """Returns the environment with the password: a process list shows arguments to everybody."""
    return os.environ | ({"PGPASSWORD": url.password} if url.password else {})


def restore(settings: Settings, programs: Programs, file: Path, former: str) -> Restored:
    """Restores a backup in place of the database in use, or into the empty one of `DATABASE_URL`.

    The backup goes into a new database. When all its rows are there, the database in use is renamed to `former`, and
    the new one takes its name.

    Raises:
        BackupError: the file is damaged, the database is in use or not empty, or the restore failed. Nothing has
            changed.
        DatabaseError: the database cannot be used.
    """
    dump = programs.read(file)
    if dump.revision > head_revision():
        raise BackupError(
            f"{file} is of revision {dump.revision}, newer than this code's {head_revision()}: update the code."
        )
    url = database_url(settings)
    server, name = locate_database(settings)
    if name == server.database:
        if _is_used(url):
            raise BackupError(
                f"Database {describe(url)} is not empty: create an empty one, name it in DATABASE_URL, and restore "
                "again."
            )
        programs.restore(url, file, dump)
        return Restored(dump, url, None)
    _require_no_sessions(server, name)
    fresh = server.set(database=f"{name}_restoring")
    drop_database(server, str(fresh.database))
    create_database(server, str(fresh.database))
    try:
        programs.restore(fresh, file, dump)
        is_used = _is_used(url)
        with connect(server) as connection:
            _require_no_sessions(server, name)
            connection.execute(sa.text(f'ALTER DATABASE "{name}" RENAME TO "{former}"'))
            connection.execute(sa.text(f'ALTER DATABASE "{fresh.database}" RENAME TO "{name}"'))
            connection.commit()
    except BaseException:
        drop_database(server, str(fresh.database))
        raise
    if not is_used:
        drop_database(server, former)
    return Restored(dump, url, former if is_used else None)


def _require_no_sessions(server: URL, name: str) -> None:
    query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND backend_type = 'client backend'")
    with connect(server) as connection:
        if sessions := connection.scalar(query, {"name": name}):
            raise BackupError(
                f"Database {name!r} has {sessions} open sessions: stop `gamepulse up` with `gamepulse down`, end the "
                "others, and restore again."
            )


def _is_used(url: URL) -> bool:
    """Whether a database has a table of ours or of Dagster."""
    with connect(url) as connection:
        return connection.execute(_READABLE, _NAMES).first() is not None


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def _readable_tables(connection: Connection, url: URL) -> list[str]:
    """Returns the tables of a backup. Dagster's are part of it only if all of them can be read."""
    relations = connection.execute(_READABLE, _NAMES).all()
    ours = [relation for relation in relations if relation[0] in {"public", ARCHIVE_SCHEMA}]
    dagster = [relation for relation in relations if relation[0] == DAGSTER_SCHEMA]
    if not ours:
        raise BackupError(f"Database {describe(url)} has no tables of GamePulse: there is nothing to back up.")
    if closed := [f"{schema}.{name}" for schema, name, _, may_read in ours if not may_read]:
        raise BackupError(
            f"{url.username} may not read {', '.join(closed)}: make the backup with the login of `gamepulse migrate`."
        )
    read = ours + (dagster if all(may_read for _, _, _, may_read in dagster) else [])
    return [f"{schema}.{name}" for schema, name, kind, _ in read if kind == "r"]

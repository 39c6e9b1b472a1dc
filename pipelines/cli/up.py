"""The command `gamepulse up`."""

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import sqlalchemy as sa
import typer
from rich.console import Console

from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.cli.processes import stop_leftovers
from pipelines.cli.stack import HOST, STARTED, StackError, require_alone, require_ports, run_stack
from pipelines.errors import ConfigurationError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, migrate
from pipelines.postgres.roles import reader_url
from pipelines.seasons import EASTERN, eastern_date
from pipelines.settings import Settings

EVENING: Final = dt.time(20, 30)
"""When most games of a simulated day are live, US Eastern."""
_NEWEST_ANSWER: Final = sa.text("""
    SELECT max(last_updated_at)
    FROM archive.sighting
    WHERE sport = :sport AND endpoint = 'scoreboard' AND subject = :today
""")


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = 3000,
    host: Annotated[
        str,
        typer.Option(help="Address of the Dagster UI, which has no login; name it in GAMEPULSE_ALLOWED_HOSTS too."),
    ] = HOST,
    simulate: Simulate = False,
    detach: Annotated[bool, typer.Option("--detach", help="Keep running without this terminal.")] = False,
    now: Annotated[
        str | None,
        typer.Option(help="With --simulate: the API's US Eastern time, 2026-03-21T20:00; default: tonight's."),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0, help="With --simulate: the API's seconds per second; 0 stops its clock.")
    ] = None,
    messy: Annotated[
        bool, typer.Option("--messy", help="With --simulate: every fault of the real API occasionally.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="With --simulate: a fault of gamepulse simulate, also of one date: html@2026-11-12."),
    ] = None,
) -> None:
    """Run everything on this machine: database, migrations, Dagster's UI and daemon. Ctrl-C stops it.

    Example: gamepulse up --simulate --port 3001

    Exit codes: 0 stopped by Ctrl-C or gamepulse down; 1 a port is taken, or a process or the database ended; 2 wrong
    arguments.
    """
    simulator = [
        *(["--now", now] if now is not None else []),
        *(["--speed", str(speed)] if speed is not None else []),
        *(["--messy"] if messy else []),
        *(word for name in fault or () for word in ("--fault", name)),
    ]
    if simulator and not simulate:
        raise typer.BadParameter(f"{simulator[0]} is of the simulated API: add --simulate.")
    settings = Settings()
    home = settings.gamepulse_home.resolve()
    if left := stop_leftovers(home):
        say(f"Stopped {left} processes of a `gamepulse up` that was killed.")
    require_ports(settings, host, port, simulate=simulate)
    if detach:
        _detach(home)
        return
    with Console().status("Starting the database"):
        url = migrate(settings)
        if settings.database_url is None:
            reader_url(url, settings)  # gives the role its privileges on tables of a newer version
    require_alone(settings, url)
    if simulate and now is None:
        simulator += _on_this_evening(url, dt.datetime.now(dt.UTC))
    run_stack(settings, url, host, port, simulator if simulate else None)


def logs(
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("-n", min=0, help="Number of lines.")] = 50,
) -> None:
    """Show the last lines of the newest log of gamepulse up.

    Example: gamepulse logs -f

    Exit codes: 0 lines were shown; 1 there is no log.
    """
    home = Settings().gamepulse_home.resolve()
    found = sorted(home.glob("up-*.log"), key=lambda log: log.stat().st_mtime)
    if not found:
        raise ConfigurationError(f"{home} has no log: start with `gamepulse up`.")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), str(found[-1])])  # noqa: S606, S607


def _on_this_evening(url: sa.URL, now: dt.datetime) -> list[str]:
    """Returns the options for a clock that starts in the evening, but at no earlier time than an answer already loaded.

    A final that was live again would contradict what the database has.
    """
    today = eastern_date(now)
    with connect(url) as connection:
        newest = connection.execute(
            _NEWEST_ANSWER, {"sport": MENS_BASKETBALL.sport, "today": today.isoformat()}
        ).scalar_one()
    evening = dt.datetime.combine(today, EVENING, EASTERN)
    start = evening if newest is None else max(evening, newest.astimezone(EASTERN))
    return ["--now", f"{start:%Y-%m-%dT%H:%M:%S}", "--midseason", today.isoformat()]


def _detach(home: Path) -> None:
    """Runs the same command without `--detach` in a session of its own; returns when it is up.

    Raises:
        StackError: it ended.
    """
    home.mkdir(parents=True, exist_ok=True)
    screen = home / "detached.log"
    with screen.open("w") as output:
        child = subprocess.Popen(  # noqa: S603
            [sys.argv[0], *(word for word in sys.argv[1:] if word != "--detach")],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    with Console().status("Starting"):
        while STARTED not in screen.read_text() and child.poll() is None:
            time.sleep(0.2)
        time.sleep(0.2)  # the rest of the table
    say(screen.read_text().rstrip())
    if child.returncode is not None:
        raise StackError("It ended; the reason is above.")
    say("Its log: `gamepulse logs -f`. Stop it: `gamepulse down`.")

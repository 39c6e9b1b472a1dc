"""The command `gamepulse up`."""

from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli.options import Simulate
from pipelines.cli.processes import stop_leftovers
from pipelines.cli.stack import require_alone, require_ports, run_stack
from pipelines.postgres.database import migrate
from pipelines.postgres.roles import reader_url
from pipelines.settings import Settings


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = 3000,
    simulate: Simulate = False,
) -> None:
    """Run everything on this machine: database, migrations, Dagster's UI and daemon. Ctrl-C stops it.

    Example: gamepulse up --simulate --port 3001

    Exit codes: 0 stopped by Ctrl-C or gamepulse down; 1 a port is taken, or a process or the database ended; 2 wrong
    arguments.
    """
    settings = Settings()
    if left := stop_leftovers(settings.gamepulse_home.resolve()):
        Console().print(f"Stopped {left} processes of a `gamepulse up` that was killed.")
    require_ports(settings, port, simulate=simulate)
    with Console().status("Starting the database"):
        url = migrate(settings)
        if settings.database_url is None:
            reader_url(url, settings)  # gives the role its privileges on tables of a newer version
    require_alone(settings, url)
    run_stack(settings, url, port, simulate=simulate)

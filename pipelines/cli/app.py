"""`gamepulse`: the stack on this machine, and the database in use."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from sqlalchemy import URL

from models.migrations import head_revision
from pipelines.errors import GamePulseError
from pipelines.postgres.binaries import find_binaries
from pipelines.postgres.database import migrate, ready_database
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.roles import create_roles
from pipelines.postgres.url import describe
from pipelines.seasons import eastern_date
from pipelines.settings import PROJECT, Settings
from simulator.cli import simulate as simulate_command

Simulate = Annotated[bool, typer.Option("--simulate", help="Use the simulated API, and a database of its own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


def main() -> None:
    """Entry point: what a user can mend is a sentence, not a traceback."""
    try:
        app()
    except GamePulseError as error:
        _complain(str(error))
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        # Without the value, which may be a password.
        _complain("; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()) + ".")


def _complain(sentence: str) -> NoReturn:
    Console(stderr=True).print(f"[bold red]gamepulse:[/] {escape(sentence)}", highlight=False, soft_wrap=True)
    sys.exit(1)


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = 3000,
    simulate: Simulate = False,
) -> None:
    """Run everything on this machine: database, migrations, Dagster's UI and daemon. Ctrl-C stops it.

    Example: gamepulse up --simulate --port 3001

    Exit codes: 0 stopped by Ctrl-C; 1 a port is taken, or a part ended by itself; 2 wrong arguments.
    """
    from pipelines.cli.up import require_ports, run_stack

    require_ports(Settings(), port, simulate=simulate)
    with Console().status("Starting the database"):
        if simulate:
            _use_simulation()
        settings = Settings()
        url = migrate(settings)
    run_stack(settings, url, port, simulate=simulate)


@app.command(name="backfill")
def backfill_command(
    first: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="First game date.", metavar="FROM")],
    last: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Last game date.", metavar="TO")],
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Bring in all game dates from FROM to TO, in one Dagster run; a date that fails does not keep the others out.

    Ctrl-C ends it: the dates that are in by then are whole.

    Example: gamepulse backfill 2024-11-04 2025-04-07

    Exit codes: 0 all dates are in; 1 some are not, or none could be asked for; 2 wrong arguments; 130 Ctrl-C.
    """
    if simulate:
        _use_simulation()
    with Console(stderr=True).status("Starting Dagster"):
        from pipelines.cli.progress import BackfillScreen, failure_table
        from pipelines.partitions import dates_between
        from pipelines.runtime.backfill_run import backfill

    dates = dates_between(first.date(), last.date())
    screen = BackfillScreen(len(dates))
    with screen.shown():
        result = backfill(dates, screen.watch)
    if as_json:
        _print_json(result.to_json())
    else:
        stopped = "Stopped: " if result.interrupted else ""
        typer.echo(f"{stopped}{len(result.loaded)} of {result.dates} dates are in (run {result.run_id}).")
        if result.failed:
            Console().print(failure_table(result.failed))
        if result.error:
            typer.echo(result.error, err=True)
    if result.interrupted:
        raise typer.Exit(130)
    if len(result.loaded) < result.dates or result.error:
        raise typer.Exit(1)


@app.command()
def scores(
    game_date: Annotated[
        datetime | None,
        typer.Argument(formats=["%Y-%m-%d"], help="Game date; without one today's, US Eastern.", metavar="DATE"),
    ] = None,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Show the games of a date as the database has them.

    Example: gamepulse scores 2025-11-12

    Exit codes: 0 also when there are no games; 1 the database cannot be used; 2 wrong arguments.
    """
    if simulate:
        _use_simulation()
    from pipelines.cli.scores import no_games, read_scores, scores_table

    now = datetime.now(UTC)
    found = read_scores(ready_database(Settings()), game_date.date() if game_date is not None else eastern_date(now))
    if as_json:
        _print_json(found.to_json())
    elif found.games:
        Console().print(scores_table(found, now))
    else:
        typer.echo(no_games(found, now, " --simulate" if simulate else ""))


@app.command()
def status(simulate: Simulate = False, as_json: AsJson = False) -> None:
    """Show which dates are in, missing, failed or late, when today is asked for again, and the database and API in use.

    Missing: past dates that were requested and never loaded, and gaps between a season's first and last loaded game;
    the current season lasts up to yesterday.

    Failed: dates whose last run failed, or was canceled before it loaded them.

    Late: dates of more than two days ago with games that are not over, or that nobody looked at for corrections.

    Example: gamepulse status --json

    Exit codes: 0 whatever it shows; 1 the database cannot be used; 2 wrong arguments.
    """
    if simulate:
        _use_simulation()
    from pipelines.cli.status import Status, has_dagster, read_warehouse, status_table

    settings, now = Settings(), datetime.now(UTC)
    url = ready_database(settings)
    schedule = None
    if has_dagster(url):
        from pipelines.runtime.history import read_schedule

        schedule = read_schedule(now)
    found = Status(read_warehouse(url, now), schedule, describe(url), settings.ncaa_api_url)
    if as_json:
        _print_json(found.to_json(now))
    else:
        Console().print(status_table(found, now))


@app.command()
def down() -> None:
    """Stop the embedded database server, which outlives `gamepulse up`.

    Example: gamepulse down

    Exit codes: 0 it is stopped, or was not running; 1 it could not be.
    """
    stopped = EmbeddedPostgres(Settings().embedded_home).stop()
    typer.echo("The database server is stopped." if stopped else "No database server of this project was running.")


@app.command(name="migrate")
def migrate_command(simulate: Simulate = False) -> None:
    """Bring the tables of the app and of Dagster, and the database's roles, to what this code needs.

    Example: DATABASE_URL=postgresql://me@db.example.org/games gamepulse migrate

    Exit codes: 0 all is as needed; 1 the database cannot be used, or has tables of somebody else.
    """
    if simulate:
        _use_simulation()
    from dagster import DagsterInstance

    settings = Settings()
    url = migrate(settings)
    roles = create_roles(url, settings)
    with DagsterInstance.from_config(str(PROJECT)) as instance:
        instance.upgrade()
    typer.echo(f"Database {describe(url)} is at revision {head_revision()}, and so are Dagster's tables at theirs.")
    if roles:
        typer.echo(f"Its roles are {', '.join(roles)}.")


@app.command(context_settings={"ignore_unknown_options": True})
def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="Handed to psql.")] = None,
    simulate: Simulate = False,
) -> None:
    """Open a shell on the database in use.

    Example: gamepulse psql -- -c 'SELECT count(*) FROM fact_game'

    Exit codes: psql's own; 1 the database cannot be used.
    """
    if simulate:
        _use_simulation()
    url = ready_database(Settings())
    program = str(find_binaries(None) / "psql")
    # The password goes by the environment: a process list shows arguments to everybody.
    os.environ["PGPASSWORD"] = url.password or ""
    os.environ.setdefault("PGOPTIONS", "-csearch_path=public")
    address = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    os.execv(program, [program, address.render_as_string(), *(arguments or [])])  # noqa: S606


app.command(name="simulate")(simulate_command)


def _use_simulation() -> None:
    """Makes `Settings` of this process and its children name the simulated API and its database."""
    os.environ["GAMEPULSE_SIMULATE"] = "1"


def _print_json(value: Mapping[str, object]) -> None:
    typer.echo(json.dumps(value, default=lambda moment: moment.isoformat(), ensure_ascii=False))

"""The command `gamepulse simulate`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import RecordingError
from simulator.faults import FAULTS, parse_faults
from simulator.options import Options

# The terminal shows Markdown's backticks as they are.
_FAULTS = "\n\n".join(f"{name}: {fault.description}" for name, fault in FAULTS.items()).replace("`", "")


def simulate(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    season: Annotated[
        int | None,
        typer.Option(min=2010, help="Play the real calendar up to this season: 2025 is November 2025 to April 2026."),
    ] = None,
    now: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
            help="Start the clock at this US Eastern time, on the real calendar: 2026-03-21T20:00.",
        ),
    ] = None,
    midseason: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Play a season in which this date falls in January or February."),
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="Simulated seconds per second; 0 stops the clock.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Generate other games.")] = 0,
    messy: Annotated[bool, typer.Option("--messy", help="Inject every fault of the real API occasionally.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Inject this fault into every answer, or of one date: html@2026-11-12; repeatable.\n\n{_FAULTS}"
        ),
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option(
            help="Serve the answers in the files of gamepulse record, each from its moment on by the clock.",
            metavar="DIR",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Serve a simulated NCAA API. By default today falls mid-season.

    Example: gamepulse simulate --now 2026-03-21T20:00 --speed 60

    Exit codes: 0 stopped by Ctrl-C; 2 wrong arguments; 3 the port is taken.
    """
    try:
        faults = parse_faults(fault or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None
    if recorded is not None and (season is not None or messy or faults):
        raise typer.BadParameter("recorded answers have no season and no faults", param_hint="--recorded")
    # They import the web server, which --help does not need.
    from simulator.app import create_app
    from simulator.server import serve

    options = Options(
        season=season,
        now=now,
        midseason_date=midseason.date() if midseason is not None else None,
        speed=speed,
        seed=seed,
        messy=messy,
        faults=faults,
        recorded=recorded,
    )
    try:
        app = create_app(options)
    except RecordingError as error:
        raise typer.BadParameter(str(error), param_hint="--recorded") from None
    if recorded is not None:
        typer.echo(f"Recorded answers on http://{host}:{port}. A database takes them for simulated games.")
    else:
        typer.echo(f"Simulated NCAA API on http://{host}:{port} (seed {seed}). All games are invented.")
    serve(app, host, port)

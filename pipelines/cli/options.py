"""Options that several commands have."""

import datetime as dt
import json
import os
from collections.abc import Mapping
from typing import Annotated

import typer


def _use_simulation(simulate: bool) -> bool:
    if simulate:
        # For the settings of this process and its children.
        os.environ["GAMEPULSE_SIMULATE"] = "1"
    return simulate


Simulate = Annotated[
    bool,
    typer.Option(
        "--simulate", "--simulated", help="Use the simulated API and its own database.", callback=_use_simulation
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]


def print_json(value: Mapping[str, object]) -> None:
    """Prints a value of `--json`; moments and dates as ISO 8601, moments in UTC."""
    typer.echo(json.dumps(value, default=_iso, ensure_ascii=False))


def _iso(moment: dt.date) -> str:
    return moment.astimezone(dt.UTC).isoformat() if isinstance(moment, dt.datetime) else moment.isoformat()

"""`gamepulse`."""

import typer

app = typer.Typer()

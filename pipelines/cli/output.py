"""Prints texts for people. Every text of a command goes through here, so that its hints can be typed as printed."""

import sys

from rich.console import Console
from rich.text import Text

from pipelines.cli.invocation import type_commands


def say(text: str, *, err: bool = False) -> None:
    """Prints a text as it is, but for the commands that it quotes in backticks."""
    print(type_commands(text), file=sys.stderr if err else sys.stdout)


def say_in_trouble(text: str, color: str = "red") -> None:
    """Prints a sentence of this program on stderr, in the way of shell commands."""
    Console(stderr=True).print(
        Text.assemble(("gamepulse:", f"bold {color}"), " ", type_commands(text)), highlight=False, soft_wrap=True
    )


def cell(text: str, style: str = "") -> Text:
    """Returns a text for a table or a screen; brackets in it are no markup."""
    return Text(type_commands(text), style=style)

"""How the person started this program, so that commands are printed as they must be typed."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

WITHOUT_DATABASE: Final = {"down", "logs", "simulate"}
"""Commands without the option `--simulate`."""
_QUOTED: Final = re.compile(r"`((?:gamepulse|dagster|dg)\b[^`]*)`")


def as_typed(command: str) -> str:
    """Returns a command of ours or Dagster's as the person types it: by `uv run`, by `uvx`, by its path, or as it is.

    Where this process uses the simulated games, the command does.
    """
    program, _, arguments = command.partition(" ")
    if os.environ.get("GAMEPULSE_SIMULATE") != "1":
        return f"{_program(program)} {arguments}".rstrip()
    if program != "gamepulse":
        return f"GAMEPULSE_SIMULATE=1 {_program(program)} {arguments}".rstrip()
    words, separator, rest = arguments.partition(" -- ")
    if words and words.split()[0] not in WITHOUT_DATABASE and "--simulate" not in words:
        words += " --simulate"
    return f"{_program(program)} {words}{separator}{rest}".rstrip()


def type_commands(text: str) -> str:
    """Returns a text with each command that it quotes in backticks as the person types it."""
    return _QUOTED.sub(lambda quoted: f"`{as_typed(quoted[1])}`", text)


def _program(name: str) -> str:
    if "UV_RUN_RECURSION_DEPTH" in os.environ:
        return f"uv run {name}"
    if "UV" in os.environ and (uvx := _by_uvx(_parent_arguments())):
        return f"{uvx} {name}"
    on_path, ours = shutil.which("gamepulse"), Path(sys.argv[0])
    if ours.name != "gamepulse" or (on_path is not None and Path(on_path).resolve() == ours.resolve()):
        return name
    return shlex.quote(str(ours.with_name(name)))


def _parent_arguments() -> list[str]:
    import psutil

    parent = psutil.Process().parent()
    return parent.cmdline() if parent is not None else []


def _by_uvx(arguments: list[str]) -> str | None:
    """Returns what starts our programs, if these are the arguments of a uvx: `uvx` executes `uv tool uvx`."""
    if arguments[1:3] not in (["tool", "uvx"], ["tool", "run"]) or "gamepulse" not in arguments:
        return None
    return shlex.join(["uvx", *arguments[3 : arguments.index("gamepulse")]])

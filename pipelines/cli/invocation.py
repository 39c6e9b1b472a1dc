"""How the person started this program, so that commands are printed as they must be typed."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

_QUOTED: Final = re.compile(r"`(gamepulse\b[^`]*)`")


def as_typed(command: str) -> str:
    """Returns a command of ours as the person types it: by `uv run`, by `uvx`, by its path, or as it is."""
    return _program() + command.removeprefix("gamepulse")


def type_commands(text: str) -> str:
    """Returns a text with each command of ours that it quotes in backticks as the person types it."""
    return _QUOTED.sub(lambda quoted: f"`{as_typed(quoted[1])}`", text)


def _program() -> str:
    if "UV_RUN_RECURSION_DEPTH" in os.environ:
        return "uv run gamepulse"
    if "UV" in os.environ and (started := _by_uvx(_parent_arguments())):
        return started
    on_path, ours = shutil.which("gamepulse"), Path(sys.argv[0])
    if ours.name != "gamepulse" or (on_path is not None and Path(on_path).resolve() == ours.resolve()):
        return "gamepulse"
    return shlex.quote(str(ours))


def _parent_arguments() -> list[str]:
    import psutil

    parent = psutil.Process().parent()
    return parent.cmdline() if parent is not None else []


def _by_uvx(arguments: list[str]) -> str | None:
    """Returns what starts us, if these are the arguments of a uvx: `uvx` executes `uv tool uvx`."""
    if arguments[1:3] not in (["tool", "uvx"], ["tool", "run"]) or "gamepulse" not in arguments:
        return None
    return shlex.join(["uvx", *arguments[3 : arguments.index("gamepulse") + 1]])

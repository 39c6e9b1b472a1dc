"""Printed commands can be typed as printed, however the program was started."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.cli import invocation
from pipelines.cli.invocation import as_typed, type_commands


@pytest.fixture(autouse=True)
def no_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV", "UV_RUN_RECURSION_DEPTH"):
        monkeypatch.delenv(name, raising=False)


def test_uv_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert as_typed("gamepulse status") == "uv run gamepulse status"
    sentence = "Stop `gamepulse up` with `gamepulse down`; gamepulse is `gamepulsed`."
    assert (
        type_commands(sentence) == "Stop `uv run gamepulse up` with `uv run gamepulse down`; gamepulse is `gamepulsed`."
    )


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (["uv", "tool", "uvx", "--from", "a b.whl", "gamepulse", "up"], "uvx --from 'a b.whl' gamepulse status"),
        (["uv", "tool", "run", "gamepulse", "up"], "uvx gamepulse status"),
        (["uv", "pip", "list"], "gamepulse status"),
        ([], "gamepulse status"),
    ],
)
def test_uvx_is_read_from_its_own_arguments(
    monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], typed: str
) -> None:
    monkeypatch.setenv("UV", "/bin/uv")
    monkeypatch.setattr(invocation, "_parent_arguments", lambda: arguments)
    assert as_typed("gamepulse status") == typed


def test_a_program_that_is_not_on_path_is_named_by_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "gamepulse"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "status"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert as_typed("gamepulse down") == f"{program} down"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert as_typed("gamepulse down") == "gamepulse down"

"""What the screen of `gamepulse up` tells a person to type."""

import pytest

from pipelines.cli.stack import as_typed


def test_commands_begin_with_uv_run_where_uv_started_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert as_typed("gamepulse status") == "uv run gamepulse status"


def test_commands_are_bare_in_an_activated_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    assert as_typed("gamepulse status") == "gamepulse status"

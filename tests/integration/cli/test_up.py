"""`gamepulse up --detach` and the commands beside it, without a variable that says where it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dagster_stack import until
from support.up import Up


@pytest.fixture
def detached(tmp_path: Path) -> Iterator[Up]:
    """Started with `--detach`, and a fault on one date."""
    up = Up(tmp_path)
    started = up.run("up", "--simulate", "--detach", "--port", str(up.port), "--fault", "html@2025-01-04")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert "GamePulse is up" in started.stdout
        assert "Stop it: `gamepulse down`." in started.stdout
        del up.environment["GAMEPULSE_SIMULATOR_PORT"]
        up.environment["COLUMNS"] = "200"
        yield up
    finally:
        up.run("down")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_other_terminals_find_a_detached_stack_and_its_fault(detached: Up) -> None:
    assert f"http://127.0.0.1:{detached.simulator_port}" in detached.run("status", "--simulate").stdout
    assert "`gamepulse status --simulate`" in detached.run("status").stdout
    loaded = detached.run("backfill", "2025-01-03", "2025-01-04", "--simulate")
    assert loaded.returncode == 1
    assert "1 of 2 dates are loaded" in loaded.stdout
    until("there is a log", lambda: detached.run("logs", "-n", "3").stdout.count("\n") == 3, 20)
    assert "`gamepulse up` and its processes are stopped." in detached.run("down").stdout


def test_options_of_the_simulated_api_need_it(tmp_path: Path) -> None:
    refused = Up(tmp_path).run("up", "--messy")
    assert refused.returncode == 2
    assert "add --simulate" in refused.stderr
    assert "no log: start with `gamepulse up`" in Up(tmp_path).run("logs").stderr

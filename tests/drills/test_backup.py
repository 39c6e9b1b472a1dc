"""Backup and restore of a running `gamepulse up`: a kill or a cut leaves nothing half done, and the stack goes on."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dagster_stack import PROJECT, until
from support.up import GAMEPULSE, Up

pytestmark = [pytest.mark.drill, pytest.mark.timeout(400)]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A running `gamepulse up --simulate` that has loaded today."""
    up = Up(tmp_path)
    up.start()
    until("today is loaded", lambda: _loaded(up), 120)
    yield up
    up.stop()


def _loaded(up: Up) -> int:
    return int(json.loads(up.run("status", "--simulate", "--json").stdout)["dates_in"])


def test_a_backup_of_a_running_stack_is_restored_and_the_stack_goes_on(up: Up, tmp_path: Path) -> None:
    file = tmp_path / "gamepulse.dump"
    made = up.run("backup", "--simulate", str(file))
    assert made.returncode == 0, made.stderr
    assert "with Dagster's history" in made.stdout
    whole = file.read_bytes()

    command = [GAMEPULSE, "backup", "--simulate", str(file)]
    with subprocess.Popen(command, cwd=PROJECT, env=up.environment) as killed:
        part = file.with_name(f"{file.name}.part")
        while not part.exists():  # it exists for a fraction of a second
            assert killed.poll() is None
            time.sleep(0.001)
        killed.kill()
    assert file.read_bytes() == whole

    refused = up.run("restore", "--simulate", str(file))
    assert refused.returncode == 1
    assert "open sessions: stop `gamepulse up --simulate` with `gamepulse down`" in refused.stderr
    assert up.run("down").returncode == 0
    up.process.wait(10)
    dates = _loaded(up)

    file.write_bytes(whole[: len(whole) // 2])
    refused = up.run("restore", "--simulate", str(file))
    assert refused.returncode == 1
    assert "is damaged, or not a backup" in refused.stderr
    assert _loaded(up) == dates

    file.write_bytes(whole)
    restored = up.run("restore", "--simulate", str(file))
    assert restored.returncode == 0, restored.stderr
    assert "The former database is kept as gamepulse_simulated_2" in restored.stdout
    up.start()
    # A date that was being loaded at the moment of the backup is one of a killed run: see test_repairs.py.
    until("the dates that were loaded since are loaded again", lambda: _loaded(up) >= dates, 400)

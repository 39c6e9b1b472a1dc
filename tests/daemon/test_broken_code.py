"""Code that does not load is noticed, although Dagster's processes keep running."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dagster_stack import PROJECT, environment, free_port, processes_with, until
from support.databases import Databases

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]

COPIED = ("models", "pipelines", "pyproject.toml", "workspace.yaml", "dagster.yaml")
SENTENCE = "The code location has never been loaded"
GAMEPULSE = "from pipelines.cli.app import main; main()"


@pytest.fixture
def broken(databases: Databases, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a copy of the project whose definitions raise, with a database of its own."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in COPIED:
        copy_file = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy_file(PROJECT / name, copy / name)
    with (copy / "pipelines/definitions.py").open("a") as definitions:
        definitions.write('\nraise RuntimeError("a mistake")\n')
    with databases.temporary() as url:
        yield environment(
            DATABASE_URL=url.render_as_string(hide_password=False),
            GAMEPULSE_HOME=str(tmp_path / "home"),
            DAGSTER_HOME=str(copy),
            PYTHONPATH=str(copy),
            PYTHONUNBUFFERED="1",
            COLUMNS="200",
        )
        for pid in processes_with("DAGSTER_HOME", str(copy)):
            os.kill(pid, 9)


def run(broken: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=broken["PYTHONPATH"], env=broken, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def test_up_exits_with_the_error_of_the_code_location(broken: dict[str, str]) -> None:
    up = run(broken, "-c", GAMEPULSE, "up", "--port", str(free_port()))
    assert up.returncode == 1, up.stdout
    assert "The code location does not load: RuntimeError: a mistake" in up.stderr
    assert "GamePulse is up" not in up.stdout
    assert not processes_with("DAGSTER_HOME", broken["DAGSTER_HOME"])


def test_the_health_check_and_status_say_that_the_daemon_has_no_code(broken: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen(
            [Path(sys.executable).parent / "dagster-daemon", "run", "-w", "workspace.yaml"],
            cwd=broken["PYTHONPATH"], env=broken, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until(
            "the daemon beats without its code",
            lambda: (
                "The code location has never been loaded" in run(broken, "-m", "pipelines.runtime.heartbeat").stderr
            ),
            120,
        )
        found = run(broken, "-c", GAMEPULSE, "status", "--check")
        assert found.returncode == 2
        assert found.stdout.startswith(
            "CRITICAL: The code location has never been loaded: `dagster definitions validate"
        )
    finally:
        daemon.terminate()
        daemon.wait(30)

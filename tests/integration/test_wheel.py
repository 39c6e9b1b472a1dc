"""The wheel alone: built reproducibly, and started by uvx in an empty folder."""

import hashlib
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.dagster_stack import environment, free_port, processes_with, until

PROJECT = Path(__file__).resolve().parents[2]


def build(folder: Path) -> Path:
    """Returns the wheel."""
    subprocess.run(["uv", "build", "--wheel", "--quiet", "--out-dir", folder, PROJECT], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_builds_are_the_same_bytes_and_the_wheel_starts_in_an_empty_folder(tmp_path: Path) -> None:
    wheel = build(tmp_path / "dist")
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, build(tmp_path / "again"))}
    assert len(digests) == 1

    empty, data, log = tmp_path / "empty", tmp_path / "data", tmp_path / "up.log"
    empty.mkdir()
    variables = environment(
        XDG_DATA_HOME=str(data),
        UV_CONSTRAINT=str(PROJECT / "requirements" / "base.txt"),
        UV_PYTHON=sys.executable,
        GAMEPULSE_SIMULATOR_PORT=str(free_port()),
        COLUMNS="400",
    )
    for name in ("UV_RUN_RECURSION_DEPTH", "VIRTUAL_ENV"):
        variables.pop(name, None)
    uvx = ["uvx", "--from", str(wheel)]

    def run(command: str) -> str:
        return subprocess.run(
            shlex.split(command), cwd=empty, env=variables, capture_output=True, text=True, check=True
        ).stdout

    location = "import pathlib, pipelines; print(pathlib.Path(pipelines.__file__).parents[1])"
    packages = Path(run(shlex.join([*uvx, "python", "-c", location])).strip())
    program = str(packages.parents[2] / "bin" / "gamepulse")
    installed = files(packages)
    with log.open("wb") as output:
        up = subprocess.Popen(
            [*uvx, "gamepulse", "up", "--simulate", "--port", str(free_port())],
            cwd=empty, env=variables, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        until("it is up", lambda: "GamePulse is up" in log.read_text() or up.poll() is not None, 120)
        assert up.poll() is None, log.read_text()
        commands = re.search(r"Commands +│ (.*?) +│", log.read_text())
        assert commands is not None, log.read_text()
        status = commands[1].split(", ")[1]
        assert status == f"{shlex.join(uvx)} gamepulse status --simulate"
        until("a tick is over", lambda: re.search("Loaded +│ [1-9]", run(f"{program} status --simulate")), 60)
        backfill = status.replace("status", "backfill 2025-01-04 2025-01-04")
        assert "1 of 1 dates are loaded" in run(backfill)
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(30)
        assert "The database server is stopped." in run(f"{program} down")
        for pid in processes_with("GAMEPULSE_HOME", str(data / "gamepulse")):
            os.kill(pid, signal.SIGKILL)
    assert list(empty.iterdir()) == []
    assert files(packages) == installed
    assert (data / "gamepulse" / "postgres" / "data").is_dir()


def files(folder: Path) -> set[Path]:
    """Returns all files, without compiled code."""
    return {path for path in folder.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"}

"""A person's first hour in a terminal, with an empty folder and an empty home: by the wheel alone, and by a clone.

The commands are the README's, or those that an earlier command printed.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from support.dagster_stack import environment, free_port, processes_with, until

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
BROKEN = "2025-01-04"
QUERIES = """
import sys, duckdb, pandas
games = pandas.read_sql("SELECT * FROM game WHERE game_status = 'live'", sys.argv[1])
[[exported]] = duckdb.connect(sys.argv[2]).sql("SELECT count(*) FROM game WHERE game_status = 'live'").fetchall()
print("live:", len(games), exported)
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Person:
    """Types commands in terminals of one folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder, self.home = tmp_path / "folder", tmp_path / "home"
        for folder in (self.folder, self.home):
            folder.mkdir()
        self.port, self.simulator_port = free_port(), free_port()
        cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
        self.environment = environment(
            HOME=str(self.home), UV_CACHE_DIR=cache, UV_PYTHON=sys.executable, TERM="xterm", COLUMNS="400",
            UV_CONSTRAINT=str(PROJECT / "requirements" / "base.txt"), GAMEPULSE_SIMULATOR_PORT=str(self.simulator_port),
        )  # fmt: skip
        for name in ("UV_LINK_MODE", "UV_RUN_RECURSION_DEPTH", "VIRTUAL_ENV", "XDG_DATA_HOME"):
            self.environment.pop(name, None)

    def terminal(self, command: str) -> "pexpect.spawn[str]":
        """Opens a terminal and types a command in its shell."""
        return pexpect.spawn(
            "/bin/sh", ["-c", command], cwd=self.folder, env=self.environment, encoding="utf-8", dimensions=(60, 400),
            timeout=240,
        )  # fmt: skip

    def type(self, command: str, *, fails: bool = False) -> str:
        """Types a command in another terminal; returns what it shows."""
        terminal = self.terminal(command)
        shown = CONTROLS.sub("", terminal.read())
        terminal.close()
        assert bool(terminal.exitstatus) == fails, f"{command}\n{shown}"
        return shown

    def set_faults(self, **faults: object) -> None:
        """Sends the request of docs/break-it.md."""
        url = f"http://127.0.0.1:{self.simulator_port}/simulator/faults"
        request = urllib.request.Request(url, json.dumps({"faults": faults}).encode())
        urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Leaves no process behind."""
    person = Person(tmp_path)
    yield person
    for pid in processes_with("HOME", str(person.home)):
        os.kill(pid, 9)


def readme(start: str) -> str:
    """Returns the one command of the README with this start, without what comes before it."""
    [command] = {found.strip() for found in re.findall(rf"{re.escape(start)}[^`#\n]*", README)}
    return command


def build(folder: Path) -> Path:
    """Returns the wheel."""
    subprocess.run(["uv", "build", "--wheel", "--quiet", "--out-dir", folder, PROJECT], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def test_by_the_wheel_which_is_built_twice_with_the_same_bytes(person: Person, tmp_path: Path) -> None:
    wheel = build(tmp_path / "dist")
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, build(tmp_path / "again"))}
    assert len(digests) == 1
    wheel.rename(person.folder / wheel.name)
    location = "import pathlib, pipelines; print(pathlib.Path(pipelines.__file__).parents[1])"
    packages = Path(person.type(f"uvx --quiet --from {wheel.name} python -c '{location}'").strip().splitlines()[-1])
    installed = files(packages)

    first = person.terminal(f"{readme('uvx --from gamepulse-*.whl gamepulse up')} --port {person.port}")
    first.expect("GamePulse is up")
    first.expect("Commands[^\n]* (uvx [^\n]*?)gamepulse scores --simulate")
    uvx = CONTROLS.sub("", first.match[1])
    assert uvx == f"uvx --from {wheel.name} "
    look_query_break_and_recover(person, f"{uvx}gamepulse", tmp_path / "games")
    assert list(person.folder.iterdir()) == [person.folder / wheel.name]
    assert files(packages) == installed
    assert (person.home / ".local/share/gamepulse/postgres/data").is_dir() or sys.platform != "linux"

    first.sendcontrol("c")
    first.expect("GamePulse is stopped")
    assert "The database server is stopped." in person.type(f"{uvx}gamepulse down")


def test_by_a_clone_each_command_of_the_readme_beside_a_detached_stack(person: Person) -> None:
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=PROJECT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=person.folder, input=archive, check=True)
    del person.environment["UV_CONSTRAINT"]
    person.environment["NCAA_API_REQUESTS_PER_SECOND"] = "1000"
    up = f"{readme('uv run gamepulse up --simulate')} --detach --port {person.port}"
    started = person.type(f"{up} --host 0.0.0.0 --fault html@{BROKEN}")
    assert "GamePulse is up" in started
    assert f"http://0.0.0.0:{person.port}" in started
    assert "`uv run gamepulse down`" in started
    del person.environment["GAMEPULSE_SIMULATOR_PORT"]  # it is remembered beside the state
    assert f"http://127.0.0.1:{person.simulator_port}" in person.type("uv run gamepulse status --simulate")
    assert "`uv run gamepulse status --simulate` is." in person.type("uv run gamepulse status")
    scores = readme("uv run gamepulse scores --simulate")
    until("a tick is over", lambda: " live" in person.type(scores), 90)
    launched = person.type(readme("GAMEPULSE_SIMULATE=1 uv run dg launch"))
    assert launched.count("ncaa_games_asset_completed") == 1

    broken = person.type(f"{readme('uv run gamepulse backfill --season')} --simulate", fails=True)
    loaded, dates = re.search(r"(\d+) of (\d+) dates are loaded", broken).groups()
    assert int(loaded) == int(dates) - 1 > 100
    person.set_faults()
    assert "1 of 1 dates are loaded" in person.type(f"{readme('uv run gamepulse backfill --missing')} --simulate")
    for command in re.findall("`(uv run gamepulse [^`]+)`", README):
        task = command.split()[3]
        if task not in {"up", "backfill", "logs", "migrate", "down"}:
            waits = task in {"check", "audit"}  # for the standings, which are loaded in the morning
            shown = person.type(f"{command} --simulate </dev/null", fails=waits)
            assert ("`uv run gamepulse audit --load --simulate`" in shown) == waits
    assert {"coverage.html", "games", "gamepulse.dump"} <= {path.name for path in person.folder.iterdir()}
    until("there is a log", lambda: person.type("uv run gamepulse logs -n 3").count("\n") == 3, 20)
    logs = person.terminal(readme("uv run gamepulse logs -f"))
    logs.expect("\n")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{person.port}/report_asset_check/of-the-log", b"", timeout=30)
    logs.expect("Refused POST '/report_asset_check/of-the-log'")
    logs.sendcontrol("c")
    assert "gamepulse up` and its processes are stopped." in person.type("uv run gamepulse down")


def look_query_break_and_recover(person: Person, gamepulse: str, games: Path) -> None:
    """What a person does in a second terminal."""
    until("a tick is over", lambda: re.search("Loaded +│ [1-9]", person.type(f"{gamepulse} status --simulate")), 90)
    live = re.search(r"(\d+) live", person.type(f"{gamepulse} scores --simulate"))
    assert live is not None
    assert int(live[1]) >= 8, "it is no good evening"

    tools = gamepulse.removesuffix("gamepulse").replace("uvx ", "uvx --quiet --with duckdb --with pandas ")
    url = person.type(f"{gamepulse} url --simulate --reader").split()[-1].replace("postgresql:", "postgresql+psycopg2:")
    assert "games of" in person.type(f"{tools}gamepulse export {games} --format duckdb --simulate")
    [database] = games.glob("*.duckdb")
    query = games / "query.py"
    query.write_text(QUERIES)
    shown = re.search(r"live: (\d+) (\d+)", person.type(f"{tools}python {query} '{url}' {database}"))
    assert shown is not None
    assert int(shown[1]) > 0 < int(shown[2])

    person.set_faults(html={"dates": [BROKEN]})
    broken = person.type(f"{gamepulse} backfill 2025-01-03 2025-01-05 --simulate", fails=True)
    assert "2 of 3 dates are loaded" in broken
    assert re.search(f"Failed +│ {BROKEN}: ", person.type(f"{gamepulse} status --simulate"))
    hint = re.search(r"To load it again, run `(.*)` while", person.type(f"{gamepulse} scores {BROKEN} --simulate"))
    assert hint is not None
    person.set_faults()
    assert "1 of 1 dates are loaded" in person.type(hint[1])
    assert "No date is missing." in person.type(f"{gamepulse} backfill --missing --simulate")


def files(folder: Path) -> set[Path]:
    """Returns all files, without compiled code."""
    return {path for path in folder.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"}

"""A fork server starts each run in a process with the state of a new interpreter, and is replaced with the code."""

import json
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.dagster_stack import until
from support.invariants import is_alive

from pipelines.runtime import warm_runs
from pipelines.runtime.warm_runs import ColdStartNeededError, Ended, Start, WarmRuns

SERVER = (sys.executable, "-m", "support.forks")


@pytest.fixture
def ends() -> "queue.SimpleQueue[Ended]":
    return queue.SimpleQueue()


@pytest.fixture
def warm(ends: "queue.SimpleQueue[Ended]", monkeypatch: pytest.MonkeyPatch) -> Iterator[WarmRuns]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    warm = WarmRuns(ends.put, SERVER)
    yield warm
    warm.close()


@pytest.fixture
def run(warm: WarmRuns, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Starts a run and returns its report."""

    def start(run_id: str, **variables: str) -> dict[str, Any]:
        report = tmp_path / f"{run_id}.json"
        warm.start(Start(run_id, "", {"REPORT": str(report), **variables}))
        until("it reports", report.exists, 30)
        found: dict[str, Any] = json.loads(report.read_text())
        return found

    return start


def test_nothing_of_a_run_reaches_the_next(run: Callable[..., dict[str, Any]]) -> None:
    first, second = run("one", ONLY_FIRST="1"), run("two", ONLY_SECOND="2")
    assert first["server"] == second["server"]
    assert first["pid"] != second["pid"]
    assert set(first["environment"]) == {"REPORT", "ONLY_FIRST"}
    assert set(second["environment"]) == {"REPORT", "ONLY_SECOND"}
    assert first["random"] != second["random"]
    for report in (first, second):
        assert report["definitions"]
        assert report["interrupts"]
        assert (report["handlers"], report["left_by_a_run"], report["grpc"]) == (0, False, False)
        assert (report["threads"], report["server_threads"]) == (["MainThread"], 1)
        assert report["sockets"] == []


def test_the_end_of_each_run_is_noted_with_its_exit_code(
    run: Callable[..., dict[str, Any]], ends: "queue.SimpleQueue[Ended]"
) -> None:
    report = run("good")
    assert ends.get(timeout=30) == Ended("good", 0)
    run("killed", DIE="SIGKILL")
    assert ends.get(timeout=30) == Ended("killed", -signal.SIGKILL)
    assert not Path(f"/proc/{report['pid']}").exists(), "a zombie"


def test_changed_code_is_loaded_by_another_server_and_the_old_one_ends_with_its_runs(
    run: Callable[..., dict[str, Any]],
    ends: "queue.SimpleQueue[Ended]",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for folder in ("models", "pipelines"):
        (tmp_path / folder).mkdir()
    source = tmp_path / "pipelines/ingest.py"
    source.write_text("one")
    monkeypatch.setattr(warm_runs, "PROJECT", tmp_path)
    old = run("old", SLEEP="600")
    modified = source.stat().st_mtime_ns
    source.write_text("two")
    os.utime(source, ns=(modified, modified))
    new = run("new")
    assert new["server"] != old["server"]
    assert ends.get(timeout=30) == Ended("new", 0)
    assert is_alive(old["pid"])
    assert is_alive(old["server"])
    os.kill(old["pid"], signal.SIGTERM)
    assert ends.get(timeout=30) == Ended("old", -signal.SIGTERM)
    until("the old server ends", lambda: not is_alive(old["server"]), 30)
    (tmp_path / ".env").touch()
    assert run("settings")["server"] != new["server"]


def test_installed_packages_are_part_of_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = warm_runs.fingerprint()
    assert before == warm_runs.fingerprint()
    (tmp_path / "package-1.0.dist-info").mkdir()
    assert before != warm_runs.fingerprint()


def test_a_server_ends_when_its_starter_does_and_its_runs_continue(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    program = f"""
import os, signal
from pipelines.runtime.warm_runs import Start, WarmRuns
WarmRuns(print, {SERVER!r}).start(Start("run", "", {{"REPORT": {str(report)!r}, "SLEEP": "600"}}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-c", program], _environment()) == -signal.SIGKILL
    until("it reports", report.exists, 30)
    found = json.loads(report.read_text())
    assert is_alive(found["server"])
    os.kill(found["pid"], signal.SIGTERM)
    until("the server ends with its last run", lambda: not is_alive(found["server"]), 30)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def test_a_killed_server_is_replaced(run: Callable[..., dict[str, Any]]) -> None:
    first = run("first", SLEEP="600")
    os.kill(first["server"], signal.SIGKILL)
    until("it is gone", lambda: not is_alive(first["server"]), 30)
    second = run("second")
    assert second["server"] != first["server"]
    assert is_alive(first["pid"]), "a run does not depend on the server"
    os.kill(first["pid"], signal.SIGKILL)


def test_what_a_server_cannot_start_needs_a_cold_start(
    ends: "queue.SimpleQueue[Ended]",
    run: Callable[..., dict[str, Any]],
    warm: WarmRuns,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = WarmRuns(print, (sys.executable, "-c", "raise SystemExit(1)"))
    with pytest.raises(ColdStartNeededError, match="the fork server has ended"):
        broken.start(Start("run", "", {}))

    stuck = run("before")["server"]
    monkeypatch.setattr(warm_runs, "REPLY_SECONDS", 0.5)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(ColdStartNeededError, match="did not answer within"):
        warm.start(Start("run", "", {}))
    until("the stuck server is killed", lambda: not is_alive(stuck), 30)

    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ColdStartNeededError, match="not forked on this system"):
        warm.start(Start("run", "", {}))


@pytest.mark.slow
def test_the_server_does_not_grow(
    run: Callable[..., dict[str, Any]], warm: WarmRuns, ends: "queue.SimpleQueue[Ended]"
) -> None:
    server = run("first")["server"]
    assert ends.get(timeout=30) == Ended("first", 0)
    resident = []
    for _ in range(4):
        for number in range(250):
            warm.start(Start(str(number), "", {}))
        assert {ends.get(timeout=60).exit_code for _ in range(250)} == {0}
        resident.append(_resident_bytes(server))
    assert resident[-1] - resident[0] < 500_000
    assert len(list(Path(f"/proc/{server}/fd").iterdir())) < 20


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

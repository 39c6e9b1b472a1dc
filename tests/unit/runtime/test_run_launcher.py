"""A run whose process died is distinguished from live ones, on this machine and elsewhere."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus

from pipelines.runtime.processes import UNKNOWN, Process
from pipelines.runtime.run_launcher import PROCESS_TAG, LocalRunLauncher, process_tag

HERE = Process.current()


def health(process: Process) -> WorkerStatus:
    run = dg.DagsterRun("ncaa_ingestion", tags={PROCESS_TAG: str(process)})
    return LocalRunLauncher().check_run_worker_health(run).status


@pytest.fixture(scope="module")
def dead() -> Process:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return HERE._replace(pid=child.pid)


@pytest.fixture
def zombie() -> Iterator[Process]:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    yield HERE._replace(pid=child.pid, started=UNKNOWN)
    child.wait()


def test_a_run_whose_process_is_alive_is_running() -> None:
    assert process_tag() == {PROCESS_TAG: str(HERE)}
    assert health(HERE) is WorkerStatus.RUNNING
    assert health(HERE._replace(started=UNKNOWN)) is WorkerStatus.RUNNING, "where the system does not tell the start"


def test_a_run_whose_process_is_gone_has_failed(dead: Process, zombie: Process) -> None:
    assert health(dead) is WorkerStatus.FAILED
    assert health(zombie) is WorkerStatus.FAILED


@pytest.mark.skipif(HERE.started == UNKNOWN, reason="needs /proc")
def test_a_run_whose_process_id_was_reused_has_failed() -> None:
    assert health(HERE._replace(started="1")) is WorkerStatus.FAILED


def test_a_run_before_a_reboot_of_this_machine_has_failed() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.runtime.processes._machine", lambda: "an-id")
        rebooted = Process.current()._replace(boot="another")
        assert health(rebooted) is WorkerStatus.FAILED


@pytest.mark.parametrize("machine", [UNKNOWN, "an-id"])
def test_a_run_of_another_machine_with_the_same_host_name_is_left_alone(dead: Process, machine: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.runtime.processes._machine", lambda: machine)
        elsewhere = dead._replace(machine="another-id", boot="another")
        assert health(elsewhere) is WorkerStatus.RUNNING
        if machine == UNKNOWN:  # as in a container
            assert health(dead._replace(machine=UNKNOWN, boot="another")) is WorkerStatus.RUNNING
            assert health(dead._replace(machine=UNKNOWN)) is WorkerStatus.FAILED, "a restarted container"


@pytest.mark.parametrize("tag", ["", "host 1", f"{HERE.host} {HERE.machine} {HERE.boot} one 1"])
def test_a_run_without_a_readable_process_tag_is_left_alone(tag: str) -> None:
    run = dg.DagsterRun("ncaa_ingestion", tags={PROCESS_TAG: tag} if tag else {})
    assert LocalRunLauncher().check_run_worker_health(run).status is WorkerStatus.RUNNING


def test_a_run_that_is_given_up_is_killed_on_this_machine_only() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    process = HERE._replace(pid=child.pid, started=started)
    for other in (process._replace(host="elsewhere.example"), process._replace(started="1")):
        LocalRunLauncher().get_run_worker_debug_info(dg.DagsterRun("job", tags={PROCESS_TAG: str(other)}))
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.2)
    LocalRunLauncher().get_run_worker_debug_info(dg.DagsterRun("job", tags={PROCESS_TAG: str(process)}))
    assert child.wait(30) == -signal.SIGKILL


def test_a_run_of_another_host_is_left_alone(dead: Process) -> None:
    assert health(dead._replace(host="elsewhere.example")) is WorkerStatus.RUNNING

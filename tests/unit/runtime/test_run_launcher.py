"""A run whose process died is distinguished from a live one, on this host and elsewhere."""

import socket
import subprocess
import sys

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus

from pipelines.runtime.run_launcher import PROCESS_TAG, LocalRunLauncher, process_tag


def health(tags: dict[str, str]) -> WorkerStatus:
    return LocalRunLauncher().check_run_worker_health(dg.DagsterRun("ncaa_ingestion", tags=tags)).status


@pytest.fixture(scope="module")
def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_run_whose_process_is_alive_is_running() -> None:
    assert health(process_tag()) is WorkerStatus.RUNNING
    assert health({PROCESS_TAG: f"{socket.gethostname()} 1"}) is WorkerStatus.RUNNING


def test_a_run_whose_process_is_gone_has_failed(dead_pid: int) -> None:
    assert health({PROCESS_TAG: f"{socket.gethostname()} {dead_pid}"}) is WorkerStatus.FAILED


def test_a_run_on_another_host_or_without_a_process_tag_is_left_alone(dead_pid: int) -> None:
    assert health({PROCESS_TAG: f"elsewhere.example {dead_pid}"}) is WorkerStatus.RUNNING
    assert health({}) is WorkerStatus.RUNNING

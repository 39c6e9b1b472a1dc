"""Runs start in forks of a process that has the code loaded, and survive that process."""

import os
import signal
from pathlib import Path

import pytest
from support.dagster_stack import Stack, until
from support.invariants import assert_nothing_is_left, is_alive

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]


def server_of(stack: Stack, run_id: str) -> int:
    """Returns the process that forked a run's process."""
    parent = parent_of(until("its process started", lambda: stack.process_of(run_id), 60))
    assert "pipelines.runtime.fork_server" in Path(f"/proc/{parent}/cmdline").read_text()
    return parent


def parent_of(pid: int) -> int:
    """Returns the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def cold_starts(stack: Stack, run_id: str) -> list[str]:
    """Returns the reasons why a run was started in a new interpreter."""
    return [message for message in stack.messages(run_id) if "Starting a new interpreter" in message]


def test_a_run_survives_the_fork_server_and_the_next_one_starts_warm(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 5})
    first = stack.wait_for_request(lambda: stack.launch_date("2026-01-05"))
    server = server_of(stack, first)
    stack.set_faults()
    os.kill(server, signal.SIGKILL)
    second = stack.launch_date("2026-01-06")
    assert server_of(stack, second) != server
    for run_id in (first, second):
        assert stack.finish(run_id) == "SUCCESS"
        assert cold_starts(stack, run_id) == []


def test_a_run_that_cannot_be_started_warm_is_started_cold_and_says_so(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 5})
    first = stack.wait_for_request(lambda: stack.launch_date("2026-01-07"))
    server = server_of(stack, first)
    stack.set_faults()
    os.kill(server, signal.SIGSTOP)
    cold = stack.launch_date("2026-01-08")
    assert stack.finish(cold, 120) == "SUCCESS"
    assert cold_starts(stack, cold) == [
        "[LocalRunLauncher] Starting a new interpreter: the fork server did not answer within 10 seconds."
    ]
    assert stack.finish(first) == "SUCCESS"
    assert stack.games("2026-01-08") == stack.simulated_games("2026-01-08") != {}


def test_a_run_that_is_terminated_before_it_could_start_is_canceled(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 5})
    first = stack.wait_for_request(lambda: stack.launch_date("2026-01-11"))
    server = server_of(stack, first)
    stack.set_faults()
    os.kill(server, signal.SIGSTOP)
    run_id = stack.launch_date("2026-01-12")
    until("it is to be started", lambda: stack.status(run_id) == "STARTING", 10)
    run = stack.instance.get_run_by_id(run_id)
    assert run is not None
    stack.instance.report_run_canceling(run)
    os.kill(server, signal.SIGCONT)
    assert stack.finish(run_id, 20) == "CANCELED"
    assert "2026-01-12" not in stack.dates_loaded()
    assert stack.finish(first) == "SUCCESS"


def test_a_run_survives_the_daemon_and_the_next_daemon_can_terminate_it(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 120})
    run_id = stack.wait_for_request(lambda: stack.launch_date("2026-01-09"))
    server, pid = server_of(stack, run_id), stack.process_of(run_id)
    assert pid is not None
    daemon = stack.children["dagster-daemon"]
    code_servers = [pid for pid in stack.processes() if parent_of(pid) == daemon.pid and pid != server]
    daemon.kill()
    for code_server in code_servers:  # it would wait a while for the daemon
        os.kill(code_server, signal.SIGKILL)
    stack.start_daemon()
    other = stack.launch_date("2026-01-10")
    assert server_of(stack, other) != server
    assert is_alive(pid)
    stack.terminate(run_id)
    assert stack.finish(run_id, 20) == "CANCELED"
    until("its fork server ends with it", lambda: not is_alive(server), 10)
    stack.set_faults()
    stack.terminate(other)
    assert_nothing_is_left(stack, [run_id, other])

"""Runs one tick per minute for `--soak MINUTES` and prints the growth of memory, connections and tables per tick."""

import statistics
import time
from pathlib import Path

import pytest
from support.dagster_stack import Stack
from support.invariants import assert_nothing_is_left

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

DATE = "2026-01-20"
SIZE = """
    SELECT sum(pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass))
    FROM pg_tables WHERE schemaname = 'dagster'
"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@pytest.fixture(scope="module")
def minutes(pytestconfig: pytest.Config) -> int:
    """The length. Comes before the stack, so that a run without `--soak` does not start one."""
    length: int | None = pytestconfig.getoption("--soak")
    if length is None:
        pytest.skip("NOT RUN: runs only with --soak MINUTES, for example --soak 15")
    return length


def test_ticks_do_not_leak_connections_or_processes(minutes: int, stack: Stack) -> None:
    samples: dict[str, list[float]] = {}
    runs = []
    for _ in range(minutes):
        began = time.monotonic()
        runs.append(stack.launch_date(DATE))
        assert stack.finish(runs[-1], 300) == "SUCCESS"
        time.sleep(max(0.0, began + 60 - time.monotonic()))
        for name, value in _sample(stack).items():
            samples.setdefault(name, []).append(value)
    for name, values in samples.items():
        slope = statistics.linear_regression(range(len(values)), values).slope
        print(f"{name}: {values[0]:.1f} to {values[-1]:.1f}, {slope:+.3f} per tick")  # noqa: T201
    assert max(samples["fork server, MB"]) <= samples["fork server, MB"][0] + 2
    assert max(samples["connections"]) <= samples["connections"][0] + 4
    assert_nothing_is_left(stack, runs)


def _sample(stack: Stack) -> dict[str, float]:
    """Returns the memory of each long-lived process in MB, the number of connections, and Dagster's tables in MB."""
    sample = {f"{name}, MB": _memory(child.pid) for name, child in stack.children.items()}
    # The daemon starts a new code server every minute; the previous one ends a little later.
    servers = [pid for pid, command in stack.processes().items() if "api grpc" in command]
    sample["largest code server, MB"] = max(map(_memory, servers))
    forks = [pid for pid, command in stack.processes().items() if "pipelines.runtime.fork_server" in command]
    sample["fork server, MB"] = max(map(_memory, forks))
    sample["connections"] = float(stack.rows(CONNECTIONS)[0][0])
    sample["schema dagster, MB"] = float(stack.rows(SIZE)[0][0]) / 1e6
    return sample


def _memory(pid: int) -> float:
    """Returns the resident memory of a process in MB, 0 if it ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)

"""Executes each run in a fork of a process that has its code loaded: `python -m pipelines.runtime.fork_server`.

Loading the code takes most of a short run's processor time. `warm_runs.py` starts this process and talks to it over a
socket. It executes nothing itself, and opens no connection and no thread, so that a run finds the state of a new
interpreter. It ends when the socket is closed and its last run has ended.

The fork server of `multiprocessing` does not fit: a process has only one of it, which cannot be replaced when code has
changed without losing the exit codes of its runs, and each of its processes imports the main module again.
"""

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Final

import dagster as dg
from dagster._cli.api import _execute_run_command_body
from dagster._core.instance.ref import InstanceRef
from dagster._serdes import deserialize_value
from dagster._utils.interrupts import capture_interrupts
from sqlalchemy.orm import configure_mappers

from pipelines.runtime.warm_runs import Ended, Ready, Start, Started

_PRELOADED: Final = (
    "anyio._backends._asyncio",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.storage.root",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.system_config.composite_descent",
    "dagster._core.utility_ops",
    "dagster._core.workspace.autodiscovery",
    "dagster._utils.test.definitions",
    "importlib.readers",
    "httpcore",
    "pipelines.runtime.compute_logs",
    "pipelines.runtime.storage",
    "psycopg2.extras",
    "upath.implementations.local",
)
"""What a run imports besides the definitions."""


def main(execute: Callable[[Start], None]) -> None:
    """Serves the socket whose descriptor is the argument of the command line."""
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    # For the runs: the server is stopped by closing the socket.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    load()
    connection = Connection(descriptor)
    _send(connection, Ready())
    serve(connection, execute)


def load() -> None:
    """Loads what all runs need, and executes nothing."""
    for module in _PRELOADED:
        importlib.import_module(module)
    defs: dg.Definitions = importlib.import_module("pipelines.definitions").defs
    repository = defs.get_repository_def()
    for name in repository.job_names:
        repository.get_job(name)
    configure_mappers()
    # Collections in a run neither visit these objects nor copy their pages.
    gc.collect()
    gc.freeze()


def serve(connection: Connection, execute: Callable[[Start], None]) -> None:
    """Forks a process for each `Start` received, until it receives None or the other side has ended."""
    context = multiprocessing.get_context("fork")
    running: dict[int, tuple[str, ForkProcess]] = {}
    accepting = True
    while accepting or running:
        for ready in wait([*running, connection] if accepting else [*running]):
            if isinstance(ready, int):
                run_id, process = running.pop(ready)
                process.join()
                _send(connection, Ended(run_id, process.exitcode or 0))
                process.close()
            elif (start := _receive(connection)) is None:
                accepting = False
            else:
                process = context.Process(target=_in_child, args=(connection, execute, start))
                process.start()
                running[process.sentinel] = (start.run_id, process)
                _send(connection, Started(start.run_id))


def execute_run(start: Start) -> None:
    """Executes a run as `dagster api execute_run` does; exits with 1 if its end could not be recorded."""
    reference = deserialize_value(start.instance_ref, InstanceRef)
    with capture_interrupts(), dg.DagsterInstance.from_ref(reference) as instance:
        _execute_run_command_body(start.run_id, instance, lambda event: None, set_exit_code_on_failure=False)
        run = instance.get_run_by_id(start.run_id)
        if run is not None and run.status is dg.DagsterRunStatus.CANCELING:  # terminated before it could start
            instance.report_run_canceled(run)
        elif run is not None and not run.is_finished:
            sys.exit(1)


def _in_child(connection: Connection, execute: Callable[[Start], None], start: Start) -> None:
    connection.close()  # else it would stay open when the server is killed
    os.environ.clear()
    os.environ.update(start.environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    execute(start)


def _receive(connection: Connection) -> Start | None:
    try:
        start: Start | None = connection.recv()
    except (EOFError, ConnectionError):
        return None
    return start


def _send(connection: Connection, message: Ready | Started | Ended) -> None:
    with contextlib.suppress(ConnectionError):  # the launcher was killed; its runs continue
        connection.send(message)


if __name__ == "__main__":
    main(execute_run)

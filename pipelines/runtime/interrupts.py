"""Cancels the tasks of an event loop on Ctrl-C and *Terminate*."""

import asyncio
import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Holds an interrupt back until the tasks under way are cancelled.

    Dagster's own handler raises `DagsterExecutionInterruptedError` wherever the main thread happens to be. With an
    event loop that goes wrong in two ways:

    - Inside a callback of the loop, the loop logs the exception and continues: the run does not stop.
    - Elsewhere the exception leaves the loop with its tasks pending. They continue when the loop runs again to close
      the run's resources, and load dates that the run does not report.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    @contextmanager
    def cancelling(self, tasks: Collection[asyncio.Task[Any]]) -> Iterator[None]:
        """Makes SIGINT and SIGTERM cancel the tasks during the block."""
        if threading.current_thread() is not threading.main_thread():  # Python delivers signals there alone
            yield
            return
        loop = asyncio.get_running_loop()

        def cancel(signum: int, frame: FrameType | None) -> None:
            self.received = signal.Signals(signum)
            for task in tasks:
                loop.call_soon_threadsafe(task.cancel)

        before = {name: signal.signal(name, cancel) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def pass_on(self) -> None:
        """Raises a signal that was received again, for the handler that was installed before."""
        if self.received is not None:
            signal.raise_signal(self.received)

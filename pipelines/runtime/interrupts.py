"""Ctrl-C and *Terminate* while an event loop runs: work is called off, not left behind half done."""

import asyncio
import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Holds an interrupt back until the work is called off.

    Dagster's own handler raises wherever the signal arrives. Inside a callback the loop would log that and go on;
    elsewhere tasks would stay behind, and write when the loop runs again to close the run's resources.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    @contextmanager
    def cancelling(self, tasks: Collection[asyncio.Task[Any]]) -> Iterator[None]:
        """In this block, SIGINT and SIGTERM cancel the tasks."""
        if threading.current_thread() is not threading.main_thread():  # signals come to the main thread alone
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
        """Hands an interrupt that came to whoever handled it before."""
        if self.received is not None:
            signal.raise_signal(self.received)

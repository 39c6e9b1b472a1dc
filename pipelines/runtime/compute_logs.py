"""Leaves the standard output of runs where it is written, and tells the UI where that is.

Capturing it would cost four more processes per run; the run's event log has what matters.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from dagster._core.storage.compute_log_manager import CapturedLogContext, LogRetrievalShellCommand
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager

WHERE: Final = "gamepulse logs -f   # of `gamepulse up`; in containers: docker compose logs daemon, kubectl logs POD"


class UncapturedLogs(NoOpComputeLogManager):
    """Captures nothing: the tabs *stdout* and *stderr* of a run show the command that shows the log."""

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Yields what the run's event says about its log."""
        yield CapturedLogContext(log_key, shell_cmd=LogRetrievalShellCommand(stdout=WHERE, stderr=WHERE))

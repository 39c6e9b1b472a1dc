"""Progress of `gamepulse backfill`: a bar while it runs, then failed dates and findings about loaded ones."""

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pipelines.cli.output import cell

if TYPE_CHECKING:
    import dagster as dg


class BackfillScreen:
    """A progress bar on a terminal, a line per loaded date elsewhere. On stderr: stdout is for the result."""

    def __init__(self, dates: int) -> None:
        console = Console(stderr=True)
        self._is_terminal = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            redirect_stdout=False,
        )
        self._bar = self._progress.add_task("planning", total=dates)

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Shows progress during the block and keeps log events away from stdout."""
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere), self._progress:
            yield

    def watch(self, event: "dg.DagsterEvent") -> None:
        """Updates the bar with an event of the run."""
        if event.is_step_materialization and event.partition is not None:
            self._progress.advance(self._bar)
            if not self._is_terminal:
                games = event.step_materialization_data.materialization.metadata["games_processed"].value
                sys.stderr.write(f"{event.partition}: {games} games\n")
        elif event.is_step_up_for_retry:
            wait = event.step_retry_data.seconds_to_wait or 0
            self._progress.update(self._bar, description=f"dates (some failed; retry in {wait:.0f} s)")
        elif event.is_step_start or event.is_step_restarted:
            self._progress.update(self._bar, description="dates")


class _Rate(ProgressColumn):
    """Dates per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed is not None else "", style="progress.data.speed")


def failure_table(failed: Mapping[dt.date, str]) -> Table:
    """Returns one row per failed date."""
    table = Table("Date", "Reason", title="Failed dates", title_justify="left")
    for date in sorted(failed):
        table.add_row(date.isoformat(), cell(failed[date]))
    return table


def finding_table(findings: Mapping[dt.date, Sequence[str]]) -> Table:
    """Returns one row per loaded date with findings."""
    table = Table("Date", "Finding", title="Findings about loaded dates", title_justify="left")
    for date in sorted(findings):
        table.add_row(date.isoformat(), cell("\n".join(findings[date])))
    return table

"""The table of measurements and their bounds."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.timing import Comparison


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement; `bound` is None where it is only reported."""

    name: str
    value: float
    bound: float | None
    unit: str
    details: str

    @property
    def verdict(self) -> str:
        if self.bound is None:
            return ""
        return "ok" if self.value <= self.bound else "over"


def ratio(name: str, comparison: Comparison, bound: float | None) -> Row:
    """Returns a row with the ratio, its noise and the two medians."""
    first, third = comparison.quartiles
    measured, base = comparison.milliseconds
    return Row(name, comparison.ratio, bound, "x", f"{first:.2f} - {third:.2f}   {measured:.2f} / {base:.2f} ms")


def print_table(rows: Iterable[Row]) -> None:
    table = Table(title="Speed, as ratios of medians")
    table.add_column("measurement")
    table.add_column("measured", justify="right")
    table.add_column("bound", justify="right")
    table.add_column("")
    table.add_column("middle half of the ratios, and the two medians")
    for row in rows:
        bound = "" if row.bound is None else f"{row.bound:g} {row.unit}"
        style = {"over": "red", "ok": "green"}.get(row.verdict, "")
        table.add_row(
            row.name, f"{row.value:.2f} {row.unit}", bound, f"[{style}]{row.verdict}[/]" if style else "", row.details
        )
    console = Console()
    # A log or a pipe has no width; do not truncate there.
    (console if console.is_terminal else Console(width=160)).print(table)

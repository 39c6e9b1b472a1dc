"""Two ways of doing the same, timed in turns."""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of each run of two ways."""

    measured: Sequence[float]
    base: Sequence[float]

    @property
    def ratio(self) -> float:
        """Median to median."""
        return statistics.median(self.measured) / statistics.median(self.base)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The middle half of the ratios of neighbouring runs: the noise."""
        first, _, third = statistics.quantiles(
            [measured / base for measured, base in zip(self.measured, self.base, strict=True)], n=4
        )
        return first, third

    @property
    def milliseconds(self) -> tuple[float, float]:
        """Medians."""
        return statistics.median(self.measured) * 1000, statistics.median(self.base) * 1000


@dataclass(frozen=True, slots=True)
class Way:
    """`run` is timed, `prepare` before it is not; both are given the number of the run."""

    run: Callable[[int], Awaitable[object]]
    prepare: Callable[[int], Awaitable[object]] | None = None


async def compare(
    measured: Way, base: Way, *, runs: int, warm_ups: int, clock: Callable[[], float] = time.perf_counter
) -> Comparison:
    """In turns, and in turns first; the garbage collector waits meanwhile. The warm-ups do not count."""
    gc.freeze()  # what is there already is not searched for garbage between the runs
    seconds: dict[Way, list[float]] = {measured: [], base: []}
    for run in range(warm_ups + runs):
        for way in (measured, base) if run % 2 else (base, measured):
            if way.prepare is not None:
                await way.prepare(run)
            elapsed = await _time(way.run, run, clock)
            if run >= warm_ups:
                seconds[way].append(elapsed)
    return Comparison(seconds[measured], seconds[base])


async def _time(work: Callable[[int], Awaitable[object]], run: int, clock: Callable[[], float]) -> float:
    gc.collect()
    gc.disable()
    try:
        begun = clock()
        await work(run)
        return clock() - begun
    finally:
        gc.enable()

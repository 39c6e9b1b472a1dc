"""Times two workloads alternately."""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of each run of two workloads."""

    measured: Sequence[float]
    base: Sequence[float]

    @property
    def ratio(self) -> float:
        """The ratio of the medians."""
        return statistics.median(self.measured) / statistics.median(self.base)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The middle half of the ratios of adjacent runs: the noise."""
        first, _, third = statistics.quantiles(
            [measured / base for measured, base in zip(self.measured, self.base, strict=True)], n=4
        )
        return first, third

    @property
    def milliseconds(self) -> tuple[float, float]:
        """The medians."""
        return statistics.median(self.measured) * 1000, statistics.median(self.base) * 1000


@dataclass(frozen=True, slots=True)
class Workload:
    """`run` is timed, `prepare` runs before it untimed; both receive the number of the run."""

    run: Callable[[int], Awaitable[object]]
    prepare: Callable[[int], Awaitable[object]] | None = None


async def compare(
    measured: Workload, base: Workload, *, runs: int, warm_ups: int, clock: Callable[[], float] = time.perf_counter
) -> Comparison:
    """Times both alternately, with the garbage collector off and without the warm-ups."""
    gc.freeze()  # excludes existing objects from the collections between the runs
    seconds: dict[Workload, list[float]] = {measured: [], base: []}
    for run in range(warm_ups + runs):
        for workload in (measured, base) if run % 2 else (base, measured):
            if workload.prepare is not None:
                await workload.prepare(run)
            elapsed = await _time(workload.run, run, clock)
            if run >= warm_ups:
                seconds[workload].append(elapsed)
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

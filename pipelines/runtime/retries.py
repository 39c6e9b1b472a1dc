"""When the step or the run of an asset is retried."""

import sys

import dagster as dg


class DoublingRetryPolicy(dg.RetryPolicy):
    """Waits 2, 4 and 8 seconds for `delay=2`; Dagster's `Backoff.EXPONENTIAL` waits 2, 6 and 14."""

    def calculate_delay(self, attempt_num: int) -> float:
        # Dagster calls this inside the `except` block of the failure. With an async asset and the in-process executor
        # it would retry a terminated run while the first attempt still writes:
        # https://github.com/dagster-io/dagster/issues/15026
        error = sys.exc_info()[1]
        if isinstance(error, KeyboardInterrupt | dg.DagsterExecutionInterruptedError):
            raise error
        delay: float = (self.delay or 0) * 2 ** (attempt_num - 1)
        return delay


RETRIES = DoublingRetryPolicy(max_retries=3, delay=2)


class EventLostError(dg.DagsterError):
    """An event of an asset could not be stored, at least in part. The executor has the run retried, not the step."""


def record(context: dg.AssetExecutionContext, materialization: dg.AssetMaterialization) -> None:
    """Records a date while the asset goes on.

    A `yield` would return control to Dagster, where an interrupt leaves dates loaded that are not recorded.

    Raises:
        EventLostError: Dagster's tables cannot be used.
    """
    try:
        context.log_event(materialization)
    except Exception as error:  # the storage's, the driver's or our own
        raise EventLostError(f"{materialization.partition} is loaded and could not be recorded: {error}") from error

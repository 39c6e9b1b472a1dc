"""Retry policy of the assets."""

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

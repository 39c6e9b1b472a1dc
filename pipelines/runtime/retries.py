"""How long a failed run waits before it asks again."""

import sys

import dagster as dg


class DoublingRetryPolicy(dg.RetryPolicy):
    """Waits `delay`, twice and four times as long; Dagster's own `EXPONENTIAL` would wait 2, 6 and 14 seconds."""

    def calculate_delay(self, attempt_num: int) -> float:
        # Dagster asks this inside the `except` block of the failure. With an async asset in one process it would
        # retry a terminated run too, while the first attempt still writes (dagster issue 15026).
        error = sys.exc_info()[1]
        if isinstance(error, KeyboardInterrupt | dg.DagsterExecutionInterruptedError):
            raise error
        delay: float = (self.delay or 0) * 2 ** (attempt_num - 1)
        return delay


RETRIES = DoublingRetryPolicy(max_retries=3, delay=2)

"""Why a run failed, as its steps said it."""

from collections.abc import Iterable

import dagster as dg


def failure_reasons(failures: Iterable[dg.DagsterEvent]) -> list[str]:
    """The sentence of each failed step: its `dg.Failure`'s own, else the error that was raised."""
    return [reason for event in failures if (reason := _reason(event))]


def _reason(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description.strip()
    return (data.error.cause or data.error).message.strip() if data.error is not None else ""

"""Why a run failed, as it said it."""

import datetime as dt
import re
from collections.abc import Iterable

import dagster as dg

_OF_A_DATE = re.compile(r"^(\d{4}-\d\d-\d\d): (.+)$", re.MULTILINE)


def failure_reasons(failures: Iterable[dg.DagsterEvent]) -> list[str]:
    """The sentence of each failed step or run: a `dg.Failure`'s own, else the error that was raised."""
    return [reason for event in failures if (reason := _reason(event))]


def reasons_by_date(reasons: Iterable[str]) -> dict[dt.date, str]:
    """The reason of each game date, of reasons that name dates as `ncaa_games` does."""
    return {dt.date.fromisoformat(date): why for reason in reasons for date, why in _OF_A_DATE.findall(reason)}


def _reason(event: dg.DagsterEvent) -> str:
    if not event.is_step_failure:
        error = event.job_failure_data.error
        return (error.cause or error).message.strip() if error is not None else ""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description.strip()
    return (data.error.cause or data.error).message.strip() if data.error is not None else ""

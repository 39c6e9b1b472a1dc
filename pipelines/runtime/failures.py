"""Reasons of failed runs and findings about loaded dates, read from events."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import dagster as dg

FAILED_DATES: Final = "failed_dates"
"""Metadata of a `dg.Failure`: a JSON object of game dates and reasons."""
FINDINGS: Final = "findings"
"""Metadata of a materialization: what is wrong with the loaded date, one finding per line."""


def failed_dates_metadata(reasons: Mapping[dt.date, str]) -> dict[str, dg.MetadataValue]:
    """Returns metadata for a `dg.Failure` that `failed_dates` reads."""
    return {FAILED_DATES: dg.MetadataValue.json({date.isoformat(): reasons[date] for date in sorted(reasons)})}


def failed_dates(failures: Iterable[dg.DagsterEvent]) -> dict[dt.date, str]:
    """Returns the reason of each game date that failed in these step or run failures."""
    reasons: dict[dt.date, str] = {}
    for event in failures:
        failure = event.step_failure_data.user_failure_data if event.is_step_failure else None
        value = failure.metadata.get(FAILED_DATES) if failure is not None else None
        if isinstance(value, dg.JsonMetadataValue) and isinstance(value.data, Mapping):
            reasons |= {dt.date.fromisoformat(date): str(reason) for date, reason in value.data.items()}
    return reasons


def findings_metadata(findings: Sequence[str]) -> dict[str, dg.MetadataValue]:
    """Returns metadata for a materialization that `findings_of` reads."""
    return {FINDINGS: dg.MetadataValue.text("\n".join(findings))} if findings else {}


def findings_of(materialization: dg.AssetMaterialization) -> list[str]:
    """Returns the findings about the date of a materialization."""
    value = materialization.metadata.get(FINDINGS)
    return (value.text or "").splitlines() if isinstance(value, dg.TextMetadataValue) else []


def failure_reasons(failures: Iterable[dg.DagsterEvent]) -> list[str]:
    """Returns a sentence per failed step or run: the description of a `dg.Failure`, else the message of the error."""
    return [reason for event in failures if (reason := _reason(event))]


def _reason(event: dg.DagsterEvent) -> str:
    if not event.is_step_failure:
        error = event.job_failure_data.error
        return (error.cause or error).message.strip() if error is not None else ""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description.strip()
    return (data.error.cause or data.error).message.strip() if data.error is not None else ""

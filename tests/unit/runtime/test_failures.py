"""Failed dates survive the way through a run's events, and only they are read from them."""

import dagster as dg
from support.builders import day

from pipelines.assets.ncaa_games import failure_of
from pipelines.errors import DatabaseUnreachableError, WrongDateError
from pipelines.runtime.failures import failed_dates, failure_reasons


def failures_of(error: Exception) -> list[dg.DagsterEvent]:
    """The failure events of a run whose step raises the error."""

    @dg.op
    def breaks() -> None:
        raise error

    @dg.job
    def job() -> None:
        breaks()

    result = job.execute_in_process(raise_on_error=False)
    return [event for event in result.all_events if event.is_step_failure or event.is_run_failure]


def test_each_failed_date_has_its_reason_whatever_the_reason_looks_like() -> None:
    unreachable = "Database 'games' cannot be reached.\n2026-01-07: see there."
    failure = failure_of(
        {
            day("2026-01-03"): DatabaseUnreachableError(unreachable),
            day("2026-01-02"): WrongDateError("2026-01-01: another date came."),
        },
        retries=0,
    )
    events = failures_of(failure)
    assert failed_dates(events) == {
        day("2026-01-02"): "2026-01-01: another date came.",
        day("2026-01-03"): unreachable,
    }
    assert failure_reasons(events)[0].splitlines()[0] == "2026-01-02: 2026-01-01: another date came."


def test_other_errors_have_no_failed_dates_but_a_sentence() -> None:
    for error in (dg.Failure("2026-01-02: not from an asset of ours."), ValueError("2026-01-02: a defect.")):
        events = failures_of(error)
        assert failed_dates(events) == {}
        assert any("2026-01-02: " in reason for reason in failure_reasons(events))

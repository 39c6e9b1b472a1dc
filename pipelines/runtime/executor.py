"""In-process executor: Terminate takes effect at once, and a run whose events were lost is retried."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from dagster._core.execution.plan.objects import ErrorSource, StepFailureData
from dagster._core.storage.tags import RETRY_ON_ASSET_OR_OP_FAILURE_TAG

from pipelines.runtime.retries import EventLostError
from pipelines.runtime.run_launcher import process_tag
from pipelines.runtime.runs import DETAILS_ASSET, DETAILS_JOB, MAX_RUNTIME_TAG, max_runtime, run_dates
from pipelines.settings import Settings


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema)  # type: ignore[call-overload,untyped-decorator]
def in_process_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Executes the single step of a run in the run's process; a process of its own would double its time."""
    return _InProcessExecutor(dg.in_process_executor.executor_creation_fn(context))  # type: ignore[misc]


def _longer_runtime(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, str]:
    """Raises the maximum runtime of a run whose dates take longer at the configured rate limit."""
    limit = int(run.tags.get(MAX_RUNTIME_TAG) or instance.run_monitoring_max_runtime_seconds)
    needed = max_runtime(
        len(run_dates(run.tags)),
        Settings().ncaa_api_requests_per_second,
        of_details=run.job_name == DETAILS_JOB or DETAILS_ASSET in (run.asset_selection or ()),
    )
    return {MAX_RUNTIME_TAG: str(needed)} if 0 < limit < needed else {}


def _is_event_lost(failure: StepFailureData) -> bool:
    is_ours = failure.error is not None and failure.error.cls_name == EventLostError.__name__
    return is_ours or failure.error_source == ErrorSource.UNEXPECTED_ERROR


class _InProcessExecutor(dg.Executor):
    """Dagster's in-process executor, with interruptible waits and with retries of runs whose events were lost."""

    def __init__(self, executor: dg.Executor) -> None:
        self._executor = executor

    @property
    def retries(self) -> Any:
        return self._executor.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._executor.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        instance, run = plan_context.instance, plan_context.dagster_run
        instance.add_run_tags(run.run_id, process_tag() | _longer_runtime(instance, run))
        with ExitStack() as wait:
            for event in self._executor.execute(plan_context, execution_plan):
                wait.close()
                # The asset's code did not fail: its events could not be stored, for example because PostgreSQL
                # restarted during a statement. Dagster does not retry the step for that, and retries the run only
                # with this tag.
                if event.is_step_failure and _is_event_lost(event.step_failure_data):
                    plan_context.instance.add_run_tags(plan_context.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})
                yield event
                # Dagster's wait before a retry, up to eight seconds here, defers interrupts.
                if event.is_step_up_for_retry:
                    wait.enter_context(raise_execution_interrupts())

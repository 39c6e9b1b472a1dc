"""Runs in one process, which *Terminate* ends at any moment, and which are run again when Dagster itself failed."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.storage.tags import RETRY_ON_ASSET_OR_OP_FAILURE_TAG

from pipelines.runtime.run_launcher import process_tag


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema)  # type: ignore[call-overload,untyped-decorator]
def in_process_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Dagster's own: a run has one step, and a process for it would double its time."""
    return _InProcessExecutor(dg.in_process_executor.executor_creation_fn(context))  # type: ignore[misc]


class _InProcessExecutor(dg.Executor):
    """Dagster's own, with waits that an interrupt ends, and with runs that are run again when their events are lost."""

    def __init__(self, executor: dg.Executor) -> None:
        self._executor = executor

    @property
    def retries(self) -> Any:
        return self._executor.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._executor.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        plan_context.instance.add_run_tags(plan_context.run_id, process_tag())
        with ExitStack() as wait:
            for event in self._executor.execute(plan_context, execution_plan):
                wait.close()
                # Not the asset's code: its events could not be stored, as PostgreSQL was restarted in the middle of a
                # statement. A step is not retried for that, and a run, without this tag, for a dead process only.
                if event.is_step_failure and event.step_failure_data.error_source == ErrorSource.UNEXPECTED_ERROR:
                    plan_context.instance.add_run_tags(plan_context.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})
                yield event
                # Dagster sleeps through an interrupt that comes now, up to eight seconds here.
                if event.is_step_up_for_retry:
                    wait.enter_context(raise_execution_interrupts())

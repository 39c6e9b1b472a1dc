"""Runs in one process, which *Terminate* ends at any moment."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import dagster as dg
from dagster._core.errors import raise_execution_interrupts

from pipelines.run_launcher import process_tag


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema)  # type: ignore[call-overload,untyped-decorator]
def in_process_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Dagster's own: a run has one step, and a process for it would double its time."""
    return _InterruptibleWaits(dg.in_process_executor.executor_creation_fn(context))  # type: ignore[misc]


class _InterruptibleWaits(dg.Executor):
    """Dagster sleeps through an interrupt that comes while a step waits for its retry, up to eight seconds here."""

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
                yield event
                if event.is_step_up_for_retry:
                    wait.enter_context(raise_execution_interrupts())

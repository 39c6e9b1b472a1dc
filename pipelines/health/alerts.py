"""Decides what people are told: when a cause of failures begins, and when it is over. Pure.

The memory is the cursor of the sensor `failure_alert`: neither a restart of the daemon nor a webhook that is away
repeats or loses an alert.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from pydantic import AliasChoices, BaseModel, Field

from pipelines.errors import AlertError
from pipelines.health.check import STALE
from pipelines.runtime.history import Problem
from pipelines.seasons import EASTERN

PATIENCE: Final = dt.timedelta(minutes=20)
"""Time that a problem other than a failed run lasts until it is told: longer than a tick, which mends most of them."""
REMEMBERED: Final = 50
"""Dates of a cause that are waited for; a cursor must stay small, and it is stored with each evaluation."""
SHOWN: Final = 5
DIED: Final = "died"
"""Kind of a run that ended without giving a reason, as in an outage of Dagster's own tables."""


class Failure(NamedTuple):
    """Failures of one kind in a run."""

    kind: str
    subject: str
    """The job, or what else failed."""
    dates: frozenset[str]
    """Empty where the subject has none."""
    reasons: tuple[str, ...]
    event_id: int
    """Position in Dagster's event log."""
    run_id: str | None = None

    @property
    def members(self) -> frozenset[str]:
        """What has to succeed until the failure is over: its dates, or else its subject."""
        return self.dates or frozenset({self.subject})

    def text(self) -> str:
        """Returns what is told at the beginning of its cause."""
        dates = sorted(self.dates, reverse=True)
        more = f" and {len(dates) - SHOWN} more" if len(dates) > SHOWN else ""
        of_dates = f" for {', '.join(dates[:SHOWN])}{more}" if dates else ""
        run = f" (run {self.run_id})" if self.run_id is not None else ""
        return "\n".join([f"{self.subject} failed{of_dates}{run}", *self.reasons[:SHOWN]])


class Cause(BaseModel):
    """A cause that makes runs fail, or a problem."""

    kind: str
    text: str
    """What is told at its beginning."""
    since: dt.datetime
    waiting: dict[str, int] = {}
    """What has not succeeded yet, with the event of its last failure."""
    last_event_id: int = 0
    """Event of the last failure."""
    runs: int = 0
    is_told: bool = False
    is_over: bool = False

    def is_due(self, now: dt.datetime) -> bool:
        """Returns whether its beginning has to be told."""
        return self.runs > 0 or now - self.since >= PATIENCE

    def end(self) -> str:
        """Returns what is told at its end."""
        began = f"began {self.since.astimezone(EASTERN):%Y-%m-%d %H:%M} ET"
        runs = f", {self.runs} runs failed" if self.runs > 1 else ""
        return f"GamePulse: over ({began}{runs}): {self.text.splitlines()[0]}"


class Memory(BaseModel):
    """What was told, and what is to be told."""

    position: int = Field(validation_alias=AliasChoices("position", "record_id"))
    """Event of the last failed run that was read; `record_id` in the cursor of the sensor that was used before."""
    causes: list[Cause] = []
    problems: list[Cause] = []

    def note_failure(self, failure: Failure, now: dt.datetime, loaded_between: Callable[[int, int], bool]) -> Cause:
        """Returns the cause of a failure: a new one, or one that goes on.

        It goes on when it failed the same date, or when nothing was loaded since and the kind is the same.
        """
        cause = self._known(failure, loaded_between)
        if cause is None:
            cause = Cause(kind=failure.kind, text=failure.text(), since=now)
            self.causes.append(cause)
        elif cause.kind == DIED:
            cause.kind = failure.kind
        room = REMEMBERED - len(cause.waiting)
        new = sorted(failure.members - cause.waiting.keys(), reverse=True)[:room]
        cause.waiting |= dict.fromkeys((failure.members & cause.waiting.keys()).union(new), failure.event_id)
        cause.last_event_id = failure.event_id
        cause.runs += 1
        cause.is_over = False
        return cause

    def _known(self, failure: Failure, loaded_between: Callable[[int, int], bool]) -> Cause | None:
        for cause in self.causes:
            if not failure.members.isdisjoint(cause.waiting):
                return cause
        for cause in self.causes:
            is_same = cause.kind == failure.kind or DIED in (cause.kind, failure.kind)
            if is_same and not loaded_between(cause.last_event_id, failure.event_id):
                return cause
        return None

    def note_successes(self, succeeded: Callable[[Mapping[str, int]], Iterable[str]]) -> None:
        """Forgets what succeeded since its last failure, and ends causes that wait for nothing."""
        for cause in self.causes:
            for member in list(succeeded(cause.waiting)):
                del cause.waiting[member]
            cause.is_over = not cause.waiting

    def note_problems(self, problems: Iterable[Problem], now: dt.datetime) -> None:
        """Begins and ends causes by the problems that are found now."""
        found = {problem.cause: problem for problem in problems}
        known = {cause.kind for cause in self.problems}
        if self.causes and STALE not in known:
            found.pop(STALE, None)  # follows from the failures
        for cause in self.problems:
            cause.is_over = cause.kind not in found
        self.problems += [
            Cause(kind=name, text=problem.sentence, since=now) for name, problem in found.items() if name not in known
        ]

    def tell(self, now: dt.datetime, post: Callable[[str], None]) -> int:
        """Posts the beginnings and ends that are due, forgets what is over, and returns how many posts succeeded.

        Raises:
            AlertError: the first post failed. Where a later one fails, it is due again.
        """
        told = 0
        try:
            for cause in [*self.causes, *self.problems]:
                if not cause.is_told and cause.is_due(now):
                    post(f"GamePulse: {cause.text}")
                    cause.is_told = True
                    told += 1
                if cause.is_over and cause.is_told:
                    post(cause.end())
                    cause.is_told = False
                    told += 1
        except AlertError:
            if told == 0:
                raise
        self.forget()
        return told

    def untold(self, now: dt.datetime) -> int:
        """Returns the number of causes of whose beginning or end people have not been told."""
        causes = [*self.causes, *self.problems]
        return sum(cause.is_over or (not cause.is_told and cause.is_due(now)) for cause in causes)

    def forget(self) -> None:
        """Forgets causes that are over and of whose end nobody has to be told."""
        self.causes = [cause for cause in self.causes if not cause.is_over or cause.is_told]
        self.problems = [cause for cause in self.problems if not cause.is_over or cause.is_told]

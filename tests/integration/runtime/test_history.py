"""What Dagster's tables say about its daemon, as Dagster itself writes them."""

import datetime as dt
from collections.abc import Callable, Iterator

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.scheduler.instigation import TickStatus
from support import dagster_history
from support.builders import at
from support.postgres_servers import settings_for

from pipelines.health.check import history_problems, read_history
from pipelines.runtime.history import PARTS
from pipelines.settings import PROJECT

NOW = at("2026-01-10 20:05")
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
Problems = Callable[[], dict[str, tuple[bool, str]]]


@pytest.fixture
def instance(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster on the test's database, in which a daemon does all its work."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dagster_history.work(instance, NOW - 30 * SECOND)
        yield instance


@pytest.fixture
def problems(database_url: sa.URL) -> Problems:
    """Reads severity and sentence of each problem, by its cause."""

    def read() -> dict[str, tuple[bool, str]]:
        found = history_problems(read_history(settings_for(database_url)), NOW)
        return {problem.cause: (problem.is_critical, problem.sentence) for problem in found}

    return read


def test_before_dagster_ran_there_is_no_daemon(problems: Problems, database_url: sa.URL) -> None:
    assert read_history(settings_for(database_url)) is None
    assert problems() == {"daemon": (True, "No daemon has run yet.")}


def test_a_daemon_that_does_its_work_has_no_problem(
    instance: dg.DagsterInstance, problems: Problems, database_url: sa.URL
) -> None:
    assert problems() == {}
    history = read_history(settings_for(database_url))
    assert history is not None
    assert history.schedule is not None
    assert (history.schedule.tick_at, history.schedule.tick) == (NOW - 30 * SECOND, "requested 2026-01-10")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_without_a_heartbeat_for_two_minutes_is_stuck(
    instance: dg.DagsterInstance, problems: Problems, part: str
) -> None:
    dagster_history.beat(instance, NOW - 100 * SECOND, part)
    assert problems() == {}
    dagster_history.beat(instance, NOW - 125 * SECOND, part)
    assert problems() == {"heartbeat": (True, f"No heartbeat for 120 s of {part}.")}


def test_a_daemon_that_ended_is_the_only_problem(instance: dg.DagsterInstance, problems: Problems) -> None:
    dagster_history.work(instance, NOW - 60 * MINUTE)
    assert problems() == {"daemon": (True, "No daemon is running: the last heartbeat was at 2026-01-10 19:05 ET.")}


@pytest.mark.parametrize(
    ("leave", "what"),
    [
        (dagster_history.beat, f"heartbeat of {', heartbeat of '.join(PARTS)}"),
        (dagster_history.evaluate, "tick of ncaa_repairs"),
        (dagster_history.tick, "tick of ncaa_schedule"),
    ],
)
def test_a_trace_from_the_future_says_that_a_clock_went_back(
    instance: dg.DagsterInstance,
    problems: Problems,
    leave: Callable[[dg.DagsterInstance, dt.datetime], None],
    what: str,
) -> None:
    leave(instance, NOW + 55 * SECOND)
    assert problems() == {}, "clocks of two machines differ a little"
    leave(instance, NOW + 180 * MINUTE)
    sentence = f"A clock went back: the last {what} is in the future, 2026-01-10 23:05 ET."
    assert problems() == {"clock": (True, sentence)}


def test_sensors_that_are_not_evaluated_say_that_the_code_location_is_not_loaded(
    instance: dg.DagsterInstance, problems: Problems
) -> None:
    dagster_history.evaluate(instance, NOW - 4 * MINUTE)
    assert problems() == {}
    dagster_history.evaluate(instance, NOW - 6 * MINUTE)
    is_critical, sentence = problems()["code location"]
    assert is_critical
    assert sentence.startswith("The code location is not loaded since 2026-01-10 19:59 ET: `dagster definitions")
    dagster_history.evaluate(instance, NOW - 6 * MINUTE, is_on=False)
    assert problems() == {"ncaa_repairs off": (False, "ncaa_repairs is turned off.")}


def test_without_any_automation_the_code_location_was_never_loaded(
    database_url: sa.URL, problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dagster_history.beat(instance, NOW)
    assert "has never been loaded" in problems()["code location"][1]


def test_a_tick_that_is_late_failed_or_turned_off_is_a_problem(
    instance: dg.DagsterInstance, problems: Problems
) -> None:
    dagster_history.tick(instance, NOW - 20 * SECOND, TickStatus.SKIPPED, skip_reason="queued already")
    assert problems() == {}
    dagster_history.tick(instance, NOW - 10 * SECOND, TickStatus.FAILURE, error="the database is away\n")
    assert problems() == {"ncaa_schedule failed": (True, "The last tick of ncaa_schedule failed: the database is away")}
    dagster_history.tick(instance, NOW - 10 * SECOND, is_on=False)
    assert problems() == {"ncaa_schedule off": (False, "ncaa_schedule is turned off.")}


@pytest.mark.parametrize(("minutes", "late"), [(29, False), (31, True)])
def test_two_missed_ticks_are_late(
    database_url: sa.URL, problems: Problems, minutes: int, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dagster_history.beat(instance, NOW)
        dagster_history.evaluate(instance, NOW)
        dagster_history.tick(instance, NOW - minutes * MINUTE)
    assert list(problems()) == (["ncaa_schedule late"] if late else [])

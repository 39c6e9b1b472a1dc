"""The table and the JSON of `gamepulse status`."""

import datetime as dt
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.builders import at, day

from pipelines.cli.status import Status, Warehouse, date_ranges, status_table
from pipelines.postgres.url import libpq_url
from pipelines.runtime.history import Automation, History, Problem

NOW = at("2026-01-10 20:10")
URL = libpq_url("postgresql://fan:hunter2@db/games")
EMPTY = Warehouse(0, None, None, 0, None, [], [], 9_000_000, {})
LOADED = Warehouse(2, day("2026-01-02"), day("2026-01-04"), 90, at("2026-01-10 20:00"), [day("2026-01-03")], [], 0, {})
TICK = at("2026-01-10 20:00")
RUNNING = History({}, [Automation("ncaa_schedule", False, True, TICK, TICK, "requested 2026-01-10", None)])


def status(warehouse: Warehouse = LOADED, history: History | None = RUNNING, *problems: Problem) -> Status:
    return Status(warehouse, history, problems, URL, "https://api.test")


def shown_facts(found: Status) -> dict[str, str]:
    """Returns the shown value of each name."""
    console = Console(file=io.StringIO(), width=200)
    console.print(status_table(found, NOW))
    output = console.file
    assert isinstance(output, io.StringIO)
    cells = [line.strip("│").split("│") for line in output.getvalue().splitlines() if "│" in line]
    return {name.strip(): value.strip() for name, value in cells}


def test_a_running_stack_shows_the_loaded_dates_and_the_next_tick() -> None:
    shown = shown_facts(status())
    assert shown["Loaded"].startswith("2 dates, 2026-01-02 to 2026-01-04, 90 games; last fetched at 20:00 ET")
    assert shown["Missing"] == "1: 2026-01-03"
    assert (shown["Failed"], shown["Late"]) == ("none", "none")
    assert shown["Last tick"].endswith(": requested 2026-01-10")
    assert shown["Next tick"].startswith("20:15 ET")
    assert shown["NCAA API"] == "https://api.test"
    assert shown["Problems"] == "none"


def test_the_url_is_shown_without_its_password() -> None:
    assert status().to_json(NOW)["url"] == "postgresql://fan@db/games"


def test_an_empty_database_shows_what_to_do() -> None:
    shown = shown_facts(status(EMPTY, None))
    assert shown["Loaded"] == "none: `gamepulse up` loads today, `gamepulse backfill` past dates"
    assert (shown["Missing"], shown["Failed"], shown["Last tick"]) == ("none", "none", "none yet")
    assert shown["Database"] == "'games' at db:5432 as fan, 9.0 MB"


@pytest.mark.parametrize("cause", ["clock", "daemon", "code location", "ncaa_schedule off", "ncaa_schedule late"])
def test_a_problem_of_the_daemon_is_shown_instead_of_a_next_tick(cause: str) -> None:
    found = status(LOADED, None, Problem(cause, True, "No daemon is running."))
    assert shown_facts(found)["Problems"] == "No daemon is running."
    assert shown_facts(found)["Next tick"] == "none, see Problems"
    printed: dict[str, Any] = found.to_json(NOW)
    assert printed["next_tick_at"] is None
    assert printed["problems"] == [{"cause": cause, "is_critical": True, "sentence": "No daemon is running."}]


def test_another_problem_leaves_the_next_tick() -> None:
    found = status(LOADED, RUNNING, Problem("given up", False, "2026-01-03 failed."))
    assert shown_facts(found)["Problems"] == "2026-01-03 failed."
    assert found.to_json(NOW)["next_tick_at"] == at("2026-01-10 20:15")


def test_failed_dates_have_their_reason() -> None:
    failed = {day("2026-01-03"): "GET https://api.test gave 500.", day("2026-01-04"): "canceled with backfill abc"}
    found = status(LOADED._replace(failed=failed))
    shown = shown_facts(found)
    assert shown["Failed"] == "2026-01-03: GET https://api.test gave 500."
    assert shown[""] == "2026-01-04: canceled with backfill abc"
    printed: dict[str, Any] = found.to_json(NOW)
    assert printed["failed"] == {
        "2026-01-03": "GET https://api.test gave 500.",
        "2026-01-04": "canceled with backfill abc",
    }


def test_stale_answers_unresolved_games_and_resolutions_are_shown() -> None:
    unresolved = [f"2026-01-0{number} ncaam_{number}" for number in range(1, 8)]
    found = status(LOADED._replace(stale=[day("2026-01-04")], unresolved=unresolved, resolutions=["ncaam_1 is final"]))
    shown = shown_facts(found)
    assert shown["Stale answers"] == "1: 2026-01-04"
    assert shown["Unresolved"] == "2026-01-03 ncaam_3"
    assert shown[""] == "and 2 earlier games"
    assert shown["Resolutions"] == "ncaam_1 is final"
    assert found.to_json(NOW)["unresolved"] == unresolved
    empty = shown_facts(status())
    assert (empty["Stale answers"], empty["Unresolved"], empty["Resolutions"]) == ("none", "none", "none")


def test_late_dates_are_named() -> None:
    assert shown_facts(status(LOADED._replace(late=[day("2026-01-04")])))["Late"] == "1: 2026-01-04, not settled"


def test_dates_in_a_row_are_said_as_one_stretch() -> None:
    dates = [day(f"2026-01-{number:02}") for number in (1, 2, 3, 5, 8, 9)]
    assert date_ranges(dates) == "6: 2026-01-01 to 2026-01-03, 2026-01-05, 2026-01-08 to 2026-01-09"


def test_only_the_last_of_many_ranges_are_shown() -> None:
    dates = [day("2026-01-01") + dt.timedelta(days=2 * number) for number in range(9)]
    shown = date_ranges(dates)
    assert shown.startswith("9: 4 earlier ranges, 2026-01-09, ")
    assert shown.endswith("2026-01-17")


@given(st.sets(st.integers(0, 9), min_size=1))
def test_ranges_contain_each_date_once(offsets: set[int]) -> None:
    dates = {day("2026-01-01") + dt.timedelta(days=offset) for offset in offsets}
    count, _, ranges = date_ranges(sorted(dates)).partition(": ")
    assert int(count) == len(dates)
    found = set()
    for date_range in ranges.split(", "):
        first, _, last = date_range.partition(" to ")
        days = (day(last or first) - day(first)).days
        found |= {day(first) + dt.timedelta(days=offset) for offset in range(days + 1)}
    assert found == dates

"""Every fault of the API, alone and mixed, over the ticks of a day and the dates of a season: a failed tick changes
nothing, and once the API works again the tables equal those of a run without faults.

Which failures are retried, after 2, 4 and 8 seconds, is tested in tests/integration/assets/test_ncaa_games.py.
"""

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.dagster_stack import PROJECT, environment
from support.databases import Databases
from support.invariants import Tables, assert_same, clean_tables, tables
from support.ticks import Ticks, ticking, ticks_of
from support.webserver import date_range

from pipelines.runtime.failures import failure_reasons
from simulator.faults import FAULTS, Endpoint, Target
from simulator.options import Options
from simulator.server import serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

DATE, AFTER = "2026-02-07", "2026-02-09 12:15"
ANSWER_FAULTS = sorted(
    name
    for name, fault in FAULTS.items()
    if fault.target is Target.ANSWER and fault.endpoints & {Endpoint.SCOREBOARD, Endpoint.SCHEDULE}
)
GAME_FAULTS = sorted(name for name, fault in FAULTS.items() if fault.target is Target.GAME)
OPTIONS = {"http_429_retry_after": {"retry_after": "0"}}
SUCCEEDING = {"calendar_404", "redirect_308", "stale"}
"""Faults with which a tick succeeds."""
FAILING_FAULTS = sorted(set(ANSWER_FAULTS) - SUCCEEDING)
NOT_RETRYABLE = {"http_401", "oversized", "truncated", "wrong_date"}


def test_a_tick_fails_and_changes_nothing_under_each_fault(
    databases: Databases, rounds: Callable[[int, int], int]
) -> None:
    """Each tick has the next fault, for all its attempts."""
    with (
        databases.temporary() as url,
        serving(Options(season=2025)) as api,
        ticking(url, api, f"{DATE} 00:00") as ticks,
    ):
        for number, moment in enumerate(ticks_of(DATE)[:: rounds(4, 1)]):
            name = FAILING_FAULTS[number % len(FAILING_FAULTS)]
            api.simulator.faults.set({name: OPTIONS.get(name, {})})
            assert not _tick(ticks, url, moment), name
        _assert_as_without_faults(ticks, databases, url)


def test_a_retryable_fault_of_one_answer_is_overcome_by_a_retry(databases: Databases) -> None:
    with (
        databases.temporary() as url,
        serving(Options(season=2025)) as api,
        ticking(url, api, f"{DATE} 00:00") as ticks,
    ):
        for name, moment in zip(ANSWER_FAULTS, ticks_of(DATE)[::4], strict=False):
            api.simulator.faults.set({name: {**OPTIONS.get(name, {}), "times": 1}})
            assert _tick(ticks, url, moment) or name in NOT_RETRYABLE, name


def test_mixed_faults_leave_no_trace(databases: Databases, rounds: Callable[[int, int], int]) -> None:
    """Each tick has three faults of scoreboard, calendar and games, each in a share of answers; half are messy as well.

    Only games that are not withdrawn are compared: a fault may have listed a game under another id or with other teams.
    """
    choices = random.Random(8)
    with (
        databases.temporary() as url,
        serving(Options(season=2025)) as api,
        ticking(url, api, f"{DATE} 00:00") as ticks,
    ):
        for moment in ticks_of(DATE)[:: rounds(8, 1)]:
            names = choices.sample(ANSWER_FAULTS, 2) + choices.sample(GAME_FAULTS, 1)
            faults = {name: {**OPTIONS.get(name, {}), "share": choices.random()} for name in names}
            faults[names[0]]["endpoints"] = ["scoreboard", "schedule"]
            api.simulator.faults.set(faults, messy=choices.random() < 0.5)
            _tick(ticks, url, moment)
        _assert_as_without_faults(ticks, databases, url, only_games=True)


def test_a_backfill_with_faulty_answers_is_complete_after_a_few_commands(
    databases: Databases, rounds: Callable[[int, int], int]
) -> None:
    """In full one faulty answer of a hundred in a season; in short one of five in a month."""
    first, last, faulty = ("2025-11-03", "2026-04-06", 0.01) if rounds(0, 1) else ("2026-01-01", "2026-01-31", 0.2)
    share = faulty / len(ANSWER_FAULTS)
    faults = {name: {**OPTIONS.get(name, {}), "share": share} for name in ANSWER_FAULTS}
    command = [Path(sys.executable).parent / "gamepulse", "backfill", first, last, "--json"]
    with databases.temporary() as url, serving(Options(season=2025, faults=faults)) as api:
        variables = environment(
            DATABASE_URL=url.render_as_string(hide_password=False),
            NCAA_API_URL=api.url,
            NCAA_API_REQUESTS_PER_SECOND="50",
        )
        for attempt in range(6):
            ended = subprocess.run(command, cwd=PROJECT, env=variables, check=False, capture_output=True, text=True)
            report = json.loads(ended.stdout)
            print(f"attempt {attempt}: {report['dates_loaded']} of {report['dates']}")  # noqa: T201
            if ended.returncode == 0 and not report["findings"]:
                break
            assert report["dates_loaded"] + len(report["failed"]) == report["dates"]
            assert all(re.fullmatch(r"GET .*\.", reason) for reason in report["failed"].values()), report["failed"]
        assert (ended.returncode, report["findings"]) == (0, {})
        api.simulator.faults.set({})
        assert_same(tables(url), clean_tables(databases, api.url, date_range(first, last)))


def _tick(ticks: Ticks, url: sa.URL, moment: object) -> bool:
    """Runs a tick and returns whether it succeeded; a failed one has a reason in a sentence and wrote nothing."""
    before = tables(url)
    ticks.go_to(moment)
    result = ticks.run(DATE)
    if not result.success:
        [reason] = failure_reasons(result.get_step_failure_events())
        assert re.fullmatch(rf"{DATE}: GET {ticks.api.url}/scoreboard/\S+ [^\n]*\.", reason), reason
        assert_same(tables(url), before)
    return bool(result.success)


def _assert_as_without_faults(ticks: Ticks, databases: Databases, url: sa.URL, *, only_games: bool = False) -> None:
    ticks.api.simulator.faults.set({})
    ticks.go_to(AFTER)
    assert ticks.run(DATE).success
    actual, clean = tables(url), clean_tables(databases, ticks.api.url, date_range(DATE, DATE))
    assert clean["fact_game"]
    assert {game["game_status"] for game in clean["fact_game"]} == {"final"}
    if only_games:
        actual, clean = _active_games(actual), _active_games(clean)
    assert_same(actual, clean)


def _active_games(all_tables: Tables) -> Tables:
    return {"fact_game": [row for row in all_tables["fact_game"] if row["game_status"] != "withdrawn"]}

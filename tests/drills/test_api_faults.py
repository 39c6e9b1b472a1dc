"""Everything that the API does wrong, alone and mixed, over the ticks of a day and the dates of a season: a tick that
fails changes nothing, and once the API is well the tables are as if nothing had been.

That failures are told apart and retried after 2, 4 and 8 seconds is in tests/integration/assets/test_ncaa_games.py.
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
from support.invariants import Tables, assert_same, clean_tables, days, new_database, tables
from support.ticks import Ticks, ticking, ticks_of

from pipelines.runtime.failures import failure_reasons
from simulator.faults import CATALOGUE, Target
from simulator.options import Options
from simulator.server import serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

DATE, AFTER = "2026-02-07", "2026-02-09 12:15"
OF_ANSWERS = sorted(name for name, fault in CATALOGUE.items() if fault.target is Target.ANSWER)
OF_GAMES = sorted(name for name, fault in CATALOGUE.items() if fault.target is Target.GAME)
OPTIONS = {"http_429_retry_after": {"retry_after": "0"}}
FAIL_AT_ONCE = {"http_401", "html", "oversized", "truncated", "wrong_date"}
"""What no retry is tried on."""


def test_each_fault_alone(postgres_server: sa.URL, rounds: Callable[[int, int], int]) -> None:
    """Of answers: each tick has the next one, for all its attempts."""
    url = new_database(postgres_server, "faults_alone")
    with serving(Options(season=2025)) as api, ticking(url, api, f"{DATE} 00:00") as ticks:
        for number, moment in enumerate(ticks_of(DATE)[:: rounds(6, 1)]):
            name = OF_ANSWERS[number % len(OF_ANSWERS)]
            api.simulator.faults.set({name: OPTIONS.get(name, {})})
            assert not _tick(ticks, url, moment), name
        _assert_as_if_nothing_had_been(ticks, postgres_server, url, "faults_alone_clean")


def test_each_fault_for_one_answer_is_healed_by_the_retries(postgres_server: sa.URL) -> None:
    url = new_database(postgres_server, "faults_once")
    with serving(Options(season=2025)) as api, ticking(url, api, f"{DATE} 00:00") as ticks:
        for name, moment in zip(OF_ANSWERS, ticks_of(DATE)[::5], strict=False):
            api.simulator.faults.set({name: {**OPTIONS.get(name, {}), "times": 1}})
            assert _tick(ticks, url, moment) or name in FAIL_AT_ONCE, name


def test_all_faults_mixed(postgres_server: sa.URL, rounds: Callable[[int, int], int]) -> None:
    """Of answers, of the calendar and of games: each tick has three by chance, and messy ones besides.

    A game may have been told under another id or of other teams meanwhile: those are withdrawn, and their teams stay.
    """
    choices = random.Random(8)
    url = new_database(postgres_server, "faults_mixed")
    with serving(Options(season=2025)) as api, ticking(url, api, f"{DATE} 00:00") as ticks:
        for moment in ticks_of(DATE)[:: rounds(8, 1)]:
            names = choices.sample(OF_ANSWERS, 2) + choices.sample(OF_GAMES, 1)
            faults = {name: {**OPTIONS.get(name, {}), "share": choices.random()} for name in names}
            faults[names[0]]["endpoints"] = ["scoreboard", "schedule"]
            api.simulator.faults.set(faults, messy=choices.random() < 0.5)
            _tick(ticks, url, moment)
        _assert_as_if_nothing_had_been(ticks, postgres_server, url, "faults_mixed_clean", only_games=True)


def test_a_backfill_with_wrong_answers_is_complete_after_a_few_commands(
    postgres_server: sa.URL, rounds: Callable[[int, int], int], tmp_path: Path
) -> None:
    """One answer of a hundred in a season; in short, one of five in a month."""
    first, last, wrong = ("2025-11-03", "2026-04-06", 0.01) if rounds(0, 1) else ("2026-01-01", "2026-01-31", 0.2)
    url = new_database(postgres_server, "wrong_answers")
    share = wrong / len(OF_ANSWERS)
    faults = {name: {**OPTIONS.get(name, {}), "share": share} for name in OF_ANSWERS}
    command = [Path(sys.executable).parent / "gamepulse", "backfill", first, last, "--json"]
    with serving(Options(season=2025, faults=faults)) as api:
        variables = environment(
            DATABASE_URL=url.render_as_string(hide_password=False),
            NCAA_API_URL=api.url,
            NCAA_API_REQUESTS_PER_SECOND="50",
        )
        for attempt in range(6):
            ended = subprocess.run(command, cwd=PROJECT, env=variables, check=False, capture_output=True, text=True)
            found = json.loads(ended.stdout)
            print(f"attempt {attempt}: {found['dates_loaded']} of {found['dates']}")  # noqa: T201
            if ended.returncode == 0:
                break
            assert found["dates_loaded"] + len(found["failed"]) == found["dates"]
            assert all(re.fullmatch(r"GET .*\.", reason) for reason in found["failed"].values()), found["failed"]
        assert ended.returncode == 0
        api.simulator.faults.set({})
        clean = clean_tables(postgres_server, "wrong_answers_clean", api.url, days(first, last))
    assert_same(tables(url), clean)


def _tick(ticks: Ticks, url: sa.URL, moment: object) -> bool:
    """Whether it succeeded; if not, it said why in a sentence and wrote nothing."""
    before = tables(url)
    ticks.go_to(moment)
    result = ticks.run(DATE)
    if not result.success:
        [reason] = failure_reasons(result.get_step_failure_events())
        assert re.fullmatch(rf"{DATE}: GET {ticks.api.url}/scoreboard/\S+ [^\n]*\.", reason), reason
        assert_same(tables(url), before)
    return bool(result.success)


def _assert_as_if_nothing_had_been(
    ticks: Ticks, server: sa.URL, url: sa.URL, name: str, *, only_games: bool = False
) -> None:
    ticks.api.simulator.faults.set({})
    ticks.go_to(AFTER)
    assert ticks.run(DATE).success
    found, clean = tables(url), clean_tables(server, name, ticks.api.url, days(DATE, DATE))
    assert clean["fact_game"]
    assert {game["game_status"] for game in clean["fact_game"]} == {"final"}
    if only_games:
        found, clean = _shown(found), _shown(clean)
    assert_same(found, clean)


def _shown(found: Tables) -> Tables:
    return {"fact_game": [row for row in found["fact_game"] if row["game_status"] != "withdrawn"]}

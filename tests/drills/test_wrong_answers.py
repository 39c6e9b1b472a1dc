"""Wrong answers about settled dates: a stale one, an empty one whose calendar agrees, and finals that are turned back.
No final is lost, the dates are suspect and fail a check, and everything passes once the source is right again.

The rule is in docs/rules.md ("Evidence decides"); its single cases are tested in tests/integration/warehouse.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.builders import at
from support.databases import Databases
from support.invariants import Tables, assert_same, clean_tables, tables
from support.season import playing
from support.webserver import date_range

import simulator.app
from simulator.options import Options
from simulator.server import Served, serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

STALE, EMPTY, TURNED_BACK = "2026-01-15", "2026-01-16", "2026-01-17"
NIGHT = f"{STALE} 21:30"
"""When some games of that date are final, others live, and others scheduled."""
SETTLED, WRONG, RIGHT = "2026-01-19 13:00", "2026-01-19 14:00", "2026-01-19 15:00"


@pytest.fixture
def api() -> Iterator[Served]:
    with serving(Options(season=2025)) as api:
        yield api


@pytest.fixture
def wrong_answers(api: Served) -> Iterator[pytest.MonkeyPatch]:
    """Makes the API's answers about the three dates wrong until `undo`."""
    right_scoreboard, right_counts = api.simulator.scoreboard, simulator.app.counts

    def scoreboard(date: dt.date, now: dt.datetime) -> bytes:
        answer = json.loads(right_scoreboard(date, at(NIGHT) if str(date) == STALE else now))
        if str(date) == STALE:
            del answer["updated_at"]  # else the load knows the answer for a stale one, and makes nothing of it
        if str(date) == EMPTY:
            answer["games"] = []
        if str(date) == TURNED_BACK:
            for number, entry in enumerate(answer["games"]):
                _turn_back(entry["game"], number % 4)
        return json.dumps(answer).encode()

    def counts(*arguments: Any) -> dict[dt.date, int]:
        return {date: count for date, count in right_counts(*arguments).items() if str(date) != EMPTY}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.simulator, "scoreboard", scoreboard)
        patch.setattr(simulator.app, "counts", counts)
        yield patch


@pytest.fixture
def set_wrong(api: Served, request: pytest.FixtureRequest) -> Callable[[], pytest.MonkeyPatch]:
    """Starts the wrong answers in the middle of a test."""
    return lambda: request.getfixturevalue("wrong_answers")


def test_wrong_answers_lose_no_final_and_checks_pass_once_the_source_is_right(
    databases: Databases, api: Served, set_wrong: Callable[[], pytest.MonkeyPatch]
) -> None:
    dates = date_range(STALE, TURNED_BACK)
    with databases.temporary() as url, playing(url, api, SETTLED) as player:
        player.load(SETTLED, dates)
        right = tables(url)
        assert_same(right, clean_tables(databases, api.url, dates))
        assert {row["game_status"] for row in right["fact_game"]} == {"final"}
        assert _dates_in_checks(player.failed_checks()) == set()

        wrong = set_wrong()
        player.load(WRONG, dates)
        assert_same(_finals(tables(url)), _finals(right))
        assert _suspect_dates(tables(url)) == set(map(str, dates))
        assert _dates_in_checks(player.failed_checks()) == set(map(str, dates))

        wrong.undo()
        player.play(RIGHT, "2026-01-20 13:00", dt.timedelta(hours=1))
        assert all(player.reasons[str(date)] for date in dates)
        assert_same(_of_dates(tables(url), dates), _of_dates(right, dates))
        assert _dates_in_checks(player.failed_checks()) == set()


def _turn_back(game: dict[str, Any], kind: int) -> None:
    """Makes a final scheduled, live or 0-0, or leaves it."""
    state, home, away = [("pre", "", ""), ("live", "12", "10"), ("final", "0", "0"), (None, "", "")][kind]
    if state is None:
        return
    game |= {"gameState": state, "currentPeriod": "1ST" if state == "live" else "", "finalMessage": ""}
    game |= {"contestClock": "8:00"}
    game["home"]["score"], game["away"]["score"] = home, away


def _suspect_dates(all_tables: Tables) -> set[str]:
    """Returns the dates with a suspect game."""
    return {str(row["game_date"]) for row in all_tables["fact_game"] if row["suspect_reason"]}


def _finals(all_tables: Tables) -> Tables:
    """Returns the scores of final games."""
    return {
        "fact_game": [
            {name: row[name] for name in ("game_id", "game_status", "home_score", "away_score")}
            for row in all_tables["fact_game"]
            if row["game_status"] == "final"
        ]
    }


def _of_dates(all_tables: Tables, dates: list[dt.date]) -> Tables:
    return {
        name: [row for row in all_tables[name] if row["game_date"] in dates] for name in ("fact_game", "scoreboard")
    }


def _dates_in_checks(failed: dict[str, str]) -> set[str]:
    """Returns those of the three dates that a failed check names."""
    return {date for date in (STALE, EMPTY, TURNED_BACK) if any(date in text for text in failed.values())}

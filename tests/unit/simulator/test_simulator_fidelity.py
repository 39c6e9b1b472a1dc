"""The simulator compared with recordings of the real API: fields and types, and distributions.

Distributions are compared by total variation distance: half the sum of the differences of the shares, 0 for equal, 1
for disjoint.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator import legacy, payload
from simulator.days import EASTERN, calendar_season
from simulator.faults import Faults
from simulator.game import Game
from simulator.listing import listing
from simulator.season import season_games
from simulator.world import World

SEASONS = (2023, 2024, 2025)
SEED = 7
MAX_DISTANCE = 0.1

OPENING_NIGHT = datetime(2025, 11, 3, 21, 0, tzinfo=EASTERN)
MARCH_EVENING = datetime(2025, 3, 14, 22, 30, tzinfo=EASTERN)

# Periods, messages and clocks of each state.
COMBINATIONS = {
    "pre": [("", "", r"0:00")],
    "live": [
        ("1st", "1ST HALF", r"[012]\d:[0-5]\d"),
        ("2nd", "2ND HALF", r"[012]\d:[0-5]\d"),
        ("HALFTIME", "HALF", r"0:00"),
    ],
    "final": [("FINAL", "FINAL", r"0:00"), ("FINAL - OT", "FINAL", r"0:00"), ("FINAL - 2OT", "FINAL", r"0:00")],
}


def distance(one: Mapping[Hashable, int], other: Mapping[Hashable, int]) -> float:
    """Returns the total variation distance of two distributions given by counts."""
    ones, others = sum(one.values()), sum(other.values())
    return sum(abs(one.get(key, 0) / ones - other.get(key, 0) / others) for key in {*one, *other}) / 2


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yields every field of an answer with its type; the items of a list share one path."""
    yield path, type(value).__name__
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from shape(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from shape(inner, f"{path}[]")


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=SEED, last_season=2025)


@pytest.fixture(scope="module")
def games() -> list[Game]:
    return [
        game for season in SEASONS for games in season_games(SEED, calendar_season(season)).values() for game in games
    ]


@pytest.fixture(scope="module")
def results(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "results-2010-2025.csv").open(encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["home_score"] and row["away_score"]]


def on_opening_night(world: World) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        payload.scoreboard(listing(world, Faults(SEED), OPENING_NIGHT.date(), OPENING_NIGHT), OPENING_NIGHT)
    )
    return answer


def recording(shared_data: Path, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((shared_data / "scoreboards" / name).read_text(encoding="utf-8"))
    return answer


def test_a_scoreboard_has_the_fields_and_types_of_the_recorded_one(shared_data: Path, world: World) -> None:
    recorded = recording(shared_data, "current/2025-11-03.json")
    simulated = on_opening_night(world)
    assert set(shape(simulated)) == set(shape(recorded))
    assert {game["game"]["gameState"] for game in simulated["games"]} == {"pre", "live", "final"}
    assert list(simulated["games"][0]["game"]) == list(recorded["games"][0]["game"]), "in the same order"
    assert list(simulated["games"][0]["game"]["home"]) == list(recorded["games"][0]["game"]["home"])


@pytest.mark.parametrize("source", ["recorded", "simulated"])
def test_combinations_of_state_period_message_and_clock_are_the_recorded_ones(
    shared_data: Path, world: World, source: str
) -> None:
    answer = on_opening_night(world) if source == "simulated" else recording(shared_data, "current/2025-11-03.json")
    for entry in answer["games"]:
        game = entry["game"]
        assert any(
            (game["currentPeriod"], game["finalMessage"]) == (period, message)
            and re.fullmatch(clock, game["contestClock"])
            for period, message, clock in COMBINATIONS[game["gameState"]]
        ), game
        assert re.fullmatch(r"\d\d/\d\d/\d{4}", game["startDate"])
        assert re.fullmatch(r"1?\d:\d\d [AP]M ET", game["startTime"])
        assert re.fullmatch(r"\d{10}", game["startTimeEpoch"])
        assert game["url"] == f"/game/{game['gameID']}"
        for side in (game["home"], game["away"]):
            assert (side["score"] == "") == (game["gameState"] == "pre")
            assert side["names"]["full"] == side["description"] == ""
            assert [conference["conferenceName"] for conference in side["conferences"]] == [""]
        assert (game["home"]["winner"] or game["away"]["winner"]) == (game["gameState"] == "final")


def test_a_legacy_scoreboard_has_the_fields_and_types_of_the_recorded_one(shared_data: Path, world: World) -> None:
    recorded = recording(shared_data, "legacy/2025-03-14.json")
    games = listing(world, Faults(SEED), MARCH_EVENING.date(), MARCH_EVENING)
    simulated = json.loads(legacy.scoreboard(games, MARCH_EVENING, world.record))
    assert set(shape(simulated)) == set(shape(recorded))


def test_a_season_calendar_has_the_fields_of_the_recorded_one(shared_data: Path, world: World) -> None:
    recorded = json.loads((shared_data / "schedule-alt-2025.json").read_text(encoding="utf-8"))
    counts = {day: len(games) for day, games in world.season(2025).items()}
    simulated = payload.calendar(counts, date(2026, 4, 6))
    assert set(shape(simulated)) == set(shape(recorded))
    assert simulated["data"]["schedules"]["today"] == recorded["data"]["schedules"]["today"]
    opening = {game["contestDate"] for game in recorded["data"]["schedules"]["games"]}
    assert opening - {game["contestDate"] for game in simulated["data"]["schedules"]["games"]} == set()


def test_weekdays_are_distributed_as_in_fifteen_seasons(results: list[dict[str, str]], games: list[Game]) -> None:
    real = Counter(datetime.strptime(row["date"], "%Y%m%d").isoweekday() for row in results)  # noqa: DTZ007
    assert distance(real, Counter(game.day.isoweekday() for game in games)) <= MAX_DISTANCE


def test_months_are_distributed_as_in_fifteen_seasons(results: list[dict[str, str]], games: list[Game]) -> None:
    real = Counter(row["date"][4:6] for row in results)
    assert distance(real, Counter(f"{game.day.month:02}" for game in games)) <= MAX_DISTANCE


def test_final_margins_are_distributed_as_in_fifteen_seasons(results: list[dict[str, str]], games: list[Game]) -> None:
    real = Counter(int(row["home_score"]) - int(row["away_score"]) for row in results)
    assert distance(real, Counter(game.home_score - game.away_score for game in games)) <= MAX_DISTANCE


def test_home_wins_and_points_are_those_of_recent_seasons(results: list[dict[str, str]], games: list[Game]) -> None:
    recent = [row for row in results if row["date"] > "20210801"]
    real_wins = sum(int(row["home_score"]) > int(row["away_score"]) for row in recent) / len(recent)
    assert sum(game.home_score > game.away_score for game in games) / len(games) == pytest.approx(real_wins, abs=0.03)
    real_points = sum(int(row["home_score"]) + int(row["away_score"]) for row in recent) / len(recent)
    points = sum(game.home_score + game.away_score for game in games) / len(games)
    assert points == pytest.approx(real_points, abs=3)


@pytest.mark.parametrize(
    ("name", "weekdays"), [("current/2025-11-03.json", range(5)), ("legacy/2025-02-08.json", (5,))]
)
def test_tip_offs_are_distributed_as_on_the_recorded_days(
    shared_data: Path, games: list[Game], name: str, weekdays: range
) -> None:
    real = Counter(
        datetime.fromtimestamp(int(entry["game"]["startTimeEpoch"]), EASTERN).hour
        for entry in recording(shared_data, name)["games"]
    )
    regular = [game for game in games if game.announced is None and game.day.weekday() in weekdays]
    assert distance(real, Counter(game.tip_off.hour for game in regular)) <= MAX_DISTANCE

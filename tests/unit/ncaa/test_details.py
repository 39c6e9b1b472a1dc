"""The details of one game, `/game/{id}`: venue and points by period."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import NotGameDetailsError
from pipelines.ncaa.details import NO_CONTEST, NO_LOCATION, DetailsResponse, GameDetails, Venue, parse_details

LINES = [{"period": "1", "visit": "30", "home": "40"}, {"period": "2", "visit": "35", "home": "31"}]
LOCATION = {"venue": "Cameron Indoor Stadium", "city": "Durham", "stateUsps": "NC"}


def contest(**fields: Any) -> dict[str, Any]:
    return {"id": 6500001, "gameState": "F", "linescores": LINES, "location": LOCATION} | fields


def parse(answer: object) -> GameDetails:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    moment = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    return parse_details(DetailsResponse(6500001, body, moment, "http://ncaa.example/game/6500001"))


def parse_contest(**fields: Any) -> GameDetails:
    return parse({"contests": [contest(**fields)]})


def test_venue_and_points_by_period_are_read() -> None:
    details = parse_contest()
    assert details.venue == Venue("Cameron Indoor Stadium", "Durham", "NC")
    assert details.missing_reason is None
    assert (details.home_points, details.away_points) == ((40, 31), (30, 35))


@pytest.mark.parametrize(
    ("location", "venue"),
    [
        ({"venue": " Rupp Arena at Central Bank Center ", "city": "Lexington", "stateUsps": "ky"}, "Rupp Arena"),
        ({"venue": "Imperial Arena", "city": "Nassau", "stateUsps": ""}, "Imperial Arena"),
        ({"venue": "Imperial Arena"}, "Imperial Arena"),
    ],
)
def test_a_venue_has_one_spelling_and_may_lack_state_and_city(location: dict[str, str], venue: str) -> None:
    found = parse_contest(location=location).venue
    assert found is not None
    assert found.name == venue
    assert found.state in {"KY", None}


@pytest.mark.parametrize("location", [None, {}, {"venue": None}, {"venue": "", "city": "Durham", "stateUsps": "NC"}])
def test_a_game_without_location_has_the_reason_and_its_points(location: object) -> None:
    details = parse_contest(location=location)
    assert (details.venue, details.missing_reason) == (None, NO_LOCATION)
    assert details.home_points == (40, 31)


def test_a_game_that_the_api_does_not_know_has_the_reason() -> None:
    details = parse({"contests": []})
    assert (details.venue, details.missing_reason, details.home_points) == (None, NO_CONTEST, None)


def test_overtimes_follow_the_halves_and_totals_are_left_out() -> None:
    overtimes = [{"period": name, "visit": 5, "home": 6} for name in ("OT", "2OT")]
    total = {"period": "Total", "visit": "75", "home": "83"}
    assert parse_contest(linescores=[*LINES, *overtimes, total]).home_points == (40, 31, 6, 6)
    numbered = [{"period": 3, "visit": 5, "home": 6}]
    assert parse_contest(linescores=[*LINES, *numbered]).home_points == (40, 31, 6)


@pytest.mark.parametrize(
    "lines",
    [
        None,
        [],
        LINES[:1],
        [*LINES, {"period": "4", "visit": "5", "home": "6"}],
        [*LINES, LINES[1]],
        [LINES[0], {"period": "2", "visit": "", "home": "31"}],
        [LINES[0], {"period": "2", "visit": "35"}],
        [LINES[0], {"period": "third quarter", "visit": "35", "home": "31"}],
        "40-31",
    ],
)
def test_incomplete_periods_are_unknown_and_do_not_cost_the_venue(lines: object) -> None:
    details = parse_contest(linescores=lines)
    assert (details.home_points, details.away_points) == (None, None)
    assert details.venue is not None


def test_points_of_a_game_that_is_not_over_are_unknown() -> None:
    assert parse_contest(gameState="I").home_points is None


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b'{"contests": [',
        [],
        {},
        {"contests": None},
        {"contests": [None]},
        {"contests": [contest(id=6500002)]},
        {"contests": [contest(), contest()]},
        {"contests": [contest(location={"venue": "A\x00rena"})]},
        {"contests": [contest(location="Durham")]},
    ],
)
def test_other_answers_are_refused(answer: object) -> None:
    with pytest.raises(NotGameDetailsError, match="6500001"):
        parse(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional={"location": JSON, "linescores": JSON, "gameState": JSON, "id": JSON}))
def test_any_json_is_parsed_or_refused(fields: dict[str, Any]) -> None:
    try:
        details = parse_contest(**fields)
    except NotGameDetailsError:
        return
    assert (details.venue is None) == (details.missing_reason is not None)
    assert (details.home_points is None) == (details.away_points is None)

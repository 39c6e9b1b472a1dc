"""Faults by name: when they are injected, what they affect, and that they leave everything else unchanged."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from simulator.days import EASTERN
from simulator.faults import BUCKET_SECONDS, FAULTS, Endpoint, Faults, Target, parse_faults
from simulator.listing import counts, listing
from simulator.world import World

SEED = 7
DAY = date(2025, 11, 15)
EVENING = datetime(2025, 11, 15, 19, 30, tzinfo=EASTERN)

WORLD = World(seed=SEED, last_season=2025)


def only(name: str, **options: Any) -> Faults:
    return Faults(SEED, {name: options})


def active_fault(faults: Faults, day: date | None = DAY, at: datetime = EVENING, path: str = "/x") -> str | None:
    active = faults.on_answer(Endpoint.SCOREBOARD, path, day, at)
    return active and active.name


def test_every_fault_has_a_one_line_description() -> None:
    assert all(fault.description and "\n" not in fault.description for fault in FAULTS.values())


@pytest.mark.parametrize(
    "given", [{"no_such": {}}, {"hang": {"often": 1}}, {"hang": {"dates": ["soon"]}}, {"hang": {"endpoints": ["x"]}}]
)
def test_unknown_names_and_options_are_refused(given: Mapping[str, Mapping[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Faults(SEED, given)


ENDPOINTS = {
    "calendar_404": Endpoint.SCHEDULE,
    "no_location": Endpoint.GAME,
    "no_contests": Endpoint.GAME,
    "details_502": Endpoint.GAME,
    "stale_standings": Endpoint.STANDINGS,
    "unknown_school": Endpoint.STANDINGS,
}


@pytest.mark.parametrize(
    "name", [name for name, fault in FAULTS.items() if fault.target is Target.ANSWER and fault.share == 1.0]
)
def test_a_chosen_fault_affects_every_answer(name: str) -> None:
    faults = only(name)
    [endpoint] = FAULTS[name].endpoints
    assert endpoint is ENDPOINTS.get(name, Endpoint.SCOREBOARD)
    for other in Endpoint:
        for second in range(100):
            active = faults.on_answer(other, "/x", DAY, EVENING + timedelta(seconds=second))
            assert (active and active.name) == (name if other is endpoint else None)


def test_a_fault_can_be_limited_to_dates_endpoints_and_a_number_of_answers() -> None:
    faults = only("http_500", dates=["2025-11-15", date(2025, 11, 16)])
    assert active_fault(faults, DAY) == active_fault(faults, DAY + timedelta(days=1)) == "http_500"
    assert active_fault(faults, DAY + timedelta(days=2)) is None
    faults = only("http_500", times=2)
    assert [active_fault(faults, path="/one") for _ in range(4)] == ["http_500", "http_500", None, None]
    assert active_fault(faults, path="/other") == "http_500"
    faults = only("http_404", endpoints=["schedule"])
    assert active_fault(faults) is None
    assert faults.on_answer(Endpoint.SCHEDULE, "/x", None, EVENING) is not None


def test_messy_affects_some_answers_reproducibly_and_others_later() -> None:
    faults = Faults(SEED, messy=True)
    paths = [f"/{number}" for number in range(2000)]
    first = [active_fault(faults, path=path) for path in paths]
    assert 0.03 < sum(name is not None for name in first) / len(paths) < 0.15
    assert first == [active_fault(Faults(SEED, messy=True), path=path) for path in paths]
    later = [active_fault(faults, at=EVENING + timedelta(seconds=BUCKET_SECONDS), path=path) for path in paths]
    assert sum(was is not None and now is not None for was, now in zip(first, later, strict=True)) < 30
    assert "drip" not in faults.rules, "a fault that only tests need is not part of it"


def test_setting_no_faults_removes_all() -> None:
    faults = Faults(SEED, {"hang": {}}, messy=True)
    faults.set({})
    assert not faults.rules
    assert not faults.affects_games


def test_a_missing_date_is_empty_on_the_scoreboard_and_absent_from_the_calendar() -> None:
    faults = only("missing_date", dates=[str(DAY)])
    calendar = counts(WORLD, faults, 2025, EVENING)
    assert listing(WORLD, faults, DAY, EVENING) == []
    assert DAY not in calendar
    assert calendar[DAY + timedelta(days=1)] == len(WORLD.games(DAY + timedelta(days=1)))


def test_a_missing_date_is_drawn_every_hour_for_scoreboard_and_calendar_alike() -> None:
    faults = only("missing_date", share=0.3)
    hours = [EVENING + timedelta(hours=hour) for hour in range(100)]
    missing = [not listing(WORLD, faults, DAY, hour) for hour in hours]
    assert 15 < sum(missing) < 45
    assert missing[:10] == [DAY not in counts(WORLD, faults, 2025, hour) for hour in hours[:10]]


def test_a_fault_of_the_command_line_may_name_dates() -> None:
    given = ["html@2026-11-12", "html@2026-11-13", "legacy"]
    assert parse_faults(given) == {"html": {"dates": ["2026-11-12", "2026-11-13"]}, "legacy": {}}
    for wrong in ("htm", "htm@2026-11-12", "html@12.11.", "html@"):
        with pytest.raises(ValueError, match=r"no such fault|isoformat"):
            parse_faults([wrong])

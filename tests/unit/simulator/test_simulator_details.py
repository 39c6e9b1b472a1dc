"""The details of the simulator's games, read as the pipeline reads them."""

import datetime as dt

import pytest
from pydantic_core import to_json
from support.builders import at

from pipelines.ncaa.details import DetailsResponse, GameDetails, parse_details
from simulator import details
from simulator.faults import Endpoint, Faults
from simulator.game import Kind
from simulator.listing import find_entry, listing
from simulator.world import World

DAY, NOW = dt.date(2026, 1, 17), at("2026-05-01 12:00")


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0, last_season=2025)


def parse(world: World, faults: Faults, contest_id: int, now: dt.datetime = NOW) -> GameDetails:
    entry = find_entry(world, faults, contest_id, now)
    assert entry is not None
    return parse_details(DetailsResponse(contest_id, to_json(details.answer(entry)), now, "http://simulator/game"))


def test_a_final_game_has_its_place_and_the_points_of_its_periods(world: World) -> None:
    for game in world.games(DAY)[:20]:
        found = parse(world, Faults(0), game.contest_id)
        assert found.venue == details.place(game)
        assert list(zip(found.home_points or (), found.away_points or (), strict=True)) == list(game.line)


def test_a_game_that_is_not_over_has_no_points(world: World) -> None:
    game = world.games(DAY)[0]
    assert parse(world, Faults(0), game.contest_id, game.tip_off + dt.timedelta(hours=1)).home_points is None


def test_unknown_contests_are_not_found(world: World) -> None:
    last = max(game.contest_id for games in world.season(2025).values() for game in games)
    for contest_id in (1, 9_999_999, last + 1):
        assert find_entry(world, Faults(0), contest_id, NOW) is None


@pytest.mark.parametrize("fault", ["reissued", "moved"])
def test_games_are_found_under_the_id_and_on_the_date_of_their_scoreboard(world: World, fault: str) -> None:
    faults = Faults(0, {fault: {"share": 0.5}})
    listed = {entry.game.contest_id for entry in listing(world, faults, DAY, NOW)}
    assert {entry for entry in listed if find_entry(world, faults, entry, NOW)} == listed
    changed = {game.contest_id for game in world.games(DAY)} ^ listed
    assert changed


def test_a_game_without_a_location_has_none_in_every_answer(world: World) -> None:
    faults = Faults(0, {"no_location": {"share": 0.5}})
    paths = [f"/game/{game.contest_id}" for game in world.games(DAY)]
    drawn = [
        {path for path in paths if faults.on_answer(Endpoint.GAME, path, DAY, NOW + dt.timedelta(minutes=minutes))}
        for minutes in range(3)
    ]
    assert drawn[0] == drawn[1] == drawn[2]
    assert 0 < len(drawn[0]) < len(paths)


def test_tournaments_are_at_neutral_sites_and_some_other_games_too(world: World) -> None:
    games = [game for day in world.season(2025).values() for game in day]
    tournaments = {Kind.CONFERENCE_TOURNAMENT, Kind.BRACKET}
    assert all(game.is_neutral for game in games if game.kind in tournaments)
    others = [game for game in games if game.kind not in tournaments]
    assert 0.01 < sum(game.is_neutral for game in others) / len(others) < 0.05

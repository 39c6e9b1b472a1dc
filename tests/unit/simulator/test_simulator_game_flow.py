"""A game never runs backwards, and ends with its result."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.reference import teams
from simulator.days import EASTERN, calendar_season
from simulator.game import HALF_SECONDS, Game, Kind, Moment, State, ends_at, moment
from simulator.season import season_games

TIP_OFF = datetime(2026, 2, 3, 19, 0, tzinfo=EASTERN)
POINTS = st.integers(10, 60)


@st.composite
def a_game(draw: st.DrawFn) -> Game:
    overtime_points = st.integers(2, 20)
    halves = [(draw(POINTS), draw(POINTS)) for _ in range(2)]
    overtimes = draw(st.lists(st.tuples(overtime_points, overtime_points), max_size=3))
    home, away = teams(2025)[:2]
    return Game(draw(st.integers(6_000_000, 9_999_999)), TIP_OFF, home, away, Kind.CONFERENCE, (*halves, *overtimes))


def progress(at: Moment) -> tuple[int, int, int, int]:
    """Returns a key that grows as the game goes on."""
    state = {State.PRE: 0, State.LIVE: 1, State.FINAL: 2}[at.state]
    return state, at.period, int(at.halftime), -(at.clock if at.clock is not None else 0)


@given(a_game(), st.lists(st.floats(-3600, 6 * 3600), min_size=2, max_size=40))
def test_time_and_scores_never_run_backwards(game: Game, seconds: list[float]) -> None:
    moments = [moment(game, TIP_OFF + timedelta(seconds=second)) for second in sorted(seconds)]
    assert [progress(at) for at in moments] == sorted(progress(at) for at in moments)
    for side in ("home", "away"):
        points = [getattr(at, side) for at in moments if at.state is not State.PRE]
        assert points == sorted(points)
        assert all(score <= getattr(game, f"{side}_score") for score in points)
    assert all(at.home is None and at.away is None for at in moments if at.state is State.PRE)


@given(a_game())
def test_a_game_ends_with_its_result_after_about_two_hours_and_longer_with_overtime(game: Game) -> None:
    end = ends_at(game)
    assert moment(game, end - timedelta(seconds=1)).state is State.LIVE
    last = moment(game, end)
    assert (last.state, last.home, last.away) == (State.FINAL, game.home_score, game.away_score)
    overtime = timedelta(minutes=game.overtimes * 12)
    assert timedelta(minutes=110) + overtime <= end - TIP_OFF <= timedelta(minutes=150) + 1.6 * overtime


@given(a_game())
def test_a_game_has_two_halves_a_halftime_of_about_20_minutes_and_overtimes(game: Game) -> None:
    minutes = [moment(game, TIP_OFF + timedelta(minutes=minute)) for minute in range(360)]
    live = [at for at in minutes if at.state is State.LIVE]
    assert {at.period for at in live} == set(range(1, len(game.line) + 1))
    assert 15 <= sum(at.halftime for at in live) <= 21
    halftime = next(at for at in live if at.halftime)
    assert (halftime.home, halftime.away, halftime.clock) == (*game.line[0], None)
    assert all(0 <= (at.clock or 0) <= (HALF_SECONDS if at.period <= 2 else 300) for at in live)


@pytest.mark.parametrize("day", [datetime(2026, 3, 8, tzinfo=EASTERN), datetime(2025, 11, 2, tzinfo=EASTERN)])
def test_a_change_to_or_from_summer_time_does_not_lengthen_a_game(day: datetime) -> None:
    home, away = teams(2025)[:2]
    game = Game(6_000_001, day.replace(hour=1), home, away, Kind.CONFERENCE, ((30, 31), (40, 41)))
    begun = game.tip_off.timestamp()
    three_hours_later = datetime.fromtimestamp(begun + 3 * 3600, EASTERN)
    half_an_hour_later = datetime.fromtimestamp(begun + 1800, EASTERN)
    assert moment(game, three_hours_later).state is State.FINAL
    assert moment(game, half_an_hour_later).period == 1


def test_about_six_percent_of_games_go_to_overtime_and_none_ends_in_a_draw() -> None:
    games = [game for games in season_games(7, calendar_season(2025)).values() for game in games]
    assert 0.045 <= sum(game.overtimes > 0 for game in games) / len(games) <= 0.08
    for game in games:
        assert game.home_score != game.away_score
        assert all(sum(home - away for home, away in game.line[:period]) == 0 for period in range(2, len(game.line))), (
            "overtime begins with a draw"
        )
        assert min(points for half in game.line[:2] for points in half) > 5

"""A season window has games on every day of the year, and each season's calendar lists its own dates."""

from datetime import date, datetime, timedelta

import pytest

from pipelines.cli.up import EVENING
from simulator.days import EASTERN, FIRST_SEASON, season_around, season_of
from simulator.game import State, moment
from simulator.world import World


def world(midseason_date: date | None = None, last_season: int = 2026) -> World:
    return World(seed=7, last_season=last_season, midseason_date=midseason_date)


def test_every_day_of_the_year_is_in_january_or_february_of_its_season_window() -> None:
    for offset in range(366):
        today = date(2026, 1, 1) + timedelta(days=offset)
        assert 9 <= (today - season_around(today).opening).days // 7 <= 16


@pytest.mark.parametrize("today", [date(2026, 7, 15), date(2026, 12, 25), date(2027, 4, 30)])
def test_there_are_games_around_today_at_any_time_of_the_year(today: date) -> None:
    simulated = world(today)
    assert all(len(simulated.games(today + timedelta(days=offset))) >= 6 for offset in range(-7, 8))


def test_every_evening_of_a_season_window_has_dozens_of_games_and_many_are_live() -> None:
    today = date(2026, 7, 15)
    opening = season_around(today).opening
    for offset in range(9 * 7, 17 * 7):  # the days that are today's
        games = world(today).games(opening + timedelta(days=offset))
        evening = datetime.combine(games[0].day, EVENING, EASTERN)
        live = sum(moment(game, evening).state is State.LIVE for game in games)
        assert len(games) >= 25
        assert live >= 8, (games[0].day, live)


def test_starts_within_eight_weeks_play_the_same_season_and_later_ones_have_other_ids() -> None:
    first = season_around(date(2026, 7, 15))
    windows = {season_around(date(2026, 7, 15) + timedelta(weeks=week)) for week in range(-8, 9)}
    assert len(windows) == 3
    assert len({window.first_id for window in windows}) == 3
    assert first in windows


@pytest.mark.parametrize("today", [date(2026, 7, 15), date(2026, 9, 10), date(2026, 11, 23)])
def test_a_season_lists_exactly_the_dates_from_august_to_july(today: date) -> None:
    simulated = world(today)
    for season in range(today.year - 1, today.year + 1):
        listed = simulated.season(season)
        assert all(season_of(day) == season for day in listed)
        day = date(season, 8, 1)
        while day < date(season + 1, 8, 1):
            assert simulated.games(day) == listed.get(day, ())
            day += timedelta(days=1)


def test_a_season_window_replaces_the_seasons_it_overlaps_and_no_team_plays_twice_a_day() -> None:
    simulated = world(date(2026, 9, 10))
    for season in (2025, 2026):
        for games in simulated.season(season).values():
            names = [slug for game in games for slug in (game.home.slug, game.away.slug)]
            assert len(names) == len(set(names))


def test_all_seasons_since_2010_are_played() -> None:
    real = world(last_season=2025)
    for season in (FIRST_SEASON, 2020, 2024, 2025):
        games = [game for games in real.season(season).values() for game in games]
        assert len(games) > 5_500, season
    assert not real.season(FIRST_SEASON - 1)
    assert not real.season(2026), "after the last season nothing is played"


def test_records_count_games_up_to_and_including_the_given_one() -> None:
    real = world()
    games = sorted(
        (game for games in real.season(2024).values() for game in games if "duke" in (game.home.slug, game.away.slug)),
        key=lambda game: game.tip_off,
    )
    duke = games[0].home if games[0].home.slug == "duke" else games[0].away
    for number, game in enumerate(games, 1):
        assert sum(real.record(duke, game.tip_off)) == number

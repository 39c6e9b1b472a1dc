"""A generated season is plausible: fixtures, dates, numbers of games, tournaments."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest

from models.reference import teams
from simulator.days import EASTERN, FIRST_SEASON, calendar_season, season_around
from simulator.fixtures import members
from simulator.game import Game, Kind
from simulator.season import season_games

SEED = 7
TEAMS = teams(2025)


@pytest.fixture(scope="module", params=["calendar", "window"])
def games(request: pytest.FixtureRequest) -> list[Game]:
    days = calendar_season(2025) if request.param == "calendar" else season_around(date(2026, 7, 15))
    return [game for games in season_games(SEED, days).values() for game in games]


def of_kind(games: list[Game], kind: Kind) -> list[Game]:
    return [game for game in games if game.kind is kind]


def slugs(game: Game) -> tuple[str, str]:
    return game.home.slug, game.away.slug


def winner(game: Game) -> str:
    return game.home.slug if game.home_score > game.away_score else game.away.slug


def test_a_season_has_as_many_games_and_days_as_real_ones(games: list[Game]) -> None:
    assert 5_500 <= len(games) <= 6_300
    assert 135 <= len({game.day for game in games}) <= 155


def test_openings_and_championship_dates_are_the_real_ones() -> None:
    openings = {2023: date(2023, 11, 6), 2024: date(2024, 11, 4), 2025: date(2025, 11, 3)}
    titles = {2010: date(2011, 4, 4), 2017: date(2018, 4, 2), 2023: date(2024, 4, 8), 2025: date(2026, 4, 6)}
    assert {season: calendar_season(season).opening for season in openings} == openings
    assert {season: calendar_season(season).last_day for season in titles} == titles


def test_equal_seeds_give_equal_seasons_and_other_seeds_others() -> None:
    days = calendar_season(2024)
    again = season_games.__wrapped__(SEED, days)
    assert again == season_games(SEED, days)
    assert again != season_games.__wrapped__(SEED + 1, days)


def test_every_team_plays_25_to_40_games(games: list[Game]) -> None:
    played = Counter(slug for game in games for slug in slugs(game))
    assert played.keys() == {team.slug for team in TEAMS}
    assert min(played.values()) >= 25
    assert max(played.values()) <= 40


def test_no_team_plays_on_consecutive_days_of_the_regular_season(games: list[Game]) -> None:
    days: defaultdict[str, list[Game]] = defaultdict(list)
    for game in games:
        for slug in slugs(game):
            days[slug].append(game)
    gaps = Counter()
    for played in days.values():
        for one, other in pairwise(played):
            gap = (other.day - one.day).days
            gaps[gap] += 1
            assert gap >= (1 if other.kind in (Kind.CONFERENCE_TOURNAMENT, Kind.BRACKET) else 2)
    # Real seasons: 16 %, 23 %, 22 % and 16 % of the gaps are 2, 3, 4 and 5 days.
    assert sum(gaps[gap] for gap in (2, 3, 4, 5)) / gaps.total() > 0.7
    assert max(gaps) < 25


def test_conferences_up_to_eleven_play_a_double_round_robin_and_larger_ones_about_twenty_games(
    games: list[Game],
) -> None:
    conference_games = of_kind(games, Kind.CONFERENCE)
    meetings = Counter(slugs(game) for game in conference_games)
    played = Counter(slug for game in conference_games for slug in slugs(game))
    for group in members(TEAMS).values():
        names = [TEAMS[index].slug for index in group]
        if len(names) <= 11:
            missing = [(one, other) for one in names for other in names if one != other and not meetings[one, other]]
            assert len(missing) <= 2, missing
        else:
            assert all(17 <= played[name] <= 22 for name in names)
    assert max(meetings.values()) == 1
    assert all(game.home.conference == game.away.conference for game in conference_games)


def test_non_conference_games_are_between_conferences_and_never_repeated(games: list[Game]) -> None:
    others = of_kind(games, Kind.NON_CONFERENCE)
    assert all(game.home.conference != game.away.conference for game in others)
    assert max(Counter(frozenset(slugs(game)) for game in others).values()) == 1


def test_every_conference_tournament_is_a_knockout_with_one_champion(games: list[Game]) -> None:
    by_conference: defaultdict[str, list[Game]] = defaultdict(list)
    for game in of_kind(games, Kind.CONFERENCE_TOURNAMENT):
        by_conference[game.home.conference].append(game)
    assert by_conference.keys() == members(TEAMS).keys()
    for conference, knockout in by_conference.items():
        losers = [slug for game in knockout for slug in slugs(game) if slug != winner(game)]
        assert len(losers) == len(set(losers)) == len(members(TEAMS)[conference]) - 1


def test_the_bracket_has_68_teams_in_7_rounds_with_matching_seeds_regions_and_ids(games: list[Game]) -> None:
    bracket = of_kind(games, Kind.BRACKET)
    assert Counter(game.bracket_round for game in bracket) == {1: 4, 2: 32, 3: 16, 4: 8, 5: 4, 6: 2, 7: 1}
    assert sorted(game.bracket_id for game in bracket if game.bracket_id) == [
        *range(101, 105), *range(201, 233), *range(301, 317), *range(401, 409), *range(501, 505), 601, 602, 701
    ]  # fmt: skip
    assert len({slug for game in bracket for slug in slugs(game)}) == 68
    seeds: dict[str, int | None] = {}
    for game in bracket:
        for team, seed in ((game.home, game.home_seed), (game.away, game.away_seed)):
            assert seeds.setdefault(team.slug, seed) == seed
    assert Counter(seeds.values()) == {seed: 6 if seed in (11, 16) else 4 for seed in range(1, 17)}
    first_round = [game for game in bracket if game.bracket_round == 2]
    assert all((game.home_seed or 0) + (game.away_seed or 0) == 17 for game in first_round)
    assert Counter(game.region for game in first_round) == dict.fromkeys(("East", "West", "South", "Midwest"), 8)


@pytest.mark.parametrize(("season", "known"), [(2010, 2025), (2025, 2025), (2026, 2026)])
def test_teams_and_conferences_are_those_of_the_season_or_of_the_first_known_one(season: int, known: int) -> None:
    games = season_games(SEED, calendar_season(season)).values()
    assert {team for day in games for game in day for team in (game.home, game.away)} == set(teams(known))


def test_the_bracket_of_2027_opens_with_twelve_games_for_76_teams() -> None:
    season = season_games(SEED, calendar_season(2026))
    bracket = [game for games in season.values() for game in games if game.kind is Kind.BRACKET]
    opening = [game for game in bracket if game.bracket_round == 1]
    assert Counter(game.bracket_round for game in bracket) == {1: 12, 2: 32, 3: 16, 4: 8, 5: 4, 6: 2, 7: 1}
    assert len({slug for game in bracket for slug in slugs(game)}) == 76
    assert {game.day for game in opening} == {date(2027, 3, 16), date(2027, 3, 17)}
    assert {game.round_name for game in opening} == {"Opening Round"}
    assert sorted(game.bracket_id or 0 for game in opening) == list(range(101, 113))
    assert Counter(game.home_seed for game in opening) == {11: 4, 12: 2, 15: 2, 16: 4}
    assert all(game.home_seed == game.away_seed for game in opening)
    first_round = [game for game in bracket if game.bracket_round == 2]
    assert all((game.home_seed or 0) + (game.away_seed or 0) == 17 for game in first_round)
    losers = [slug for game in bracket for slug in slugs(game) if slug != winner(game)]
    assert len(losers) == len(set(losers)) == 75


def test_only_winners_advance_in_the_bracket_and_every_conference_champion_is_in_it(games: list[Game]) -> None:
    bracket = of_kind(games, Kind.BRACKET)
    out: set[str] = set()
    for game in bracket:
        assert out.isdisjoint(slugs(game))
        out.update(slug for slug in slugs(game) if slug != winner(game))
    assert len(out) == 67
    finals = {game.home.conference: game for game in of_kind(games, Kind.CONFERENCE_TOURNAMENT)}
    assert {winner(final) for final in finals.values()} <= {slug for game in bracket for slug in slugs(game)}


def test_the_bracket_is_played_on_the_real_dates() -> None:
    days = calendar_season(2025)
    played = defaultdict(set)
    for day, games in season_games(SEED, days).items():
        for game in games:
            if game.bracket_round:
                played[game.bracket_round].add(day)
    assert played[1] == {date(2026, 3, 17), date(2026, 3, 18)}
    assert played[2] == {date(2026, 3, 19), date(2026, 3, 20)}
    assert played[6] == {date(2026, 4, 4)}
    assert played[7] == {date(2026, 4, 6)}


def test_season_2019_stops_in_march_and_the_bracket_of_season_2020_has_its_own_dates() -> None:
    stopped = season_games(SEED, calendar_season(2019))
    assert max(stopped) == date(2020, 3, 11)
    played = season_games(SEED, calendar_season(2020))
    assert {game.bracket_round for game in played[date(2021, 3, 18)]} == {1}
    assert {game.bracket_round for game in played[date(2021, 3, 29)]} == {5}


def test_tournament_games_are_announced_before_tip_off_and_other_games_before_the_season(games: list[Game]) -> None:
    for game in games:
        if game.kind in (Kind.CONFERENCE_TOURNAMENT, Kind.BRACKET):
            assert game.announced is not None
            assert game.announced < game.tip_off
        else:
            assert game.announced is None


def test_no_games_on_christmas_in_a_season_on_its_real_days() -> None:
    played = season_games(SEED, calendar_season(2025))
    assert played.keys().isdisjoint({date(2025, 12, 24), date(2025, 12, 25)})


def test_contest_ids_are_in_range_unique_and_stable_over_all_seasons() -> None:
    years = [calendar_season(season) for season in range(FIRST_SEASON, 2041)]
    windows = [season_around(date(2025, 1, 6) + timedelta(weeks=8 * block)) for block in range(100)]
    firsts = [days.first_id for days in (*years, *windows)]
    assert len(set(firsts)) == len(firsts)
    assert min(firsts) >= 6_000_000
    assert max(firsts) + 20_000 <= 10_000_000
    days = calendar_season(2025)
    ids = [game.contest_id for games in season_games(SEED, days).values() for game in games]
    assert ids == list(range(days.first_id, days.first_id + len(ids)))


def test_tip_offs_are_us_eastern_and_ordered_and_ranks_are_those_of_a_poll(games: list[Game]) -> None:
    assert all(game.tip_off.tzinfo is EASTERN for game in games)
    assert all(one.tip_off <= other.tip_off for one, other in pairwise(games))
    day = [game for game in games if game.kind is Kind.CONFERENCE][500].day
    ranks = [rank for game in games if game.day == day for rank in (game.home_rank, game.away_rank) if rank]
    assert ranks
    assert len(set(ranks)) == len(ranks)
    assert all(1 <= rank <= 25 for rank in ranks)
    assert not any(game.home_rank or game.away_rank for game in of_kind(games, Kind.BRACKET))

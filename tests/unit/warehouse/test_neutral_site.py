"""Whether a game was at a neutral site, derived from the venues of a season."""

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.neutral_site import (
    AT_AWAY,
    AT_HOME,
    CONFERENCE_TOURNAMENT,
    HOME_IN_BRACKET,
    HOST,
    LONE_CITY,
    NCAA_TOURNAMENT,
    NO_USUAL_VENUE,
    NO_VENUE,
    OTHER_CITY,
    SAME_CITY,
    USUAL_GAMES,
    PlayedGame,
    Site,
    neutral_sites,
)

SIDES = ("home", "away")
NOVEMBER, MARCH = dt.date(2025, 11, 20), dt.date(2026, 3, 10)
DUKE, UNC, NYU, DAYTON, BOISE = range(1, 6)
CITIES = {DUKE: "Durham", UNC: "Chapel Hill", NYU: "New York", DAYTON: "Dayton", BOISE: "Boise"}


def game(
    name: str,
    home: int,
    away: int,
    venue: int | None,
    city: str | None = None,
    *,
    day: dt.date = NOVEMBER,
    conference: str | None = None,
    bracket: str | None = None,
) -> PlayedGame:
    place = city or CITIES.get(venue or 0)
    return PlayedGame(name, day, home, away, conference, bracket, venue, place, "XX" if place else None)


HOME_GAMES = [game(f"{team} at home, {number}", team, 99, team) for team in CITIES for number in range(USUAL_GAMES)]
"""Each team has the venue of its own number."""


def site(*games: PlayedGame) -> Site:
    """Returns the site of the last game of a season in which all teams have a usual venue."""
    return neutral_sites([*HOME_GAMES, *games])[games[-1].game_id]


def test_a_game_at_the_home_teams_usual_venue_is_not_neutral() -> None:
    assert site(game("a", DUKE, UNC, DUKE)) == AT_HOME


def test_a_game_at_the_away_teams_venue_is_not_neutral_either() -> None:
    assert site(game("a", DUKE, UNC, UNC)) == AT_AWAY


def test_a_game_in_another_city_is_neutral_where_others_played_and_undecided_alone() -> None:
    assert site(game("a", DUKE, UNC, 50, "Lahaina")) == LONE_CITY
    assert site(game("b", BOISE, DAYTON, 50, "Lahaina"), game("a", DUKE, UNC, 50, "Lahaina")) == OTHER_CITY


def test_a_second_arena_of_the_home_city_is_undecided() -> None:
    assert site(game("a", DUKE, UNC, 50, "Durham")) == SAME_CITY
    assert site(game("a", DUKE, UNC, 50, "Chapel Hill")) == SAME_CITY


def test_a_venue_without_a_city_is_undecided() -> None:
    assert site(game("a", DUKE, UNC, 50)) == SAME_CITY


def test_a_second_usual_venue_is_no_neutral_site() -> None:
    games = [game(f"garden {number}", DUKE, UNC, 50, "New York") for number in range(USUAL_GAMES)]
    assert site(*games) == AT_HOME


def test_nothing_is_guessed_of_an_unknown_venue_or_team() -> None:
    assert site(game("a", DUKE, UNC, None)) == NO_VENUE
    assert site(game("a", 77, DUKE, 50, "Lahaina")) == NO_USUAL_VENUE


def test_games_of_one_conference_by_several_homeless_teams_are_its_tournament() -> None:
    first = game("a", DUKE, UNC, NYU, day=MARCH, conference="acc")
    second = game("b", BOISE, DAYTON, NYU, day=MARCH, conference="acc")
    assert site(first, second) == CONFERENCE_TOURNAMENT
    hosted = game("c", NYU, UNC, NYU, day=MARCH, conference="acc")
    assert site(first, second, hosted) == HOST
    assert site(first, second, hosted._replace(game_date=NOVEMBER)) == AT_HOME


def test_the_ncaa_tournament_is_neutral_even_where_the_venue_is_unknown() -> None:
    assert site(game("a", DUKE, UNC, 50, "San Antonio", bracket="Final Four")) == NCAA_TOURNAMENT
    assert site(game("a", DUKE, UNC, None, bracket="Final Four")) == NCAA_TOURNAMENT


def test_dayton_was_at_home_in_the_first_four_of_2015() -> None:
    """Boise State played Dayton in UD Arena on 18 March 2015."""
    assert site(game("a", DAYTON, BOISE, DAYTON, bracket="First Four")) == HOME_IN_BRACKET


def test_real_home_games_are_not_called_neutral_and_real_events_are(shared_data: Path) -> None:
    """The results of 2024-25 say whether a game was at a neutral site, and not where: here each team has its own arena,
    and teams that met within a week at a neutral site played in one."""
    with (shared_data / "results-2010-2025.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "20241101" <= row["date"] <= "20250315"]  # the bracket is marked
    teams = {name: number for number, name in enumerate(sorted({row[side] for row in rows for side in SIDES}))}
    events: dict[str, tuple[dt.date, int]] = {}
    games, neutral = [], {}
    for number, row in enumerate(sorted(rows, key=lambda row: row["date"])):
        date = dt.date(int(row["date"][:4]), int(row["date"][4:6]), int(row["date"][6:]))
        venue = teams[row["home"]]
        if row["neutral"] == "1":
            recent = [event for side in SIDES if (event := events.get(row[side])) and (date - event[0]).days <= 7]
            venue = recent[0][1] if recent else 10_000 + number
            events |= dict.fromkeys((row[side] for side in SIDES), (date, venue))
        name = str(number)
        games.append(game(name, teams[row["home"]], teams[row["away"]], venue, f"city {venue}", day=date))
        neutral[name] = row["neutral"] == "1"
    found = Counter((neutral[name], site.is_neutral) for name, site in neutral_sites(games).items())
    assert (found[False, True], found[True, False]) == (0, 0), "none is decided wrongly"
    assert found[False, False] > 100 * found[False, None]
    assert found[True, True] > 2 * found[True, None], "a lone neutral game is undecided"


TEAMS, VENUES = st.integers(1, 4), st.none() | st.integers(1, 6)
SEASONS = st.lists(
    st.builds(
        game,
        st.just(""),
        TEAMS,
        st.integers(5, 8),
        VENUES,
        st.sampled_from([None, "A", "B", "C"]),
        day=st.dates(NOVEMBER, MARCH),
        conference=st.sampled_from([None, "acc", "big-ten"]),
        bracket=st.sampled_from([None, None, None, "Final Four"]),
    ),
    max_size=40,
).map(lambda games: [played._replace(game_id=str(number)) for number, played in enumerate(games)])


@given(SEASONS, st.randoms(use_true_random=False))
def test_the_order_of_games_makes_no_difference(games: list[PlayedGame], random: object) -> None:
    # A venue has one city in dim_venue.
    games = [played._replace(city=f"city {(played.venue_key or 0) // 2}") for played in games]
    shuffled = list(games)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert neutral_sites(games) == neutral_sites(shuffled)


@given(SEASONS)
def test_every_decision_has_a_basis_and_no_confidence_without_a_decision(games: list[PlayedGame]) -> None:
    sites = neutral_sites(games)
    assert sites.keys() == {played.game_id for played in games}
    for played in games:
        found = sites[played.game_id]
        assert found.basis
        assert (found.is_neutral is None) == (found.confidence is None)
        if played.venue_key is None and played.bracket_round is None:
            assert found.is_neutral is None


@given(st.integers(USUAL_GAMES, 20))
def test_a_team_with_one_venue_is_always_at_home(number: int) -> None:
    games = [game(str(played), DUKE, UNC, DUKE) for played in range(number)]
    assert set(neutral_sites(games).values()) == {AT_HOME}

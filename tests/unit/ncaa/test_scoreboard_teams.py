"""Teams of a game in both feeds: schools, conferences, polls, and opponents from outside Division I."""

import datetime as dt
from collections.abc import Callable

from pipelines.ncaa.game import Game
from pipelines.ncaa.scoreboard import ParsedScoreboard

ParseMadeUp = Callable[[str, str], ParsedScoreboard]


def by_home(scoreboard: ParsedScoreboard) -> dict[str, Game]:
    return {game.home.slug: game for game in scoreboard.games}


def test_top_25_is_no_conference(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "conferences"))
    auburn, houston, creighton = (games[home].away for home in ("alabama", "cincinnati", "elon"))
    assert (auburn.conference_id, auburn.conference_name, auburn.rank) == ("sec", "SEC", 1)
    assert (houston.conference_id, houston.conference_name, houston.rank) == ("big-12", "Big 12", 4)  # listed second
    assert (creighton.conference_id, creighton.conference_name, creighton.rank) == (None, None, 24)  # the only one


def test_older_spellings_of_a_conference_are_that_conference(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "conferences"))
    temple = games["temple"]
    assert [(line.conference_id, line.conference_name) for line in (temple.home, temple.away)] == [
        ("american", "The American")
    ] * 2
    assert games["elon"].home.conference_id == "independent"


def test_an_older_slug_of_a_school_is_that_school(parse_made_up: ParseMadeUp) -> None:
    assert by_home(parse_made_up("legacy", "conferences"))["fdu"].home.team_name == "Fairleigh Dickinson"


def test_opponents_from_outside_division_i_load_without_conference_or_slug(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("current", "outsiders")
    assert board.rejects == ()
    lines = [game.away for game in board.games]
    assert [
        (line.slug, line.team_name, line.abbreviation, line.conference_id, line.conference_name) for line in lines
    ] == [
        ("lake-effect", "Lake Effect", None, None, None),
        ("prairie-dog-st", "Prairie Dog St.", "PRADOG", None, None),
        ("harbor-tech", "Harbor Tech", "HARBOR", "cunningham", None),
        ("east-all-stars", "Foghorn", "FOGHOR", "ccaa", None),
        ("montana-st", "Montana St.", "MONTST", "big-sky", "Big Sky"),
    ]


def test_of_two_conferences_the_first_counts(parse: Callable[[object, dt.date], ParsedScoreboard]) -> None:
    conferences = [{"conferenceSeo": slug} for slug in ("", "top-25", "big-12", "acc")]
    game = {
        "url": "/game/9000900",
        "gameState": "pre",
        "home": {"names": {"seo": "duke"}, "conferences": conferences},
        "away": {"names": {"seo": "yale"}},
    }
    (read,) = parse({"games": [{"game": game}]}, dt.date(2026, 1, 3)).games
    assert (read.home.conference_id, read.home.conference_name) == ("big-12", "Big 12")
    assert (read.away.conference_id, read.away.conference_name) == (None, None)

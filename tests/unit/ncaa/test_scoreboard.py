"""Both feeds parsed to one value per field. The cases are the facts of docs/ncaa-api.md."""

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest
from support.raw_games import parse_answer, raw_answer, raw_game

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard

ParseMadeUp = Callable[[str, str], ParsedScoreboard]


def by_home(scoreboard: ParsedScoreboard) -> dict[str, Game]:
    return {game.home.slug: game for game in scoreboard.games}


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_legacy_game_is_read_in_full(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("legacy", "tournament")
    assert board.games[0] == Game(
        contest_id=9000041,
        status="final",
        start_time=utc("2025-03-20T16:15"),
        home=TeamLine("marquette", "Marquette", "Marquette University", "MARQ", "big-east", "Big East", 81, None, 1),
        away=TeamLine("radford", "Radford", "Radford University", "RADFRD", "big-south", "Big South", 60, None, 16),
        period="final",
        clock=None,
        overtime_periods=0,
        bracket_round="First Round",
        network="CBS",
    )


def test_a_current_game_is_read_in_full(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("current", "live")
    assert board.games[2] == Game(
        contest_id=9000113,
        status="live",
        start_time=utc("2026-01-25T00:00"),
        home=TeamLine("pittsburgh", "Pittsburgh", None, "PITT", "acc", "ACC", 55, None, None),
        away=TeamLine("syracuse", "Syracuse", None, "SYR", "acc", "ACC", 57, None, None),
        period="2nd",
        clock="7:20",
        overtime_periods=0,
        bracket_round=None,
        network=None,
    )


def test_a_scoreboard_has_its_date_fetch_time_and_url(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("current", "overtime")
    assert (board.game_date, board.fetched_at, board.source_url) == (
        dt.date(2026, 1, 17),
        utc("2026-01-02T03:04:05"),
        "http://ncaa.example/scoreboard",
    )
    assert (board.games_received, board.duplicates, board.rejects) == (4, 0, ())


@pytest.mark.parametrize("feed", ["legacy", "current"])
def test_the_feed_is_known_by_its_envelope(parse_made_up: ParseMadeUp, feed: str) -> None:
    assert parse_made_up(feed, "overtime").feed == feed
    assert parse_made_up(feed, "empty").feed == feed


@pytest.mark.parametrize("feed", ["legacy", "current"])
def test_a_scoreboard_without_games_is_one(parse_made_up: ParseMadeUp, feed: str) -> None:
    board = parse_made_up(feed, "empty")
    assert (board.games, board.rejects, board.duplicates, board.games_received) == ((), (), 0, 0)


def test_both_feeds_give_the_same_games(parse_made_up: ParseMadeUp) -> None:
    legacy, current = parse_made_up("legacy", "same-games"), parse_made_up("current", "same-games")
    assert len(legacy.games) == 5
    for old, new in zip(legacy.games, current.games, strict=True):
        # Only the legacy feed has full names, and fdu's short name is of its day.
        assert without_long_names(old) == without_long_names(new)


def without_long_names(game: Game) -> Game:
    return dataclasses.replace(
        game,
        home=dataclasses.replace(game.home, full_name=None),
        away=dataclasses.replace(game.away, full_name=None),
    )


def test_a_contest_is_known_by_its_url_and_not_by_the_legacy_game_id(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "same-games"))
    assert (games["miami-fl"].contest_id, games["byu"].contest_id) == (9000061, 9000062)


def test_legacy_overtime_is_counted(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "overtime"))
    assert {slug: (game.status, game.period, game.overtime_periods, game.clock) for slug, game in games.items()} == {
        "kansas": ("final", "final", 0, None),
        "vermont": ("final", "final", 1, None),
        "tulsa": ("final", "final", 2, None),
        "utah": ("final", "final", 3, None),
        "iona": ("final", "final", 8, None),
        "baylor": ("live", "OT", 1, "3:07"),
        "furman": ("live", "2OT", 2, "0:41"),
    }


def test_current_overtime_is_counted_though_its_final_message_hides_it(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("current", "overtime"))
    assert {slug: (game.status, game.period, game.overtime_periods, game.clock) for slug, game in games.items()} == {
        "ohio-st": ("final", "final", 0, None),
        "lsu": ("final", "final", 1, None),
        "depaul": ("final", "final", 2, None),
        "unlv": ("live", "OT", 1, "2:30"),
    }


def test_legacy_live_games_have_one_spelling_of_period_and_clock(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "live"))
    assert {slug: (game.status, game.period, game.clock) for slug, game in games.items()} == {
        "butler": ("live", "halftime", "0:00"),
        "marist": ("live", "2nd", "0:00"),  # END 2ND: regulation is over, the game is not
        "toledo": ("live", "1st", "4:28"),
        "neb-omaha": ("live", "2nd", "0:12"),
        "pacific": ("scheduled", None, None),
    }


def test_current_live_games_have_one_spelling_of_period_and_clock(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("current", "live"))
    assert {slug: (game.status, game.period, game.clock) for slug, game in games.items()} == {
        "tennessee": ("live", "halftime", "0:00"),
        "colorado": ("live", "1st", "19:41"),
        "pittsburgh": ("live", "2nd", "7:20"),
        "providence": ("live", "2nd", "0:00"),
        "santa-clara": ("scheduled", None, None),  # though its clock is 0:00
    }


@pytest.mark.parametrize(("feed", "home"), [("legacy", "pacific"), ("current", "santa-clara")])
def test_a_scheduled_game_has_no_score(parse_made_up: ParseMadeUp, feed: str, home: str) -> None:
    game = by_home(parse_made_up(feed, "live"))[home]
    assert (game.home.score, game.away.score) == (None, None)


@pytest.mark.parametrize(("feed", "home", "score"), [("legacy", "toledo", (20, 0)), ("current", "colorado", (0, 2))])
def test_no_points_yet_is_a_score_of_zero(
    parse_made_up: ParseMadeUp, feed: str, home: str, score: tuple[int, int]
) -> None:
    game = by_home(parse_made_up(feed, "live"))[home]
    assert (game.away.score, game.home.score) == score


def test_scores_of_a_scheduled_game_are_null(
    parse: Callable[[object, dt.date], ParsedScoreboard],
) -> None:
    sides = {
        side: {"names": {"seo": slug, "short": slug}, "score": "0"}
        for side, slug in (("home", "duke"), ("away", "yale"))
    }
    game = {"url": "/game/9000900", "gameState": "pre", "startTime": "TBA", **sides}
    (read,) = parse({"games": [{"game": game}]}, dt.date(2026, 1, 3)).games
    assert (read.home.score, read.away.score) == (None, None)


def test_rounds_of_the_legacy_feed_lose_their_entities(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "tournament"))
    assert {slug: (game.bracket_round, game.home.seed, game.network) for slug, game in games.items()} == {
        "marquette": ("First Round", 1, "CBS"),
        "oregon": ("First Four", 5, "truTV"),
        "texas": ("Sweet 16", 2, "TBS"),
        "villanova": ("Championship", 2, "TNT"),
        "san-francisco": (None, None, "ESPN2"),
    }


def test_rounds_of_the_current_feed_are_numbers(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("current", "tournament")
    assert [game.bracket_round for game in board.games] == [
        "First Four",
        "First Round",
        "Second Round",
        "Sweet 16",
        "Elite Eight",
        "Final Four",
        "Championship",
        None,
    ]
    assert [game.away.seed for game in board.games] == [16, 13, 12, 6, 1, 1, 1, None]


def test_games_called_off_by_state(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "called-off"))
    assert {slug: (game.status, game.period, game.clock) for slug, game in games.items()} == {
        "uab": ("canceled", None, None),
        "niagara": ("canceled", None, None),
        "mercer": ("postponed", None, None),
        "bucknell": ("scheduled", None, None),  # delayed before the tip-off
        "buffalo": ("live", "2nd", "16:20"),  # delayed in the second half
        "towson": ("postponed", None, None),
    }


def test_games_called_off_in_a_text(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("current", "called-off"))
    assert {slug: game.status for slug, game in games.items()} == {
        "albany-ny": "postponed",
        "umbc": "canceled",
        "njit": "canceled",
        "canisius": "postponed",
        "indiana": "scheduled",
    }


def test_a_contest_listed_twice_counts_once_as_far_as_it_was_played(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("legacy", "listed-twice")
    assert (len(board.games), board.duplicates, board.games_received) == (2, 2, 2)
    games = by_home(board)
    assert (games["idaho"].status, games["idaho"].home.score) == ("live", 15)  # scheduled, then live
    assert (games["belmont"].status, games["belmont"].home.score) == ("final", 70)  # final, then live


def test_the_same_teams_under_two_contest_ids_are_two_games(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("current", "listed-twice")
    assert [game.contest_id for game in board.games] == [9000161, 9000162, 9000163, 9000164]
    assert board.duplicates == 1


@pytest.mark.parametrize("score", [("0", ""), ("", "0"), ("0", "0")])
def test_a_scheduled_game_has_no_scores(score: tuple[str, str]) -> None:
    [game] = parse_answer(raw_answer(raw_game(7_000_001, gameState="pre", score=score)), "2026-02-07").games
    assert (game.status, game.home.score, game.away.score) == ("scheduled", None, None)


@pytest.mark.parametrize("clock", ["12:34", "0:01", ""])
def test_a_live_game_without_a_period_is_not_at_halftime_while_its_clock_runs(clock: str) -> None:
    live = raw_game(7_000_001, gameState="live", currentPeriod="", finalMessage="", contestClock=clock)
    [game] = parse_answer(raw_answer(live), "2026-02-07").games
    assert game.period is None


@pytest.mark.parametrize(
    ("feed", "raw", "expected"),
    [
        ("current", "2026-03-09 02:00:00", "2026-03-09T02:00"),
        ("legacy", "03-14-2025 22:33:00", "2025-03-15T02:33"),  # summer time
        ("legacy", "02-08-2025 22:33:00", "2025-02-09T03:33"),
        ("legacy", "2026-03-09 02:00:00", None),
        ("current", "03-14-2025 22:33:00", None),
        ("current", "", None),
        ("current", None, None),
        ("current", 1772946000, None),
        ("current", ["x"], None),
        ("current", "2026-13-09 02:00:00", None),
        ("legacy", "12-31-9999 23:59:59", None),
        ("current", "soon\0", None),
    ],
)
def test_the_time_of_an_answer_is_eastern_in_the_legacy_feed_and_utc_in_the_current(
    parse: Callable[[object, dt.date], ParsedScoreboard], feed: str, raw: object, expected: str | None
) -> None:
    envelope = {"games": [], "updated_at": raw} | ({"hideRank": False} if feed == "legacy" else {})
    board = parse(envelope, dt.date(2025, 3, 14))
    assert board.answer_updated_at == (utc(expected) if expected else None)

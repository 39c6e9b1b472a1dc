"""What a scoreboard says of a team, each value with the watermark of the game that gave it."""

import datetime as dt
from collections.abc import Sequence
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard
from pipelines.warehouse.answer import statement_of
from pipelines.warehouse.evidence import Row
from pipelines.warehouse.teams import TeamSeason, team_seasons, watermark

DATE = dt.date(2026, 1, 17)
NOTHING = TeamLine("duke", None, None, None, None, None, None, None, None)
OPPONENT = TeamLine("yale", "Yale", None, "YALE", "ivy-league", "Ivy League", 60, None, None)

dates = st.dates(dt.date(2010, 11, 1), dt.date(2036, 7, 31))
contest_ids = st.integers(1, 999_999_999)
feeds: st.SearchStrategy[Feed] = st.sampled_from(["legacy", "current"])


def duke(
    name: str | None = None, *, full_name: str | None = None, abbreviation: str | None = None, conference: str = ""
) -> TeamLine:
    return TeamLine(
        "duke", name, full_name, abbreviation, conference or None, conference.upper() or None, 1, None, None
    )


def scoreboard(games: Sequence[tuple[int, TeamLine]], feed: Feed = "current") -> ParsedScoreboard:
    """Games of one team, at home when the contest id is even."""
    played = tuple(
        Game(
            contest_id=contest_id,
            status="final",
            start_time=None,
            home=line if contest_id % 2 == 0 else OPPONENT,
            away=OPPONENT if contest_id % 2 == 0 else line,
            period="final",
            clock=None,
            overtime_periods=0,
            bracket_round=None,
            network=None,
        )
        for contest_id, line in games
    )
    return ParsedScoreboard(
        MENS_BASKETBALL, DATE, feed, dt.datetime(2026, 1, 18, tzinfo=dt.UTC), "http://ncaa.example", played, ()
    )


def team(board: ParsedScoreboard, slug: str = "duke") -> TeamSeason:
    (found,) = [season for season in team_seasons(board, rows_of(board)) if season.slug == slug]
    return found


def rows_of(board: ParsedScoreboard) -> dict[int, Row]:
    """All games of the scoreboard, standing as it has them."""
    return {
        game.contest_id: Row(board.game_date, board.feed, None, None, None, statement_of(game)) for game in board.games
    }


@given(one=st.tuples(dates, contest_ids, feeds), other=st.tuples(dates, contest_ids, feeds))
def test_watermarks_order_by_date_then_contest_then_feed(
    one: tuple[dt.date, int, Feed], other: tuple[dt.date, int, Feed]
) -> None:
    def key(said: tuple[dt.date, int, Feed]) -> tuple[dt.date, int, bool]:
        return said[0], said[1], said[2] == "current"

    assert (watermark(*one) < watermark(*other)) == (key(one) < key(other))
    assert (watermark(*one) == watermark(*other)) == (key(one) == key(other))


@given(date=dates)
def test_any_game_of_a_later_date_is_above_all_of_an_earlier_one(date: dt.date) -> None:
    tomorrow = date + dt.timedelta(days=1)
    assert watermark(date, 999_999_999, "current") < watermark(tomorrow, 1, "legacy")


@given(date=dates, contest_id=contest_ids, feed=feeds)
def test_a_watermark_is_above_none_and_fits_a_bigint(date: dt.date, contest_id: int, feed: Feed) -> None:
    assert 0 < watermark(date, contest_id, feed) < 2**63


def test_a_team_has_one_row_with_the_watermark_of_its_game() -> None:
    line = duke("Duke", full_name="Duke University", abbreviation="DUKE", conference="acc")
    mark = watermark(DATE, 9_000_001, "legacy")
    assert team(scoreboard([(9_000_001, line)], "legacy")) == TeamSeason(
        slug="duke",
        team_name="Duke",
        team_name_watermark=mark,
        full_name="Duke University",
        full_name_watermark=mark,
        abbreviation="DUKE",
        abbreviation_watermark=mark,
        conference_id="acc",
        conference_name="ACC",
        conference_watermark=mark,
    )


def test_a_value_that_no_game_gave_has_no_watermark() -> None:
    assert team(scoreboard([(9_000_001, NOTHING)])) == TeamSeason("duke")


def test_each_value_is_that_of_the_latest_game_that_gave_one_in_any_order_of_games() -> None:
    games = [
        (9_000_001, duke("Duke", full_name="Duke University", conference="acc")),
        (9_000_002, duke("Duke U", abbreviation="DUKE")),
        (9_000_003, duke(abbreviation="DUK", conference="sec")),
        (9_000_004, NOTHING),
    ]
    marks = {last: watermark(DATE, 9_000_000 + last, "current") for last in (1, 2, 3)}
    expected = TeamSeason(
        slug="duke",
        team_name="Duke U",
        team_name_watermark=marks[2],
        full_name="Duke University",
        full_name_watermark=marks[1],
        abbreviation="DUK",
        abbreviation_watermark=marks[3],
        conference_id="sec",
        conference_name="SEC",
        conference_watermark=marks[3],
    )
    for order in permutations(games):
        assert team(scoreboard(order)) == expected


def test_a_conference_without_a_name_takes_the_name_of_no_other() -> None:
    unnamed = TeamLine("duke", None, None, None, "cunningham", None, 1, None, None)
    found = team(scoreboard([(9_000_001, duke(conference="acc")), (9_000_002, unnamed)]))
    assert (found.conference_id, found.conference_name) == ("cunningham", None)


def test_every_team_of_a_scoreboard_has_exactly_one_row() -> None:
    board = scoreboard([(9_000_001, duke("Duke")), (9_000_002, duke("Duke"))])
    assert sorted(season.slug for season in team_seasons(board, rows_of(board))) == ["duke", "yale"]
    assert team_seasons(scoreboard([]), {}) == []

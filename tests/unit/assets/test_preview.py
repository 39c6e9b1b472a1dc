"""The scoreboard of a materialization: one table with one row per game, whatever the names contain."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipelines.assets.preview import scoreboard_markdown
from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard

# HTML is enabled as in Dagster's UI; otherwise markup in a name would be harmless here only.
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "![x](http://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "[click][1]",
    "<http://evil.example>",
    "A|B|C",
    "A\\|B",
    "ends with a backslash\\",
    "`code`",
    "**bold** _em_ ~~struck~~",
    "&lt;b&gt; &amp; &#124;",
    "&#60;script&#62;",
    "# heading",
    "- item",
    "---",
    "| --- |",
    "> quote",
    "$x$",
    "Texas A&M",
    "William & Mary",
    "Queens (NC)",
    "Hawai'i",
    "\u202eright to left",
    "Grüße 雪",
]


def line(name: str | None, score: int | None = None, rank: int | None = None) -> TeamLine:
    return TeamLine("home-slug", name, None, None, None, None, score, rank, None)


def game(contest_id: int = 1, **values: Any) -> Game:
    scheduled = Game(contest_id, "scheduled", None, line("Duke"), line("Yale"), None, None, 0, None, None)
    return dataclasses.replace(scheduled, **values)


def markdown(*games: Game) -> str:
    day = dt.date(2025, 11, 3)
    return scoreboard_markdown(
        ParsedScoreboard(
            MENS_BASKETBALL, day, "current", dt.datetime(2025, 11, 4, tzinfo=dt.UTC), "http://ncaa.example", games, ()
        )
    )


def table(text: str) -> list[list[str]]:
    """Returns the cells of the table, which is all that the Markdown contains."""
    tokens = MARKDOWN.parse(text)
    assert (tokens[0].type, tokens[-1].type) == ("table_open", "table_close")
    assert sum(token.type == "table_open" for token in tokens) == 1
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            rows[-1].append(plain(token))
    assert {len(row) for row in rows} == {4}
    return rows


def plain(cell: Token) -> str:
    children = cell.children or []
    assert {child.type for child in children} <= {"text", "text_special"}, "no markup"
    return "".join(child.content for child in children)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_game_is_a_row_with_teams_score_and_state() -> None:
    final = game(
        status="final",
        start_time=utc("2025-11-04T00:30"),
        home=line("Duke", 81, 4),
        away=line("Yale", 74),
        period="final",
    )
    assert table(markdown(final)) == [
        ["Away", "Score", "Home", "State (ET)"],
        ["Yale", "74\N{NON-BREAKING HYPHEN}81", "(4) Duke", "final"],
    ]


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"status": "scheduled", "start_time": utc("2025-11-04T00:30")}, "7:30\N{NO-BREAK SPACE}PM"),
        ({"status": "scheduled"}, "TBA"),
        ({"status": "live", "period": "2nd", "clock": "7:20"}, "2nd\N{NO-BREAK SPACE}7:20"),
        ({"status": "live", "period": "halftime", "clock": "0:00"}, "halftime"),
        ({"status": "live"}, "live"),
        ({"status": "final", "period": "final"}, "final"),
        ({"status": "final", "period": "final", "overtime_periods": 1}, "final\N{NO-BREAK SPACE}(OT)"),
        ({"status": "final", "period": "final", "overtime_periods": 3}, "final\N{NO-BREAK SPACE}(3OT)"),
        ({"status": "postponed"}, "postponed"),
        ({"status": "canceled"}, "canceled"),
    ],
)
def test_a_state_reads_as_on_a_scoreboard(values: dict[str, Any], state: str) -> None:
    assert table(markdown(game(**values)))[1][3] == state


def test_a_game_without_scores_shows_none() -> None:
    (score,) = {row[1] for row in table(markdown(game(), game(2, away=line("Yale", 3))))[1:]}
    assert not any(character.isdigit() for character in score)


def test_a_score_of_zero_is_shown() -> None:
    assert (
        table(markdown(game(status="live", home=line("Duke", 2), away=line("Yale", 0))))[1][1]
        == "0\N{NON-BREAKING HYPHEN}2"
    )


def test_games_are_ordered_by_tip_off_and_tba_games_are_last() -> None:
    games = [
        game(1),
        game(2, start_time=utc("2025-11-04T04:00")),
        game(3, start_time=utc("2025-11-03T16:00")),
        game(4, start_time=utc("2025-11-03T05:00")),
        game(5, start_time=utc("2025-11-03T17:05")),
    ]
    states = [row[3].replace("\N{NO-BREAK SPACE}", " ") for row in table(markdown(*games))[1:]]
    assert states == ["12:00 AM", "11:00 AM", "12:05 PM", "11:00 PM", "TBA"]


def test_a_team_without_a_name_is_shown_by_its_slug() -> None:
    assert table(markdown(game(home=line(None))))[1][2] == "home-slug"


def test_a_day_without_games_says_so() -> None:
    assert markdown() == "No games."


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_literally(name: str) -> None:
    rows = table(markdown(game(home=line(name), away=line(name, rank=3)), game(2)))
    assert len(rows) == 3
    assert (rows[1][0], rows[1][2]) == (f"(3) {name}", name)


@given(
    st.lists(
        st.text("<>|\\`*_[]()!~&#;:/\"'-+=.ab1 ", min_size=1, max_size=20).map(str.strip).filter(bool),
        min_size=1,
        max_size=5,
    )
)
def test_no_name_breaks_the_table(names: list[str]) -> None:
    rows = table(markdown(*(game(number, home=line(name)) for number, name in enumerate(names))))
    assert [row[2] for row in rows[1:]] == names

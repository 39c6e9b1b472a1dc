"""Hostile answers: names that are code, markup, control characters or a megabyte long, words for numbers, and 10,000
games on one date. Nothing is executed or rendered as markup, and the date is loaded.

How a single malformed field is handled is tested in tests/unit/ncaa/test_ornaments.py.
"""

import json
import re
from typing import Any

import dagster as dg
import pytest
from markdown_it import MarkdownIt
from support.api import Answer, Api
from support.databases import Databases
from support.invariants import tables
from support.raw_games import raw_answer, raw_game, raw_side
from support.ticks import ticking

pytestmark = [pytest.mark.drill, pytest.mark.timeout(300)]

DATE, NOON = "2026-02-07", "2026-02-07 12:00"
STORED = [
    "'; DROP TABLE fact_game; --",
    "$1; DELETE FROM dim_team",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "**a** | `b` | _c_ | ~~d~~",
    "{{7*7}} ${7*7} %s %n",
    "$(touch /tmp/hostile)",
    "‮txet‬ 🏀 Ünïcode",
]
NOT_STORED = ["NUL \0 in it", "line\nend", "x" * 2**20, "\ud800 alone"]
WORDS_FOR_NUMBERS = [("score", "eighty"), ("rank", "<b>first</b>"), ("seed", "'; DROP TABLE rejected_game; --")]


def game(number: int, home: str = "Home", **side: object) -> dict[str, Any]:
    """Returns a final game between two teams that no other game has."""
    names = {"char6": home[:6], "short": home, "seo": f"home-{number}", "full": home}
    conferences = [{"conferenceName": home, "conferenceSeo": "acc"}]
    return raw_game(
        7_000_000 + number,
        raw_side(f"home-{number}", **({"score": "80", "names": names, "conferences": conferences} | side)),
        f"away-{number}",
        network=home,
    )


def serve(api: Api, games: list[dict[str, Any]]) -> None:
    """Serves these games as the date's scoreboard, with a calendar that agrees."""
    calendar = {"data": {"schedules": {"games": [{"contestDate": "02/07/2026", "count": len(games)}]}}}
    answers = {True: json.dumps(raw_answer(*games)).encode(), False: json.dumps(calendar).encode()}
    api.answer = lambda path: Answer(answers[path.startswith("/scoreboard")])


def test_hostile_names_and_numbers_are_stored_or_null_and_never_rendered_as_markup(
    databases: Databases, api: Api
) -> None:
    hostile = [*STORED, *NOT_STORED]
    games = [game(number) for number in range(60)]
    games += [game(100 + number, name) for number, name in enumerate(hostile)]
    games += [game(200 + number, "Words", **{field: word}) for number, (field, word) in enumerate(WORDS_FOR_NUMBERS)]
    serve(api, games)
    with databases.temporary() as url, ticking(url, api, NOON) as ticks:
        result = ticks.run(DATE)
        assert result.success
        again = ticks.run(DATE)
        found = tables(url)
    names = {row["slug"]: (row["team_name"], row["full_name"]) for row in found["dim_team"]}
    for number, name in enumerate(hostile):
        slug = f"home-{100 + number}"
        assert names[slug] == ((name, name) if name in STORED else (slug, None))
    [rejected] = found["rejected_game"]
    assert (rejected["contest_id"], rejected["reason"].startswith("home.score: ")) == (7_000_200, True)
    assert len(rejected["reason"]) < 400
    assert rejected["reason"].isprintable()
    assert len(found["fact_game"]) == 60 + len(hostile) + len(WORDS_FOR_NUMBERS) - 1
    assert _metadata(again)["games_unchanged"] == len(found["fact_game"])

    html = MarkdownIt("default", {"html": True, "linkify": False}).render(_metadata(result)["scoreboard"])
    assert set(re.findall(r"</?([a-z]+)", html)) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert html.count("<tr>") == 1 + len(found["fact_game"])


def test_ten_thousand_games_of_a_date_are_loaded(databases: Databases, api: Api) -> None:
    serve(api, [game(number) for number in range(10_000)])
    with databases.temporary() as url, ticking(url, api, NOON) as ticks:
        first, second = ticks.run(DATE), ticks.run(DATE)
    assert first.success
    assert second.success
    assert (_metadata(first)["games_inserted"], _metadata(second)["games_unchanged"]) == (10_000, 10_000)


def _metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    [materialization] = result.asset_materializations_for_node("ncaa_games")[:1]
    return {name: value.value for name, value in materialization.metadata.items()}

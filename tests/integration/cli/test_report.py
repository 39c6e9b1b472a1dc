"""`gamepulse report`: what the page says about loaded, missing, settled and suspect dates."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.builders import at, day, game, scoreboard, team
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.health.report import LEGEND, Day, report_html, seasons
from pipelines.postgres.database import connect
from pipelines.warehouse.requested_dates import request_dates

NOW = at("2026-01-20 12:00")
STANDING = """
    INSERT INTO standing (
        sport, as_of, school, season, conference, wins, losses, conference_wins, conference_losses, covers,
        page_updated_at, fetched_at, agrees
    )
    VALUES ('ncaam', $1, $2, $3, 'ACC', 1, 0, 1, 0, $1, $4, $4, $5)
"""


class Page(HTMLParser):
    """Collects the class of each date of the heat map and the tags that load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.states: dict[str, str] = {}
        self.active: set[str] = set()
        self._state = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "rect":
            self._state = str(attributes["class"])
        if tag in {"script", "link", "img", "iframe"} or attributes.keys() & {"src", "href", "onload", "onclick"}:
            self.active.add(tag)

    def handle_data(self, data: str) -> None:
        if (found := re.match(r"(\d{4}-\d\d-\d\d): ", data)) is not None:
            self.states[found[1]] = self._state


def test_the_page_shows_how_each_date_stands(
    warehouse: Warehouse, database_url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    settled = scoreboard("2024-01-10", NOW, game(1, team("duke", "acc"), team("army"), "final 80-75"))
    warehouse.load(settled, games_expected=1)
    warehouse.load(scoreboard("2024-01-11", NOW, game(2, "duke", "army", "live 40-38 2nd 7:20")), games_expected=1)
    warehouse.load(scoreboard("2024-01-12", NOW, game(3, "duke", "army", "final 80-75")), games_expected=1)
    warehouse.load(scoreboard("2024-01-13", NOW, game(4, "duke", "army", "final 80-75")), games_expected=2)
    warehouse.load(scoreboard("2024-01-14", NOW), games_expected=0)
    warehouse.query("UPDATE fact_game SET suspect_reason = '<b>Contradicted</b>' WHERE game_id = 'ncaam_3'")
    with connect(database_url) as connection:
        request_dates(connection, "ncaam", [day("2024-01-15")], "backfill abc")
        connection.commit()
    file = tmp_path / "coverage.html"
    result = CliRunner().invoke(app, ["report", str(file)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "shows 6 dates" in result.output
    page = Page(file.read_text())
    assert page.states == {
        "2024-01-10": "settled",
        "2024-01-11": "finding",  # live for two years
        "2024-01-12": "finding",
        "2024-01-13": "finding",
        "2024-01-14": "none",
        "2024-01-15": "missing",
    }
    assert page.active == set()


def test_a_season_shows_how_many_records_agree_with_the_newest_standings_that_were_compared(
    warehouse: Warehouse, database_url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    for season, as_of, agrees in (
        (2025, "2026-01-18", [True, True, True, True]),
        (2025, "2026-01-19", [True, True, False, None]),
        (2025, "2026-01-20", [None, None, None, None]),  # stale
        (2024, "2025-04-01", [True, True]),
        (2023, "2024-04-01", [None]),
    ):
        for school, is_equal in zip("abcd", agrees, strict=False):
            warehouse.query(STANDING, day(as_of), school, season, NOW, is_equal)
    file = tmp_path / "coverage.html"
    result = CliRunner().invoke(app, ["report", str(file)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    cells = {season: row.split("<td")[7] for season, row in rows(file.read_text()).items()}
    assert cells[2025] == ' class="wrong" title="Standings of 2026-01-19; not compared: 1">2 of 4</td>\n'
    assert cells[2024].endswith('; not compared: 0">2 of 2</td>\n')
    assert cells[2023].endswith('; not compared: 1">0 of 1</td>\n')
    assert "wrong" not in cells[2024] + cells[2023]
    assert cells[2022] == "></td>\n"


def rows(text: str) -> dict[int, str]:
    """Returns the HTML of each season's row."""
    return {int(row[:4]): row for row in text.split('<tr id="season-')[1:]}


def test_a_date_is_settled_only_with_as_many_games_as_expected() -> None:
    today = day("2026-01-20")
    base = Day(day("2026-01-10"), 2, 2, 0, NOW, is_settled=True)
    assert base.state(today) == "settled"
    for changed, state in (
        ({"games_loaded": 1}, "finding"),
        ({"games_expected": None}, "finding"),
        ({"is_settled": False}, "open"),
        ({"fetched_at": None}, "missing"),
        ({"findings": 1}, "finding"),
        ({"game_date": day("2026-01-21"), "is_settled": False}, "ahead"),
        ({"game_date": day("2026-01-21"), "fetched_at": None}, "ahead"),
        ({"games_expected": 0, "games_loaded": 0}, "none"),
    ):
        assert base._replace(**changed).state(today) == state, changed  # type: ignore[arg-type]
        assert state in LEGEND


def test_every_season_has_a_row_and_one_of_which_nothing_is_known_says_so() -> None:
    found = seasons([Day(day("2026-01-10"), 2, 2, 0, NOW, is_settled=True)], {}, NOW)
    assert [season.season for season in found] == list(range(2025, 2009, -1))
    assert [(season.label, season.games_expected, season.games_loaded) for season in found[:2]] == [
        ("2025-26", 2, 2), ("2024-25", None, 0),
    ]  # fmt: skip
    page = report_html([], {}, 0, NOW, is_simulated=True)
    assert page.count("<td>unknown</td>") == page.count("<td>never</td>") == 16
    assert "Simulated games" in page


def test_leap_days_and_dates_out_of_the_season_do_not_break_the_page() -> None:
    dates = [dt.date(2024, 2, 29), dt.date(2024, 7, 31), dt.date(2024, 8, 1), dt.date(2023, 11, 1)]
    page = report_html([Day(date, 1, 1, 0, NOW, is_settled=True) for date in dates], {}, 0, NOW, is_simulated=False)
    assert set(Page(page).states) == {"2023-11-01", "2024-02-29"}

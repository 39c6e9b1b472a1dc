"""The page of `gamepulse report`."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.builders import at

from pipelines.health.report import LEGEND, Agreement, Day, report_html

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]

NOW = at("2026-01-17 12:00")


def days() -> Iterator[Day]:
    """Yields seasons with a gap, a date of findings, two dates that are not settled, and the days ahead."""
    for season in range(2018, 2026):
        for number in range(155):
            date = dt.date(season, 11, 5) + dt.timedelta(days=number)
            expected = 0 if (date.month, date.day) in {(12, 24), (12, 25)} else 20 + 80 * (date.weekday() in {3, 5})
            day = Day(date, expected, expected, 0, NOW, is_settled=date < dt.date(2026, 1, 15))
            if date > dt.date(2026, 1, 24) or (season, date.month, date.day // 9) == (2021, 2, 1):
                day = day._replace(games_loaded=0, fetched_at=None, is_settled=False)
            yield day._replace(findings=int((season, date.month, date.day) == (2023, 12, 9)))


def test_the_heat_map_is_drawn_and_a_date_explains_itself(
    page: Page, screenshot: Callable[[str], None], tmp_path: Path
) -> None:
    file = tmp_path / "coverage.html"
    agreements = {2025: Agreement(NOW.date(), 365, 365, 363), 2024: Agreement(dt.date(2025, 4, 8), 364, 364, 364)}
    file.write_text(report_html(list(days()), agreements, 0, NOW, is_simulated=True))
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.set_viewport_size({"width": 1640, "height": 680})
    page.goto(file.as_uri())
    expect(page.locator("#season-2024 rect")).to_have_count(155)
    for state in LEGEND:
        box = page.locator(f"rect.{state}").first
        expect(box).to_be_visible()
        assert box.evaluate("element => getComputedStyle(element).fill") != "rgb(0, 0, 0)"
    expect(page.locator("#season-2021 rect.missing title").first).to_have_text(
        "2022-02-09: 0 of 20 games; never loaded"
    )
    expect(page.locator("#season-2025 td.wrong")).to_have_text("363 of 365")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1640, "the whole table fits"
    assert errors == []
    screenshot("coverage")

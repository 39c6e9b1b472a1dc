"""The catalog page of an asset."""

import inspect
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from support.dagster_stack import until
from support.up import Up

from models.fact_game import FactGame
from pipelines.assets import ncaa_games

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


def test_the_catalog_describes_rows_owners_and_freshness(page: Page, up: Up, screenshot: Callable[[str], None]) -> None:
    page.goto("/assets/ncaa_games")
    description = ncaa_games.specs_by_key[ncaa_games.key].description
    for paragraph in shown(description).split("\n\n"):
        expect(page.get_by_text(" ".join(paragraph.split()))).to_be_visible()
    for heading, *values in (
        ("Group", "data_ingestion"),
        ("Owners", "gamepulse"),
        ("Kinds", "Postgres", "Python"),
        ("Jobs", "ncaa_ingestion"),
        ("Schedules", "Every 15 minutes"),
    ):
        section = page.get_by_text(heading, exact=True).last.locator("..")
        for value in values:
            expect(section).to_contain_text(value)
    expect(page.get_by_text("Fails if more than 2 hours since last materialization")).to_be_visible()
    until("the asset is fresh", lambda: is_fresh(page), 180)
    screenshot("catalog")

    printed = re.search(r"Today's games[^\n]*(http\S+)", up.log.read_text())
    assert printed is not None
    page.goto(printed[1])
    expect(page.get_by_role("columnheader", name="State (ET)").first).to_be_in_viewport()
    page.goto("/assets/fact_game")
    [first, *_] = shown(inspect.getdoc(FactGame)).split("\n\n")
    expect(page.get_by_text(" ".join(first.split()))).to_be_visible()
    expect(page.get_by_text("Tip-off; null when to be announced")).to_be_visible()
    expect(page.get_by_text(re.compile("`"))).to_have_count(0)
    expect(page.get_by_text("newest_games", exact=True)).to_be_visible()  # today's, since today loads last or changes
    page.goto("/assets/fact_game?view=checks")
    expect(page.get_by_text("today_is_fresh", exact=True).first).to_be_visible()


def shown(markdown: str | None) -> str:
    """Returns Markdown as the UI renders it: without the backticks of code."""
    assert markdown is not None
    return markdown.replace("`", "")


def is_fresh(page: Page) -> bool:
    """Whether the page, reloaded, shows the freshness policy as passing."""
    page.reload()
    status = page.get_by_text("Freshness policy", exact=True).first.locator("..")
    expect(status).to_contain_text(re.compile("Passing|Not evaluated|Warning|Failing"))
    return "Passing" in status.inner_text()

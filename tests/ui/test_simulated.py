"""Simulated games are marked on every page."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


@pytest.mark.parametrize("path", ["/overview", "/assets/fact_game", "/runs", "/automation"])
def test_every_page_says_that_the_games_are_not_real(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("main").or_(page.get_by_role("navigation")).first).to_be_visible()
    expect(page.get_by_text("Not real: simulated games", exact=True)).to_be_in_viewport()

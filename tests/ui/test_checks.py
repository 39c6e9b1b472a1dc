"""The checks on the pages of the tables."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


def test_execute_all_runs_the_checks_of_a_table(page: Page) -> None:
    page.goto("/assets/rejected_game?view=checks")
    expect(page.get_by_text("no_rejected_games", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Execute all").click()
    toast = page.get_by_role("region", name="Notifications")
    toast.get_by_text("View").click()
    page.wait_for_url("**/runs/**")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    page.goto("/assets/rejected_game?view=checks")
    expect(page.get_by_text("Passed").first).to_be_visible()

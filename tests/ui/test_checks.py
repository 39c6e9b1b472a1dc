"""The checks on the pages of the tables."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from support.up import Up

from pipelines.seasons import eastern_date

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


def execute_all(page: Page, table: str, check: str) -> None:
    """Runs the checks of a table and returns to the page of one of them."""
    page.goto(f"/assets/{table}?view=checks&checkDetail={check}")
    expect(page.get_by_text(check, exact=True).first).to_be_visible()
    page.get_by_role("button", name="Execute all").click()
    toast = page.get_by_role("region", name="Notifications")
    toast.get_by_text("View").click()
    page.wait_for_url("**/runs/**")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    page.goto(f"/assets/{table}?view=checks&checkDetail={check}")


def test_execute_all_runs_the_checks_of_a_table(page: Page) -> None:
    execute_all(page, "rejected_game", "no_rejected_games")
    expect(page.get_by_text("Passed").first).to_be_visible()


def test_an_evenings_answer_of_a_past_date_turns_a_check_red_until_the_next_load(
    page: Page, up: Up, screenshot: Callable[[str], None]
) -> None:
    date = str(eastern_date(dt.datetime.now(dt.UTC)) - dt.timedelta(days=10))
    up.set_faults(stale={"dates": [date]})
    assert up.run("backfill", date, "yesterday", "--simulate").returncode == 0  # no day between is missing then
    execute_all(page, "fact_game", "no_unresolved_games")
    expect(page.get_by_text("Failed").first).to_be_visible()
    expect(page.get_by_text(date).first).to_be_visible()
    screenshot("failed-check")
    up.set_faults()
    assert up.run("backfill", date, "--simulate").returncode == 0
    execute_all(page, "fact_game", "no_unresolved_games")
    expect(page.get_by_text("Passed").first).to_be_visible()

"""The tasks of an engineer on call: materialize today, backfill, find why a date failed, and run it again."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from support.up import Up

from pipelines.seasons import eastern_date

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]

RUN_ID = re.compile("^[0-9a-f]{8}$")


def days_ago(days: int) -> str:
    """Returns a date; one more than a week old is not requested by the repairs."""
    return (eastern_date(dt.datetime.now(dt.UTC)) - dt.timedelta(days=days)).isoformat()


def open_dialog(page: Page, asset: str = "ncaa_games") -> Locator:
    """Opens *Materialize…* on the asset's page."""
    page.goto(f"/assets/{asset}?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Latest")).to_be_visible()
    return dialog


def select_dates(parent: Page | Locator, dates: str) -> None:
    """Fills the text box of partitions."""
    box = parent.get_by_role("textbox").first
    box.fill(dates)
    box.press("Enter")


def launch(page: Page, dialog: Locator) -> None:
    """Launches and opens the page of the run or the backfill."""
    dialog.get_by_role("button", name=re.compile("^Launch")).click()
    toast = page.get_by_role("region", name="Notifications")
    toast.get_by_text("View").click()
    page.wait_for_url("**/runs/**")
    page.mouse.move(0, 0)  # a toast under the mouse stays open and covers the page


def expect_status(page: Page, status: str) -> None:
    """Waits until the page's run ended and checks its status."""
    expect(page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first).to_have_text(status)


def show_only(page: Page, event_type: str) -> None:
    """Filters the run's events by type."""
    box = page.get_by_placeholder("Filter…")
    box.fill(f"type:{event_type}")
    box.press("Enter")


def test_today_is_materialized_and_shown_as_scoreboard_and_plots(page: Page, screenshot: Callable[[str], None]) -> None:
    dialog = open_dialog(page)
    dialog.get_by_role("button", name="Latest").click()
    expect(dialog.get_by_role("textbox").first).to_have_value(days_ago(0))
    launch(page, dialog)
    expect_status(page, "Success")

    page.goto(f"/assets/ncaa_games?view=partitions&partition={days_ago(0)}")
    table, button = page.get_by_text("State (ET)"), page.get_by_text("[Show Markdown]")
    expect(table.or_(button)).to_be_visible()
    if button.is_visible():  # Dagster collapses Markdown of more than 1000 characters
        button.click()
    scoreboard = page.get_by_role("table").filter(has=table).last  # inside the table of metadata
    expect(scoreboard.get_by_role("row").nth(1)).to_contain_text(re.compile(r"PM|AM|final|1st|2nd|halftime|OT"))
    screenshot("scoreboard")

    page.goto("/assets/ncaa_games")
    page.get_by_role("button", name="Plots").click()
    expect(page.get_by_text("games_final", exact=True)).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    screenshot("plots")


@pytest.mark.parametrize(
    ("asset", "number", "page_of_check", "check"),
    [
        ("ncaa_game_details", "games_without_venue", "game_detail", "games_have_venues"),
        ("ncaa_standings", "teams_agreed", "ncaa_standings", "records_agree_with_standings"),
    ],
)
def test_details_and_standings_of_today_are_materialized_and_checked(
    page: Page, asset: str, number: str, page_of_check: str, check: str
) -> None:
    dialog = open_dialog(page, asset)
    dialog.get_by_role("button", name="Latest").click()
    launch(page, dialog)
    expect_status(page, "Success")
    page.goto(f"/assets/{asset}?view=partitions&partition={days_ago(0)}")
    expect(page.get_by_text(number, exact=True).first).to_be_visible()
    page.goto(f"/assets/{page_of_check}?view=checks")
    expect(page.get_by_text(check, exact=True).first).to_be_visible()


def test_a_backfill_shows_why_a_date_failed_and_reruns_only_that_date(
    page: Page, up: Up, screenshot: Callable[[str], None]
) -> None:
    first, bad, last = days_ago(24), days_ago(22), days_ago(20)
    up.set_faults(truncated={"dates": [bad]})
    dialog = open_dialog(page)
    select_dates(dialog, f"[{first}...{last}]")
    expect(dialog.get_by_text("5 partitions", exact=True)).to_be_visible()
    launch(page, dialog)
    expect(page.get_by_text("100% completed")).to_be_visible()
    screenshot("backfill")

    page.goto(f"/assets/ncaa_games?view=partitions&partition={bad}")
    select_dates(page, f"[{first}...{last}]")
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text("Materialized (4)")).to_be_visible()
    screenshot("failed-date")

    page.get_by_role("link", name=RUN_ID).click()
    expect_status(page, "Failure")
    show_only(page, "STEP_FAILURE")
    expect(page.get_by_text(f"{bad}: GET")).to_contain_text("that are not JSON")
    screenshot("failed-run")

    up.set_faults()
    dialog = open_dialog(page)
    select_dates(dialog, f"[{first}...{last}]")
    dialog.get_by_text("Backfill only failed and missing partitions within selection").click()
    launch(page, dialog)
    expect(page.get_by_text(f"partition: {bad}")).to_be_visible()  # a single date is launched as a run
    expect_status(page, "Success")
    page.goto(f"/assets/ncaa_games?view=partitions&partition={first}")
    select_dates(page, f"[{first}...{last}]")
    expect(page.get_by_text("Materialized (5)")).to_be_visible()
    expect(page.get_by_text("View all historical events (1)")).to_be_visible()
    screenshot("recovered-date")


def test_a_failing_request_is_retried_after_two_four_and_eight_seconds(
    page: Page, up: Up, screenshot: Callable[[str], None]
) -> None:
    date = days_ago(30)
    up.set_faults(http_500={"dates": [date]})
    dialog = open_dialog(page)
    select_dates(dialog, date)
    launch(page, dialog)
    expect_status(page, "Failure")
    show_only(page, "STEP_FAILURE")
    expect(page.get_by_text(f"{date}: GET")).to_contain_text("gave 500 Internal Server Error")
    screenshot("retries")
    page.set_viewport_size({"width": 1280, "height": 1400})
    show_only(page, "STEP_UP_FOR_RETRY")
    for seconds in (2, 4, 8):
        expect(page.get_by_text(f"has requested a retry in {seconds} seconds")).to_be_visible()

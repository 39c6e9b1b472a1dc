"""What the engineer on call does: materialize today, backfill, see why a date failed, ask again for that one."""

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
    """A date older than those that the repairs ask for by themselves, if more than a week."""
    return (eastern_date(dt.datetime.now(dt.UTC)) - dt.timedelta(days=days)).isoformat()


def open_dialog(page: Page) -> Locator:
    """*Materialize…* on the asset's page."""
    page.goto("/assets/ncaa_games?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Latest")).to_be_visible()
    return dialog


def choose(place: Page | Locator, dates: str) -> None:
    box = place.get_by_role("textbox").first
    box.fill(dates)
    box.press("Enter")


def launch(page: Page, dialog: Locator) -> None:
    """Leads to the page of the run or the backfill."""
    dialog.get_by_role("button", name=re.compile("^Launch")).click()
    toast = page.get_by_role("region", name="Notifications")
    toast.get_by_text("View").click()
    page.wait_for_url("**/runs/**")
    page.mouse.move(0, 0)  # under the mouse the toast would stay, over what is looked at next


def expect_status(page: Page, status: str) -> None:
    """Of the run whose page it is, once it ended."""
    expect(page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first).to_have_text(status)


def show_only(page: Page, event_type: str) -> None:
    box = page.get_by_placeholder("Filter…")
    box.fill(f"type:{event_type}")
    box.press("Enter")


def test_today_is_materialized_and_shown_as_a_scoreboard_and_as_plots(
    page: Page, picture: Callable[[str], None]
) -> None:
    dialog = open_dialog(page)
    dialog.get_by_role("button", name="Latest").click()
    expect(dialog.get_by_role("textbox").first).to_have_value(days_ago(0))
    launch(page, dialog)
    expect_status(page, "Success")

    page.goto(f"/assets/ncaa_games?view=partitions&partition={days_ago(0)}")
    table, button = page.get_by_text("State (ET)"), page.get_by_text("[Show Markdown]")
    expect(table.or_(button)).to_be_visible()
    if button.is_visible():  # what Dagster makes of a table of more than 1000 characters
        button.click()
    scoreboard = page.get_by_role("table").filter(has=table).last  # it stands within the table of metadata
    expect(scoreboard.get_by_role("row").nth(1)).to_contain_text(re.compile(r"PM|AM|final|1st|2nd|halftime|OT"))
    picture("scoreboard")

    page.goto("/assets/ncaa_games")
    page.get_by_role("button", name="Plots").click()
    expect(page.get_by_text("games_final", exact=True)).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    picture("plots")


def test_a_backfill_shows_the_date_that_failed_and_why_and_runs_only_that_one_again(
    page: Page, up: Up, picture: Callable[[str], None]
) -> None:
    first, bad, last = days_ago(24), days_ago(22), days_ago(20)
    up.set_faults(html={"dates": [bad]})
    dialog = open_dialog(page)
    choose(dialog, f"[{first}...{last}]")
    expect(dialog.get_by_text("5 partitions", exact=True)).to_be_visible()
    launch(page, dialog)
    expect(page.get_by_text("100% completed")).to_be_visible()
    picture("backfill")

    page.goto(f"/assets/ncaa_games?view=partitions&partition={bad}")
    choose(page, f"[{first}...{last}]")
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text("Materialized (4)")).to_be_visible()
    picture("failed-date")

    page.get_by_role("link", name=RUN_ID).click()
    expect_status(page, "Failure")
    show_only(page, "STEP_FAILURE")
    expect(page.get_by_text(f"{bad}: GET")).to_contain_text("that are not JSON")
    picture("failed-run")

    up.set_faults()
    dialog = open_dialog(page)
    choose(dialog, f"[{first}...{last}]")
    dialog.get_by_text("Backfill only failed and missing partitions within selection").click()
    launch(page, dialog)
    expect(page.get_by_text(f"partition: {bad}")).to_be_visible()  # one date is a run, not a backfill
    expect_status(page, "Success")
    page.goto(f"/assets/ncaa_games?view=partitions&partition={first}")
    choose(page, f"[{first}...{last}]")
    expect(page.get_by_text("Materialized (5)")).to_be_visible()
    expect(page.get_by_text("View all historical events (1)")).to_be_visible()


def test_an_api_that_fails_is_asked_again_after_two_four_and_eight_seconds(
    page: Page, up: Up, picture: Callable[[str], None]
) -> None:
    date = days_ago(30)
    up.set_faults(http_500={"dates": [date]})
    dialog = open_dialog(page)
    choose(dialog, date)
    launch(page, dialog)
    expect_status(page, "Failure")
    show_only(page, "STEP_FAILURE")
    expect(page.get_by_text(f"{date}: GET")).to_contain_text("gave 500 Internal Server Error")
    picture("retries")
    page.set_viewport_size({"width": 1280, "height": 1400})
    show_only(page, "STEP_UP_FOR_RETRY")
    for seconds in (2, 4, 8):
        expect(page.get_by_text(f"has requested a retry in {seconds} seconds")).to_be_visible()

"""The automation page: the schedule runs."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pipelines.schedules import ncaa_schedule
from pipelines.seasons import EASTERN

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


def test_the_schedule_is_on_and_its_next_tick_is_at_a_quarter_hour(
    page: Page, screenshot: Callable[[str], None]
) -> None:
    page.goto("/automation")
    page.get_by_role("link", name="ncaa_schedule").click()
    expect(page.get_by_role("row", name="Description")).to_contain_text(str(ncaa_schedule.description))
    expect(page.get_by_role("row", name="Running").get_by_role("checkbox")).to_be_checked()
    shown = page.get_by_role("row", name="Next tick").inner_text().splitlines()[-1]
    now = dt.datetime.now(EASTERN)
    without_zone = f"{now.year} {shown.rpartition(' ')[0]}"
    tick = dt.datetime.strptime(without_zone, "%Y %b %d, %I:%M:%S %p").replace(tzinfo=EASTERN)
    assert tick.minute % 15 == 0
    assert abs(tick - now) < dt.timedelta(minutes=15)
    screenshot("schedule")

"""What runs by itself."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pipelines.seasons import EASTERN

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


def test_the_schedule_runs_and_ticks_next_at_the_quarter_of_the_hour(
    page: Page, picture: Callable[[str], None]
) -> None:
    page.goto("/automation")
    page.get_by_role("link", name="ncaa_schedule").click()
    expect(page.get_by_role("row", name="Description")).to_contain_text("Today's games, US Eastern")
    expect(page.get_by_role("row", name="Running").get_by_role("checkbox")).to_be_checked()
    shown = page.get_by_role("row", name="Next tick").inner_text().splitlines()[-1]
    now = dt.datetime.now(EASTERN)
    written = f"{now.year} {shown.rpartition(' ')[0]}"  # without the zone's name
    tick = dt.datetime.strptime(written, "%Y %b %d, %I:%M:%S %p").replace(tzinfo=EASTERN)
    assert tick.minute % 15 == 0
    assert abs(tick - now) < dt.timedelta(minutes=15)
    picture("schedule")

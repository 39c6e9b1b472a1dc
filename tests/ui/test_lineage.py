"""The lineage page."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pipelines.assets.checks import CHECKS

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]

TABLES = ("fact_game", "dim_team", "rejected_game")
"""Those that `ncaa_games` writes."""


def test_lineage_leads_from_the_archive_through_ncaa_games_to_the_tables(
    page: Page, screenshot: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": 1600, "height": 1300})  # a smaller one shows names alone
    page.goto("/assets/ncaa_games?view=lineage")
    # The archive and two tables: no game was rejected.
    expect(page.get_by_text("Materialized", exact=True)).to_have_count(3)
    expect(page.get_by_text(re.compile("Loading|Materializing"))).to_have_count(0)
    for count in Counter(check.table for check in CHECKS if check.table in TABLES).values():
        expect(page.get_by_text(f"{count} / {count} Passed").first).to_be_visible()
    screenshot("lineage")

    def left_of(name: str) -> float:
        box = page.get_by_text(name, exact=True).last.bounding_box()
        assert box is not None
        return box["x"]

    for downstream in (*TABLES, "ncaa_game_details", "ncaa_standings"):
        assert left_of("archive") < left_of("ncaa_games") < left_of(downstream)
    page.get_by_role("button", name="Upstream").click()
    expect(page.get_by_text("fact_game", exact=True)).to_have_count(0)
    expect(page.get_by_text("archive", exact=True)).to_be_visible()
    page.get_by_role("button", name="Downstream").click()
    expect(page.get_by_text("archive", exact=True)).to_have_count(0)
    for table in TABLES:
        expect(page.get_by_text(table, exact=True)).to_be_visible()

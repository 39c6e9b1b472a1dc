"""Opens the UI of a running stack in the system's Chromium."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.up import Up

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)
TIMEOUT = 120_000
"""Milliseconds. Long, because the machine may be busy and no test measures time."""
DOCUMENTED = {"scoreboard", "lineage", "failed-date", "failed-run", "recovered-date", "failed-check", "coverage"}
"""Screenshots used by the documentation."""
MAX_SCREENSHOT_BYTES = 200_000


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One stack for all tests of the UI."""
    up = Up(tmp_path_factory.mktemp("up"))
    try:
        up.start()
        yield up
    finally:
        up.stop()


@pytest.fixture
def up(running: Up) -> Iterator[Up]:
    """The stack, with an API without faults before and after the test."""
    running.set_faults()
    yield running
    running.set_faults()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The UI tests need Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, up: Up, tmp_path: Path) -> Iterator[Page]:
    """A tab with US Eastern time; the test's folder gets its last state as `last.png`."""
    context = browser.new_context(
        base_url=up.url, viewport={"width": 1280, "height": 800}, timezone_id="America/New_York", locale="en-US"
    )
    context.set_default_timeout(TIMEOUT)
    expect.set_options(timeout=TIMEOUT)
    page = context.new_page()
    yield page
    page.screenshot(path=tmp_path / "last.png")
    context.close()


@pytest.fixture
def screenshot(page: Page, tmp_path: Path, pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Saves a screenshot by name in the test's folder and, for those of the documentation, in `--screenshots`."""
    documentation: Path | None = pytestconfig.getoption("--screenshots")

    def take(name: str) -> None:
        taken = page.screenshot(path=tmp_path / f"{name}.png", animations="disabled")
        assert len(taken) < MAX_SCREENSHOT_BYTES
        if documentation is not None and name in DOCUMENTED:
            (documentation / f"{name}.png").write_bytes(taken)

    return take

"""A page of another origin in a real browser changes nothing. Each attack works on Dagster's own webserver."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Browser, Page
from support.api import Answer, Api
from support.dagster_stack import PROJECT, free_port, until
from support.up import Up
from support.webserver import SET_LIMIT, Webserver

from .conftest import TIMEOUT

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def servers(running: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Webserver]]:
    """Dagster's own webserver on the database of `gamepulse up`, and the webserver of `gamepulse up`."""
    dagster = Webserver(free_port(), "none")
    command = (Path(sys.executable).parent / "dagster-webserver", "--empty-workspace", "-p", str(dagster.port))
    variables = running.environment | {"GAMEPULSE_SIMULATE": "1", "DAGSTER_HOME": str(PROJECT)}
    with (tmp_path_factory.mktemp("dagster") / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=variables, stdout=log, stderr=log)
    try:
        until("the webserver answers", dagster.is_up, 120)
        yield {"dagster": dagster, "ours": Webserver(running.port, "none")}
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def foreign(browser: Browser, api: Api) -> Iterator[Page]:
    """The attacker's page. Its server redirects to the address in `?to=`, which keeps the method of the request."""

    def answer(path: str) -> Answer:
        _, _, target = path.partition("?to=")
        if target:
            return Answer(status=307, headers={"Location": unquote(target)})
        return Answer(b"<body></body>", headers={"Content-Type": "text/html"})

    api.answer = answer
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    page.goto(api.url.replace("127.0.0.1", "attacker.example"))
    yield page
    context.close()


IMAGE = "url => { new Image().src = url }"
FORM = """url => { document.body.innerHTML = `<iframe name="shown"></iframe>
    <form method="POST" target="shown" action="${url}"></form>`; document.forms[0].submit() }"""
SANDBOX = """url => { const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts allow-forms';
    frame.srcdoc = `<form method="POST" action='${url}'></form><script>document.forms[0].submit()</script>`;
    document.body.append(frame) }"""
ATTACKS = {
    "image": (IMAGE, "MUTATION"),
    "redirected-image": (IMAGE, "/?to=MUTATION"),
    "form": (FORM, "MUTATION"),
    "redirected-form": (FORM, "/?to=MUTATION"),
    "sandboxed-form": (SANDBOX, "MUTATION"),
    "fetch": ("url => { fetch(url) }", "MUTATION"),
    "fetch-by-post": ("url => { fetch(url, {method: 'POST', body: 'x'}) }", "MUTATION"),
    "no-cors-fetch": ("url => { fetch(url, {mode: 'no-cors'}) }", "MUTATION"),
    "no-cors-fetch-by-post": ("url => { fetch(url, {mode: 'no-cors', method: 'POST', body: 'x'}) }", "MUTATION"),
    "no-cors-report": ("url => { fetch(url, {mode: 'no-cors', method: 'POST'}) }", "REPORT"),
    "beacon": ("url => { navigator.sendBeacon(url, 'x') }", "MUTATION"),
}


@pytest.mark.parametrize("kind", ATTACKS)
def test_a_page_of_another_origin_changes_nothing(
    foreign: Page, servers: dict[str, Webserver], up: Up, kind: str
) -> None:
    script, address = ATTACKS[kind]

    def attack(name: str) -> None:
        origin = f"http://localhost:{servers[name].port}"
        mutation = f"{origin}/graphql?query={quote(SET_LIMIT.replace('KEY', f'{name}-{kind}'))}"
        target = mutation if "MUTATION" in address else f"{origin}/report_asset_materialization/{name}-{kind}"
        foreign.evaluate(script, f"{foreign.url}?to={quote(target, safe='')}" if address.startswith("/") else target)

    def refusals() -> int:
        return (up.home / f"up-{up.port}.log").read_text().count(" Refused ")

    attack("dagster")
    until("the attack works", lambda: f"dagster-{kind}" in servers["dagster"].names_left(), 60)
    before = refusals()
    attack("ours")
    until("the attack is refused", lambda: refusals() > before, 60)
    assert f"ours-{kind}" not in servers["ours"].names_left()


def test_a_websocket_of_another_origin_is_refused(foreign: Page, servers: dict[str, Webserver]) -> None:
    for name, opened in (("dagster", True), ("ours", False)):
        assert opens_websocket(foreign, f"ws://localhost:{servers[name].port}/graphql") is opened


def test_a_name_that_was_rebound_to_this_machine_is_refused(foreign: Page, servers: dict[str, Webserver]) -> None:
    for name, works in (("dagster", True), ("ours", False)):
        key, origin = f"{name}-rebound", f"http://rebound.example:{servers[name].port}"
        foreign.goto(f"{origin}/server_info")  # the attacker's page, before its name leads to this machine
        script = """query => fetch('/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'},
            body: JSON.stringify({query})}).then(answer => answer.status)"""
        assert foreign.evaluate(script, SET_LIMIT.replace("KEY", key)) == (200 if works else 421)
        assert (key in servers[name].names_left()) is works
        assert opens_websocket(foreign, f"ws://rebound.example:{servers[name].port}/graphql") is works


def test_a_page_of_another_origin_does_not_show_the_ui_in_a_frame(foreign: Page, servers: dict[str, Webserver]) -> None:
    for name, shown in (("dagster", True), ("ours", False)):
        script = """url => new Promise(done => { const frame = document.createElement('iframe');
            frame.onload = done; frame.src = url; document.body.replaceChildren(frame) })"""
        url = f"http://localhost:{servers[name].port}/"
        foreign.evaluate(f"async url => {{ await ({script})(url) }}", url)
        assert foreign.frames[-1].url.startswith(url) is shown


def test_no_request_of_the_ui_itself_is_refused(browser: Browser, up: Up) -> None:
    context = browser.new_context(base_url=f"http://localhost:{up.port}")
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    refused: list[str] = []
    page.on("response", lambda found: found.status in (403, 421) and refused.append(found.url))
    for path in ("/assets/ncaa_games", "/graphql"):
        page.goto(path, wait_until="networkidle")
    assert opens_websocket(page, f"ws://localhost:{up.port}/graphql")
    context.close()
    assert refused == []


def opens_websocket(page: Page, url: str) -> bool:
    """Whether a script of the page can open a websocket."""
    script = """url => new Promise(done => { const socket = new WebSocket(url, 'graphql-ws');
        socket.onopen = () => done(true); socket.onerror = () => done(false) })"""
    return bool(page.evaluate(script, url))

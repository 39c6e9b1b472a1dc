"""What a web page, or a machine, can do to Dagster's webserver and to ours."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from dagster_graphql import DagsterGraphQLClient
from support.dagster_stack import PROJECT, environment, free_port, until
from support.databases import Databases
from support.webserver import SET_LIMIT, Webserver
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pipelines.runtime.webserver import main

PROXIED = "dagster.example.org"


@pytest.fixture(scope="module")
def webservers(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Webserver]]:
    """Dagster's webserver, ours, and ours behind a proxy, with reports; all on one database."""
    with databases.temporary() as url:
        common = {"DATABASE_URL": url.render_as_string(hide_password=False), "DAGSTER_HOME": str(PROJECT)}
        proxied = {"GAMEPULSE_ALLOWED_HOSTS": f"other.example, {PROXIED}", "GAMEPULSE_REPORT_ASSET_EVENTS": "true"}
        servers, processes = {}, []
        for name, program, options, variables in (
            ("dagster", "dagster-webserver", [], {}),
            ("ours", "gamepulse-webserver", [], {}),
            ("proxied", "gamepulse-webserver", ["--path-prefix", "/ui"], proxied),
        ):
            servers[name] = server = Webserver(free_port(), "none")
            command = [Path(sys.executable).parent / program, "--empty-workspace", "-p", str(server.port), *options]
            with (tmp_path_factory.mktemp(name) / "log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        command, cwd=PROJECT, env=environment(**common, **variables), stdout=log, stderr=log
                    )
                )
        try:
            for name, server in servers.items():
                path = "/ui/server_info" if name == "proxied" else "/server_info"
                until(f"{name} answers", lambda s=server, p=path: send(s, "GET", p)[0] == 200, 100)
            yield servers
        finally:
            for process in processes:
                process.kill()
                process.wait()


def send(
    server: Webserver, method: str, path: str, headers: tuple[tuple[str, str], ...] = (), body: str = ""
) -> tuple[int, str]:
    """Sends a request exactly so and returns status and body; status 0 if nothing listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=any(name == "Host" for name, _ in headers))
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionError:
        return 0, ""
    finally:
        connection.close()


ATTACKER = ("Origin", "http://attacker.example")
SITE = ("Sec-Fetch-Site", "cross-site")
JSON = ("Content-Type", "application/json")
IN_JSON = json.dumps({"query": SET_LIMIT})
IN_QUERY = f"/graphql?{urlencode({'query': SET_LIMIT})}"
OF_TWO = f"/graphql?{urlencode({'query': 'query q{version} ' + SET_LIMIT, 'operationName': 'm'})}"
LAST_OF_TWO = f"/graphql?query={{version}}&{urlencode({'query': SET_LIMIT})}"
REPORT = "/report_asset_materialization/KEY"
REBOUND = (("Host", "rebound.example"), ("Origin", "http://rebound.example"), JSON)

ATTACKS = {
    "image": ("GET", IN_QUERY, (SITE,), "", "by POST"),
    "link": ("GET", IN_QUERY, (), "", "by POST"),
    "one of two operations": ("GET", OF_TWO, (), "", "by POST"),
    "last of two queries": ("GET", LAST_OF_TWO, (), "", "by POST"),
    "form": ("POST", IN_QUERY, (ATTACKER, ("Content-Type", "application/x-www-form-urlencoded")), "", "origin"),
    "no-cors fetch": ("POST", IN_QUERY, (ATTACKER, SITE, ("Content-Type", "text/plain")), "x", "origin"),
    "sandboxed frame": ("POST", IN_QUERY, (("Origin", "null"),), "", "origin"),
    "page that hides its origin": ("POST", IN_QUERY, (SITE,), "", "origin"),
    "page of another port": ("POST", "/graphql", (("Origin", "http://127.0.0.1:1"), JSON), IN_JSON, "origin"),
    "page of a sibling": ("POST", "/graphql", (("Sec-Fetch-Site", "same-site"), JSON), IN_JSON, "origin"),
    "body of GraphQL": ("POST", "/graphql", (ATTACKER, ("Content-Type", "application/graphql")), SET_LIMIT, "origin"),
    "rebound name": ("POST", "/graphql", REBOUND, IN_JSON, "GAMEPULSE_ALLOWED_HOSTS"),
    "report": ("POST", REPORT, (), "", "GAMEPULSE_REPORT_ASSET_EVENTS=true"),
    "escaped report": ("POST", REPORT.replace("_", "%5F"), (), "", "GAMEPULSE_REPORT_ASSET_EVENTS=true"),
    "observation": ("POST", "/report_asset_observation/KEY", (), "", "GAMEPULSE_REPORT_ASSET_EVENTS=true"),
}


@pytest.mark.parametrize("kind", ATTACKS)
def test_an_attack_that_works_on_dagsters_webserver_is_refused_by_ours(
    webservers: dict[str, Webserver], kind: str
) -> None:
    method, path, headers, body, reason = ATTACKS[kind]
    for name, works in (("dagster", True), ("ours", False)):
        key = f"{name}-{kind.replace(' ', '-')}"
        status, answer = send(webservers[name], method, path.replace("KEY", key), headers, body.replace("KEY", key))
        assert (key in webservers[name].names_left()) is works, answer
    assert status in (403, 421)
    assert reason in answer


def test_a_forged_check_is_refused(webservers: dict[str, Webserver]) -> None:
    path = "/report_asset_check/ncaa_games?check_name=requested_dates_are_loaded&passed=true"
    assert send(webservers["dagster"], "POST", path)[0] == 200
    assert send(webservers["ours"], "POST", path)[0] == 403


def test_a_websocket_of_another_origin_is_refused(webservers: dict[str, Webserver]) -> None:
    def status(name: str, origin: str) -> int:
        try:
            with connect(f"ws://127.0.0.1:{webservers[name].port}/graphql", origin=origin, subprotocols=["graphql-ws"]):  # type: ignore[arg-type, list-item]
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    assert status("dagster", ATTACKER[1]) == 101
    assert status("ours", ATTACKER[1]) == 403
    assert status("ours", f"http://127.0.0.1:{webservers['ours'].port}") == 101


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_ui_and_clients_of_this_machine_are_served(webservers: dict[str, Webserver], host: str) -> None:
    server = webservers["ours"]
    name = ("Host", f"{host}:{server.port}")
    own = (name, ("Origin", f"http://{host}:{server.port}"), ("Sec-Fetch-Site", "same-origin"), JSON)
    for headers in (own, (name, JSON), (name, ("Sec-Fetch-Site", "none"), JSON)):
        status, answer = send(server, "POST", "/graphql", headers, IN_JSON.replace("KEY", f"served by {host}"))
        assert (status, answer) == (200, '{"data":{"setConcurrencyLimit":true}}')
    assert send(server, "GET", "/graphql?query={version}", (name, ATTACKER, SITE))[0] == 200  # it cannot be read there
    assert send(server, "GET", "/", (name, SITE))[0] == 200  # a link from elsewhere


def test_dagsters_own_client_is_served(webservers: dict[str, Webserver]) -> None:
    client = DagsterGraphQLClient("localhost", port_number=webservers["ours"].port)
    assert client._execute("{version}")["version"]


def test_probes_by_address_are_served(webservers: dict[str, Webserver]) -> None:
    by_address = (("Host", "10.1.2.3:3000"),)
    assert send(webservers["ours"], "GET", "/server_info", by_address)[0] == 200
    assert send(webservers["proxied"], "GET", "/ui/server_info", by_address)[0] == 200
    assert send(webservers["ours"], "GET", "/", by_address)[0] == 421


def test_no_other_origin_may_show_the_ui_in_a_frame(webservers: dict[str, Webserver]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", webservers["ours"].port, timeout=60)
    connection.request("GET", "/")
    policies = connection.getresponse().headers.get_all("Content-Security-Policy")
    connection.close()
    assert policies is not None
    assert policies[-1] == "frame-ancestors 'self'"
    assert "script-src" in policies[0]


def test_a_proxy_that_ends_tls_is_served_under_the_names_that_are_set(webservers: dict[str, Webserver]) -> None:
    server = webservers["proxied"]
    host, body = ("Host", PROXIED), IN_JSON.replace("KEY", "proxied")
    own = (host, ("Origin", f"https://{PROXIED}"), ("Sec-Fetch-Site", "same-origin"))
    assert send(server, "POST", "/ui/graphql", (*own, JSON), body)[0] == 200
    assert send(server, "POST", "/ui/report_asset_materialization/proxied", own)[0] == 200
    for headers in ((host, ATTACKER), (ATTACKER,), (("Host", "unknown.example"),)):
        assert send(server, "POST", "/ui/graphql", (*headers, JSON), body)[0] in (403, 421)
        assert send(server, "POST", "/ui/report_asset_materialization/x", headers)[0] in (403, 421)


def test_an_invalid_setting_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEPULSE_ALLOWED_HOSTS", "https://dagster.example.org")
    with pytest.raises(SystemExit, match=r"^gamepulse-webserver: GAMEPULSE_ALLOWED_HOSTS: .* is not a host name"):
        main()

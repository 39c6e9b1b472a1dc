"""Which requests the webserver refuses."""

import string
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Scope

from pipelines.runtime.request_rules import LOOPBACK, RequestRules, refuse

RULES = RequestRules(allowed_hosts=frozenset({"dagster.example.org"}))
OURS = sorted(LOOPBACK | RULES.allowed_hosts)
UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "websocket")
NAMES = st.text(string.ascii_letters + string.digits + "_", min_size=1).map(lambda name: f"n{name}")


def request(
    method: str = "POST", host: str = "localhost:3000", path: str = "/graphql", query: str = "", **headers: str
) -> Scope:
    """Returns an ASGI scope; `sec_fetch_site="none"` is a header."""
    given = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "type": "websocket" if method == "websocket" else "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }


def status(scope: Scope, rules: RequestRules = RULES) -> int | None:
    """Returns the status of the refusal, None if the request is served."""
    refusal = refuse(scope, rules)
    return refusal and refusal.status


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, set[str]]:
    """A GraphQL document, and the kinds of its operations."""
    kinds = draw(st.lists(st.sampled_from(["query", "mutation", "subscription"]), min_size=1, max_size=4))
    filler = st.sampled_from(["", " ", ",", "\n", "\ufeff", "# mutation {x}\n", "fragment f on Mutation {x}\n"])
    body = st.sampled_from(["{x}", "{mutation}", '{x(y: "mutation {z}")}', '{x(y: """}mutation{z}""")}', "{...f}"])
    parts = [
        draw(filler)
        + f"{kind} {draw(NAMES)}{draw(st.sampled_from(['', '($v: Int)', ' @skip(if: true)']))}"
        + draw(body)
        for kind in kinds
    ]
    return "".join(parts), set(kinds)


@given(documents(), st.sampled_from(["GET", "HEAD", "OPTIONS"]), NAMES)
@example(("{x}", {"query"}), "GET", "nX")
@example(("mutation{x}", {"mutation"}), "GET", "nX")
def test_a_document_with_a_mutation_is_refused_in_every_method_but_post(
    document: tuple[str, set[str]], method: str, operation_name: str
) -> None:
    text, kinds = document
    query = urlencode({"operationName": operation_name, "query": text, "variables": "{}"})
    assert status(request(method, query=query)) == (403 if "mutation" in kinds else None)
    assert status(request("POST", query=query)) is None


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("query={x}&query=mutation{x}", True),
        ("query=mutation{x}&query={x}", True),
        ("query=%6dutation%7Bx%7D", True),
        ("query=mutation+a{x}+query+b{x}&operationName=b", True),
        ("query=mutation" + "{a" * 150 + "}" * 150, True),
        ("query=mutation" + "{a" * 100_000 + "}" * 100_000, True),  # deeper than the parser's stack
        ("query={x", False),  # Dagster explains the error
        ("q=mutation{x}", False),
        ("", False),
    ],
)
def test_every_query_of_the_query_string_is_parsed(query: str, refused: bool) -> None:
    assert status(request("GET", query=query)) == (403 if refused else None)


@given(st.text(st.characters(max_codepoint=255), max_size=20), st.sampled_from([*UNSAFE, "GET"]))
@example("localhost.example.org", "GET")
@example("localhost:3000@example.org", "GET")
@example("example.org:localhost", "GET")
@example("", "GET")
@example("::1", "GET")
@example("10.1.2.3:3000", "websocket")
def test_other_hosts_are_refused_except_for_probes(host: str, method: str) -> None:
    if host.rpartition(":")[0] in OURS or host in OURS:
        return
    assert status(request(method, host)) == 421
    assert status(request("GET", host, "/server_info")) is None
    assert status(request("GET", host, "/ui/server_info")) == 421
    assert status(request("GET", host, "/ui/server_info"), RequestRules(path_prefix="/ui")) is None


@given(st.sampled_from(OURS), st.sampled_from(["", ":3000", ":443"]), st.booleans())
def test_our_hosts_are_served_with_any_port_in_any_case(name: str, port: str, upper: bool) -> None:
    host = f"{name.upper() if upper else name}{port}"
    for method in ("GET", *UNSAFE):
        assert status(request(method, host)) is None
        assert status(request(method, host, origin=f"http://{name}{port}", sec_fetch_site="same-origin")) is None


def test_a_request_with_two_hosts_is_refused() -> None:
    scope = request("GET")
    scope["headers"].append((b"host", b"localhost:3000"))
    assert status(scope) == 421


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://attacker.example",
        "http://localhost",
        "http://localhost:3001",
        "https://localhost:3000.attacker.example",
        "http://attacker.example/localhost:3000",
        "http://localhost:3000@attacker.example",
        "http://127.0.0.1:3000",
        "chrome-extension://localhost:3000",
    ],
)
def test_other_origins_may_only_read(method: str, origin: str) -> None:
    assert status(request(method, origin=origin)) == 403
    assert status(request("GET", query="query={x}", origin=origin)) is None


@pytest.mark.parametrize("method", UNSAFE)
def test_a_page_of_another_site_may_only_read(method: str) -> None:
    for site in ("cross-site", "same-site", "anything"):
        assert status(request(method, sec_fetch_site=site)) == 403
        assert status(request("GET", sec_fetch_site=site)) is None
    for site in ("same-origin", "none"):
        assert status(request(method, sec_fetch_site=site)) is None


@pytest.mark.parametrize(
    ("host", "origin", "served"),
    [
        ("dagster.example.org", "https://dagster.example.org", True),
        ("dagster.example.org:443", "https://dagster.example.org", True),
        ("dagster.example.org", "http://dagster.example.org", True),
        ("dagster.example.org:8443", "https://dagster.example.org:8443", True),
        ("dagster.example.org", "https://dagster.example.org:8443", False),
        ("dagster.example.org:3000", "https://dagster.example.org", False),
        ("localhost:3000", "https://dagster.example.org", False),  # a proxy that replaces the host
    ],
)
def test_behind_a_proxy_that_ends_tls_the_origin_is_compared_by_name_and_port(
    host: str, origin: str, served: bool
) -> None:
    assert status(request(host=host, origin=origin)) == (None if served else 403)


@pytest.mark.parametrize("prefix", ["", "/ui"])
@pytest.mark.parametrize("kind", ["materialization", "check", "observation"])
def test_reports_are_served_only_where_they_are_turned_on(kind: str, prefix: str) -> None:
    for path in (f"{prefix}/report_asset_{kind}/ncaa_games", f"{prefix}/report_asset_{kind}/"):
        assert status(request(path=path), RequestRules(path_prefix=prefix)) == 403
        allowed = RequestRules(path_prefix=prefix, reports_allowed=True)
        assert status(request(path=path), allowed) is None
        assert status(request(path=path, origin="http://attacker.example"), allowed) == 403

"""Which requests the webserver refuses, so that no page of another origin can use the UI of the person who opens it.

Dagster executes mutations that are sent by GET, and checks neither `Origin` nor `Host`: see `docs/architecture.md`.
"""

import re
from dataclasses import dataclass

from graphql import GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse
from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from pipelines.settings import HOST_NAME

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(rf"(?P<name>{HOST_NAME})(:(?P<port>\d+))?", re.ASCII | re.IGNORECASE)
_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>({HOST_NAME})(:\d+)?)", re.ASCII | re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class RequestRules:
    """What this webserver serves."""

    allowed_hosts: frozenset[str] = frozenset()
    """Host names besides those of loopback, in lower case and without ports."""
    reports_allowed: bool = False
    """Whether `/report_asset_*` is served."""
    path_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a refused request: HTTP status, and a sentence that says what to do."""

    status: int
    reason: str


def refuse(scope: Scope, rules: RequestRules) -> Refusal | None:
    """Returns why an HTTP request or the opening of a websocket is refused; None if it is served."""
    headers = Headers(scope=scope)
    host = ", ".join(headers.getlist("host"))
    # The probes of Kubernetes name the address of the pod.
    if scope["path"] != f"{rules.path_prefix}/server_info" and not _is_allowed(host, rules):
        return Refusal(
            421,
            f"The host {host!r} is not allowed: open the UI as localhost, or add the host's name to "
            "GAMEPULSE_ALLOWED_HOSTS.",
        )
    if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
        if any(_has_mutation(query) for query in QueryParams(scope["query_string"]).getlist("query")):
            return Refusal(403, f"A mutation is not executed by {scope['method']}: send it by POST.")
        return None
    for origin in headers.getlist("origin"):
        if not _is_same_origin(origin, host):
            return Refusal(
                403,
                f"The origin {origin!r} is not that of the host {host!r}: open the UI by its own address; a proxy must "
                "pass the browser's Host header.",
            )
    for site in headers.getlist("sec-fetch-site"):
        if site not in ("same-origin", "none"):
            return Refusal(
                403,
                f"A page of another origin (Sec-Fetch-Site: {site}) sent this request: open the UI by its own address.",
            )
    if "/report_asset_" in scope["path"] and not rules.reports_allowed:
        return Refusal(403, "/report_asset_* is off: set GAMEPULSE_REPORT_ASSET_EVENTS=true to turn it on.")
    return None


def _is_allowed(host: str, rules: RequestRules) -> bool:
    parts = _HOST.fullmatch(host)
    return parts is not None and parts["name"].lower() in LOOPBACK | rules.allowed_hosts


def _is_same_origin(origin: str, host: str) -> bool:
    """Compares names and ports. The schemes may differ, because a proxy that ends TLS speaks plain HTTP to us."""
    parts = _ORIGIN.fullmatch(origin)
    if parts is None:  # `null`, or a browser extension
        return False
    port = _DEFAULT_PORTS[parts["scheme"].lower()]
    return _with_port(parts["host"], port) == _with_port(host, port)


def _with_port(host: str, default: str) -> tuple[str, str] | None:
    parts = _HOST.fullmatch(host)
    return (parts["name"].lower(), parts["port"] or default) if parts else None


def _has_mutation(query: str) -> bool:
    """Whether a document has a mutation, whichever of its operations would be executed."""
    if "mutation" not in query:
        return False
    try:
        definitions = parse(query).definitions
    except GraphQLSyntaxError:
        return True  # nested too deeply for the stack that is left here, but perhaps not for Dagster's
    return any(
        isinstance(definition, OperationDefinitionNode) and definition.operation is OperationType.MUTATION
        for definition in definitions
    )

"""The command `gamepulse-webserver`: Dagster's webserver, without the requests that `request_rules` refuses.

While the games are simulated, each page says so.

In the image it is called `dagster-webserver`, so that Dagster's Helm chart starts it.
"""

import logging
import sys
from functools import partial
from typing import Any, Final

from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.runtime.request_rules import RequestRules, refuse
from pipelines.settings import Settings, explain_invalid


class RefusingMiddleware:
    """Answers refused requests, and forbids other origins to show the UI in a frame."""

    def __init__(self, app: ASGIApp, rules: RequestRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if refusal := refuse(scope, self._rules):
            request = f"{scope.get('method', 'websocket')} {scope['path']!r}"
            logging.getLogger(cli.WEBSERVER_LOGGER_NAME).warning(f"Refused {request}: {refusal.reason}")
            await PlainTextResponse(f"{refusal.reason}\n", refusal.status)(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A second policy beside Dagster's: browsers apply both.
                MutableHeaders(scope=message).append("Content-Security-Policy", "frame-ancestors 'self'")
            await send(message)

        await self._app(scope, receive, send_with_policy)


_NOT_REAL: Final = (
    b'<div role="status" style="position: fixed; top: 0; left: 50%; transform: translateX(-50%); z-index: 1000; '
    b"padding: 3px 14px; border-radius: 0 0 6px 6px; background: #8250df; color: #fff; pointer-events: none; "
    b'font: 600 13px system-ui, sans-serif">Not real: simulated games</div>'
)


class MarkingMiddleware:
    """Appends a mark to each page: browsers move what follows the document into its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = False

        async def send_marked(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_page = message["status"] == 200 and headers.get("content-type", "").startswith("text/html")
                if is_page and "content-length" in headers:
                    headers["content-length"] = str(int(headers["content-length"]) + len(_NOT_REAL))
            elif is_page and message["type"] == "http.response.body" and not message.get("more_body"):
                message["body"] = message.get("body", b"") + _NOT_REAL
            await send(message)

        await self._app(scope, receive, send_marked)


def create_app(
    settings: Settings,
    workspace_process_context: Any,
    path_prefix: str = "",
    live_data_poll_rate: int | None = None,
    **options: Any,
) -> Starlette:
    """Returns Dagster's application behind the middleware, for the arguments of Dagster's own function."""
    app = create_app_from_workspace_process_context(
        workspace_process_context, path_prefix, live_data_poll_rate, **options
    )
    rules = RequestRules(settings.gamepulse_allowed_hosts, settings.gamepulse_report_asset_events, path_prefix)
    app.add_middleware(RefusingMiddleware, rules)
    if settings.is_simulated:
        app.add_middleware(MarkingMiddleware)
    return app


def main() -> None:
    """Runs Dagster's command, which has no setting for a middleware."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(f"gamepulse-webserver: {explain_invalid(error)}")
    cli.create_app_from_workspace_process_context = partial(create_app, settings)  # type: ignore[attr-defined]
    cli.main()  # type: ignore[no-untyped-call]

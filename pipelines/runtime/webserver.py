"""The command `gamepulse-webserver`: Dagster's webserver, without the requests that `request_rules` refuses.

In the image it is called `dagster-webserver`, so that Dagster's Helm chart starts it.
"""

import logging
import sys
from functools import partial
from typing import Any

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
    return app


def main() -> None:
    """Runs Dagster's command, which has no setting for a middleware."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(f"gamepulse-webserver: {explain_invalid(error)}")
    cli.create_app_from_workspace_process_context = partial(create_app, settings)  # type: ignore[attr-defined]
    cli.main()  # type: ignore[no-untyped-call]

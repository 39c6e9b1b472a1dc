"""What the UI says by itself: that games are simulated, and where a run's log is."""

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipelines.runtime.compute_logs import WHERE, UncapturedLogs
from pipelines.runtime.webserver import _NOT_REAL, MarkingMiddleware


@pytest.fixture
def client() -> TestClient:
    app = Starlette(
        routes=[
            Route("/", lambda request: HTMLResponse("<html><body>Games</body></html>")),
            Route("/gone", lambda request: HTMLResponse("Gone", 404)),
            Route("/graphql", lambda request: JSONResponse({"data": None})),
        ]
    )
    app.add_middleware(MarkingMiddleware)
    return TestClient(app)


def test_a_page_gets_the_mark_and_nothing_else_does(client: TestClient) -> None:
    page = client.get("/")
    assert page.content == b"<html><body>Games</body></html>" + _NOT_REAL
    assert int(page.headers["content-length"]) == len(page.content)
    assert client.get("/gone").text == "Gone"
    assert client.get("/graphql").json() == {"data": None}


def test_a_run_says_where_its_log_is() -> None:
    with UncapturedLogs().capture_logs(["run", "compute_logs", "ncaa_games"]) as context:
        assert context.shell_cmd is not None
        assert (context.shell_cmd.stdout, context.shell_cmd.stderr) == (WHERE, WHERE)

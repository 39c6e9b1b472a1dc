"""Serves recorded answers instead of a simulated season."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pipelines.ncaa.recording import RecordedAnswer
from simulator.state import simulator_of

_SENT_HEADERS = ("content-type", "retry-after")
"""Headers of a recording that are sent again: those by which a client judges an answer."""


def routes(answers: Sequence[RecordedAnswer]) -> list[Route]:
    """Returns the routes of answers in the order of their moments."""

    async def answer(request: Request) -> Response:
        found = answer_at(answers, request.url.path, simulator_of(request).now)
        if found is None:
            return Response('{"message":"Not recorded"}', 404, media_type="application/json")
        headers = {name: found.headers[name] for name in _SENT_HEADERS if name in found.headers}
        return Response(found.body, found.status, headers)

    async def front_page(request: Request) -> Response:
        lines = (
            f"{answer.first_fetched_at:%Y-%m-%d %H:%M:%S}  {answer.status}  {urlsplit(answer.source_url).path}"
            for answer in answers
        )
        return PlainTextResponse("Recorded answers (UTC):\n\n" + "\n".join(lines) + "\n")

    return [Route("/", front_page), Route("/{path:path}", answer)]


def answer_at(answers: Sequence[RecordedAnswer], path: str, now: datetime) -> RecordedAnswer | None:
    """Returns the answer of a path that was current at a moment, or the first one before all of them."""
    # The recorded API may have been below a prefix.
    of_path = [answer for answer in answers if urlsplit(answer.source_url).path.endswith(path)]
    past = [answer for answer in of_path if answer.first_fetched_at <= now]
    return past[-1] if past else next(iter(of_path), None)

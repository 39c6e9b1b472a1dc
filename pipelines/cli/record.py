"""The command `gamepulse record`."""

import asyncio
import datetime as dt
import gzip
import json
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.errors import NcaaApiError
from pipelines.ncaa.league import MENS_BASKETBALL, League
from pipelines.seasons import season_of
from pipelines.settings import Settings
from pipelines.warehouse.sql import read_sql

if TYPE_CHECKING:
    from pipelines.ncaa.calendar import Calendar
    from pipelines.ncaa.recording import RecordedAnswer
    from pipelines.ncaa.scoreboard import ScoreboardResponse


def record(
    game_date: Annotated[
        dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="Game date, US Eastern.", metavar="DATE")
    ],
    to: Annotated[Path, typer.Option(help="Folder of the file, DATE.json.", metavar="DIR", file_okay=False)] = Path(),
    archived: Annotated[
        bool, typer.Option("--archived", help="Write what the archive has about the date, with no request.")
    ] = False,
    simulate: Simulate = False,
) -> None:
    """Write the API's answers about a game date to a file.

    They are the scoreboard and the season's calendar, for a test or a bug report; with --archived also the details of
    games. A refused answer is written too. Nothing is loaded. gamepulse simulate --recorded DIR serves the files of a
    folder.

    Example: gamepulse record 2026-01-17 --archived --to recorded

    Exit codes: 0 the file is written; 1 there is no answer about the date; 2 wrong arguments.
    """
    from pipelines.ncaa.recording import write_recording

    date = game_date.date()
    path = to / f"{date}.json"
    answers = asyncio.run((_read if archived else _fetch)(MENS_BASKETBALL, date))
    if not any(answer.endpoint == "scoreboard" for answer in answers):
        say(f"There is no answer about {date}" + (" in the archive." if archived else "."), err=True)
        raise typer.Exit(1)
    write_recording(path, answers)
    say(f"{path}: {len(answers)} answers.")
    for answer in answers:
        if answer.reason is not None:
            say(f"Refused: {answer.reason}")


async def _read(league: League, date: dt.date) -> "list[RecordedAnswer]":
    from pipelines.ncaa.recording import RecordedAnswer
    from pipelines.postgres.sessions import Database
    from pipelines.warehouse.archive import begin

    async with Database(Settings()) as database, database.get_session() as session:
        connection = await begin(session)
        rows = await connection.fetch(read_sql("read_recording"), league.sport, str(date), str(season_of(date)))
    return [
        RecordedAnswer.model_validate(
            {**row, "headers": json.loads(row["headers"]), "body": gzip.decompress(row["content"])}
        )
        for row in rows
    ]


async def _fetch(league: League, date: dt.date) -> "list[RecordedAnswer]":
    from pipelines.ncaa.client import NcaaClient
    from pipelines.ncaa.rate_limit import RateLimit
    from pipelines.postgres.sessions import Database

    settings = Settings()
    key = settings.ncaa_api_key.get_secret_value() if settings.ncaa_api_key is not None else None
    async with (
        Database(settings) as database,
        RateLimit(database, settings.ncaa_api_requests_per_second) as limit,
        NcaaClient(settings.ncaa_api_url, key=key, limit=limit, contact=settings.project_url) as client,
    ):
        season = season_of(date)
        return [
            *await _recorded(league, "scoreboard", str(date), client.scoreboard(league, date)),
            *await _recorded(league, "calendar", str(season), client.season_calendar(league, season)),
        ]


async def _recorded(
    league: League,
    endpoint: Literal["scoreboard", "calendar"],
    subject: str,
    answer: "Awaitable[ScoreboardResponse | Calendar]",
) -> "Sequence[RecordedAnswer]":
    """The answer, also one that is refused; none if none came."""
    from pipelines.ncaa.recording import RecordedAnswer
    from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard

    reason = None
    raw = None
    try:
        response = await answer
        raw = response.raw
        if isinstance(response, ScoreboardResponse):
            parse_scoreboard(response)
    except NcaaApiError as error:
        raw, reason = error.answer or raw, str(error)
    if raw is None:
        say(str(reason), err=True)
        return ()
    return (
        RecordedAnswer(
            sport=league.sport,
            endpoint=endpoint,
            subject=subject,
            source_url=raw.source_url,
            status=raw.status,
            headers=dict(raw.headers),
            outcome="loaded" if reason is None else "refused",
            reason=reason,
            games_expected=None,
            is_simulated=raw.is_simulated,
            answers=1,
            first_fetched_at=raw.fetched_at,
            last_fetched_at=raw.fetched_at,
            body=raw.body,
        ),
    )

"""The commands `gamepulse resolve` and `gamepulse accept`: decisions of people that loads and checks honour."""

import asyncio
import datetime as dt
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import typer
from sqlmodel.ext.asyncio.session import AsyncSession

from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.errors import ResolutionError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings
from pipelines.warehouse.resolutions import (
    STATUSES,
    Who,
    accept_findings,
    game_id_of,
    resolve_game,
    undo_acceptance,
    undo_resolution,
)

T = TypeVar("T")

_DATE: Final = "%Y-%m-%d"
Because = Annotated[str, typer.Option(help="Reason of the decision, in words.")]
Until = Annotated[
    dt.datetime | None, typer.Option(formats=[_DATE], help="Last day on which it holds; default: no end.")
]
Undo = Annotated[bool, typer.Option("--undo", help="Undo the decision instead.")]
By = Annotated[str | None, typer.Option(help="Name of the person who decides; default: the login name.")]


def resolve(
    game: Annotated[str, typer.Argument(help="Game as in fact_game, ncaam_6500123, or its contest id.")],
    status: Annotated[str, typer.Option(help=f"Status of the game: {', '.join(STATUSES)}.")] = "",
    because: Because = "",
    until: Until = None,
    by: By = None,
    undo: Undo = False,
    simulate: Simulate = False,
) -> None:
    """Give a game a status that the source never will.

    The game has it at once, and later loads keep it. A resolution is closed when the source agrees, and the game is
    suspect when the source has a final score.

    Example: gamepulse resolve ncaam_6500123 --status canceled --because "COVID in the team, not replayed"

    Exit codes: 0 the decision holds, or is undone; 1 it is invalid, or the database cannot be used; 2 wrong arguments.
    """
    who = Who(by or getpass.getuser(), because, until.date() if until is not None else None)
    if undo:
        date = _in_session(lambda session: undo_resolution(session, MENS_BASKETBALL, game, who))
        say(f"{game_id_of(game, MENS_BASKETBALL)} of {date} is as the source says again.")
    else:
        if not status:
            raise ResolutionError(f"Give the game a status: --status with one of {', '.join(STATUSES)}.")
        date = _in_session(lambda session: resolve_game(session, MENS_BASKETBALL, game, status, who))
        say(f"{game_id_of(game, MENS_BASKETBALL)} of {date} is {status}.")


def accept(
    values: Annotated[
        list[str], typer.Argument(metavar="FROM [TO] CHECK", help="First and last game date, and the name of a check.")
    ],
    because: Because = "",
    until: Until = None,
    by: By = None,
    undo: Undo = False,
    simulate: Simulate = False,
) -> None:
    """Accept the findings of a check about a range of game dates.

    Accepted findings do not fail the check; its metadata lists them.

    Example: gamepulse accept 2026-01-19 scoreboard_is_complete --because "The calendar counts a canceled game"

    Exit codes: 0 the decision holds, or is undone; 1 it is invalid, or the database cannot be used; 2 wrong arguments.
    """
    from pipelines.assets.checks import CHECKS  # imports Dagster, which takes seconds
    from pipelines.partitions import dates_between

    *dates, check = values
    if not 1 <= len(dates) <= 2:
        raise typer.BadParameter("give one or two dates and the name of a check", param_hint="FROM [TO] CHECK")
    names = [known.name for known in CHECKS]
    if check not in names:
        raise ResolutionError(f"There is no check {check!r}: use one of {', '.join(names)}.")
    range_of_dates = dates_between(_date(dates[0]), _date(dates[-1]))
    first, last = range_of_dates[0], range_of_dates[-1]
    who = Who(by or getpass.getuser(), because, until.date() if until is not None else None)
    change = undo_acceptance if undo else accept_findings
    _in_session(lambda session: change(session, MENS_BASKETBALL, first, last, check, who))
    state = "no longer accepted" if undo else "accepted"
    say(f"Findings of {check} from {first} to {last} are {state}.")


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: write 2026-01-19", param_hint="FROM [TO] CHECK") from None


def _in_session(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Database(Settings()) as database, database.get_session() as session:
            return await work(session)

    return asyncio.run(run())

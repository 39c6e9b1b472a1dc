"""The command `gamepulse history`: what was shown of a game, and since when."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import sqlalchemy as sa
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from models.game_text import describe_game_state
from pipelines.cli.format import format_eastern
from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import say
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.settings import Settings

_VERSIONS: Final = sa.text("""
    SELECT
        changed_at, game_date, game_status, game_period, game_clock, overtime_periods, away.team_name AS away_team,
        away_score, home_score, home.team_name AS home_team
    FROM game_history
    JOIN dim_team AS away ON away.team_key = away_team_key
    JOIN dim_team AS home ON home.team_key = home_team_key
    WHERE game_id = :game_id
    ORDER BY version
""")


class Version(NamedTuple):
    """A row of `game_history`, its teams by their short names."""

    changed_at: dt.datetime
    game_date: dt.date
    game_status: str
    game_period: str | None
    game_clock: str | None
    overtime_periods: int
    away_team: str
    away_score: int | None
    home_score: int | None
    home_team: str


def history(
    game: Annotated[str, typer.Argument(help="game_id or contest id.", metavar="GAME")],
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Show each state and score of a game, and since when the database has had it.

    Example: gamepulse history ncaam_6500123

    Exit codes: 0 the game is known; 1 it is not, or the database cannot be used; 2 wrong arguments.
    """
    game_id = f"{MENS_BASKETBALL.sport}_{game}" if game.isdecimal() else game
    with connect(ready_database(Settings())) as connection:
        versions = [Version(*row) for row in connection.execute(_VERSIONS, {"game_id": game_id})]
    if not versions:
        say(f"There is no game {game_id}: `gamepulse scores DATE --json` has the game_id of each game.", err=True)
        raise typer.Exit(1)
    if as_json:
        print_json({"versions": [version._asdict() for version in versions]})
    else:
        Console().print(history_table(versions, dt.datetime.now(dt.UTC)))


def history_table(versions: Sequence[Version], now: dt.datetime) -> Table:
    """Returns one row per version."""
    table = Table("Since", "Date", "State", "Away", "", "", "Home", box=box.SIMPLE_HEAD, pad_edge=False)
    for version in versions:
        state = describe_game_state(
            version.game_status,
            period=version.game_period,
            clock=version.game_clock,
            overtime_periods=version.overtime_periods,
        )
        table.add_row(
            format_eastern(version.changed_at, now),
            str(version.game_date),
            "scheduled" if version.game_status == "scheduled" else state,
            version.away_team,
            _points(version.away_score),
            _points(version.home_score),
            version.home_team,
        )
    return table


def _points(score: int | None) -> str:
    return "" if score is None else str(score)

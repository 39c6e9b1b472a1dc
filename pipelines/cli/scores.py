"""The command `gamepulse scores`: the games of a date as a table."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.game_text import describe_game_state
from pipelines.cli.dates import GameDate
from pipelines.cli.format import format_eastern
from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import cell, say
from pipelines.postgres.database import connect, ready_database
from pipelines.seasons import FIRST_GAME_DATE, eastern_date
from pipelines.settings import Settings

_GAMES: Final = sa.text(Path(__file__).with_name("scores.sql").read_text())
_DATE: Final = sa.text("""
    SELECT fetched_at, last_reason
    FROM (SELECT CAST(:game_date AS date) AS game_date) AS asked
    LEFT JOIN scoreboard USING (game_date)
    LEFT JOIN requested_date USING (game_date)
""")


def scores(
    game_date: GameDate = None,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Show the games of a date from the database.

    Example: gamepulse scores 2025-11-12

    Exit codes: 0 games or none; 1 the database cannot be used; 2 wrong arguments.
    """
    now = dt.datetime.now(dt.UTC)
    found = read_scores(ready_database(Settings()), game_date or eastern_date(now))
    if as_json:
        print_json(found.to_json())
    elif found.games:
        Console().print(scores_table(found, now))
    else:
        say(no_games(found, now, simulated=simulate))


class Score(NamedTuple):
    """A game; names and values as in `fact_game` and `dim_team`."""

    game_id: str
    game_status: str
    game_period: str | None
    game_clock: str | None
    game_start_time: dt.datetime | None
    away_team: str
    away_rank: int | None
    away_score: int | None
    home_team: str
    home_rank: int | None
    home_score: int | None
    overtime_periods: int
    conference_game: str | None
    """Conference of both teams; None where they differ."""


class Scores(NamedTuple):
    """The games of a date, ordered by tip-off."""

    game_date: dt.date
    fetched_at: dt.datetime | None
    """Last fetch of the date; None when it was never loaded."""
    games: Sequence[Score]
    failure: str | None = None
    """Why a date that was never loaded failed."""

    def to_json(self) -> dict[str, object]:
        """Returns what `--json` prints."""
        return {
            "game_date": self.game_date,
            "fetched_at": self.fetched_at,
            "games": [game._asdict() for game in self.games],
        }


def read_scores(url: sa.URL, game_date: dt.date) -> Scores:
    """Reads the games of a US Eastern date.

    Raises:
        DatabaseError: the database cannot be read.
    """
    with connect(url) as connection:
        games = [Score(*row) for row in connection.execute(_GAMES, {"game_date": game_date})]
        fetched_at, failure = connection.execute(_DATE, {"game_date": game_date}).one()
        return Scores(game_date, fetched_at, games, failure if fetched_at is None else None)


def no_games(scores: Scores, now: dt.datetime, *, simulated: bool = False) -> str:
    """Returns why a date has no games, and what to do."""
    date = scores.game_date
    if scores.fetched_at is not None:
        return f"{date} had no games, as of {format_eastern(scores.fetched_at, now)}."
    if date > eastern_date(now):
        return f"{date} is not loaded yet: `gamepulse up` loads the games of the next seven days each morning."
    if date < FIRST_GAME_DATE:
        return f"{date} is before {FIRST_GAME_DATE}, the first date of the source."
    while_it_runs = " while `gamepulse up` runs" if simulated else ""
    again = f"run `gamepulse backfill {date}`{while_it_runs}."
    if scores.failure is not None:
        return f"{date} failed: {scores.failure}\nTo load it again, {again}"
    return f"{date} was never loaded: {again}"


def scores_table(scores: Scores, now: dt.datetime) -> Table:
    """Returns one row per game; tip-offs are in US Eastern time."""
    counts = Counter(game.game_status for game in scores.games)
    title = f"{scores.game_date:%A}, {scores.game_date}: " + ", ".join(
        f"{count} {status}" for status, count in counts.most_common()
    )
    as_of = f"as of {format_eastern(scores.fetched_at, now)}" if scores.fetched_at is not None else None
    table = Table(
        title=title,
        caption=as_of,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("State (ET)", no_wrap=True)
    table.add_column("Away")
    table.add_column("", justify="right")
    table.add_column("", justify="right")
    table.add_column("Home")
    table.add_column("Conf. game")
    for game in scores.games:
        table.add_row(
            _state(game),
            _team(game.away_rank, game.away_team),
            _points(game.away_score),
            _points(game.home_score),
            _team(game.home_rank, game.home_team),
            game.conference_game or "",
            style=_STYLES.get(game.game_status),
        )
    return table


_STYLES: Final = {"live": "bold green", "postponed": "dim", "canceled": "dim", "withdrawn": "dim"}


def _state(game: Score) -> str:
    return describe_game_state(
        game.game_status,
        start_time=game.game_start_time,
        period=game.game_period,
        clock=game.game_clock,
        overtime_periods=game.overtime_periods,
    )


def _team(rank: int | None, name: str) -> Text:
    return cell(f"({rank}) {name}" if rank is not None else name)


def _points(score: int | None) -> str:
    return "" if score is None else str(score)

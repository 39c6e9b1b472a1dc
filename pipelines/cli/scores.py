"""A game date as a table: `gamepulse scores`."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from rich import box
from rich.table import Table
from rich.text import Text

from pipelines.cli.format import format_eastern
from pipelines.postgres.database import connect
from pipelines.seasons import EASTERN, eastern_date

_GAMES: Final = sa.text(Path(__file__).with_name("scores.sql").read_text())
_FETCHED_AT: Final = sa.text("SELECT fetched_at FROM scoreboard WHERE game_date = :game_date")


class Score(NamedTuple):
    """A game of the day; names and values as in `fact_game` and `dim_team`."""

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
    """The conference of both teams; null where they are of two."""


class Scores(NamedTuple):
    """A day's games by tip-off."""

    game_date: dt.date
    fetched_at: dt.datetime | None
    """When the NCAA was last asked for it; None: never."""
    games: Sequence[Score]

    def to_json(self) -> dict[str, object]:
        """What `--json` prints."""
        return {
            "game_date": self.game_date,
            "fetched_at": self.fetched_at,
            "games": [game._asdict() for game in self.games],
        }


def read_scores(url: sa.URL, game_date: dt.date) -> Scores:
    """What the database has of a US Eastern date.

    Raises:
        DatabaseError: it cannot be read.
    """
    with connect(url) as connection:
        games = [Score(*row) for row in connection.execute(_GAMES, {"game_date": game_date})]
        return Scores(game_date, connection.scalar(_FETCHED_AT, {"game_date": game_date}), games)


def no_games(scores: Scores, now: dt.datetime, simulated: str = "") -> str:
    """Why there is nothing to show, and what to do; `simulated` is the option that the advice needs."""
    date = scores.game_date
    if scores.fetched_at is not None:
        return f"{date} had no games, as of {format_eastern(scores.fetched_at, now)}."
    if date > eastern_date(now):
        return (
            f"{date} is not in yet: the games of the next seven days come in each morning, while `gamepulse up` runs."
        )
    return f"{date} was never loaded: run `gamepulse backfill {date} {date}{simulated}`."


def scores_table(scores: Scores, now: dt.datetime) -> Table:
    """A row a game, its tip-off in US Eastern time."""
    counts = Counter(game.game_status for game in scores.games)
    title = f"{scores.game_date:%A}, {scores.game_date}: " + ", ".join(
        f"{count} {status}" for status, count in counts.most_common()
    )
    asked = f"as of {format_eastern(scores.fetched_at, now)}" if scores.fetched_at is not None else None
    table = Table(
        title=title,
        caption=asked,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("Status", no_wrap=True)
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
    if game.game_status == "live":
        if game.game_period == "halftime":
            return "live halftime"
        return " ".join(part for part in ("live", game.game_period, game.game_clock) if part)
    if game.game_status == "final" and game.overtime_periods:
        return "final OT" if game.overtime_periods == 1 else f"final {game.overtime_periods}OT"
    if game.game_status == "scheduled":
        return f"{game.game_start_time.astimezone(EASTERN):%H:%M} ET" if game.game_start_time is not None else "TBA"
    return game.game_status


def _team(rank: int | None, name: str) -> Text:
    return Text(f"({rank}) {name}" if rank is not None else name)


def _points(score: int | None) -> str:
    return "" if score is None else str(score)

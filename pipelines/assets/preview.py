"""Formats a scoreboard as a Markdown table, for the page of a materialization."""

import html
from collections.abc import Iterable

from models.game_text import describe_game_state
from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
NO_BREAK_HYPHEN = "\N{NON-BREAKING HYPHEN}"


def scoreboard_markdown(scoreboard: ParsedScoreboard) -> str:
    """Returns the games of a scoreboard as `games_markdown`."""
    return games_markdown(scoreboard.games, is_simulated=scoreboard.is_simulated)


def games_markdown(games: Iterable[Game], *, is_simulated: bool) -> str:
    """Returns one row per game, ordered by tip-off. Names are escaped, so that they are neither markup nor columns.

    Four columns without line breaks are what an asset's page shows on a laptop; the page cuts off what is wider.
    """
    rows = sorted(games, key=lambda game: (game.start_time is None, game.start_time, game.contest_id))
    lines = [f"{_team(game.away)} | {_score(game)} | {_team(game.home)} | {_state(game)}" for game in rows]
    header = ["Away | Score | Home | State (ET)", ":--- | :---: | :--- | :---"]
    mark = "**Not real: simulated games.**\n\n" if is_simulated else ""
    return mark + ("\n".join(header + lines) if lines else "No games.")


def _team(line: TeamLine) -> str:
    name = html.escape(line.team_name or line.slug)
    for mark in "\\|`*_[]<>~":
        name = name.replace(mark, f"&#{ord(mark)};")
    return f"({line.rank}) {name}" if line.rank is not None else name


def _score(game: Game) -> str:
    if game.away.score is None or game.home.score is None:
        return "–"  # noqa: RUF001
    return f"{game.away.score}{NO_BREAK_HYPHEN}{game.home.score}"


def _state(game: Game) -> str:
    text = describe_game_state(
        game.status,
        start_time=game.start_time,
        period=game.period,
        clock=game.clock,
        overtime_periods=game.overtime_periods,
    )
    return text.replace(" ", NO_BREAK_SPACE)

"""A scoreboard as a markdown table, for the page of a materialization."""

import html

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.seasons import EASTERN

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
NO_BREAK_HYPHEN = "\N{NON-BREAKING HYPHEN}"


def scoreboard_markdown(scoreboard: ParsedScoreboard) -> str:
    """One line a game by tip-off, US Eastern; names cannot break the table nor carry markup.

    Four columns that do not break: the page of an asset has room for no more on a laptop, and cuts off the rest.
    """
    rows = sorted(scoreboard.games, key=lambda game: (game.start_time is None, game.start_time, game.contest_id))
    lines = [f"{_team(game.away)} | {_score(game)} | {_team(game.home)} | {_state(game)}" for game in rows]
    header = ["Away | Score | Home | State (ET)", ":--- | :---: | :--- | :---"]
    return "\n".join(header + lines) if lines else "No games."


def _tip_off(game: Game) -> str:
    if game.start_time is None:
        return "TBA"
    return game.start_time.astimezone(EASTERN).strftime(f"%I:%M{NO_BREAK_SPACE}%p").lstrip("0")


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
    if game.status == "scheduled":
        return _tip_off(game)
    if game.status == "live":
        clock = None if game.period == "halftime" else game.clock
        return NO_BREAK_SPACE.join(part for part in (game.period, clock) if part) or "live"
    if game.status == "final" and game.overtime_periods:
        return "final (OT)" if game.overtime_periods == 1 else f"final ({game.overtime_periods}OT)"
    return game.status

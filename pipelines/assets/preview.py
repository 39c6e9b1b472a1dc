"""A scoreboard as a markdown table, for the page of a materialization."""

import html

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import Scoreboard
from pipelines.warehouse.seasons import EASTERN


def scoreboard_markdown(scoreboard: Scoreboard) -> str:
    """One line a game by tip-off, US Eastern; names cannot break the table nor carry markup."""
    rows = sorted(scoreboard.games, key=lambda game: (game.start_time is None, game.start_time, game.contest_id))
    lines = [
        f"{_tip_off(game)} | {_team(game.away)} | {_score(game)} | {_team(game.home)} | {_state(game)}" for game in rows
    ]
    header = ["Tip-off (ET) | Away | Score | Home | State", "---: | :--- | :---: | :--- | :---"]
    return "\n".join(header + lines) if lines else "No games."


def _tip_off(game: Game) -> str:
    if game.start_time is None:
        return "TBA"
    return game.start_time.astimezone(EASTERN).strftime("%I:%M %p").lstrip("0")


def _team(line: TeamLine) -> str:
    name = html.escape(line.team_name or line.slug)
    for mark in "\\|`*_[]<>~":
        name = name.replace(mark, f"&#{ord(mark)};")
    return f"({line.rank}) {name}" if line.rank is not None else name


def _score(game: Game) -> str:
    if game.away.score is None or game.home.score is None:
        return "–"  # noqa: RUF001
    return f"{game.away.score}–{game.home.score}"  # noqa: RUF001


def _state(game: Game) -> str:
    if game.status == "live":
        return " ".join(part for part in ("live", game.period, game.clock) if part)
    if game.status == "final" and game.overtime_periods:
        return "final (OT)" if game.overtime_periods == 1 else f"final ({game.overtime_periods}OT)"
    return game.status

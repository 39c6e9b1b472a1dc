"""The front page: a self-refreshing scoreboard for a browser."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from html import escape

from models.game_text import describe_game_state, format_overtime, format_tip_off
from models.reference import Team
from simulator.game import Listed, Moment, State
from simulator.world import World

REFRESH_SECONDS = 5
_MAX_DISTANCE = 250
"""Days searched for the previous or next date with games; an off season is shorter."""

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #777; --live: #c8102e; }
* { box-sizing: border-box; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem 1rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: baseline; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.75rem 0 .6rem; }
h2 small, .soft { color: var(--soft); font-weight: normal; }
nav { display: flex; gap: .75rem; align-items: center; margin-left: auto; }
input { font: inherit; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; }
li p { margin: 0; display: flex; justify-content: space-between; gap: .75rem; }
.state { font-size: .8rem; color: var(--soft); margin-bottom: .25rem; }
.live .state b { color: var(--live); }
.score { font-variant-numeric: tabular-nums; }
.won { font-weight: 700; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
"""

# Replaces the scoreboard only, so that an open date picker is kept.
_SCRIPT = f"""
setInterval(async () => {{
  try {{
    const answer = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    document.querySelector("#now").replaceWith(fresh.querySelector("#now"));
  }} catch (_) {{ /* the server is down; try again at the next interval */ }}
}}, {REFRESH_SECONDS * 1000});
"""

_SECTIONS = ((State.LIVE, "Live"), (State.PRE, "Scheduled"), (State.FINAL, "Final"))


def adjacent_dates(world: World, day: date) -> tuple[date | None, date | None]:
    """Returns the previous and the next date with games."""
    distances = range(1, _MAX_DISTANCE)
    return (
        next((other for back in distances if world.games(other := day - timedelta(days=back))), None),
        next((other for ahead in distances if world.games(other := day + timedelta(days=ahead))), None),
    )


def scoreboard(
    day: date,
    games: Sequence[Listed],
    now: datetime,
    adjacent: tuple[date | None, date | None],
    seed: int,
) -> str:
    """Returns the page of a date."""
    before, after = adjacent
    sections = "".join(_section(state, title, games) for state, title in _SECTIONS)
    return _page(
        f"{_long(day)} · simulated NCAA scoreboard",
        f"""<header>
<h1>{_long(day)}</h1>
<span class="soft">Invented games, seed {seed};
<span id="now">it is {now:%H:%M:%S} ET on {_long(now.date())}</span></span>
<nav>{_link(before, "←")}
<form><input type="date" name="date" value="{day}" aria-label="Date" onchange="this.form.submit()">
<noscript><button>Show</button></noscript></form>
{_link(after, "→")} <a href="/">today</a></nav>
</header>
<main>{sections or "<p>No games on this date.</p>"}</main>
<script>{_SCRIPT}</script>""",
    )


def error_page(message: str) -> str:
    """Returns a page with an error message."""
    return _page("Simulated NCAA scoreboard", f'<p>{escape(message)}</p><p><a href="/">Today\'s scoreboard</a></p>')


def _page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style>
<noscript><meta http-equiv="refresh" content="{REFRESH_SECONDS}"></noscript></head>
<body>{body}</body>
</html>
"""


def _section(state: State, title: str, games: Iterable[Listed]) -> str:
    in_state = [game for game in games if game.moment.state is state]
    if not in_state:
        return ""
    items = "".join(map(_item, in_state))
    return f"<section><h2>{title} <small>{len(in_state)}</small></h2><ul>{items}</ul></section>"


def _item(listed: Listed) -> str:
    game, at = listed.game, listed.moment
    note = game.round_name or game.network
    away = _row(game.away, game.away_seed or game.away_rank, at.away, at.home, at)
    home = _row(game.home, game.home_seed or game.home_rank, at.home, at.away, at)
    return (
        f'<li class="{at.state}"><p class="state"><b>{escape(_state(listed))}</b>'
        f"<span>{escape(note)}</span></p>{away}{home}</li>"
    )


def _row(team: Team, number: int | None, own: int | None, other: int | None, at: Moment) -> str:
    won = at.state is State.FINAL and own is not None and other is not None and own > other
    rank = f'<span class="soft">{number}</span> ' if number else ""
    score = "" if own is None else str(own)
    return (
        f'<p class="{"won" if won else ""}"><span class="name">{rank}{escape(team.short_name)}</span>'
        f'<span class="score">{score}</span></p>'
    )


def _state(listed: Listed) -> str:
    at = listed.moment
    overtimes = max(at.period - 2, 0)
    if at.state is State.PRE:
        words = listed.overrides.get("finalMessage") or listed.overrides.get("startTime")
        return str(words) if words else f"{format_tip_off(listed.game.tip_off)} ET"
    if at.state is State.FINAL:
        return describe_game_state("final", overtime_periods=overtimes)
    if at.halftime or at.clock is None:
        return describe_game_state("live", period="halftime")
    period = format_overtime(overtimes) if overtimes else "1st" if at.period == 1 else "2nd"
    return describe_game_state("live", period=period, clock=f"{at.clock // 60}:{at.clock % 60:02}")


def _link(day: date | None, text: str) -> str:
    return f'<a href="/?date={day}" title="{_long(day)}">{text}</a>' if day else ""


def _long(day: date) -> str:
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"

"""Scoreboards in a line: values of the parsed types, with what a test does not care about filled in."""

import datetime as dt
import re
from collections.abc import Sequence

from models.reference import conference_name
from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard, Reject
from pipelines.ncaa.states import Status
from pipelines.seasons import EASTERN


def day(text: str) -> dt.date:
    """`2025-01-10`."""
    return dt.date.fromisoformat(text)


def at(text: str) -> dt.datetime:
    """`2025-01-10 19:00` in US Eastern time, or with an offset; as UTC."""
    moment = dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=EASTERN)).astimezone(dt.UTC)


def team(
    slug: str,
    conference: str | None = None,
    *,
    name: str | None = "",
    full_name: str | None = None,
    abbreviation: str | None = None,
    conference_name: str | None = None,
    score: int | None = None,
    rank: int | None = None,
    seed: int | None = None,
) -> TeamLine:
    """A side of a game; its name is the slug's unless given, its conference's name the id's."""
    return TeamLine(
        slug=slug,
        team_name=slug.title() if name == "" else name,
        full_name=full_name,
        abbreviation=abbreviation,
        conference_id=conference,
        conference_name=conference_name or _conference_name(conference),
        score=score,
        rank=rank,
        seed=seed,
    )


def _conference_name(conference: str | None) -> str | None:
    return conference and (conference_name(conference, 2024) or conference.upper())


def game(
    contest_id: int,
    home: TeamLine | str,
    away: TeamLine | str,
    state: str = "scheduled",
    *,
    start_time: dt.datetime | None = None,
    bracket_round: str | None = None,
    network: str | None = None,
) -> Game:
    """A game, its state as a scoreboard would say it.

    `scheduled`, `postponed`, `canceled`, `live 40-38 2nd 7:20`, `live 33-30 halftime`, `final 80-75`, `final 90-88 OT`.
    """
    status, home_score, away_score, period, clock = _read(state)
    overtime = re.fullmatch(r"(\d?)OT", period or "")
    home_line = team(home) if isinstance(home, str) else home
    away_line = team(away) if isinstance(away, str) else away
    return Game(
        contest_id=contest_id,
        status=status,
        start_time=start_time,
        home=_with_score(home_line, home_score),
        away=_with_score(away_line, away_score),
        period="final" if status == "final" else period,
        clock=clock,
        overtime_periods=int(overtime[1] or 1) if overtime is not None else 0,
        bracket_round=bracket_round,
        network=network,
    )


def reject(
    contest_id: int | None,
    reason: str = "gameState is 'halfway', expected one of final, live, pre.",
    payload: str = '{"gameState": "halfway"}',
) -> Reject:
    """A game that could not be read; without a contest id its key is made from the payload."""
    key = f"sha256:{payload}" if contest_id is None else str(contest_id)
    return Reject(key=key, contest_id=contest_id, reason=reason, payload=payload)


def scoreboard(
    game_date: dt.date | str,
    fetched_at: dt.datetime | str,
    *games: Game,
    rejects: Sequence[Reject] = (),
    feed: Feed = "current",
    source_url: str | None = None,
) -> ParsedScoreboard:
    """A date's scoreboard; times without a zone are US Eastern."""
    date = day(game_date) if isinstance(game_date, str) else game_date
    return ParsedScoreboard(
        league=MENS_BASKETBALL,
        game_date=date,
        feed=feed,
        fetched_at=at(fetched_at) if isinstance(fetched_at, str) else fetched_at,
        source_url=source_url or f"https://api.test/{feed}/{date:%Y/%m/%d}",
        games=games,
        rejects=tuple(rejects),
    )


_STATUSES: dict[str, Status] = {
    "scheduled": "scheduled",
    "live": "live",
    "final": "final",
    "postponed": "postponed",
    "canceled": "canceled",
}


def _read(state: str) -> tuple[Status, int | None, int | None, str | None, str | None]:
    status, *words = state.split()
    home_score = away_score = period = clock = None
    for word in words:
        if ":" in word:
            clock = word
        elif "-" in word:
            home_score, away_score = (int(score) for score in word.split("-"))
        else:
            period = word
    return _STATUSES[status], home_score, away_score, period, clock


def _with_score(line: TeamLine, score: int | None) -> TeamLine:
    if score is None:
        return line
    return TeamLine(
        slug=line.slug,
        team_name=line.team_name,
        full_name=line.full_name,
        abbreviation=line.abbreviation,
        conference_id=line.conference_id,
        conference_name=line.conference_name,
        score=score,
        rank=line.rank,
        seed=line.seed,
    )

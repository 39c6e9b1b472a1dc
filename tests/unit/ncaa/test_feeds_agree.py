"""A game parses to the same value from either feed, in any order, listed once or more."""

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.ncaa.states import Status

Parse = Callable[[object, dt.date], ParsedScoreboard]

# Not hypothesis's own, which remembers every choice and takes twenty times as long.
spellings = st.integers(0, 2**32).map(random.Random)
EASTERN = ZoneInfo("America/New_York")
ROUNDS = ["First Four", "First Round", "Second Round", "Sweet 16", "Elite Eight", "Final Four", "Championship"]
CONFERENCES = {  # canonical slug, name, and how feeds have spelled it
    "american": ("The American", ["american", "the-american", "american-athletic"]),
    "acc": ("ACC", ["acc", "atlantic-coast"]),
    "big-12": ("Big 12", ["big-12"]),
    "independent": ("IND", ["independent", "independents"]),
}


@st.composite
def team_lines(draw: st.DrawFn, slug: str) -> TeamLine:
    """One side before the first tip-off, without a full name, which only the legacy feed has."""
    conference = draw(st.sampled_from([None, *CONFERENCES]))
    return TeamLine(
        slug=slug,
        team_name=slug.title(),
        full_name=None,
        abbreviation=draw(st.sampled_from([None, slug[:6].upper()])),
        conference_id=conference,
        conference_name=CONFERENCES[conference][0] if conference is not None else None,
        score=None,
        rank=draw(st.none() | st.integers(1, 25)),
        seed=draw(st.none() | st.integers(1, 16)),
    )


@st.composite
def games(draw: st.DrawFn, game_date: dt.date, contest_id: int) -> Game:
    """A game as the database is to have it."""
    status = draw(st.sampled_from(get_args(Status)))
    home, away = (draw(team_lines(f"{side}-{contest_id}")) for side in ("home", "away"))
    if status in {"live", "final"}:
        points = st.integers(0, 150)
        home, away = (dataclasses.replace(line, score=draw(points)) for line in (home, away))
    period, clock, overtimes = None, None, 0
    if status == "final":
        period, overtimes = "final", draw(st.integers(0, 8))
    if status == "live":
        period = draw(st.sampled_from(["1st", "halftime", "2nd", "OT", "2OT", "3OT"]))
        overtimes = {"OT": 1, "2OT": 2, "3OT": 3}.get(period, 0)
        clock = "0:00" if period == "halftime" else f"{draw(st.integers(0, 20))}:{draw(st.integers(0, 59)):02d}"
    tip_off = draw(st.none() | st.times().map(lambda time: time.replace(second=0, microsecond=0)))
    return Game(
        contest_id=contest_id,
        status=status,
        start_time=dt.datetime.combine(game_date, tip_off, EASTERN).astimezone(dt.UTC) if tip_off else None,
        home=home,
        away=away,
        period=period,
        clock=clock,
        overtime_periods=overtimes,
        bracket_round=draw(st.none() | st.sampled_from(ROUNDS)),
        network=draw(st.sampled_from([None, "ESPN", "CBS"])),
    )


def clock_changes(day: dt.date) -> bool:
    midnights = [dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), EASTERN) for days in (0, 1)]
    return midnights[0].utcoffset() != midnights[1].utcoffset()


# On the two days that clocks change, an hour has no spelling or two: no game tips off in it.
# From 2016 on, since the tournaments before had other round names (tests/unit/ncaa/test_rounds.py).
legacy_dates = st.dates(dt.date(2015, 8, 1), dt.date(2025, 8, 29)).filter(lambda day: not clock_changes(day))


@st.composite
def days(draw: st.DrawFn) -> tuple[dt.date, list[Game]]:
    day = draw(legacy_dates)
    ids = draw(st.lists(st.integers(1, 999_999_999), max_size=4, unique=True))
    return day, [draw(games(day, contest_id)) for contest_id in ids]


def names_of(line: TeamLine) -> dict[str, str]:
    return {
        "char6": line.abbreviation or "",
        "short": line.team_name or "",
        # A team without a slug gets one from its name.
        "seo": "" if line.rank == 7 else line.slug,
        "full": "",
    }


def spelled(number: int | None) -> str:
    return "" if number is None else str(number)


def spelling_of(conference: str | None, choice: random.Random) -> str:
    return "" if conference is None else choice.choice(CONFERENCES[conference][1])


def legacy_team(line: TeamLine, choice: random.Random) -> dict[str, Any]:
    seo = spelling_of(line.conference_id, choice)
    conferences = [{"conferenceName": seo.title(), "conferenceSeo": seo}]
    if line.rank is not None:
        conferences.append({"conferenceName": "Top 25", "conferenceSeo": "top-25"})
    return {
        "score": spelled(line.score),
        "names": names_of(line),
        "seed": spelled(line.seed),
        "rank": spelled(line.rank),
        "conferences": conferences,
    }


def current_team(line: TeamLine, choice: random.Random) -> dict[str, Any]:
    names = {key: value + choice.choice(["", " "]) for key, value in names_of(line).items()}
    conferences = [{"conferenceName": "", "conferenceSeo": spelling_of(line.conference_id, choice)}]
    return {**legacy_team(line, choice), "names": names, "conferences": conferences}


def times(game: Game, date: str, time: str, choice: random.Random) -> dict[str, str]:
    if game.start_time is None:
        return {
            "startDate": choice.choice([date, ""]),
            "startTime": choice.choice(["TBA", ""]),
            "startTimeEpoch": choice.choice(["", "0"]),
        }
    epoch = str(int(game.start_time.timestamp()))
    return {
        "startDate": choice.choice([date, ""]),
        "startTime": time,
        "startTimeEpoch": choice.choice([epoch, epoch, "", "0"]),
    }


def legacy_spelling(day: dt.date, game: Game, choice: random.Random) -> dict[str, Any]:
    local = game.start_time.astimezone(EASTERN) if game.start_time else None
    state: str = {"scheduled": "pre", "postponed": "postponed"}.get(game.status, game.status)
    overtime = {0: "", 1: " (OT)"}.get(game.overtime_periods, f" ({game.overtime_periods}OT)")
    periods = {
        "1st": "1ST HALF",
        "2nd": choice.choice(["2ND HALF", "END 2ND"]),
        "halftime": "",
        "final": "FINAL" + overtime,
    }
    period = periods.get(game.period or "", game.period or "")
    clock = {"final": "0:00", "live": game.clock or ""}.get(game.status, "")
    return {
        "gameID": str(choice.randrange(10**7)),
        "url": f"/game/{game.contest_id}",
        "gameState": "cancelled" if state == "canceled" else state,
        **times(game, f"{day:%m-%d-%Y}", f"{local:%I:%M%p} ET" if local else "", choice),
        "currentPeriod": period,
        "finalMessage": period,
        "contestClock": ":00" if game.period == "halftime" else clock,
        "bracketRound": (game.bracket_round or "") + (choice.choice(["", "&#174;"]) if game.bracket_round else ""),
        "network": game.network or "",
        "home": legacy_team(game.home, choice),
        "away": legacy_team(game.away, choice),
    }


def current_spelling(day: dt.date, game: Game, choice: random.Random) -> dict[str, Any]:
    local = game.start_time.astimezone(EASTERN) if game.start_time else None
    overtime = {0: "", 1: " - OT"}.get(game.overtime_periods, f" - {game.overtime_periods}OT")
    period = {"final": "FINAL" + overtime, "halftime": "HALFTIME"}.get(game.period or "", game.period or "")
    messages = {"1st": "1ST HALF", "2nd": "2ND HALF", "halftime": "HALF", "final": "FINAL"}
    words = {"canceled": choice.choice(["CANCELED", "Cancelled"]), "postponed": "Postponed"}
    minutes, _, seconds = (game.clock or "0:00").partition(":")
    return {
        "gameID": str(game.contest_id),
        "url": f"/game/{game.contest_id}",
        "gameState": game.status if game.status in {"live", "final"} else "pre",
        **times(game, f"{day:%m/%d/%Y}", f"{local:%I:%M %p} ET".lstrip("0") if local else "", choice),
        "currentPeriod": period,
        "finalMessage": words.get(game.status, messages.get(game.period or "", period)),
        "contestClock": "0:00" if (minutes, seconds) == ("0", "00") else f"{int(minutes):02d}:{seconds}",
        "bracketRound": ROUNDS.index(game.bracket_round) + 1 if game.bracket_round else "",
        "championshipGame": {"round": {"title": game.bracket_round}} if game.bracket_round else None,
        "network": game.network or "",
        "home": current_team(game.home, choice),
        "away": current_team(game.away, choice),
    }


def legacy_answer(day: dt.date, listed: list[Game], choice: random.Random) -> dict[str, Any]:
    return {"hideRank": False, "games": [{"game": legacy_spelling(day, game, choice)} for game in listed]}


def current_answer(day: dt.date, listed: list[Game], choice: random.Random) -> dict[str, Any]:
    return {"games": [{"game": current_spelling(day, game, choice)} for game in listed]}


@settings(max_examples=50)
@given(day=days(), choice=spellings)
def test_a_game_is_the_same_from_either_feed(
    parse: Parse, day: tuple[dt.date, list[Game]], choice: random.Random
) -> None:
    date, listed = day
    assert list(parse(legacy_answer(date, listed, choice), date).games) == listed
    assert list(parse(current_answer(date, listed, choice), date).games) == listed


@settings(max_examples=25)
@given(day=days(), choice=spellings)
def test_the_order_of_games_does_not_matter(
    parse: Parse, day: tuple[dt.date, list[Game]], choice: random.Random
) -> None:
    date, listed = day
    answer = current_answer(date, listed, choice)
    board = parse(answer, date)
    choice.shuffle(answer["games"])
    shuffled = parse(answer, date)
    assert {game.contest_id: game for game in shuffled.games} == {game.contest_id: game for game in board.games}
    assert (shuffled.rejects, shuffled.duplicates) == (board.rejects, board.duplicates)


@settings(max_examples=30)
@given(day=days(), choice=spellings)
def test_of_a_contest_listed_in_several_states_the_furthest_counts_in_any_order(
    parse: Parse, day: tuple[dt.date, list[Game]], choice: random.Random
) -> None:
    date, listed = day
    before = [
        dataclasses.replace(
            game,
            status="scheduled",
            period=None,
            clock=None,
            overtime_periods=0,
            home=dataclasses.replace(game.home, score=None),
            away=dataclasses.replace(game.away, score=None),
        )
        for game in listed
        if game.status in {"live", "final"}
    ]
    everything = [*listed, *before]
    choice.shuffle(everything)
    board = parse(current_answer(date, everything, choice), date)
    assert {game.contest_id: game for game in board.games} == {game.contest_id: game for game in listed}
    assert board.duplicates == len(before)

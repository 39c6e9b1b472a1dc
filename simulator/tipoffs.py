"""Tip-off times, distributed as on the recorded days."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from random import Random

from models.reference import Team
from simulator.days import eastern
from simulator.game import Kind
from simulator.tournaments import Played

Slots = Mapping[tuple[int, int], float]

_WEEKNIGHT: Slots = {
    (11, 0): 1,
    (12, 0): 1,
    (13, 0): 1,
    (15, 0): 1,
    (16, 0): 1,
    (17, 0): 1,
    (18, 0): 3,
    (18, 30): 8,
    (19, 0): 57,
    (19, 15): 2,
    (19, 30): 10,
    (20, 0): 37,
    (20, 30): 9,
    (21, 0): 15,
    (21, 30): 5,
    (22, 0): 11,
    (22, 30): 3,
    (23, 0): 1,
}
_WEEKEND: Slots = {
    (12, 0): 8,
    (13, 0): 13,
    (14, 0): 37,
    (15, 0): 6,
    (15, 15): 1,
    (15, 30): 2,
    (16, 0): 22,
    (16, 30): 5,
    (17, 0): 12,
    (17, 30): 2,
    (18, 0): 12,
    (18, 30): 1,
    (19, 0): 11,
    (20, 0): 8,
    (20, 30): 4,
    (21, 0): 4,
    (22, 0): 5,
    (22, 30): 2,
}
_TOURNAMENT: Slots = {
    (11, 30): 1,
    (12, 0): 2,
    (13, 0): 3,
    (14, 0): 3,
    (15, 0): 3,
    (17, 0): 2,
    (18, 0): 3,
    (18, 30): 2,
    (19, 0): 5,
    (19, 30): 2,
    (20, 30): 2,
    (21, 0): 5,
    (21, 30): 4,
    (23, 30): 1,
}
_BRACKET: Mapping[int, Sequence[tuple[int, int]]] = {
    1: ((18, 40), (21, 10), (19, 15), (21, 45)),
    2: (
        *((12, 15), (12, 40), (13, 30), (14, 0), (14, 45), (15, 10), (16, 5), (16, 30)),
        *((18, 50), (19, 10), (19, 25), (19, 35), (21, 25), (21, 40), (22, 0), (22, 10)),
    ),
    3: ((12, 10), (14, 40), (17, 15), (18, 10), (19, 10), (19, 45), (20, 45), (21, 40)),
    4: ((19, 10), (19, 40), (21, 40), (22, 10)),
    5: ((18, 10), (20, 50)),
    6: ((18, 10), (20, 50)),
    7: ((20, 50),),
}
_ROUND_THE_CLOCK = tuple((hour, 0) for hour in range(0, 24, 2))
"""Extra tip-offs of a season window, so that a game is live at every hour."""

_WESTERN = frozenset({"big-sky", "big-west", "mountain-west", "pac-12", "wac", "wcc"})


def tip_offs(rng: Random, day: date, games: Sequence[Played], teams: Sequence[Team], always_on: bool) -> list[datetime]:
    """Returns the tip-off of each of the day's games, in their order. Western hosts play late."""
    times: list[datetime | None] = [None] * len(games)
    free = list(range(len(games)))
    bracket = [index for index in free if games[index].kind is Kind.BRACKET]
    for position, index in enumerate(bracket):
        slots = _BRACKET[games[index].bracket_round or 7]
        times[index] = eastern(day, *slots[position % len(slots)])
    if always_on:
        regular = [index for index in free if games[index].kind in (Kind.NON_CONFERENCE, Kind.CONFERENCE)]
        rng.shuffle(regular)
        for index, slot in zip(regular, _ROUND_THE_CLOCK, strict=False):
            times[index] = eastern(day, *slot)
    free = [index for index in free if times[index] is None]
    free.sort(key=lambda index: rng.random() + 1.5 * (teams[games[index].home].conference in _WESTERN))
    slots_of_day = _slots(day, [games[index] for index in free], always_on)
    drawn = sorted(rng.choices(list(slots_of_day), list(slots_of_day.values()), k=len(free)))
    for index, slot in zip(free, drawn, strict=True):
        times[index] = eastern(day, *slot)
    return [time for time in times if time is not None]


def _slots(day: date, games: Sequence[Played], always_on: bool) -> Slots:
    if sum(game.kind is Kind.CONFERENCE_TOURNAMENT for game in games) > len(games) / 2:
        return _TOURNAMENT
    return _WEEKEND if day.weekday() >= 5 and not always_on else _WEEKNIGHT

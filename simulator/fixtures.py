"""Fixtures before the tournaments: conference rounds first, then non-conference games around them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from models.reference import Team
from simulator.days import LAST_CONFERENCE_WEEK, SeasonDays
from simulator.game import Kind

Pairing = tuple[int, int]
"""Home and away, as indices into the season's teams."""

# Games per day of the first weeks, Monday to Sunday: means of 2022-23 to 2024-25 (holidays are handled below).
_EARLY_WEEKS = (
    (193, 17, 31, 51, 81, 60, 35),
    (48, 75, 31, 39, 71, 66, 52),
    (50, 58, 64, 27, 73, 70, 59),
    (34, 49, 77, 27, 38, 90, 39),
    (12, 58, 65, 16, 15, 112, 41),
    (15, 35, 30, 13, 14, 96, 41),
    (31, 48, 50, 55, 35, 80, 25),
    (15, 25, 25, 37, 20, 90, 35),
    (24, 31, 42, 67, 13, 144, 23),
    (18, 24, 30, 40, 8, 60, 10),
    (8, 10, 12, 20, 4, 20, 5),
)
_HOLIDAYS = {(12, 23): 0.5, (12, 24): 0.0, (12, 25): 0.0, (12, 26): 0.1, (12, 27): 0.3}

_POWER = frozenset(
    {"acc", "big-12", "big-east", "big-ten", "mountain-west", "sec", "american", "atlantic-10", "pac-12"}
)
_LATE_TOURNAMENTS = _POWER | {
    "big-west",
    "cusa",
    "ivy-league",
    "maac",
    "mac",
    "meac",
    "swac",
    "wac",
    "big-sky",
    "southland",
}

_MIDWEEK: tuple[int, ...] = (0, 1, 2, 3)
_WEEKEND: tuple[int, ...] = (4, 5, 6)
_DAY_WEIGHTS = {True: (0.17, 0.33, 0.41, 0.09, 0.21, 0.74, 0.13), False: (0.10, 0.14, 0.22, 0.54, 0.22, 0.76, 0.10)}
_FIRST_CONFERENCE_WEEK = 8
_EXTRA_ROUNDS = ((4, _WEEKEND), (4, _MIDWEEK), (3, _WEEKEND), (7, _WEEKEND), (3, _MIDWEEK), (2, _WEEKEND))


@dataclass(frozen=True, slots=True)
class Fixture:
    """A pairing on a date."""

    day: date
    home: int
    away: int
    kind: Kind


class Bookings:
    """The dates on which each team plays. A team rests at least one day between games of the regular season."""

    def __init__(self) -> None:
        self._days: defaultdict[int, set[int]] = defaultdict(set)

    def is_free(self, team: int, day: date) -> bool:
        ordinal = day.toordinal()
        return self._days[team].isdisjoint((ordinal - 1, ordinal, ordinal + 1))

    def book(self, day: date, *teams: int) -> None:
        for team in teams:
            self._days[team].add(day.toordinal())


def ends_on_selection_weekend(conference: str) -> bool:
    """Returns whether the conference's tournament ends on the weekend of Selection Sunday."""
    return conference in _LATE_TOURNAMENTS


def members(teams: Sequence[Team]) -> dict[str, list[int]]:
    """Returns the indices of each conference's teams; independents are left out."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, team in enumerate(teams):
        if team.conference not in ("", "independent"):
            groups[team.conference].append(index)
    return {conference: groups[conference] for conference in sorted(groups) if len(groups[conference]) >= 4}


def regular_season(rng: Random, days: SeasonDays, teams: Sequence[Team], ratings: Sequence[float]) -> list[Fixture]:
    """Returns all fixtures before the conference tournaments."""
    bookings = Bookings()
    fixtures = list(_conference_games(rng, days, members(teams), bookings))
    fixtures += _other_games(rng, days, teams, ratings, bookings, fixtures)
    return fixtures


def round_robin(rng: Random, group: Iterable[int]) -> list[list[Pairing]]:
    """Returns rounds in which every pair meets once; teams alternate home and away where possible."""
    circle: list[int | None] = list(group)
    rng.shuffle(circle)
    if len(circle) % 2:
        circle.append(None)
    size = len(circle)
    rounds = []
    for number in range(size - 1):
        pairings: list[Pairing] = []
        for seat in range(size // 2):
            one, other = circle[seat], circle[size - 1 - seat]
            if one is None or other is None:
                continue
            swap = number % 2 == 1 if seat == 0 else seat % 2 == 1
            pairings.append((other, one) if swap else (one, other))
        rounds.append(pairings)
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return rounds


def conference_rounds(rng: Random, group: Sequence[int]) -> list[list[Pairing]]:
    """Returns a double round robin for up to eleven teams, and 18 or 20 rounds for larger conferences."""
    first = round_robin(rng, group)
    second = [[(away, home) for home, away in pairings] for pairings in first]
    if len(group) <= 11:
        return first + second
    number = 18 if len(group) in (15, 16, 17) else 20
    return first + second[: max(0, number - len(first))]


def _conference_games(
    rng: Random, days: SeasonDays, groups: Mapping[str, list[int]], bookings: Bookings
) -> Iterator[Fixture]:
    games: Counter[date] = Counter()
    for conference, group in groups.items():
        rounds = conference_rounds(rng, group)
        weights = _DAY_WEIGHTS[conference in _POWER]
        for (week, weekdays), pairings in zip(
            _slots(len(rounds), ends_on_selection_weekend(conference)), rounds, strict=True
        ):
            for home, away in pairings:
                free = [
                    weekday
                    for weekday in weekdays
                    if bookings.is_free(home, days.day(week, weekday))
                    and bookings.is_free(away, days.day(week, weekday))
                ]
                if not free:
                    continue
                weekday = rng.choices(free, [weights[weekday] for weekday in free])[0]
                if days.always_on:  # the emptiest day
                    weekday = min(free, key=lambda weekday: games[days.day(week, weekday)])
                day = days.day(week, weekday)
                games[day] += 1
                bookings.book(day, home, away)
                yield Fixture(day, home, away, Kind.CONFERENCE)


def _slots(number: int, late: bool) -> list[tuple[int, tuple[int, ...]]]:
    """Returns midweeks and weekends for the rounds, spread until the conference's tournament begins."""
    end = LAST_CONFERENCE_WEEK if late else LAST_CONFERENCE_WEEK - 1
    regular = [(week, part) for week in range(_FIRST_CONFERENCE_WEEK, end) for part in (_MIDWEEK, _WEEKEND)]
    if number <= len(regular):
        return [regular[round(position * (len(regular) - 1) / (number - 1))] for position in range(number)]
    return sorted([*regular, *_EXTRA_ROUNDS[: number - len(regular)]], key=lambda slot: (slot[0], slot[1] == _WEEKEND))


def _other_games(
    rng: Random,
    days: SeasonDays,
    teams: Sequence[Team],
    ratings: Sequence[float],
    bookings: Bookings,
    booked: Sequence[Fixture],
) -> Iterator[Fixture]:
    """Yields non-conference games at the usual number per day until every team has 29 to 31 games."""
    need = [rng.choices((29, 30, 31), (3, 6, 1))[0] for _ in teams]
    conference_games: defaultdict[date, int] = defaultdict(int)
    for fixture in booked:
        need[fixture.home] -= 1
        need[fixture.away] -= 1
        conference_games[fixture.day] += 1
    usual_games = _early_days(days)
    quotas = _quotas(usual_games, conference_games, sum(need) / 2)
    met: set[frozenset[int]] = set()
    short = 0.0
    for day, share in quotas.items():
        quota = share + (short if share > 20 else 0)  # the remainder of a day goes to the next large one
        free = [team for team in range(len(teams)) if need[team] > 0 and bookings.is_free(team, day)]
        free.sort(key=lambda team: need[team] * rng.uniform(0.6, 1.4), reverse=True)
        played = 0
        for one, other in _non_conference_pairs(rng, free[: 2 * round(quota)], teams, met):
            stronger, weaker = (one, other) if ratings[one] >= ratings[other] else (other, one)
            home, away = (stronger, weaker) if rng.random() < 0.8 else (weaker, stronger)
            bookings.book(day, home, away)
            need[home] -= 1
            need[away] -= 1
            played += 1
            yield Fixture(day, home, away, Kind.NON_CONFERENCE)
        if share > 20:
            short = max(0.0, quota - played)


def _quotas(usual_games: Mapping[date, float], taken: Mapping[date, int], number: float) -> dict[date, float]:
    """Distributes `number` games among the days, filling each up to its usual size."""
    low, high = 0.0, 10.0
    quotas: dict[date, float] = {}
    for _ in range(30):
        scale = (low + high) / 2
        quotas = {day: max(0.0, usual * scale - taken.get(day, 0)) for day, usual in usual_games.items()}
        low, high = (scale, high) if sum(quotas.values()) < number else (low, scale)
    return quotas


def _early_days(days: SeasonDays) -> dict[date, float]:
    if days.always_on:
        return {days.day(week, weekday): 45.0 for week in range(LAST_CONFERENCE_WEEK) for weekday in range(7)}
    usual_games: dict[date, float] = {}
    for week, row in enumerate(_EARLY_WEEKS):
        for weekday, games in enumerate(row):
            day = days.day(week, weekday)
            share = _HOLIDAYS.get((day.month, day.day), 1.0)
            if share:
                usual_games[day] = games * share
    return usual_games


def _non_conference_pairs(
    rng: Random, pool: list[int], teams: Sequence[Team], met: set[frozenset[int]]
) -> Iterator[Pairing]:
    """Yields pairs of the pool: never of one conference, never the same pair twice."""
    rng.shuffle(pool)
    while len(pool) >= 2:
        one = pool.pop()
        for position in range(len(pool) - 1, -1, -1):
            other = pool[position]
            pair = frozenset((one, other))
            if teams[one].conference != teams[other].conference and pair not in met:
                met.add(pair)
                del pool[position]
                yield one, other
                break


def consecutive_days(last: date, number: int) -> list[date]:
    """Returns `number` consecutive dates that end with `last`."""
    return [last - timedelta(days=number - 1 - offset) for offset in range(number)]

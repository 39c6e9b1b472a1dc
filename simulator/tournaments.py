"""Conference tournaments and the NCAA tournament's bracket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from simulator.days import LAST_CONFERENCE_WEEK, SeasonDays, eastern
from simulator.fixtures import consecutive_days, ends_on_selection_weekend
from simulator.game import Kind
from simulator.results import Line, play

REGIONS = ("East", "West", "South", "Midwest")
ROUND_NAMES = {
    1: "First Four",
    2: "First Round",
    3: "Second Round",
    4: "Sweet 16",
    5: "Elite Eight",
    6: "Final Four",
    7: "Championship",
}
OPENING_ROUND = "Opening Round"
"""Name of round 1 in a field of 76 teams."""
_FIELD = 68
_PODS = ((1, 16, 8, 9), (5, 12, 4, 13), (6, 11, 3, 14), (7, 10, 2, 15))
"""The four groups of seeds of a region whose winners reach the Sweet 16."""
# Slots of the bracket (0 to 63, best to worst) that two at-large teams or two champions play for, by size of the field.
_PLAY_IN_SLOTS = {68: ((42, 43), (62, 63)), 76: ((40, 41, 42, 43, 44, 45), (58, 59, 60, 61, 62, 63))}
_EARLY_FINALS = ((17, 6), (18, 0), (18, 1), (18, 2))
_NETWORKS = ("CBS", "TBS", "TNT", "truTV")
_CONFERENCE_NETWORKS = ("ESPN", "ESPN2", "ESPN+", "CBSSPORTS", "ESPNU", "FS1", "ESPN+", "ESPN+")


@dataclass(frozen=True, slots=True)
class Played:
    """A game with its result, before it has a contest id and a tip-off."""

    day: date
    home: int
    away: int
    kind: Kind
    line: Line
    announced: datetime | None = None
    home_seed: int | None = None
    away_seed: int | None = None
    bracket_id: int | None = None
    bracket_round: int | None = None
    round_name: str = ""
    region: str = ""
    network: str = ""
    is_neutral: bool = False

    @property
    def winner(self) -> int:
        return self.home if sum(home - away for home, away in self.line) > 0 else self.away


def known_after(day: date) -> datetime:
    """Returns when the winners of a day are known: after its last game, which ends after midnight."""
    return eastern(day + timedelta(days=1), 3)


def conference_tournament(
    rng: Random, days: SeasonDays, conference: str, standing: Sequence[int], ratings: Sequence[float]
) -> list[Played]:
    """Plays a knockout of all teams at a neutral site, with byes for the best seeds; the last game is the final."""
    size = 1
    while size < len(standing):
        size *= 2
    week, weekday = (LAST_CONFERENCE_WEEK, 5) if ends_on_selection_weekend(conference) else rng.choice(_EARLY_FINALS)
    if ends_on_selection_weekend(conference) and rng.random() < 0.2:
        weekday = 6
    slots: list[int | None] = [standing[seed - 1] if seed <= len(standing) else None for seed in _knockout_order(size)]
    order = {team: position for position, team in enumerate(standing)}
    games: list[Played] = []
    known: datetime | None = eastern(days.day(week - 1, weekday), 3)
    for day in consecutive_days(days.day(week, weekday), (size - 1).bit_length()):
        winners: list[int | None] = []
        for one, other in zip(slots[::2], slots[1::2], strict=True):
            if one is None or other is None:
                winners.append(other if one is None else one)
                continue
            home, away = sorted((one, other), key=order.__getitem__)
            game = Played(
                day,
                home,
                away,
                Kind.CONFERENCE_TOURNAMENT,
                play(rng, ratings[home] - ratings[away]),
                announced=known,
                network=rng.choice(_CONFERENCE_NETWORKS),
            )
            games.append(game)
            winners.append(game.winner)
        slots = winners
        known = known_after(day)
    return games


def select_field(champions: Sequence[int], merit: Sequence[float], size: int) -> list[tuple[int, ...]]:
    """Returns the 64 slots of the bracket from best to worst; those of the play-in games hold two teams.

    In a field of 68 the last four at-large teams play for two 11 seeds and the four worst champions for two 16 seeds.
    In a field of 76 the last twelve at-large teams play for the 11 seeds and two 12 seeds, and the twelve worst
    champions for the 16 seeds and two 15 seeds.
    """

    def by_merit(teams: Sequence[int]) -> list[int]:
        return sorted(teams, key=lambda team: -merit[team])

    automatic = by_merit(sorted(champions))
    others = set(range(len(merit))).difference(automatic)
    at_large = by_merit(sorted(others))[: size - len(automatic)]
    pairs: dict[int, tuple[int, ...]] = {}
    for teams, slots in zip((at_large, automatic), _PLAY_IN_SLOTS[size], strict=True):
        last = teams[-2 * len(slots) :]
        pairs |= {slot: (last[number], last[-1 - number]) for number, slot in enumerate(slots)}
    paired = {team for pair in pairs.values() for team in pair}
    singles = iter(by_merit([team for team in at_large + automatic if team not in paired]))
    return [pairs[slot] if slot in pairs else (next(singles),) for slot in range(64)]


def bracket(rng: Random, days: SeasonDays, field: Sequence[tuple[int, ...]], ratings: Sequence[float]) -> list[Played]:
    """Plays the games from the play-in round to the Championship, numbered as the NCAA does (101 to 701)."""
    names = ROUND_NAMES if days.field_size == _FIELD else ROUND_NAMES | {1: OPENING_ROUND}
    games: list[Played] = []
    seed_of: dict[int, int] = {}
    slots: dict[tuple[int, int], tuple[int, ...]] = {}
    for number, teams in enumerate(field):
        seed, position = number // 4 + 1, number % 4
        region = position if seed % 2 else 3 - position
        slots[region, seed] = teams
        seed_of.update(dict.fromkeys(teams, seed))

    def meet(number: int, one: int, other: int, day: date, announced: datetime, region: str = "") -> int:
        home, away = sorted((one, other), key=lambda team: (seed_of[team], -ratings[team]))
        game = Played(
            day,
            home,
            away,
            Kind.BRACKET,
            play(rng, ratings[home] - ratings[away]),
            announced=announced,
            home_seed=seed_of[home],
            away_seed=seed_of[away],
            bracket_id=number,
            bracket_round=number // 100,
            round_name=names[number // 100],
            region=region,
            network="CBS" if number > 600 else _NETWORKS[number % 4],
        )
        games.append(game)
        return game.winner

    selection = eastern(days.selection_sunday, 18)
    # The games that feed one slot of the Sweet 16 are played on one pair of days.
    play_ins = sorted((slot for slot in slots if len(slots[slot]) == 2), key=lambda slot: (slot[1] != 16, slot))
    for offset, (region, seed) in enumerate(play_ins):
        day = days.bracket[1][_half(region, _pod_of(seed))]
        one, other = slots[region, seed]
        slots[region, seed] = (meet(101 + offset, one, other, day, selection, REGIONS[region]),)

    sweet: dict[tuple[int, int], int] = {}
    for region, name in enumerate(REGIONS):
        for pod, seeds in enumerate(_PODS):
            half = _half(region, pod)
            day = days.bracket[2][half]
            winners = []
            for game in (0, 1):
                high, low = seeds[2 * game], seeds[2 * game + 1]
                known = selection if (region, low) not in play_ins else known_after(days.bracket[1][half])
                (one,), (other,) = slots[region, high], slots[region, low]
                winners.append(meet(201 + 8 * region + 2 * pod + game, one, other, day, known, name))
            sweet[region, pod] = meet(
                301 + 4 * region + pod, winners[0], winners[1], days.bracket[3][half], known_after(day), name
            )

    champions = []
    for region, name in enumerate(REGIONS):
        half = region // 2
        first_days, elite_day = days.bracket[3], days.bracket[5][half]
        finalists = [
            meet(
                401 + 2 * region + game,
                sweet[region, 2 * game],
                sweet[region, 2 * game + 1],
                days.bracket[4][half],
                known_after(max(first_days)),
                name,
            )
            for game in (0, 1)
        ]
        champions.append(
            meet(501 + region, finalists[0], finalists[1], elite_day, known_after(days.bracket[4][half]), name)
        )

    last_four, title = days.bracket[6][0], days.bracket[7][0]
    known = known_after(max(days.bracket[5]))
    one = meet(601, champions[0], champions[1], last_four, known)
    other = meet(602, champions[2], champions[3], last_four, known)
    meet(701, one, other, title, known_after(last_four))
    return games


def _half(region: int, pod: int) -> int:
    return (region + pod) % 2


def _pod_of(seed: int) -> int:
    return next(pod for pod, seeds in enumerate(_PODS) if seed in seeds)


def _knockout_order(size: int) -> list[int]:
    """Returns seeds in the order of a knockout's slots: 1 meets the last seed, and 2 only in the final."""
    order = [1]
    while len(order) < size:
        order = [seed for high in order for seed in (high, 2 * len(order) + 1 - high)]
    return order

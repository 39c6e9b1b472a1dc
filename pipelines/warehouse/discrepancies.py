"""Names the games that explain why records differ from the NCAA's. Pure. docs/rules.md, "Standings"."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Self

from pipelines.seasons import eastern_date


class Tally(NamedTuple):
    """Games won and lost, or a difference of such numbers."""

    wins: int = 0
    losses: int = 0
    conference_wins: int = 0
    conference_losses: int = 0

    def minus(self, other: Self) -> "Tally":
        return Tally(*(own - its for own, its in zip(self, other, strict=True)))


class Record(NamedTuple):
    """A team's record."""

    tally: Tally
    streak: int | None
    """Games won in a row; negative: lost. None where it is unknown."""

    def __str__(self) -> str:
        tally = self.tally
        streak = "" if not self.streak else f", {'won' if self.streak > 0 else 'lost'} {abs(self.streak)}"
        return f"{tally.wins}-{tally.losses} ({tally.conference_wins}-{tally.conference_losses}){streak}"


NO_GAMES: Final = Record(Tally(), None)
_ZERO: Final = Tally()


class SeasonGame(NamedTuple):
    """A game as `fact_game` has it; teams by slug."""

    game_id: str
    game_date: dt.date
    home: str
    away: str
    home_score: int | None
    away_score: int | None
    is_counted: bool
    """Whether it is part of the teams' records."""
    is_conference: bool
    changed_at: dt.datetime

    @property
    def has_home_won(self) -> bool:
        return (self.home_score or 0) > (self.away_score or 0)


class Fault(NamedTuple):
    """What is wrong with the games of two teams, and which games these are."""

    kind: str
    """`swapped`, `missing`, `doubled` or `uncounted`."""
    winner: str
    """Of our games; of a missing one by the NCAA's record."""
    loser: str
    game_ids: tuple[str, ...]
    """Empty for a game that we do not have at all."""
    is_conference: bool
    is_late: bool
    """Whether the game may be one of a conference tournament, which conference records do not count."""

    def effects(self) -> Iterator[tuple[str, Tally]]:
        """Yields the teams, and by what the NCAA's numbers then exceed ours."""
        won, lost = {"swapped": (-1, -1), "missing": (1, 0), "doubled": (-1, 0), "uncounted": (-1, 0)}[self.kind]
        in_conference = int(self.is_conference)
        yield self.winner, Tally(won, -lost, won * in_conference, -lost * in_conference)
        if self.kind == "swapped":
            yield self.loser, Tally(1, -1, in_conference, -in_conference)
        else:
            yield self.loser, Tally(0, won, 0, won * in_conference)

    def __str__(self) -> str:
        if not self.game_ids:
            return f"the win of {self.winner} over {self.loser} is missing"
        games = " and ".join(self.game_ids)
        return {
            "swapped": f"{games}: {self.loser} won, not {self.winner}",
            "missing": f"{games} is over: {self.winner} won",
            "doubled": f"{games} are one game",
            "uncounted": f"{games} is not counted by the NCAA",
        }[self.kind]


def tournaments_begin(season: int) -> dt.date:
    """Returns a date before the conference tournaments of a season; the earliest began on 25 February (2021)."""
    return dt.date(season + 1, 2, 20)


def differs(theirs: Record, ours: Record) -> bool:
    """Returns whether records differ; an unknown streak agrees with any."""
    if theirs.tally != ours.tally:
        return True
    return theirs.streak is not None and bool(sum(ours.tally[:2])) and theirs.streak != ours.streak


def explain(
    differences: Mapping[str, Tally],
    games: Iterable[SeasonGame],
    conferences: Mapping[str, str],
    agreed_at: Mapping[str, dt.datetime],
    season: int,
) -> list[Fault]:
    """Returns the faults that certainly explain the teams' differences (theirs less ours); others stay unnamed.

    A fault is named when it is the only one that accounts for all of a team's difference and for a part of its
    opponent's. Named faults are subtracted, and the rest is searched again. `conferences` has all teams of the page,
    `agreed_at` the moment at which a team last agreed: its fault is in a game that changed since.
    """
    left = {team: difference for team, difference in differences.items() if difference != _ZERO}
    candidates = _candidates(list(games), left.keys(), conferences.keys(), agreed_at, season)
    named: list[Fault] = []
    found: Fault | None = None
    while (found := _certain(left, candidates, conferences.keys())) is not None:
        named.append(found)
        for team, effect in found.effects():
            if team in left:
                rest = left[team].minus(effect)
                left[team] = Tally(*rest[:2]) if found.is_late else rest
        left = {team: rest for team, rest in left.items() if rest != _ZERO}
        for faults in candidates.values():
            faults[:] = [fault for fault in faults if not set(fault.game_ids) & set(found.game_ids)]
    return [*named, *_unlisted(left, conferences)]


def _candidates(
    games: Sequence[SeasonGame],
    differing: Collection[str],
    members: Collection[str],
    agreed_at: Mapping[str, dt.datetime],
    season: int,
) -> dict[str, list[Fault]]:
    """Returns the possible faults of the games of each team that differs."""
    by_team: defaultdict[str, list[Fault]] = defaultdict(list)
    twins: defaultdict[tuple[dt.date, tuple[str, str], tuple[int, int]], list[SeasonGame]] = defaultdict(list)
    late = tournaments_begin(season)
    for game in games:
        if game.home not in differing and game.away not in differing:
            continue
        agreed = max((agreed_at[team] for team in (game.home, game.away) if team in agreed_at), default=None)
        is_new = agreed is None or game.changed_at > agreed
        teams = (game.home, game.away) if game.has_home_won else (game.away, game.home)
        ids, rest = (game.game_id,), (game.is_conference, game.game_date >= late)
        faults: list[Fault] = []
        if game.is_counted:
            twins[game.game_date, teams, _score(game)].append(game)
            if is_new:
                faults = [Fault("swapped", *teams, ids, *rest), Fault("uncounted", *teams, ids, *rest)]
        elif is_new or agreed is None or game.game_date >= eastern_date(agreed) - dt.timedelta(days=1):
            faults = [Fault("missing", *pair, ids, *rest) for pair in (teams, teams[::-1])]
        for fault in faults:
            if fault.kind != "uncounted" or not set(teams) <= set(members):
                for team in teams:
                    by_team[team].append(fault)
    for (date, pair, _), same in twins.items():
        if len(same) > 1:
            doubled = tuple(sorted(game.game_id for game in same))
            for team in pair:
                # One of them is not counted: the other one is not in question.
                by_team[team] = [
                    fault for fault in by_team[team] if fault.kind != "uncounted" or fault.game_ids[0] not in doubled
                ]
                by_team[team].append(Fault("doubled", *pair, doubled, same[0].is_conference, date >= late))
    return by_team


def _score(game: SeasonGame) -> tuple[int, int]:
    low, high = sorted((game.home_score or 0, game.away_score or 0))
    return low, high


def _certain(
    left: Mapping[str, Tally], candidates: Mapping[str, Sequence[Fault]], members: Collection[str]
) -> Fault | None:
    """Returns a fault that alone, and as the only one, accounts for all of a team's difference."""
    for team, rest in left.items():
        complete = [
            fault
            for fault in candidates.get(team, ())
            if _is_all(dict(fault.effects())[team], rest, fault) and _is_possible(fault, left, members)
        ]
        if len(complete) == 1:
            return complete[0]
    return None


def _is_possible(fault: Fault, left: Mapping[str, Tally], members: Collection[str]) -> bool:
    """Returns whether the fault accounts for a part of the difference of each of its teams on the page."""
    return all(_is_part(effect, left.get(team, _ZERO), fault) for team, effect in fault.effects() if team in members)


def _is_part(effect: Tally, difference: Tally, fault: Fault) -> bool:
    numbers = 2 if fault.is_late else 4
    return all(
        part == 0 or (part * whole > 0 and abs(part) <= abs(whole))
        for part, whole in zip(effect[:numbers], difference[:numbers], strict=True)
    )


def _is_all(effect: Tally, difference: Tally, fault: Fault) -> bool:
    numbers = 2 if fault.is_late else 4
    return effect[:numbers] == difference[:numbers]


def _unlisted(left: Mapping[str, Tally], conferences: Mapping[str, str]) -> list[Fault]:
    """Returns the conference games that we do not have at all, where only one pair of teams can have played it.

    Other games may have been against outsiders, which the page does not list.
    """
    winners: defaultdict[str, list[str]] = defaultdict(list)
    losers: defaultdict[str, list[str]] = defaultdict(list)
    for team, rest in left.items():
        if rest.conference_wins > 0:
            winners[conferences[team]].append(team)
        if rest.conference_losses > 0:
            losers[conferences[team]].append(team)
    faults = []
    for conference, teams in winners.items():
        others = losers[conference]
        if len(teams) == len(others) == 1 and (left[teams[0]], left[others[0]]) == (Tally(1, 0, 1), Tally(0, 1, 0, 1)):
            faults.append(Fault("missing", teams[0], others[0], (), is_conference=True, is_late=False))
    return faults

"""The rules of the load once more, as slow and plain as can be: dictionaries and loops over one game after another.

It shares no rule with the code under test: seasons, watermarks and noon of the second day after are its own.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.warehouse.load import LoadReport

EASTERN = ZoneInfo("America/New_York")

Row = dict[str, object]
Tables = dict[str, list[Row]]


@dataclass
class StoredGame:
    """A row of fact_game; teams by slug, since their keys follow from slug and season."""

    date: dt.date
    home: str
    away: str
    status: str
    start_time: dt.datetime | None
    home_score: int | None
    away_score: int | None
    period: str | None
    clock: str | None
    overtimes: int
    home_rank: int | None
    away_rank: int | None
    home_seed: int | None
    away_seed: int | None
    round: str | None
    network: str | None
    feed: str
    last_seen_at: dt.datetime | None = None
    rivalry_factor: Decimal = Decimal("1.00")

    def says_the_same_as(self, other: "StoredGame") -> bool:
        """But for the network, and what is no value of the game itself."""
        ours, theirs = (
            replace(game, network=None, feed="", last_seen_at=None, rivalry_factor=Decimal(0)) for game in (self, other)
        )
        return ours == theirs


@dataclass
class StoredTeam:
    """A row of dim_team: each value with the (date, contest, feed) that gave it."""

    values: dict[str, object] = field(default_factory=dict)
    given_by: dict[str, tuple[dt.date, int, bool]] = field(default_factory=dict)


@dataclass
class StoredScoreboard:
    """A row of scoreboard."""

    feed: str
    fetched_at: dt.datetime
    source_url: str
    games_expected: int | None
    games_received: int
    games_suspect: int
    settled_at: dt.datetime | None


@dataclass
class StoredReject:
    """A row of rejected_game."""

    date: dt.date
    contest_id: int | None
    reason: str
    payload: str


class ReferenceWarehouse:
    """What the tables hold after the loads so far."""

    def __init__(self) -> None:
        self.games: dict[int, StoredGame] = {}
        self.teams: dict[tuple[str, int], StoredTeam] = {}
        self.scoreboards: dict[dt.date, StoredScoreboard] = {}
        self.rejects: dict[str, StoredReject] = {}

    def load(self, scoreboard: ParsedScoreboard, games_expected: int | None = None) -> LoadReport:
        """One scoreboard by the nine rules."""
        previous = self.scoreboards.get(scoreboard.game_date)
        if previous is not None and scoreboard.fetched_at < previous.fetched_at:
            counts = Counter({"games_unchanged": len(scoreboard.games)})
            return self._report(scoreboard, games_expected, counts, is_stale=True)

        teams_inserted, teams_updated = self._learn_teams(scoreboard)
        before = {contest_id: replace(game) for contest_id, game in self.games.items()}
        is_complete = (
            games_expected is not None
            and scoreboard.games_received >= games_expected
            and all(reject.contest_id is not None for reject in scoreboard.rejects)
        )

        applied, filled, suspect = self._apply_games(scoreboard)
        self._miss_games(scoreboard, previous, is_complete)
        self._withdraw_reissued(scoreboard, suspect)
        self._recompute_rivalry()
        self._keep_rejects(scoreboard, is_complete)
        self._record(scoreboard, previous, games_expected, len(suspect))

        counts = Counter[str]()
        for game in scoreboard.games:
            contest_id = game.contest_id
            if contest_id not in before:
                counts["games_inserted"] += 1
            elif contest_id in suspect:
                counts["games_suspect"] += 1
            elif contest_id in applied | filled and self.games[contest_id] != before[contest_id]:
                counts["games_updated"] += 1
            else:
                counts["games_unchanged"] += 1
        for contest_id, stored in self.games.items():
            was_withdrawn = contest_id in before and before[contest_id].status == "withdrawn"
            counts["games_withdrawn"] += stored.status == "withdrawn" and not was_withdrawn
        counts["teams_inserted"] = teams_inserted
        counts["teams_updated"] = teams_updated
        return self._report(scoreboard, games_expected, counts)

    def tables(self) -> Tables:
        """All rows in the form that `dump` gives the real ones."""
        return {
            "fact_game": [self._game_row(contest_id) for contest_id in sorted(self.games, key=str)],
            "dim_team": [self._team_row(slug, season) for slug, season in sorted(self.teams)],
            "scoreboard": [{"game_date": date, **vars(stored)} for date, stored in sorted(self.scoreboards.items())],
            "rejected_game": [
                {
                    "reject_key": key,
                    "game_date": stored.date,
                    "contest_id": stored.contest_id,
                    "reason": stored.reason,
                    "payload": stored.payload,
                }
                for key, stored in sorted(self.rejects.items())
            ],
        }

    def _learn_teams(self, scoreboard: ParsedScoreboard) -> tuple[int, int]:
        """Rule 8: each value is the one of the latest date that gave it, ties by contest id, then by feed."""
        season = season_of(scoreboard.game_date)
        inserted: set[str] = set()
        before: dict[str, dict[str, object]] = {}
        for game in sorted(scoreboard.games, key=lambda game: game.contest_id):
            mark = (scoreboard.game_date, game.contest_id, scoreboard.feed == "current")
            for line in (game.home, game.away):
                key = (line.slug, season)
                if key not in self.teams:
                    self.teams[key] = StoredTeam(values={"team_name": line.slug})
                    inserted.add(line.slug)
                stored = self.teams[key]
                before.setdefault(line.slug, dict(stored.values))
                for attribute, value in _attributes(line):
                    if attribute not in stored.given_by or mark >= stored.given_by[attribute]:
                        stored.given_by[attribute] = mark
                        stored.values[attribute] = value
        updated = [
            slug for slug in before if slug not in inserted and before[slug] != self.teams[(slug, season)].values
        ]
        return len(inserted), len(updated)

    def _apply_games(self, scoreboard: ParsedScoreboard) -> tuple[set[int], set[int], set[int]]:
        """Rules 3 and 4: which games are written as they came, which get a network only, and which are suspect."""
        applied: set[int] = set()
        filled: set[int] = set()
        suspect: set[int] = set()
        for game in scoreboard.games:
            new = _as_stored(scoreboard, game)
            stored = self.games.get(game.contest_id)
            if stored is None:
                self.games[game.contest_id] = new
                applied.add(game.contest_id)
                continue
            if stored.date != scoreboard.game_date:
                last_seen = stored.last_seen_at or self.scoreboards[stored.date].fetched_at
                if (last_seen, stored.date) > (scoreboard.fetched_at, scoreboard.game_date):
                    continue
            if scoreboard.feed == "legacy" and stored.feed == "current":
                if not stored.says_the_same_as(new):
                    suspect.add(game.contest_id)
                if stored.network is None and new.network is not None:
                    stored.network = new.network
                    filled.add(game.contest_id)
                continue
            today = scoreboard.fetched_at.astimezone(EASTERN).date()
            if stored.status == "final" and new.status == "scheduled" and stored.date < today:
                suspect.add(game.contest_id)
                continue
            if new.network is None:
                new.network = stored.network
            self.games[game.contest_id] = new
            applied.add(game.contest_id)
        return applied, filled, suspect

    def _miss_games(self, scoreboard: ParsedScoreboard, previous: StoredScoreboard | None, is_complete: bool) -> None:
        """Rule 5: games of the date that the scoreboard does not list."""
        listed = _listed(scoreboard)
        for contest_id, stored in self._games_on(scoreboard.game_date):
            if contest_id in listed or _is_outranked(scoreboard, stored):
                continue
            if stored.last_seen_at is None:
                assert previous is not None, "a game is on a date because a scoreboard of it was loaded"
                stored.last_seen_at = previous.fetched_at
            if is_complete:
                _withdraw(stored)

    def _withdraw_reissued(self, scoreboard: ParsedScoreboard, suspect: set[int]) -> None:
        """Rule 5: of the games of one pair of teams on the date the highest contest id counts."""
        newest: dict[frozenset[str], int] = {}
        for contest_id, stored in self._games_on(scoreboard.game_date):
            if stored.status != "withdrawn":
                pair = frozenset((stored.home, stored.away))
                newest[pair] = max(contest_id, newest.get(pair, 0))
        for contest_id, stored in self._games_on(scoreboard.game_date):
            pair = frozenset((stored.home, stored.away))
            may_be_written = contest_id not in suspect and not _is_outranked(scoreboard, stored)
            if stored.status != "withdrawn" and contest_id < newest[pair] and may_be_written:
                _withdraw(stored)

    def _recompute_rivalry(self) -> None:
        """Rule 9, for every game there is."""
        for stored in self.games.values():
            season = season_of(stored.date)
            home, away = (self.teams[(slug, season)].values.get("conference") for slug in (stored.home, stored.away))
            home_id, away_id = (said[0] if isinstance(said, tuple) else None for said in (home, away))
            is_rivalry = home_id is not None and home_id == away_id and home_id != "independent"
            stored.rivalry_factor = Decimal("1.20") if is_rivalry else Decimal("1.00")

    def _keep_rejects(self, scoreboard: ParsedScoreboard, is_complete: bool) -> None:
        """Rule 6: rejects stay until their game loads, or the scoreboard is without them."""
        incoming = {reject.key for reject in scoreboard.rejects}
        loaded = {game.contest_id for game in scoreboard.games}
        for key, stored in list(self.rejects.items()):
            has_loaded = stored.contest_id in loaded
            is_gone = stored.date == scoreboard.game_date and (stored.contest_id is None or is_complete)
            if key not in incoming and (has_loaded or is_gone):
                del self.rejects[key]
        for reject in scoreboard.rejects:
            self.rejects[reject.key] = StoredReject(
                date=scoreboard.game_date, contest_id=reject.contest_id, reason=reject.reason, payload=reject.payload
            )

    def _record(
        self, scoreboard: ParsedScoreboard, previous: StoredScoreboard | None, expected: int | None, suspect: int
    ) -> None:
        """The date's own row; settled since the first fetch after noon of the second day after that found it over."""
        noon = dt.datetime.combine(scoreboard.game_date + dt.timedelta(days=2), dt.time(12), EASTERN)
        is_over = not any(game.status in ("scheduled", "live") for _, game in self._games_on(scoreboard.game_date))
        settled_at = None
        if is_over and scoreboard.fetched_at >= noon:
            settled_at = (previous.settled_at if previous is not None else None) or scoreboard.fetched_at
        if expected is None and previous is not None:
            expected = previous.games_expected
        self.scoreboards[scoreboard.game_date] = StoredScoreboard(
            feed=scoreboard.feed,
            fetched_at=scoreboard.fetched_at,
            source_url=scoreboard.source_url,
            games_expected=expected,
            games_received=len(scoreboard.games) + len(scoreboard.rejects),
            games_suspect=suspect,
            settled_at=settled_at,
        )

    def _report(
        self, scoreboard: ParsedScoreboard, games_expected: int | None, counts: Counter[str], *, is_stale: bool = False
    ) -> LoadReport:
        states = Counter(game.status for _, game in self._games_on(scoreboard.game_date))
        return LoadReport(
            games_processed=len(scoreboard.games) + len(scoreboard.rejects),
            games_inserted=counts["games_inserted"],
            games_updated=counts["games_updated"],
            games_unchanged=counts["games_unchanged"],
            games_rejected=len(scoreboard.rejects),
            games_suspect=counts["games_suspect"],
            games_withdrawn=counts["games_withdrawn"],
            games_expected=games_expected,
            games_final=states["final"],
            games_live=states["live"],
            games_scheduled=states["scheduled"],
            teams_inserted=counts["teams_inserted"],
            teams_updated=counts["teams_updated"],
            is_stale=is_stale,
        )

    def _games_on(self, date: dt.date) -> Iterator[tuple[int, StoredGame]]:
        return ((contest_id, game) for contest_id, game in self.games.items() if game.date == date)

    def _game_row(self, contest_id: int) -> Row:
        stored = self.games[contest_id]
        season = season_of(stored.date)
        return {
            "game_id": f"ncaam_{contest_id}",
            "game_date": stored.date,
            "game_date_key": int(stored.date.strftime("%Y%m%d")),
            "season": season,
            "home": f"ncaam_{stored.home} {season}",
            "away": f"ncaam_{stored.away} {season}",
            "game_status": stored.status,
            "game_start_time": stored.start_time,
            "home_score": stored.home_score,
            "away_score": stored.away_score,
            "game_period": stored.period,
            "game_clock": stored.clock,
            "overtime_periods": stored.overtimes,
            "home_rank": stored.home_rank,
            "away_rank": stored.away_rank,
            "home_seed": stored.home_seed,
            "away_seed": stored.away_seed,
            "bracket_round": stored.round,
            "network": stored.network,
            "venue": None,
            "rivalry_factor": stored.rivalry_factor,
            "feed": stored.feed,
            "last_seen_at": stored.last_seen_at,
        }

    def _team_row(self, slug: str, season: int) -> Row:
        stored = self.teams[(slug, season)]
        is_current = season == max(other for name, other in self.teams if name == slug)
        conference = stored.values.get("conference")
        conference_id, conference_name = conference if isinstance(conference, tuple) else (None, None)
        return {
            "team_id": f"ncaam_{slug}",
            "season": season,
            "slug": slug,
            "team_name": stored.values["team_name"],
            "full_name": stored.values.get("full_name"),
            "abbreviation": stored.values.get("abbreviation"),
            "conference_id": conference_id,
            "conference_name": conference_name,
            "valid_from": dt.date(season, 8, 1),
            "valid_to": None if is_current else dt.date(season + 1, 8, 1),
            "is_current": is_current,
            "team_name_watermark": _watermark(stored, "team_name"),
            "full_name_watermark": _watermark(stored, "full_name"),
            "abbreviation_watermark": _watermark(stored, "abbreviation"),
            "conference_watermark": _watermark(stored, "conference"),
        }


def season_of(date: dt.date) -> int:
    """It turns on 1 August."""
    return date.year if (date.month, date.day) >= (8, 1) else date.year - 1


def _attributes(line: TeamLine) -> Iterator[tuple[str, object]]:
    """What a side of a game gives; a conference is one value, its name with it."""
    if line.team_name is not None:
        yield "team_name", line.team_name
    if line.full_name is not None:
        yield "full_name", line.full_name
    if line.abbreviation is not None:
        yield "abbreviation", line.abbreviation
    if line.conference_id is not None:
        yield "conference", (line.conference_id, line.conference_name)


def _watermark(stored: StoredTeam, attribute: str) -> int:
    """Date, nine digits of the contest id, 1 for the current feed; 0 for a value that nothing gave."""
    if attribute not in stored.given_by:
        return 0
    date, contest_id, is_current_feed = stored.given_by[attribute]
    return int(f"{date:%Y%m%d}{contest_id:09d}{int(is_current_feed)}")


def _as_stored(scoreboard: ParsedScoreboard, game: Game) -> StoredGame:
    return StoredGame(
        date=scoreboard.game_date,
        home=game.home.slug,
        away=game.away.slug,
        status=game.status,
        start_time=game.start_time,
        home_score=game.home.score,
        away_score=game.away.score,
        period=game.period,
        clock=game.clock,
        overtimes=game.overtime_periods,
        home_rank=game.home.rank,
        away_rank=game.away.rank,
        home_seed=game.home.seed,
        away_seed=game.away.seed,
        round=game.bracket_round,
        network=game.network,
        feed=scoreboard.feed,
    )


def _listed(scoreboard: ParsedScoreboard) -> set[int]:
    """Contests on the scoreboard, readable or not."""
    ids = {game.contest_id for game in scoreboard.games}
    return ids | {reject.contest_id for reject in scoreboard.rejects if reject.contest_id is not None}


def _is_outranked(scoreboard: ParsedScoreboard, stored: StoredGame) -> bool:
    """The legacy feed never overwrites what the current feed wrote."""
    return scoreboard.feed == "legacy" and stored.feed == "current"


def _withdraw(stored: StoredGame) -> None:
    stored.status = "withdrawn"
    stored.clock = None

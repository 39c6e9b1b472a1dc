"""The rules of the load once more, as slow and plain as can be: dictionaries and loops over one answer after another.

It shares no rule with the code under test: evidence, seasons, watermarks and noon of the second day after are its own.
It keeps every answer, and works out all tables again from all of them after each load.
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
SIX_HOURS = dt.timedelta(hours=6)
BEFORE_ALL = dt.datetime.min.replace(tzinfo=dt.UTC)

IDENTITY = ("game_date", "home", "away", "overtime_periods")
REMEMBERED = ("game_id", *IDENTITY, "game_status", "game_period", "home_score", "away_score", "game_clock")
"""Columns of a version; a clock that runs is no change."""

Row = dict[str, object]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Answer:
    """A scoreboard that was not stale, and what the calendar said of its day."""

    scoreboard: ParsedScoreboard
    expected: int | None

    @property
    def moment(self) -> dt.datetime:
        return self.scoreboard.fetched_at

    @property
    def is_complete(self) -> bool:
        board = self.scoreboard
        received = len(board.games) + len(board.rejects) + len(board.undecided)
        if self.expected is None or received < self.expected:
            return False
        return all(reject.contest_id is not None for reject in board.rejects)


@dataclass(frozen=True)
class Line:
    """What stands of a game; teams by slug."""

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
    home_conference: str | None
    away_conference: str | None

    @property
    def counts_as_final(self) -> bool:
        return self.status == "final" and self.home_score != self.away_score

    @property
    def result(self) -> dict[str, int | None]:
        return {self.home: self.home_score, self.away: self.away_score}

    def without_ornaments(self) -> "Line":
        return replace(self, network=None, home_conference=None, away_conference=None)

    def completed_by(self, older: "Line") -> "Line":
        """What an older statement knows and this one does not: network, and conferences by team."""
        conferences = {older.home: older.home_conference, older.away: older.away_conference}
        return replace(
            self,
            network=self.network or older.network,
            home_conference=self.home_conference or conferences.get(self.home),
            away_conference=self.away_conference or conferences.get(self.away),
        )


@dataclass
class Case:
    """One contest on one date, after all answers of that date."""

    line: Line
    feed: str
    last_listed_at: dt.datetime | None = None
    gone: bool = False
    doubt: str | None = None
    doubted_since: dt.datetime | None = None

    def clear(self) -> None:
        self.doubt = self.doubted_since = None

    def doubt_it(self, kind: str, moment: dt.datetime) -> bool:
        """Notes a contradiction; whether it is old enough to be believed."""
        if self.doubt != kind or self.doubted_since is None:
            self.doubt, self.doubted_since = kind, moment
        return moment - self.doubted_since >= SIX_HOURS


@dataclass
class StoredGame:
    """A row of fact_game."""

    date: dt.date
    line: Line
    feed: str
    last_seen_at: dt.datetime | None
    suspect: str | None
    contradicted_since: dt.datetime | None
    rivalry_factor: Decimal = Decimal("1.00")


@dataclass
class StoredTeam:
    """A row of dim_team: each value with the (date, contest, feed) that gave it."""

    values: dict[str, object] = field(default_factory=dict)
    given_by: dict[str, tuple[dt.date, int, bool]] = field(default_factory=dict)


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
        self.answers: dict[dt.date, list[Answer]] = {}
        self.games: dict[int, StoredGame] = {}
        self.history: dict[int, list[Row]] = {}
        self.teams: dict[tuple[str, int], StoredTeam] = {}
        self.conference_names: dict[str, str | None] = {}
        self.rejects: dict[str, StoredReject] = {}

    def load(self, scoreboard: ParsedScoreboard, games_expected: int | None = None) -> LoadReport:
        """One scoreboard by all the rules."""
        earlier = self.answers.get(scoreboard.game_date, [])
        if earlier and self._is_stale(scoreboard, earlier[-1]):
            return self._report(scoreboard, games_expected, Counter(), is_stale=True)
        replaces_void = bool(earlier) and _is_void(earlier[-1].moment)

        answer = Answer(scoreboard, games_expected)
        self.answers.setdefault(scoreboard.game_date, []).append(answer)
        before = self.games
        self.games = self._standing_games(scoreboard.game_date)
        counts = self._learn_teams(scoreboard)
        self._learn_conferences(scoreboard, counts)
        self._recompute_rivalry()
        self._remember(answer.moment)
        self._keep_rejects(answer)

        for game in scoreboard.games:
            old, new = before.get(game.contest_id), self.games[game.contest_id]
            if old is None:
                counts["games_inserted"] += 1
            elif replace(old, rivalry_factor=Decimal(0)) != replace(new, rivalry_factor=Decimal(0)):
                counts["games_updated"] += 1
            else:
                counts["games_unchanged"] += 1
        for contest_id, stored in self.games.items():
            was_withdrawn = contest_id in before and before[contest_id].line.status == "withdrawn"
            counts["games_withdrawn"] += stored.line.status == "withdrawn" and not was_withdrawn
        return self._report(scoreboard, games_expected, counts, is_clock_void=replaces_void)

    def tables(self) -> Tables:
        """All rows in the form that `dump` gives the real ones; how evidence is kept is the code's own affair."""
        return {
            "fact_game": [self._game_row(contest_id) for contest_id in sorted(self.games, key=str)],
            "game_history": [
                {"game_id": row["game_id"], "version": number} | row
                for contest_id in sorted(self.history, key=str)
                for number, row in enumerate(self.history[contest_id], start=1)
            ],
            "dim_team": [self._team_row(slug, season) for slug, season in sorted(self.teams)],
            "scoreboard": [self._scoreboard_row(date) for date in sorted(self.answers)],
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

    def _is_stale(self, scoreboard: ParsedScoreboard, last: Answer) -> bool:
        if _is_void(last.moment):
            return False
        if scoreboard.fetched_at < last.moment:
            return True
        made_at, last_made_at = scoreboard.answer_updated_at, last.scoreboard.answer_updated_at
        is_one_clock = (scoreboard.feed, scoreboard.source_url) == (last.scoreboard.feed, last.scoreboard.source_url)
        return is_one_clock and made_at is not None and last_made_at is not None and made_at < last_made_at

    def _cases(self, date: dt.date) -> dict[int, Case]:
        """Evidence decides, the first half: each contest by the answers of one date alone."""
        cases: dict[int, Case] = {}
        previous: Answer | None = None
        for answer in self.answers[date]:
            self._hear(cases, answer, previous)
            previous = answer
        return cases

    def _hear(self, cases: dict[int, Case], answer: Answer, previous: Answer | None) -> None:
        board, moment = answer.scoreboard, answer.moment
        for case in cases.values():  # what a clock wrote that was ahead
            if case.last_listed_at is not None and _is_void(case.last_listed_at):
                case.last_listed_at = moment
            if case.doubted_since is not None and _is_void(case.doubted_since):
                case.doubted_since = moment
        known = dict(cases)
        lines = {game.contest_id: _line(game) for game in board.games}
        mentioned = {reject.contest_id for reject in board.rejects} | set(board.undecided)
        absent = {number: case for number, case in known.items() if number not in lines and number not in mentioned}

        must_wait = True
        if answer.is_complete:
            is_past = moment.astimezone(EASTERN).date() > board.game_date
            leaving = len([case for case in absent.values() if not case.gone])
            there = len([case for case in known.values() if not case.gone])
            must_wait = is_past or leaving > 3 or leaving > there / 5

        for number, line in lines.items():
            if number not in known:
                cases[number] = Case(line, board.feed)
                continue
            case = known[number]
            if board.feed == "legacy" and case.feed == "current":
                agrees = case.line.without_ornaments() == line.without_ornaments()
                case.line = replace(case.line, network=case.line.network or line.network)
                if agrees and case.doubt == "legacy":
                    case.clear()
                if not agrees and case.doubt is None and not case.gone:
                    case.doubt_it("legacy", moment)
                continue
            line = line.completed_by(case.line)
            if case.line.counts_as_final and not line.counts_as_final:
                kind = "no score" if line.status == "final" else line.status
                if not case.doubt_it(kind, moment):
                    case.gone, case.last_listed_at = False, None
                    continue
            cases[number] = Case(line, board.feed)
        for number in mentioned - lines.keys():
            if number in known:
                known[number].last_listed_at = None
                if known[number].doubt == "unlisted":
                    known[number].clear()
        for case in absent.values():
            if board.feed == "legacy" and case.feed == "current":
                continue
            if case.last_listed_at is None:
                case.last_listed_at = moment if previous is None or _is_void(previous.moment) else previous.moment
            pair = [line for line in lines.values() if {line.home, line.away} == {case.line.home, case.line.away}]
            others = [line for line in pair if line.counts_as_final]
            is_reissued = case.line.counts_as_final and any(
                answer.is_complete or other.result == case.line.result for other in others
            )
            if not case.gone and answer.is_complete:
                if case.line.counts_as_final or must_wait:
                    is_confirmed = case.doubt_it("unlisted", moment)
                    case.gone = is_confirmed and not (case.line.counts_as_final and pair)
                else:
                    case.gone = True
            case.gone = case.gone or is_reissued
            if case.gone:
                case.clear()

    def _standing_games(self, loaded: dt.date) -> dict[int, StoredGame]:
        """Evidence decides, the second half: one date for each contest, then one contest for each game."""
        by_date = {date: self._cases(date) for date in self.answers}
        heard_at = {date: answers[-1].moment for date, answers in self.answers.items()}
        heard_at = {
            date: moment if date == loaded or not _is_void(moment) else BEFORE_ALL for date, moment in heard_at.items()
        }
        listings: dict[int, dict[dt.date, Case]] = {}
        for date, cases in by_date.items():
            for number, case in cases.items():
                listings.setdefault(number, {})[date] = case

        def newest(number: int) -> list[dt.date]:
            cases = listings[number]
            return sorted(cases, key=lambda date: (cases[date].last_listed_at or heard_at[date], date), reverse=True)

        stands_on: dict[int, dt.date] = {}
        for number, cases in listings.items():
            order = newest(number)
            order = [date for date in order if cases[date].feed == "current"] or order
            finals = [date for date in order if cases[date].line.counts_as_final and not cases[date].gone]
            stands_on[number] = (finals or order)[0]

        games: dict[int, StoredGame] = {}
        for number, date in stands_on.items():
            case = listings[number][date]
            line = case.line
            order = newest(number)
            others = [listings[number][other] for other in order if other != date]
            newer = order.index(date)
            suspect = None
            if case.doubt is None and line.counts_as_final:
                for place, other in enumerate(others):
                    if other.line.counts_as_final and not other.gone and other.line.result != line.result:
                        suspect = "Another date lists it as final with another score."
                        break
                    is_open = other.line.status in ("scheduled", "live") and other.last_listed_at is None
                    if is_open and place < newer:
                        suspect = "A newer answer of another date says that it is not over."
                        break
            elif case.doubt is not None:
                suspect = DOUBTS[case.doubt]
            for other in others:
                line = replace(line, network=line.network or other.line.network)
            since = case.doubted_since if case.doubt != "legacy" else None
            games[number] = StoredGame(date, line, case.feed, case.last_listed_at, suspect, since)
        for number, (gone, reason) in self._judged_pairs(stands_on, listings).items():
            stored = games[number]
            if gone:
                stored.line = replace(stored.line, status="withdrawn", clock=None)
                stored.suspect, stored.contradicted_since = reason, None
            elif listings[number][stands_on[number]].doubt is None and reason is not None:
                stored.suspect = reason
        return games

    def _judged_pairs(
        self, stands_on: dict[int, dt.date], listings: dict[int, dict[dt.date, Case]]
    ) -> dict[int, tuple[bool, str | None]]:
        """Whether each contest is withdrawn, and what is suspect about that."""
        pairs: dict[tuple[dt.date, frozenset[str]], dict[int, Case]] = {}
        for number, date in stands_on.items():
            case = listings[number][date]
            pairs.setdefault((date, frozenset((case.line.home, case.line.away))), {})[number] = case
        judged: dict[int, tuple[bool, str | None]] = {}
        for cases in pairs.values():
            there = {number: case for number, case in cases.items() if not case.gone}
            finals = {number: case for number, case in there.items() if case.line.counts_as_final}
            replaced = [
                number
                for number, case in finals.items()
                if case.last_listed_at is not None
                and any(
                    other.last_listed_at is None and other.line.result == case.line.result for other in finals.values()
                )
            ]
            order = sorted(
                there,
                key=lambda number: (there[number].line.status == "live", there[number].last_listed_at is None, number),
            )
            for number, case in cases.items():
                if case.gone:
                    is_another = case.line.counts_as_final and bool(finals)
                    is_another = is_another and all(final.line.result != case.line.result for final in finals.values())
                    reason = "Re-issued under another contest id with another score." if is_another else None
                    judged[number] = (True, reason)
                elif number in replaced:
                    judged[number] = (True, None)
                elif number in finals:
                    two = len(finals) - len(replaced) > 1
                    judged[number] = (False, "Another final game of the same teams is on this date." if two else None)
                elif finals:
                    listed = case.last_listed_at is None
                    reason = "Another contest id of the same teams is final, and the source still lists this one."
                    judged[number] = (True, reason if listed else None)
                else:
                    judged[number] = (number != order[-1], None)
        return judged

    def _learn_teams(self, scoreboard: ParsedScoreboard) -> Counter[str]:
        """Teams: each name is the one of the latest date that gave it, ties by contest id, then by feed."""
        season = season_of(scoreboard.game_date)
        counts = Counter[str]()
        self._before = {key: dict(team.values) for key, team in self.teams.items()}
        for game in sorted(scoreboard.games, key=lambda game: game.contest_id):
            mark = (scoreboard.game_date, game.contest_id, scoreboard.feed == "current")
            for side in (game.home, game.away):
                if side.conference_id is not None:
                    self.conference_names[side.conference_id] = side.conference_name
                key = (side.slug, season)
                if key not in self.teams:
                    self.teams[key] = StoredTeam(values={"team_name": side.slug})
                    counts["teams_inserted"] += 1
                stored = self.teams[key]
                for attribute, value in _names(side):
                    if attribute not in stored.given_by or mark >= stored.given_by[attribute]:
                        stored.given_by[attribute] = mark
                        stored.values[attribute] = value
        return counts

    def _learn_conferences(self, scoreboard: ParsedScoreboard, counts: Counter[str]) -> None:
        """Conferences are those of the latest game that stands; an update counts when this answer brought it."""
        brought: dict[tuple[str, int], tuple[tuple[dt.date, int, bool], str]] = {}
        latest: dict[tuple[str, int], tuple[tuple[dt.date, int, bool], str]] = {}
        listed = {game.contest_id for game in scoreboard.games}
        sides = {
            (side.slug, season_of(scoreboard.game_date)) for game in scoreboard.games for side in (game.home, game.away)
        }
        for number, stored in sorted(self.games.items()):
            if stored.line.status == "withdrawn":
                continue
            mark = (stored.date, number, stored.feed == "current")
            for slug, conference in (
                (stored.line.home, stored.line.home_conference),
                (stored.line.away, stored.line.away_conference),
            ):
                key = (slug, season_of(stored.date))
                if conference is None:
                    continue
                if key not in latest or mark >= latest[key][0]:
                    latest[key] = (mark, conference)
                is_brought = number in listed and stored.date == scoreboard.game_date and key in sides
                if is_brought and (key not in brought or mark >= brought[key][0]):
                    brought[key] = (mark, conference)
        for key in sides:
            stored = self.teams[key]
            now = dict(stored.values)
            if key in brought and (
                "conference" not in stored.given_by or brought[key][0] >= stored.given_by["conference"]
            ):
                now["conference"] = brought[key][1]
            counts["teams_updated"] += key in self._before and now != self._before[key]
        for key, stored in self.teams.items():
            stored.values.pop("conference", None)
            stored.given_by.pop("conference", None)
            if key in latest:
                stored.given_by["conference"], stored.values["conference"] = latest[key]

    def _recompute_rivalry(self) -> None:
        """Rivalry, for every game there is."""
        for stored in self.games.values():
            season = season_of(stored.date)
            home, away = (
                self.teams[(slug, season)].values.get("conference") for slug in (stored.line.home, stored.line.away)
            )
            is_rivalry = home is not None and home == away and home != "independent"
            stored.rivalry_factor = Decimal("1.20") if is_rivalry else Decimal("1.00")

    def _remember(self, moment: dt.datetime) -> None:
        """Every change is a version, but of the scores of five live minutes only the first and the last."""
        for contest_id in self.games:
            game, versions = self._game_row(contest_id), self.history.setdefault(contest_id, [])
            row: Row = {"changed_at": moment} | {name: game[name] for name in REMEMBERED}
            if versions and all(versions[-1][name] == row[name] for name in REMEMBERED if name != "game_clock"):
                continue
            one_period = [
                version
                for version in (*versions[-2:], row)
                if row["game_status"] == version["game_status"] == "live"
                and version["game_period"] == row["game_period"]
            ]
            first = one_period[0]["changed_at"] if len(one_period) == 3 else None
            is_same_game = all(versions[-1][name] == row[name] for name in IDENTITY) if versions else False
            if is_same_game and isinstance(first, dt.datetime) and moment - first < dt.timedelta(minutes=5):
                versions.pop()
            versions.append(row)

    def _keep_rejects(self, answer: Answer) -> None:
        """Rejects stay until their game is readable, or the scoreboard is without them."""
        board = answer.scoreboard
        incoming = {reject.key for reject in board.rejects}
        readable = {game.contest_id for game in board.games} | set(board.undecided)
        for key, stored in list(self.rejects.items()):
            is_readable = stored.contest_id in readable
            is_gone = stored.date == board.game_date and (stored.contest_id is None or answer.is_complete)
            if key not in incoming and (is_readable or is_gone):
                del self.rejects[key]
        for reject in board.rejects:
            self.rejects[reject.key] = StoredReject(
                date=board.game_date, contest_id=reject.contest_id, reason=reject.reason, payload=reject.payload
            )

    def _scoreboard_row(self, date: dt.date) -> Row:
        """The date's own row: settled when the last answer came late enough and left nothing open or unknown."""
        answers = self.answers[date]
        last = answers[-1]
        expected = next((answer.expected for answer in reversed(answers) if answer.expected is not None), None)
        noon = dt.datetime.combine(date + dt.timedelta(days=2), dt.time(12), EASTERN)
        rows = [game for game in self.games.values() if game.date == date]
        is_over = not any(game.line.status in ("scheduled", "live") or game.contradicted_since for game in rows)
        board = last.scoreboard
        is_known = (expected is not None or 5 <= date.month <= 10) and not board.undecided
        return {
            "game_date": date,
            "feed": board.feed,
            "fetched_at": last.moment,
            "source_url": board.source_url,
            "games_expected": expected,
            "games_received": len(board.games) + len(board.rejects) + len(board.undecided),
            "is_complete": last.is_complete,
            "games_undecided": len(board.undecided),
            "settled_at": last.moment if is_over and is_known and last.moment >= noon else None,
        }

    def _report(
        self,
        scoreboard: ParsedScoreboard,
        games_expected: int | None,
        counts: Counter[str],
        *,
        is_stale: bool = False,
        is_clock_void: bool = False,
    ) -> LoadReport:
        rows = [game for game in self.games.values() if game.date == scoreboard.game_date]
        states = Counter(game.line.status for game in rows)
        return LoadReport(
            games_processed=len(scoreboard.games) + len(scoreboard.rejects) + len(scoreboard.undecided),
            games_inserted=counts["games_inserted"],
            games_updated=counts["games_updated"],
            games_unchanged=counts["games_unchanged"],
            games_rejected=len(scoreboard.rejects),
            games_undecided=len(scoreboard.undecided),
            games_suspect=0 if is_stale else len([game for game in rows if game.suspect is not None]),
            games_withdrawn=counts["games_withdrawn"],
            games_expected=games_expected,
            games_final=states["final"],
            games_live=states["live"],
            games_scheduled=states["scheduled"],
            teams_inserted=counts["teams_inserted"],
            teams_updated=counts["teams_updated"],
            is_stale=is_stale,
            is_clock_void=is_clock_void,
        )

    def _game_row(self, contest_id: int) -> Row:
        stored = self.games[contest_id]
        line, season = stored.line, season_of(stored.date)
        return {
            "game_id": f"ncaam_{contest_id}",
            "game_date": stored.date,
            "game_date_key": int(stored.date.strftime("%Y%m%d")),
            "season": season,
            "home": f"ncaam_{line.home} {season}",
            "away": f"ncaam_{line.away} {season}",
            "game_status": line.status,
            "game_start_time": line.start_time,
            "home_score": line.home_score,
            "away_score": line.away_score,
            "game_period": line.period,
            "game_clock": line.clock,
            "overtime_periods": line.overtimes,
            "home_rank": line.home_rank,
            "away_rank": line.away_rank,
            "home_seed": line.home_seed,
            "away_seed": line.away_seed,
            "bracket_round": line.round,
            "network": line.network,
            "venue": None,
            "rivalry_factor": stored.rivalry_factor,
            "feed": stored.feed,
            "last_seen_at": stored.last_seen_at,
            "home_conference_id": line.home_conference,
            "away_conference_id": line.away_conference,
            "suspect_reason": stored.suspect,
            "contradicted_since": stored.contradicted_since,
        }

    def _team_row(self, slug: str, season: int) -> Row:
        stored = self.teams[(slug, season)]
        is_current = season == max(other for name, other in self.teams if name == slug)
        conference = stored.values.get("conference")
        assert conference is None or isinstance(conference, str)
        return {
            "team_id": f"ncaam_{slug}",
            "season": season,
            "slug": slug,
            "team_name": stored.values["team_name"],
            "full_name": stored.values.get("full_name"),
            "abbreviation": stored.values.get("abbreviation"),
            "conference_id": conference,
            "conference_name": self.conference_names[conference] if conference is not None else None,
            "valid_from": dt.date(season, 8, 1),
            "valid_to": None if is_current else dt.date(season + 1, 8, 1),
            "is_current": is_current,
            "team_name_watermark": _watermark(stored, "team_name"),
            "full_name_watermark": _watermark(stored, "full_name"),
            "abbreviation_watermark": _watermark(stored, "abbreviation"),
            "conference_watermark": _watermark(stored, "conference"),
        }


DOUBTS = {
    "scheduled": "The newest answer says scheduled.",
    "live": "The newest answer says live.",
    "postponed": "The newest answer says postponed.",
    "canceled": "The newest answer says canceled.",
    "no score": "The newest answer gives it no plausible score.",
    "unlisted": "The newest answer does not list it.",
    "legacy": "The legacy feed says otherwise.",
}


def season_of(date: dt.date) -> int:
    """It turns on 1 August."""
    return date.year if (date.month, date.day) >= (8, 1) else date.year - 1


def _is_void(moment: dt.datetime) -> bool:
    """A minute and more ahead of now."""
    return moment > dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)


def _names(side: TeamLine) -> Iterator[tuple[str, object]]:
    if side.team_name is not None:
        yield "team_name", side.team_name
    if side.full_name is not None:
        yield "full_name", side.full_name
    if side.abbreviation is not None:
        yield "abbreviation", side.abbreviation


def _watermark(stored: StoredTeam, attribute: str) -> int:
    """Date, nine digits of the contest id, 1 for the current feed; 0 for a value that nothing gave."""
    if attribute not in stored.given_by:
        return 0
    date, contest_id, is_current_feed = stored.given_by[attribute]
    return int(f"{date:%Y%m%d}{contest_id:09d}{int(is_current_feed)}")


def _line(game: Game) -> Line:
    return Line(
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
        home_conference=game.home.conference_id,
        away_conference=game.away.conference_id,
    )

"""The recordings, field by field: what the parser made of each game against the JSON read in this file's own way."""

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.warehouse.rivalry import calculate_rivalry_factor

Parse = Callable[[object, dt.date], ParsedScoreboard]

REFERENCE = Path(__file__).parents[3] / "models" / "reference"
EPOCH_BEGINS = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Every spelling in the recordings, and what it is to be.
PERIODS = {
    ("final", "FINAL"): ("final", 0),
    ("final", "FINAL (OT)"): ("final", 1),
    ("final", "FINAL (2OT)"): ("final", 2),
    ("final", "FINAL (3OT)"): ("final", 3),
    ("live", "1ST HALF"): ("1st", 0),
    ("live", "1st"): ("1st", 0),
    ("live", ""): ("halftime", 0),
    ("live", "HALFTIME"): ("halftime", 0),
    ("live", "2ND HALF"): ("2nd", 0),
    ("live", "2nd"): ("2nd", 0),
    ("live", "END 2ND"): ("2nd", 0),
    ("pre", ""): (None, 0),
}


class Recording(NamedTuple):
    """A recorded answer beside what the parser made of it."""

    date: str
    sent: list[dict[str, Any]]
    board: ParsedScoreboard

    @property
    def pairs(self) -> list[tuple[dict[str, Any], Game]]:
        """The recorded games, each with the parsed game of its contest id."""
        games = {f"/game/{game.contest_id}": game for game in self.board.games}
        assert len(games) == len(self.sent)
        return [(sent, games[sent["url"]]) for sent in self.sent]

    @property
    def sides(self) -> list[tuple[dict[str, Any], TeamLine]]:
        return [
            (sent[side], line) for sent, game in self.pairs for side, line in (("home", game.home), ("away", game.away))
        ]


@pytest.fixture(scope="module", params=["legacy/2025-02-08", "legacy/2025-03-14", "current/2025-11-03"])
def recording(request: pytest.FixtureRequest, shared_data: Path, parse: Parse) -> Recording:
    feed, _, date = request.param.partition("/")
    body = (shared_data / "scoreboards" / feed / f"{date}.json").read_bytes()
    board = parse(body, dt.date.fromisoformat(date))
    assert board.feed == feed
    return Recording(date, [entry["game"] for entry in json.loads(body)["games"]], board)


def column(name: str, key: str, value: str) -> dict[str, str]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}


def number(text: str) -> int | None:
    return int(text) if text else None


def test_every_recording_is_compared(shared_data: Path) -> None:
    paths = sorted(path.relative_to(shared_data / "scoreboards") for path in shared_data.glob("scoreboards/*/*.json"))
    assert [str(path.with_suffix("")) for path in paths] == [
        "current/2025-11-03",
        "legacy/2025-02-08",
        "legacy/2025-03-14",
    ]


def test_no_recorded_game_is_rejected_or_listed_twice(recording: Recording) -> None:
    assert (recording.board.rejects, recording.board.duplicates) == ((), 0)
    assert len(recording.board.games) == len(recording.sent)


def test_teams_are_those_of_the_recording(recording: Recording) -> None:
    aliases = column("team_aliases.csv", "alias", "slug")
    for sent, line in recording.sides:
        names = {key: value.strip(" ") for key, value in sent["names"].items()}
        slug = names["seo"] or {"Northwest Indian": "northwest-indian"}[names["short"]]
        assert line.slug == aliases.get(slug, slug)
        assert (line.team_name or "", line.full_name or "", line.abbreviation or "") == (
            names["short"],
            names["full"],
            names["char6"],
        )
        assert "" not in {line.team_name, line.full_name, line.abbreviation}


def test_conferences_are_those_of_the_recording(recording: Recording) -> None:
    aliases = column("conference_aliases.csv", "alias", "slug")
    known = column("conferences.csv", "slug", "name") | {"maac": "MAAC", "wac": "WAC"}  # both were renamed in 2026
    for sent, line in recording.sides:
        (first, *others) = sent["conferences"]
        assert [other["conferenceSeo"] for other in others] == ["top-25"] * len(others)
        slug = aliases.get(first["conferenceSeo"], first["conferenceSeo"])
        assert line.conference_id == (slug or None)
        assert line.conference_name == ((known.get(slug) or first["conferenceName"]) or None)


def test_scores_are_those_of_the_recording_and_null_before_the_tip_off(recording: Recording) -> None:
    for sent, line in recording.sides:
        assert line.score == number(sent["score"])
    for sent, game in recording.pairs:
        assert (game.home.score is None) == (game.away.score is None) == (sent["gameState"] == "pre")


def test_ranks_and_seeds_are_those_of_the_recording(recording: Recording) -> None:
    for sent, line in recording.sides:
        assert (line.rank, line.seed) == (number(sent["rank"]), number(sent["seed"]))


def test_start_times_are_those_of_the_recording(recording: Recording) -> None:
    for sent, game in recording.pairs:
        assert game.start_time == EPOCH_BEGINS + dt.timedelta(seconds=int(sent["startTimeEpoch"]))


def test_status_period_clock_and_overtime_have_their_one_spelling(recording: Recording) -> None:
    for sent, game in recording.pairs:
        assert game.status == {"final": "final", "live": "live", "pre": "scheduled"}[sent["gameState"]]
        assert (game.period, game.overtime_periods) == PERIODS[sent["gameState"], sent["currentPeriod"]]
        clock = sent["contestClock"].lstrip("0") or "0:00"
        clock = f"0{clock}" if clock.startswith(":") else clock
        assert game.clock == (clock if sent["gameState"] == "live" else None)


def test_networks_and_rounds_are_those_of_the_recording(recording: Recording) -> None:
    for sent, game in recording.pairs:
        assert (game.network or "", game.bracket_round or "") == (sent["network"], sent["bracketRound"])
        assert "" not in {game.network, game.bracket_round}


COUNTS = {
    "2025-02-08": ({"final": 155}, 8, 142),
    "2025-03-14": ({"final": 23, "live": 12, "scheduled": 2}, 1, 37),
    "2025-11-03": ({"final": 15, "live": 111, "scheduled": 43}, 0, 0),
}


def test_a_recording_has_as_many_games_of_each_kind_as_were_counted(recording: Recording) -> None:
    games = recording.board.games
    rivalries = [calculate_rivalry_factor(game.home.conference_id, game.away.conference_id) for game in games]
    assert (
        Counter(game.status for game in games),
        sum(game.overtime_periods > 0 for game in games),
        sum(rivalry > 1 for rivalry in rivalries),
    ) == COUNTS[recording.date]


def test_the_opening_night_has_its_opponents_from_outside_division_i(recording: Recording) -> None:
    if recording.date != "2025-11-03":
        return
    division_i = set(column("teams.csv", "slug", "short_name"))
    outside = [game for game in recording.board.games if {game.home.slug, game.away.slug} - division_i]
    assert len(outside) == 61
    assert "northwest-indian" in {slug for game in outside for slug in (game.home.slug, game.away.slug)}

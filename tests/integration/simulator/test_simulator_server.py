"""The simulator over HTTP: the API's answers and errors, every fault, and the control endpoints."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from simulator.days import EASTERN
from simulator.options import Options
from simulator.server import Served, serving
from simulator.state import SIMULATOR_HEADER

BOARD = "/scoreboard/basketball-men/d1"
NOW = datetime(2026, 3, 21, 20, 0, tzinfo=EASTERN)
SATURDAY = date(2026, 2, 14)
EMPTY = "d751713988987e9331980363e24189ce"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(Options(now=NOW, speed=0)) as served:
        yield served


@pytest.fixture
def api(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=5) as client:
        yield client
        client.delete("/simulator/faults").raise_for_status()
        client.post("/simulator/clock", json={"now": NOW.isoformat(), "speed": 0}).raise_for_status()


def board(day: date) -> str:
    return f"{BOARD}/{day:%Y/%m/%d}"


def set_fault(api: httpx.Client, name: str, **options: Any) -> None:
    api.post("/simulator/faults", json={"faults": {name: options}}).raise_for_status()


def dates(answer: httpx.Response) -> set[str]:
    return {entry["game"]["startDate"] for entry in answer.json()["games"]}


def test_a_scoreboard_lists_the_games_of_its_date(api: httpx.Client) -> None:
    answer = api.get(board(SATURDAY))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert dates(answer) == {"02/14/2026"}
    assert len(answer.json()["games"]) > 100
    assert api.get(board(SATURDAY) + "/all-conf").json()["games"] == answer.json()["games"]


@pytest.mark.parametrize("path", [board(SATURDAY), "/nothing", "/", "/simulator", f"{BOARD}/x/y"])
def test_every_answer_has_the_simulators_header(api: httpx.Client, path: str) -> None:
    version, seed = api.get(path).headers[SIMULATOR_HEADER].split("/")
    assert version
    assert seed == "0"


@pytest.mark.parametrize("rest", ["2026/2/3", "20260203", "today", ""])
def test_a_path_without_a_recognized_date_serves_today(api: httpx.Client, rest: str) -> None:
    assert dates(api.get(f"{BOARD}/{rest}")) == {"03/21/2026"}


@pytest.mark.parametrize("rest", ["2026/02/30", "2026/13/01", "2026/02", "2026/02/3", "2025/12/25", "2026/07/04"])
def test_impossible_dates_months_and_days_without_games_have_the_same_answer(api: httpx.Client, rest: str) -> None:
    answer = api.get(f"{BOARD}/{rest}")
    assert answer.status_code == 200
    assert answer.json()["games"] == []
    assert answer.json()["inputMD5Sum"] == EMPTY


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/scoreboard/curling/d1/2026/02/03", 422, "validation"),
        ("/scoreboard/basketball-men/d9/2026/02/03", 400, '{"message":"Invalid division"}'),
        (f"{BOARD}/2009/02/03", 400, "Invalid date"),
        (f"{BOARD}/2028/02/03", 400, "Invalid date"),
        ("/schedule-alt/curling/d1/2025", 422, "validation"),
        ("/schedule-alt/basketball-men/d9/2025", 422, "validation"),
        ("/schedule-alt/basketball-men/d1/1999", 422, "validation"),
        ("/schedule-alt/basketball-men/d1/next", 422, "validation"),
        ("/nothing", 404, "NOT_FOUND"),
    ],
)
def test_invalid_requests_have_the_real_apis_errors(api: httpx.Client, path: str, status: int, body: str) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    assert body in answer.text


@pytest.mark.parametrize("season", [2010, 2025])
def test_the_calendar_count_equals_the_games_on_the_scoreboard(api: httpx.Client, season: int) -> None:
    calendar = api.get(f"/schedule-alt/basketball-men/d1/{season}").json()["data"]["schedules"]
    assert calendar["today"] == {"date": "03/21/2026", "week": None, "season": 2025}
    days = {datetime.strptime(day["contestDate"], "%m/%d/%Y").date(): day["count"] for day in calendar["games"]}  # noqa: DTZ007
    assert min(days) >= date(season, 8, 1)
    assert max(days) < date(season + 1, 8, 1)
    for day in list(days)[::12]:
        assert len(api.get(board(day)).json()["games"]) == days[day]


def test_games_go_from_pre_to_live_to_final_as_the_clock_advances(api: httpx.Client) -> None:
    seen = []
    for hour in (9, 21, 33):
        now = datetime(2026, 2, 14, tzinfo=EASTERN) + timedelta(hours=hour)
        api.post("/simulator/clock", json={"now": now.isoformat(), "speed": 0}).raise_for_status()
        seen.append({entry["game"]["gameState"] for entry in api.get(board(SATURDAY)).json()["games"]})
    assert seen == [{"pre"}, {"pre", "live", "final"}, {"final"}]


def test_the_clock_can_be_sped_up(api: httpx.Client) -> None:
    api.post("/simulator/clock", json={"now": "2026-02-14T21:00", "speed": 36_000}).raise_for_status()
    time.sleep(0.3)
    assert api.get("/simulator/clock").json()["now"] > "2026-02-14T23"
    assert api.post("/simulator/clock", json={"speed": -1}).status_code == 422


@pytest.mark.parametrize(
    ("name", "status", "starts"),
    [
        ("http_429", 429, "Too many"),
        ("http_500", 500, "fetch failed"),
        ("http_502", 502, "<html>"),
        ("http_522", 522, "<html>"),
        ("http_404", 404, '{"message":"Resource not found"}'),
        ("http_401", 401, "Unauthorized"),
        ("html", 200, "<!DOCTYPE html>"),
        ("truncated", 200, '{"inputMD5Sum"'),
        ("challenge_403", 403, '<!DOCTYPE html>\n<html lang="en-US"><head><title>Just a moment...</title>'),
        ("challenge_200", 200, '<!DOCTYPE html>\n<html lang="en-US"><head><title>Just a moment...</title>'),
        ("http_408", 408, ""),
        ("http_425", 425, ""),
        ("redirect_308", 308, ""),
        ("empty_day", 200, '{"inputMD5Sum":"' + EMPTY),
    ],
)
def test_an_answer_is_corrupted_on_one_date_until_the_fault_is_removed(
    api: httpx.Client, name: str, status: int, starts: str
) -> None:
    set_fault(api, name, dates=[str(SATURDAY)])
    answer = api.get(board(SATURDAY))
    assert (answer.status_code, answer.text[: len(starts)]) == (status, starts)
    assert SIMULATOR_HEADER in answer.headers
    assert api.get(board(SATURDAY + timedelta(days=1))).json()["games"]
    api.delete("/simulator/faults")
    assert api.get(board(SATURDAY)).json()["games"]


def test_a_redirect_leads_to_another_path_of_the_same_host(api: httpx.Client) -> None:
    games = api.get(board(SATURDAY)).json()["games"]
    set_fault(api, "redirect_308")
    assert api.get(board(SATURDAY)).headers["location"] == f"{board(SATURDAY)}/all-conf"
    assert api.get(board(SATURDAY), follow_redirects=True).json()["games"] == games


def test_a_stale_answer_has_an_older_time_and_earlier_states(api: httpx.Client) -> None:
    def answer() -> tuple[str, set[str]]:
        answered = api.get(board(SATURDAY)).json()
        return answered["updated_at"], {entry["game"]["gameState"] for entry in answered["games"]}

    assert answer() == ("2026-03-22 00:00:00", {"final"})
    set_fault(api, "stale", times=1)
    assert answer() == ("2026-02-15 03:00:00", {"pre", "live", "final"})
    assert answer() == ("2026-03-22 00:00:00", {"final"})


def test_a_missing_calendar_is_404_once(api: httpx.Client) -> None:
    calendar = "/schedule-alt/basketball-men/d1/2025"
    set_fault(api, "calendar_404", times=1)
    assert [api.get(calendar).status_code for _ in range(2)] == [404, 200]


def test_a_missing_date_is_an_empty_answer_and_absent_from_the_calendar(api: httpx.Client) -> None:
    set_fault(api, "missing_date", dates=[str(SATURDAY)])
    assert api.get(board(SATURDAY)).json()["inputMD5Sum"] == EMPTY
    calendar = api.get("/schedule-alt/basketball-men/d1/2025").json()["data"]["schedules"]["games"]
    assert "02/14/2026" not in {entry["contestDate"] for entry in calendar}
    assert {"02/13/2026", "02/15/2026"} < {entry["contestDate"] for entry in calendar}


def test_truncated_json_cannot_be_parsed(api: httpx.Client) -> None:
    set_fault(api, "truncated")
    with pytest.raises(json.JSONDecodeError):
        api.get(board(SATURDAY)).json()


def test_retry_after_is_an_option(api: httpx.Client) -> None:
    set_fault(api, "http_429_retry_after", retry_after=7, times=1)
    assert api.get(board(SATURDAY)).headers["retry-after"] == "7"
    assert api.get(board(SATURDAY)).status_code == 200


def test_the_wrong_date_is_the_scoreboard_of_another_date(api: httpx.Client) -> None:
    set_fault(api, "wrong_date")
    assert dates(api.get(board(SATURDAY))) == {"02/13/2026"}


@pytest.mark.parametrize(
    ("name", "day", "states"),
    [
        ("legacy", date(2025, 2, 8), {"final"}),
        ("legacy", SATURDAY, {"pre"}),
        ("legacy_frozen", SATURDAY, {"pre", "final"}),
    ],
)
def test_the_legacy_format_has_other_ids_and_is_frozen(
    api: httpx.Client, name: str, day: date, states: set[str]
) -> None:
    current = {entry["game"]["url"] for entry in api.get(board(day)).json()["games"]}
    set_fault(api, name)
    answer = api.get(board(day)).json()
    assert answer["hideRank"] is False
    games = [entry["game"] for entry in answer["games"]]
    assert {game["url"] for game in games} == current
    assert all(game["url"] != f"/game/{game['gameID']}" for game in games)
    assert {game["gameState"] for game in games} == states
    assert sum(game["gameState"] == "pre" for game in games) in (0, *range(len(games) // 2, len(games) + 1))


def test_a_hanging_answer_outlasts_the_client_and_others_are_served(api: httpx.Client) -> None:
    set_fault(api, "hang", dates=[str(SATURDAY)])
    with pytest.raises(httpx.ReadTimeout):
        api.get(board(SATURDAY), timeout=0.3)
    assert api.get(board(SATURDAY + timedelta(days=1))).status_code == 200


def test_a_dripping_answer_never_exceeds_the_read_timeout(api: httpx.Client) -> None:
    set_fault(api, "drip")
    started = time.monotonic()
    with api.stream("GET", board(SATURDAY), timeout=0.6) as answer:
        for _ in answer.iter_raw():
            if time.monotonic() - started > 1:
                break
    assert time.monotonic() - started > 1


def test_an_oversized_answer_is_larger_than_20_mib(api: httpx.Client) -> None:
    set_fault(api, "oversized")
    assert len(api.get(board(SATURDAY)).content) > 20 * 1024 * 1024


def test_the_calendar_can_be_corrupted(api: httpx.Client) -> None:
    set_fault(api, "http_404", endpoints=["schedule"])
    assert api.get("/schedule-alt/basketball-men/d1/2025").status_code == 404
    assert api.get(board(SATURDAY)).status_code == 200


def test_an_unknown_fault_is_refused_by_name(api: httpx.Client) -> None:
    answer = api.post("/simulator/faults", json={"faults": {"no_such": {}}})
    assert answer.status_code == 422
    assert "no_such" in answer.json()["message"]


def test_api_requests_are_logged_with_their_arrival_times(api: httpx.Client) -> None:
    api.delete("/simulator/requests")
    for _ in range(3):
        api.get(board(SATURDAY), headers={"user-agent": "test", "x-ncaa-key": "secret"})
    seen = api.get("/simulator/requests").json()
    assert seen["count"] == 3
    assert "secret" not in json.dumps(seen)
    assert {(received["path"], received["user_agent"], received["key"]) for received in seen["requests"]} == {
        (board(SATURDAY), "test", True)
    }
    times = [received["at"] for received in seen["requests"]]
    assert times == sorted(times)


def test_the_key_is_required_where_one_is_set() -> None:
    with serving(Options(now=NOW, key="secret")) as served, httpx.Client(base_url=served.url) as api:
        assert (api.get(board(SATURDAY)).status_code, api.get(board(SATURDAY)).text) == (401, "Unauthorized")
        assert api.get(board(SATURDAY), headers={"x-ncaa-key": "secret"}).status_code == 200


def test_servers_with_equal_seeds_have_equal_games() -> None:
    games = []
    for seed in (0, 0, 4):
        with serving(Options(now=NOW, seed=seed)) as served:
            games.append(httpx.get(served.url + board(SATURDAY)).json()["games"])
    assert games[0] == games[1] != games[2]


def test_a_server_without_options_has_games_today_in_every_month() -> None:
    with serving() as served, httpx.Client(base_url=served.url) as api:
        today = date.fromisoformat(api.get("/simulator").json()["now"][:10])
        assert len(api.get(board(today)).json()["games"]) >= 6


def test_the_front_page_shows_the_days_games_and_escapes_its_input(api: httpx.Client) -> None:
    page = api.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "Saturday, March 21, 2026" in page.text
    assert "Second Round" in page.text
    assert "Live" in page.text
    assert "A&amp;M" in api.get(f"/?date={SATURDAY}").text
    refused = api.get("/", params={"date": "<script>alert(1)</script>"})
    assert refused.status_code == 400
    assert "<script>" not in refused.text
    assert api.get("/?date=0001-01-01").status_code == 400


def test_it_serves_at_least_50_dates_per_second(api: httpx.Client) -> None:
    season = [date(2024, 11, 4) + timedelta(days=offset) for offset in range(100)]
    api.get(board(season[0]))
    started = time.perf_counter()
    for day in season:
        api.get(board(day)).raise_for_status()
    assert len(season) / (time.perf_counter() - started) > 50


def test_it_runs_as_a_program_and_lists_its_faults() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "simulator", "--help"], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    assert "--messy" in listed
    assert "late_correction" in listed

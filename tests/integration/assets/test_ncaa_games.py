"""The asset in real Dagster runs: from the API's bytes to rows and materializations."""

import datetime as dt
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from support.api import Api
from support.builders import at, day
from support.raw_games import raw_answer, raw_game

from pipelines.assets import ncaa_games
from pipelines.postgres.database import connect
from pipelines.resources import DatabaseResource, EventLogResource, NcaaApiResource
from pipelines.runtime.failures import failed_dates
from pipelines.runtime.retries import DoublingRetryPolicy
from pipelines.seasons import eastern_date
from pipelines.warehouse.requested_dates import DateState, request_repairs

Rows = Callable[[str], list[dict[str, Any]]]
Materialize = Callable[..., dg.ExecuteInProcessResult]

RECORDINGS = {"2025-02-08": "legacy", "2025-03-14": "legacy", "2025-11-03": "current"}


@pytest.fixture
def materialize(database_url: sa.URL, api: Api) -> Materialize:
    """Materializes partitions in one run, against the test's database and API."""
    url = database_url.render_as_string(hide_password=False)

    def run(
        first: str,
        last: str | None = None,
        instance: dg.DagsterInstance | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Any:
        span = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last or first}
        return dg.materialize(
            [ncaa_games],
            partition_key=first if last is None else None,
            tags={**(span if last is not None else {}), **(tags or {})},
            resources={
                "database": DatabaseResource(url=url),
                "event_log": EventLogResource(),
                "ncaa_api": NcaaApiResource(base_url=api.url, database_url=url),
            },
            instance=instance or dg.DagsterInstance.ephemeral(),
            raise_on_error=False,
        )

    return run


@pytest.fixture
def recordings(shared_data: Path, api: Api) -> dict[str, Any]:
    """The recorded scoreboards, served over HTTP and as JSON."""
    bodies = {
        date: (shared_data / "scoreboards" / feed / f"{date}.json").read_bytes() for date, feed in RECORDINGS.items()
    }
    api.answer_with(bodies)
    return {date: [entry["game"] for entry in json.loads(body)["games"]] for date, body in bodies.items()}


def body(*games: dict[str, Any]) -> bytes:
    """A scoreboard in the current format."""
    return json.dumps(raw_answer(*games)).encode()


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Of each materialized partition."""
    materializations = [
        event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey("ncaa_games")
    ]
    return {
        str(materialization.partition): {name: value.value for name, value in materialization.metadata.items()}
        for materialization in materializations
    }


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the step's failure says."""
    [event] = result.get_step_failure_events()
    error = event.step_failure_data.error
    assert error is not None
    return (error.cause or error).message


def test_recorded_dates_load_completely(materialize: Materialize, recordings: Any, rows: Rows) -> None:
    for date in RECORDINGS:
        assert materialize(date).success

    found = {
        str(row["game_date"]): row
        for row in rows("""
            SELECT game_date, count(*) AS games,
                count(*) FILTER (WHERE game_status = 'final') AS final,
                count(*) FILTER (WHERE game_status = 'live') AS live,
                count(*) FILTER (WHERE game_status = 'scheduled') AS scheduled,
                count(*) FILTER (WHERE overtime_periods > 0) AS overtime,
                count(*) FILTER (WHERE rivalry_factor = 1.20) AS rivalry
            FROM fact_game GROUP BY game_date""")
    }
    table = {date: tuple(list(row.values())[1:]) for date, row in found.items()}
    assert table == {
        "2025-02-08": (155, 155, 0, 0, 8, 142),
        "2025-03-14": (37, 23, 12, 2, 1, 37),
        "2025-11-03": (169, 15, 111, 43, 0, 0),
    }


def test_every_stored_field_equals_the_recording(materialize: Materialize, recordings: Any, rows: Rows) -> None:
    aliases = {"fairleigh-dickinson": "fdu", "the-american": "american", "houston-baptist": "houston-christian"}
    for date in RECORDINGS:
        assert materialize(date).success
    stored = {
        row["game_id"]: row
        for row in rows("""
            SELECT game.*, extract(epoch FROM game_start_time)::bigint AS epoch,
                home.slug AS home_slug, home.team_name AS home_name, home.conference_id AS home_conference,
                home.abbreviation AS home_abbreviation, home.full_name AS home_full_name,
                away.slug AS away_slug, away.team_name AS away_name, away.conference_id AS away_conference,
                away.abbreviation AS away_abbreviation, away.full_name AS away_full_name
            FROM fact_game AS game
            JOIN dim_team AS home ON home.team_key = home_team_key
            JOIN dim_team AS away ON away.team_key = away_team_key""")
    }
    assert len(stored) == 361
    for date, games in recordings.items():
        for raw in games:
            row = stored[f"ncaam_{raw['url'].rpartition('/')[2]}"]
            assert str(row["game_date"]) == date
            assert row["epoch"] == int(raw["startTimeEpoch"])
            assert row["network"] == (raw["network"] or None)
            state = {"final": "final", "live": "live", "pre": "scheduled"}[raw["gameState"]]
            assert row["game_status"] == state
            assert (row["game_clock"] is not None) == (state == "live" and raw["contestClock"] != "")
            if state == "live":
                minutes, seconds = raw["contestClock"].split(":")
                assert row["game_clock"] == f"{int(minutes or 0)}:{seconds}"
            for side in ("home", "away"):
                team, names = raw[side], raw[side]["names"]
                slug = names["seo"] or names["short"].lower().replace(" ", "-")
                assert row[f"{side}_slug"] == aliases.get(slug, slug)
                assert row[f"{side}_name"] == names["short"].strip()
                assert row[f"{side}_abbreviation"] == (names["char6"].strip() or None)
                assert row[f"{side}_full_name"] == (names["full"] or None) or row["feed"] == "current"
                for field in ("score", "rank", "seed"):
                    assert row[f"{side}_{field}"] == (int(team[field]) if team[field] else None)
                conferences = [c["conferenceSeo"] for c in team["conferences"] if c["conferenceSeo"] != "top-25"]
                assert row[f"{side}_conference"] == (aliases.get(conferences[0], conferences[0]) or None)


def test_materializing_an_unchanged_date_again_writes_nothing(
    materialize: Materialize, recordings: Any, rows: Rows
) -> None:
    everything = """
        SELECT xmin::text, ctid::text, game_id AS id FROM fact_game
        UNION ALL SELECT xmin::text, ctid::text, team_id || season FROM dim_team ORDER BY id"""
    for date in RECORDINGS:
        assert materialize(date).success
    before = rows(everything)

    for date, games in recordings.items():
        counts = metadata(materialize(date))[date]
        assert counts["games_unchanged"] == counts["games_processed"] == len(games)
        assert counts["games_inserted"] == counts["games_updated"] == counts["teams_updated"] == 0
    assert rows(everything) == before


def test_a_materialization_carries_counts_the_scoreboard_and_its_source(materialize: Materialize, api: Api) -> None:
    api.answer_with(
        {"2025-12-01": body(raw_game(7000001, "duke", "unc"), raw_game(7000002, "wake", "pitt", gameState="pre"))}
    )
    found = metadata(materialize("2025-12-01"))["2025-12-01"]
    counts = {name: found[name] for name in found if name.startswith(("games_", "teams_"))}
    assert counts == {
        "games_processed": 2, "games_inserted": 2, "games_updated": 0, "games_unchanged": 0, "games_rejected": 0,
        "games_undecided": 0, "games_suspect": 0, "games_withdrawn": 0, "games_final": 1, "games_live": 0,
        "games_scheduled": 1, "teams_inserted": 4, "teams_updated": 0,
    }  # fmt: skip
    assert "| Duke | final" in found["scoreboard"]
    assert found["source_url"] == f"{api.url}/scoreboard/basketball-men/d1/2025/12/01"


def tables_materialized(result: dg.ExecuteInProcessResult) -> list[str]:
    """Names of the tables whose materialization the run recorded."""
    keys = (event.asset_key for event in result.get_asset_materialization_events() if event.asset_key is not None)
    return sorted(key.to_user_string() for key in keys if key != dg.AssetKey("ncaa_games"))


def test_a_table_is_materialized_only_when_its_rows_changed(materialize: Materialize, api: Api) -> None:
    def serve(**fields: Any) -> None:
        api.answer_with({"2025-12-01": body(raw_game(7000001, "duke", "unc", **fields), *others)})

    others = [raw_game(7000002 + n, f"home-{n}", f"away-{n}") for n in range(4)]
    serve()
    assert tables_materialized(materialize("2025-12-01")) == ["archive", "dim_team", "fact_game"]
    assert tables_materialized(materialize("2025-12-01")) == []
    serve(score=("81", "70"))
    assert tables_materialized(materialize("2025-12-01")) == ["archive", "fact_game"]
    serve(gameState="halfway")
    assert tables_materialized(materialize("2025-12-01")) == ["archive", "rejected_game"]
    assert tables_materialized(materialize("2025-12-01")) == []
    serve(score=("81", "70"))
    assert tables_materialized(materialize("2025-12-01")) == ["archive", "rejected_game"], "the reject is gone"


def test_a_failed_run_records_neither_checks_nor_tables(materialize: Materialize) -> None:
    with dg.instance_for_test() as instance:
        result = materialize("2025-12-01", instance=instance)  # 404, four times
        assert not result.success
        kinds = {record.dagster_event_type for record in instance.all_logs(result.run_id)}
    assert not kinds & {
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    }


def test_findings_about_the_date_are_in_its_run_as_metadata_and_warning(materialize: Materialize, api: Api) -> None:
    games = [raw_game(7000001 + n, f"home-{n}", f"away-{n}") for n in range(5)]
    games[0]["gameState"] = "halfway"
    api.answer_with({"2025-12-01": body(*games), "2025-07-01": b'{"games": []}'})
    with dg.instance_for_test(overrides={"python_logs": {"managed_python_loggers": ["gamepulse"]}}) as instance:
        result = materialize("2025-12-01", instance=instance)
        warnings = [entry.user_message for entry in instance.all_logs(result.run_id) if entry.level == logging.WARNING]
        assert "findings" not in metadata(materialize("2025-07-01", instance=instance))["2025-07-01"]
    assert result.success
    unknown, rejected = metadata(result)["2025-12-01"]["findings"].splitlines()
    assert unknown == "2025-12-01: unknown, its calendar was never fetched"
    assert rejected.startswith("2025-12-01, contest 7000001: ")
    [warning] = warnings
    assert "ncaa_games_findings" in warning
    assert unknown in warning
    assert rejected[:30] in warning


def test_a_game_of_a_past_date_that_is_not_over_is_a_finding(materialize: Materialize, api: Api) -> None:
    """As in an answer of the evening, served from a cache months later."""
    api.answer_with({"2025-07-01": body({**raw_game(7000001, "duke", "unc"), "gameState": "live"})})
    found = metadata(materialize("2025-07-01"))["2025-07-01"]["findings"]
    assert found == "ncaam_7000001 of 2025-07-01 is still live"


def test_each_record_of_a_date_has_its_games(materialize: Materialize, api: Api) -> None:
    today = eastern_date(dt.datetime.now(dt.UTC)).isoformat()
    api.answer_with({today: body(raw_game(7000001, "duke", "unc"))})
    for _ in range(2):
        assert "State (ET)" in metadata(materialize(today))[today]["scoreboard"]


def test_each_date_of_a_range_is_materialized_separately(materialize: Materialize, api: Api) -> None:
    dates = ["2025-12-30", "2025-12-31", "2026-01-01"]
    api.answer_with({date: body(raw_game(7000001 + number, "duke", "unc")) for number, date in enumerate(dates)})
    result = materialize(dates[0], dates[-1])
    assert result.success
    assert {date: found["games_inserted"] for date, found in metadata(result).items()} == dict.fromkeys(dates, 1)
    assert Counter(api.requests) == Counter(
        ["/schedule-alt/basketball-men/d1/2025"]
        + [f"/scoreboard/basketball-men/d1/{date.replace('-', '/')}" for date in dates]
    )


def test_a_failing_date_does_not_stop_the_others_of_its_range(materialize: Materialize, api: Api, rows: Rows) -> None:
    api.answer_with({
        "2025-12-01": body(raw_game(7000001, "duke", "unc")),
        "2025-12-02": b"maintenance",
        "2025-12-03": body(raw_game(7000003, "duke", "unc")),
    })  # fmt: skip
    result = materialize("2025-12-01", "2025-12-03")
    assert not result.success
    assert sorted(metadata(result)) == ["2025-12-01", "2025-12-03"]
    assert "2025-12-02: GET " in failure(result)
    assert "not JSON ('maintenance')" in failure(result)
    assert [str(row["game_date"]) for row in rows("SELECT game_date FROM fact_game ORDER BY 1")] == [
        "2025-12-01",
        "2025-12-03",
    ]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"maintenance", "are not JSON"),
        (body(raw_game(7000001, "duke", "unc"))[:-40], "are not JSON"),
        (b'{"message": "hello"}', "is no scoreboard"),
        (body(raw_game(7000001, "duke", "unc", startDate="12/02/2025")), "games of another date"),
        (
            body(
                *(
                    raw_game(7000001 + n, f"home-{n}", f"away-{n}", gameState="?" if n < 2 else "final")
                    for n in range(5)
                )
            ),
            "more than a fifth",
        ),
    ],
    ids=["text", "truncated", "other shape", "other date", "shape changed"],
)
def test_an_answer_that_is_no_scoreboard_fails_at_once_and_changes_no_table(
    materialize: Materialize, api: Api, rows: Rows, answer: bytes, sentence: str
) -> None:
    everything = "SELECT g.*, s.* FROM fact_game g JOIN scoreboard s USING (game_date) ORDER BY game_key"
    api.answer_with({"2025-12-01": body(raw_game(7000009, "duke", "unc"))})
    assert materialize("2025-12-01").success
    before = rows(everything)

    api.answer_with({"2025-12-01": answer})
    result = materialize("2025-12-01")
    assert not result.success
    assert sentence in failure(result)
    assert f"{api.url}/scoreboard/basketball-men/d1/2025/12/01" in failure(result)
    assert rows(everything) == before
    assert sum("/scoreboard/" in path for path in api.requests) == 2, "asked once each time"


def test_an_unreadable_game_does_not_stop_the_others(materialize: Materialize, api: Api, rows: Rows) -> None:
    teams = ["duke", "unc", "wake", "pitt", "kansas", "baylor", "iowa", "purdue", "ucla", "usc"]
    games = [raw_game(7000001 + n, teams[2 * n], teams[2 * n + 1]) for n in range(5)]
    games[2]["home"]["score"] = "eighty"
    api.answer_with({"2025-12-01": body(*games)})
    counts = metadata(materialize("2025-12-01"))["2025-12-01"]
    assert (counts["games_processed"], counts["games_inserted"], counts["games_rejected"]) == (5, 4, 1)
    [reject] = rows("SELECT * FROM rejected_game")
    assert reject["contest_id"] == 7000003
    assert reject["reason"].startswith("home.score: ")
    assert "'eighty'" in reject["reason"]
    assert json.loads(reject["payload"]) == games[2]

    games[2]["home"]["score"] = "80"
    api.answer_with({"2025-12-01": body(*games)})
    assert materialize("2025-12-01").success
    assert rows("SELECT * FROM rejected_game") == []


def test_a_retryable_failure_is_retried_after_2_4_and_8_seconds(materialize: Materialize, api: Api) -> None:
    with dg.instance_for_test() as instance:
        result = materialize("2025-12-01", instance=instance)  # 404
        assert not result.success
        assert sum("/scoreboard/" in path for path in api.requests) == 4
        log = instance.all_logs(result.run_id)
    waited_since: float | None = None
    gaps = []
    for record in log:
        kind = record.dagster_event.event_type if record.dagster_event is not None else None
        if kind == dg.DagsterEventType.STEP_UP_FOR_RETRY:
            waited_since = record.timestamp
        elif kind == dg.DagsterEventType.STEP_RESTARTED and waited_since is not None:
            gaps.append(record.timestamp - waited_since)
    assert gaps == [pytest.approx(seconds, abs=0.5) for seconds in (2, 4, 8)]


def test_events_are_in_the_run_log_and_on_stdout(
    materialize: Materialize, api: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    api.answer_with({"2025-12-01": body(raw_game(7000001, "duke", "unc")), "2025-12-02": b"maintenance"})
    settings = {"python_logs": {"managed_python_loggers": ["gamepulse"], "python_log_level": "INFO"}}
    with dg.instance_for_test(overrides=settings) as instance:
        result = materialize("2025-12-01", "2025-12-02", instance=instance)
        log = [record.user_message for record in instance.all_logs(result.run_id)]
    stdout = capfd.readouterr().out
    for event, partition in (
        ("ncaa_games_asset_started", "2025-12-01"),
        ("ncaa_games_asset_completed", "2025-12-01"),
        ("ncaa_games_asset_failed", "2025-12-02"),
    ):
        assert any(event in line and partition in line for line in log)
        assert any(event in line and partition in line for line in stdout.splitlines())
    assert any("ncaa_games_asset_completed" in line and "games_processed=1" in line for line in log)


def requested(rows: Rows) -> dict[str, tuple[str, int, str | None, bool | None]]:
    """Kind of requester, repairs, reason and whether it is local, of each requested date."""
    return {
        str(row["game_date"]): (
            row["requested_by"].partition(" ")[0],
            row["repairs"],
            row["last_reason"],
            row["last_failure_is_local"],
        )
        for row in rows("SELECT * FROM requested_date ORDER BY game_date")
    }


def test_a_run_records_its_dates_when_it_starts_and_why_some_failed(
    materialize: Materialize, api: Api, rows: Rows
) -> None:
    api.answer_with({"2025-12-01": body(raw_game(7000001, "duke", "unc")), "2025-12-02": b"maintenance"})
    assert not materialize("2025-12-01", "2025-12-02").success
    found = requested(rows)
    assert found["2025-12-01"] == ("run", 0, None, None)
    _, _, reason, is_local = found["2025-12-02"]
    assert "not JSON" in (reason or "")
    assert is_local is False

    api.answer_with(
        {"2025-12-01": body(raw_game(7000001, "duke", "unc")), "2025-12-02": body(raw_game(7000002, "duke", "unc"))}
    )
    assert materialize("2025-12-02").success
    assert requested(rows)["2025-12-02"] == ("run", 0, None, None)


def test_a_failed_load_is_recorded_as_local_as_soon_as_the_database_is_back(
    materialize: Materialize, api: Api, rows: Rows, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answer_with({"2025-12-01": body(raw_game(7000001, "duke", "unc"))})
    monkeypatch.setattr(DoublingRetryPolicy, "calculate_delay", lambda policy, attempt: 0.0)
    with connect(database_url) as connection:
        connection.execute(sa.text("ALTER TABLE fact_game RENAME TO fact_game_away"))
        connection.commit()
    assert not materialize("2025-12-01").success
    _, _, reason, is_local = requested(rows)["2025-12-01"]
    assert "fact_game" in (reason or "")
    assert is_local


def test_the_run_of_a_repair_keeps_the_count_and_its_load_ends_it(
    materialize: Materialize, api: Api, rows: Rows, database_url: sa.URL
) -> None:
    with connect(database_url) as connection:
        request_repairs(connection, "ncaam", [DateState(day("2025-12-01"), repairs=3)], at("2026-01-10 12:00"))
        connection.commit()
    tags = {"dagster/sensor_name": "ncaa_repairs"}
    api.answer_with({"2025-12-01": b"maintenance"})
    assert not materialize("2025-12-01", tags=tags).success
    assert requested(rows)["2025-12-01"][:2] == ("repair", 3)
    api.answer_with({"2025-12-01": body(raw_game(7000001, "duke", "unc"))})
    assert materialize("2025-12-01", tags=tags).success
    assert requested(rows) == {"2025-12-01": ("repair", 0, None, None)}


def test_an_unreachable_database_fails_all_dates_of_a_run_and_is_retryable(
    materialize: Materialize, database_url: sa.URL
) -> None:
    url = database_url.set(port=1).render_as_string(hide_password=False)
    with dg.instance_for_test() as instance, pytest.MonkeyPatch.context() as patch:
        patch.setattr(DoublingRetryPolicy, "calculate_delay", lambda policy, attempt: 0.0)
        tags = {"dagster/asset_partition_range_start": "2025-12-01", "dagster/asset_partition_range_end": "2025-12-02"}
        result = dg.materialize(
            [ncaa_games],
            tags=tags,
            resources={
                "database": DatabaseResource(url=url),
                "event_log": EventLogResource(),
                "ncaa_api": NcaaApiResource(database_url=url),
            },
            instance=instance,
            raise_on_error=False,
        )
        events = instance.all_logs(result.run_id)
    kinds = [record.dagster_event.event_type_value for record in events if record.dagster_event is not None]
    assert kinds.count("STEP_UP_FOR_RETRY") == 3
    failures = failed_dates(result.get_step_failure_events())
    assert set(failures) == {day("2025-12-01"), day("2025-12-02")}
    assert all("cannot be reached" in reason for reason in failures.values())

"""Requests of the schedule, the repairs and the alert at explicit times, for a Dagster instance with a history."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from pipelines import schedules
from pipelines.definitions import defs
from pipelines.errors import ApiUnreachableError, UpstreamFailedError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect
from pipelines.runtime.run_launcher import STOPPED_TAG
from pipelines.runtime.runs import ASSET, BACKFILL_TAG, PARTITION_TAG, QUEUED, RANGE_TAGS, REASON_TAG, requester
from pipelines.schedules import ncaa_checks_schedule, ncaa_details_schedule, ncaa_prune_schedule, ncaa_schedule
from pipelines.sensors import ncaa_repairs, ncaa_table_changes, repairs
from pipelines.warehouse.requested_dates import CANCELED, record_outcomes, request_dates

Status = dg.DagsterRunStatus
LOCATION = RegisteredCodeLocationOrigin("pipelines.definitions")
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(LOCATION, "__repository__"), "ncaa_ingestion")


class History:
    """A Dagster instance and tables whose past the test writes: each event happens at `now`."""

    def __init__(self, instance: dg.DagsterInstance, warehouse: Warehouse, url: sa.URL) -> None:
        self.instance = instance
        self.warehouse = warehouse
        self.url = url

    def run(
        self, now: str | dt.datetime, date: str, status: dg.DagsterRunStatus, *, is_local: bool = False, **tags: str
    ) -> str:
        """A run of a date that was created and ended at that moment, recorded where it started."""
        tags = {PARTITION_TAG: date, **tags}
        run = dg.DagsterRun("ncaa_ingestion", status=status, tags=tags, remote_job_origin=ORIGIN)
        with time_machine.travel(_moment(now), tick=False):
            self.instance.add_run(run)
        if status not in QUEUED:
            with connect(self.url) as connection:
                request_dates(connection, MENS_BASKETBALL.sport, [day(date)], requester(run), _moment(now))
                connection.commit()
            if status == Status.FAILURE:
                self.fails(date, is_local=is_local)
        return run.run_id

    def fails(self, date: str, *, is_local: bool = False) -> None:
        """The last request of a date failed."""
        error = ApiUnreachableError("No DNS.") if is_local else UpstreamFailedError("GET gave 500.")
        with connect(self.url) as connection:
            record_outcomes(connection, MENS_BASKETBALL.sport, {day(date): error})
            connection.commit()

    def loads(self, now: str | dt.datetime, date: str, games_to_come: int = 0) -> None:
        """A successful run and its load of 30 games."""
        self.run(now, date, Status.SUCCESS)
        first_id = day(date).toordinal() * 100
        games = [
            game(
                first_id + number, f"home-{number}", f"away-{number}", "scheduled" if number < games_to_come else FINAL
            )
            for number in range(30)
        ]
        self.warehouse.load(scoreboard(date, _moment(now), *games), games_expected=30)

    def tick(self, now: str | dt.datetime) -> dict[str, str]:
        """Reasons by date of the schedule's requests at that time."""
        with (
            time_machine.travel(_moment(now), tick=False),
            dg.build_schedule_context(
                instance=self.instance,
                repository_def=defs.get_repository_def(),
                scheduled_execution_time=_moment(now).astimezone(dt.UTC),
            ) as context,
        ):
            return _reasons(ncaa_schedule.evaluate_tick(context).run_requests or [], priority="10")

    def repairs(self, now: str | dt.datetime) -> dict[str, str]:
        """Reasons by date of the repairs' requests at that time."""
        with time_machine.travel(_moment(now), tick=False), connect(self.url) as connection:
            requests = repairs(self.instance, connection, _moment(now))
            connection.commit()
            return _reasons(requests, priority="5")

    def requested(self) -> dict[str, tuple[str, int, str | None]]:
        """Requester, repairs and reason of each requested date."""
        rows = self.warehouse.query("SELECT * FROM requested_date ORDER BY game_date")
        return {str(row["game_date"]): (row["requested_by"], row["repairs"], row["last_reason"]) for row in rows}


def _moment(text: str | dt.datetime) -> dt.datetime:
    return at(text) if isinstance(text, str) else text


def _reasons(requests: Any, priority: str) -> dict[str, str]:
    for request in requests:
        assert request.tags["dagster/priority"] == priority
        assert request.tags["dagster/max_runtime"] == "300"
    assert max(Counter(request.partition_key for request in requests).values(), default=1) == 1
    return {request.partition_key: request.tags[REASON_TAG] for request in requests}


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def history(
    instance: dg.DagsterInstance, warehouse: Warehouse, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> Iterator[History]:
    """No past."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    yield History(instance, warehouse, database_url)
    instance.wipe()


FINAL = "final 80-70"
TODAY, YESTERDAY = "2026-01-15", "2026-01-14"
NOT_OVER = "yesterday's games are not over"


def test_yesterday_is_requested_until_its_games_are_over(history: History) -> None:
    history.loads("2026-01-14 23:45", YESTERDAY, games_to_come=4)
    assert history.tick("2026-01-15 00:00") == {TODAY: "today", YESTERDAY: NOT_OVER}
    history.loads("2026-01-15 00:45", YESTERDAY, games_to_come=1)
    assert history.tick("2026-01-15 01:00") == {TODAY: "today", YESTERDAY: NOT_OVER}
    history.loads("2026-01-15 01:15", YESTERDAY)
    assert history.tick("2026-01-15 01:30") == {TODAY: "today"}


def test_yesterday_is_not_requested_after_noon_even_with_unfinished_games(history: History) -> None:
    history.loads("2026-01-14 23:45", YESTERDAY, games_to_come=1)
    assert YESTERDAY in history.tick("2026-01-15 11:45")
    assert history.tick("2026-01-15 12:00") == {TODAY: "today"}


def test_yesterday_is_requested_where_it_was_never_loaded(history: History) -> None:
    assert history.tick("2026-01-15 00:00") == {TODAY: "today", YESTERDAY: NOT_OVER}


@pytest.mark.parametrize(
    ("now", "today", "yesterday"),
    [
        ("2025-11-02T01:45:00-04:00", "2025-11-02", "2025-11-01"),  # before the clocks go back
        ("2025-11-02T01:00:00-05:00", "2025-11-02", "2025-11-01"),  # the same hour again
        ("2026-03-08T03:00:00-04:00", "2026-03-08", "2026-03-07"),  # a quarter after 01:45
        ("2025-12-31T23:45:00-05:00", "2025-12-31", None),
        ("2026-01-01T00:00:00-05:00", "2026-01-01", "2025-12-31"),
        ("2024-02-29T00:15:00-05:00", "2024-02-29", "2024-02-28"),
        ("2024-03-01T00:15:00-05:00", "2024-03-01", "2024-02-29"),
    ],
)
def test_today_and_yesterday_are_those_of_new_york(
    history: History, now: str, today: str, yesterday: str | None
) -> None:
    assert set(history.tick(at(now))) == {today} | ({yesterday} if yesterday is not None else set())


def test_details_are_requested_for_30_days_within_the_daily_budget(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def requested() -> dict[str, str]:
        with dg.build_schedule_context(
            instance=history.instance,
            repository_def=defs.get_repository_def(),
            scheduled_execution_time=at("2026-01-15 07:20"),
        ) as context:
            return _reasons(ncaa_details_schedule.evaluate_tick(context).run_requests or [], priority="5")

    for date in ("2025-12-15", "2025-12-16", YESTERDAY, TODAY):
        history.loads("2026-01-15 06:00", date, games_to_come=10)
    assert requested() == dict.fromkeys((YESTERDAY, "2025-12-16"), "20 games without details")
    monkeypatch.setattr(schedules, "DETAILS_PER_DAY", 30)
    assert requested() == {YESTERDAY: "20 games without details"}
    history.warehouse.query("INSERT INTO dim_venue (venue_name) VALUES ('Arena')")
    history.warehouse.query(
        "INSERT INTO game_detail (game_id, fetched_at, venue_key, home_points_by_period, away_points_by_period)"
        " SELECT game_id, now(), 1, ARRAY[home_score, 0], ARRAY[away_score, 0] FROM fact_game"
        " WHERE game_date = '2026-01-14' AND game_status = 'final'"
    )
    assert requested() == {"2025-12-16": "20 games without details"}


def test_a_partition_is_never_queued_twice(history: History) -> None:
    queued = history.run("2026-01-15 19:45", TODAY, Status.QUEUED)
    assert history.tick("2026-01-15 20:00") == {}
    history.instance.delete_run(queued)
    history.run("2026-01-15 19:50", TODAY, Status.STARTED)
    assert history.tick("2026-01-15 20:00") == {TODAY: "today"}, "one runs, and one may be queued behind it"


def test_a_queued_run_of_today_does_not_hold_up_yesterday(history: History) -> None:
    history.run("2026-01-15 00:30", TODAY, Status.QUEUED)
    assert history.tick("2026-01-15 00:45") == {YESTERDAY: NOT_OVER}


def test_a_first_start_requests_today_at_once_and_the_week_before(history: History) -> None:
    asked = history.repairs("2026-01-15 19:03")
    assert next(iter(asked)) == TODAY
    assert asked == {TODAY: "first start"} | {f"2026-01-{day:02}": "never loaded" for day in range(8, 15)}


def test_a_first_start_requests_the_days_ahead_until_they_are_loaded(history: History) -> None:
    def asked() -> list[tuple[str | None, str | None]]:
        with dg.build_sensor_context(instance=history.instance, repository_def=defs.get_repository_def()) as context:
            requests = ncaa_repairs.evaluate_tick(context).run_requests or []
        return [(request.job_name, request.run_key) for request in requests if request.partition_key is None]

    assert asked() == [("ncaa_upcoming", "first start")]  # Dagster launches a run key once
    history.instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_upcoming_games"))
    assert asked() == []


def test_repairs_leave_today_to_the_schedule_once_it_was_requested(history: History) -> None:
    history.run("2026-01-15 19:00", TODAY, Status.FAILURE)
    assert TODAY not in history.repairs("2026-01-15 19:03")


def test_a_date_is_not_requested_again_while_its_run_is_queued_or_running(history: History) -> None:
    for number, status in enumerate(
        (Status.QUEUED, Status.NOT_STARTED, Status.STARTING, Status.STARTED, Status.CANCELING)
    ):
        history.run("2026-01-14 03:00", f"2026-01-{10 + number}", status)
    assert set(history.repairs("2026-01-15 19:03")) == {TODAY, "2026-01-08", "2026-01-09"}


def settle_the_week(history: History, today: str = TODAY) -> None:
    """All dates of the week before are settled."""
    for days_ago in range(1, 9):
        date = dt.date.fromisoformat(today) - dt.timedelta(days=days_ago)
        history.loads(at(f"{date} 12:30") + dt.timedelta(days=2), date.isoformat())


def test_an_api_outage_of_four_ticks_is_made_up_for(history: History) -> None:
    settle_the_week(history)
    for now in ("23:00", "23:15", "23:30", "23:45"):
        assert history.tick(f"2026-01-15 {now}") == {TODAY: "today"}
        history.run(f"2026-01-15 {now}", TODAY, Status.FAILURE)
    assert history.tick("2026-01-16 00:00") == {"2026-01-16": "today", TODAY: NOT_OVER}
    assert history.repairs("2026-01-16 00:01") == {"2026-01-16": "first start"}, "an hour has not passed"
    assert history.repairs("2026-01-16 00:45") == {TODAY: "failed and never loaded"}
    history.loads("2026-01-16 00:15", TODAY, games_to_come=2)
    history.loads("2026-01-16 00:15", "2026-01-16", games_to_come=9)
    assert history.tick("2026-01-16 00:30")[TODAY] == NOT_OVER
    history.loads("2026-01-16 00:30", TODAY)
    assert history.tick("2026-01-16 00:45") == {"2026-01-16": "today"}


def test_a_daemon_that_was_down_for_two_days_requests_the_dates_it_missed(history: History) -> None:
    settle_the_week(history, "2026-01-13")
    history.loads("2026-01-13 20:00", "2026-01-13", games_to_come=30)
    back = "2026-01-15 20:10"
    asked = history.repairs(back)
    assert asked == {
        TODAY: "first start",
        YESTERDAY: "never loaded",
        "2026-01-13": "not settled: 30 games scheduled or live",
    }
    for date in asked:
        history.loads(back, date, games_to_come=8 if date == TODAY else 0)
    assert history.repairs("2026-01-15 20:11") == {}
    assert history.repairs("2026-01-15 21:10") == {
        YESTERDAY: "not settled: corrections may come until noon of the second day after"
    }
    assert history.repairs("2026-01-16 12:00").keys() == {"2026-01-16", TODAY, YESTERDAY}


def test_days_missed_since_the_schedule_first_ran_are_made_up_for_however_many(history: History) -> None:
    history.run("2025-12-20 12:00", "2025-12-20", Status.SUCCESS, **{"dagster/schedule_name": "ncaa_schedule"})
    settle_the_week(history)
    requested = history.repairs("2026-01-15 20:00")
    missed = {f"2025-12-{number}" for number in range(20, 32)} | {f"2026-01-{number:02}" for number in range(1, 7)}
    assert set(requested) == missed | {TODAY}


def repaired_at(history: History, date: str, since: str, every: int, days: int, *, is_local: bool) -> list[int]:
    """The minutes at which a date is repaired, all in vain, while the schedule loads today."""
    minutes = []
    for minute in range(0, days * 24 * 60, every):
        now = at(since) + dt.timedelta(minutes=minute)
        with time_machine.travel(now, tick=False):
            history.warehouse.query(
                f"UPDATE scoreboard SET fetched_at = '{now.isoformat()}' WHERE game_date = '{TODAY}'"
            )
        if date in history.repairs(now + dt.timedelta(minutes=1)):
            minutes.append(minute)
            history.fails(date, is_local=is_local)
    return minutes


@pytest.mark.parametrize(
    ("is_local", "every", "days", "hours"),
    [
        (True, 15, 3, [0, 0.25, 0.5, 0.75, 1.25, 2, 3.25, 5.5, 10, 18.75, 36, 60]),
        (False, 60, 9, [1, 3, 7, 15, 31, 55, 79, 103, 127, 151, 175, 199]),
    ],
)
def test_an_old_date_that_fails_is_requested_ever_more_rarely_twelve_times(
    history: History, is_local: bool, every: int, days: int, hours: list[float]
) -> None:
    settle_the_week(history)
    old = "2014-02-01"
    history.loads("2026-01-15 19:00", TODAY)
    history.run("2026-01-15 19:00", old, Status.FAILURE, is_local=is_local)
    minutes = repaired_at(history, old, "2026-01-15 19:00", every, days, is_local=is_local)
    assert [minute / 60 for minute in minutes] == hours
    assert history.requested()[old][1] == 12

    history.run("2026-02-15 19:00", old, Status.FAILURE)
    assert history.requested()[old][1] == 0, "a person requested it"
    assert old in history.repairs("2026-02-15 20:00")


def test_what_failed_in_an_outage_is_requested_as_soon_as_any_date_loads(history: History) -> None:
    settle_the_week(history)
    history.warehouse.query("UPDATE scoreboard SET fetched_at = '2026-01-15 11:00-05'")
    old = [f"2014-01-{number:02}" for number in range(1, 31)]
    for date in old:
        history.run("2026-01-15 12:00", date, Status.FAILURE, is_local=True)
    history.run("2026-01-15 19:00", TODAY, Status.FAILURE, is_local=True)
    for hour in range(13, 19):
        requested = history.repairs(f"2026-01-15 {hour}:00")
        assert len(requested) == 2, "no more, while nothing loads"
        for date in requested:
            history.fails(date, is_local=True)
    history.loads("2026-01-15 19:00", TODAY)
    assert len(history.repairs("2026-01-15 19:01")) == 20
    assert len(history.repairs("2026-01-15 19:02")) == 10


def test_repairs_do_not_fill_the_queue_and_reach_the_longest_waiting_dates_too(history: History) -> None:
    settle_the_week(history)
    old = [f"2014-01-{number:02}" for number in range(1, 31)]
    for number, date in enumerate(old):
        history.run(at("2026-01-15 12:00") + dt.timedelta(minutes=number), date, Status.FAILURE)
    history.loads("2026-01-15 19:00", TODAY)
    history.run("2026-01-15 19:00", "2013-01-01", Status.QUEUED, **{"dagster/sensor_name": "ncaa_repairs"})
    requested = history.repairs("2026-01-15 19:03")
    assert set(requested) == {*old[:9], *old[-10:]}, "19 and the queued one"


BACKFILL = [f"2014-02-0{number}" for number in range(1, 6)]


def add_backfill(history: History, status: BulkActionStatus) -> None:
    """A backfill of five dates that the UI requested at noon, or its new status."""
    backfill = history.instance.get_backfill("abc")
    if backfill is not None:
        ended = backfill.with_end_timestamp(at("2026-01-15 12:10").timestamp())
        history.instance.update_backfill(ended.with_status(status))
        return
    noon = at("2026-01-15 12:00")
    with time_machine.travel(noon, tick=False):
        history.instance.add_backfill(
            PartitionBackfill.from_asset_partitions(
                backfill_id="abc",
                asset_graph=defs.get_repository_def().asset_graph,
                partition_names=BACKFILL,
                asset_selection=[ASSET],
                backfill_timestamp=noon.timestamp(),
                tags={},
                dynamic_partitions_store=history.instance,
                all_partitions=False,
                title=None,
                description=None,
                run_config=None,
            ).with_status(status)
        )


def evaluate(history: History, now: str, cursor: str | None = None) -> tuple[set[str], str | None]:
    """One evaluation of the repair sensor: the dates that it requests, and its cursor."""
    with (
        time_machine.travel(_moment(now), tick=False),
        dg.build_sensor_context(
            instance=history.instance, repository_def=defs.get_repository_def(), cursor=cursor
        ) as context,
    ):
        tick = ncaa_repairs.evaluate_tick(context)
    return {request.partition_key for request in tick.run_requests or [] if request.partition_key}, tick.cursor


@pytest.fixture
def settled(history: History) -> History:
    """Nothing else is due."""
    settle_the_week(history)
    history.run("2026-01-15 12:00", TODAY, Status.SUCCESS)
    return history


def test_dates_of_a_backfill_whose_runs_were_canceled_are_recorded_and_made_up_for(settled: History) -> None:
    add_backfill(settled, BulkActionStatus.REQUESTED)
    requests, cursor = evaluate(settled, "2026-01-15 12:01")
    assert requests == set()
    for date in BACKFILL:
        assert settled.requested()[date] == ("backfill abc", 0, None)
    settled.loads("2026-01-15 12:02", BACKFILL[0])
    assert evaluate(settled, "2026-01-15 12:30", cursor)[0] == set(), "the backfill has still to start their runs"
    for date in BACKFILL[1:]:
        settled.run("2026-01-15 12:31", date, Status.QUEUED, **{BACKFILL_TAG: "abc"})
    assert evaluate(settled, "2026-01-15 14:00", cursor)[0] == set(), "they are queued"
    for run in settled.instance.get_runs(dg.RunsFilter(statuses=[Status.QUEUED])):
        settled.instance.report_run_canceled(run)
    add_backfill(settled, BulkActionStatus.FAILED)

    requests, cursor = evaluate(settled, "2026-01-15 14:01", cursor)
    assert requests == set(BACKFILL[1:])
    assert settled.requested()[BACKFILL[0]] == ("backfill abc", 0, None)
    for date in BACKFILL[1:]:
        settled.loads("2026-01-15 14:02", date)
    assert evaluate(settled, "2026-01-15 14:03", cursor)[0] == set()


@pytest.mark.parametrize("ever_loaded", [True, False])
def test_a_date_whose_process_died_is_requested_within_minutes(settled: History, ever_loaded: bool) -> None:
    """The run said nothing: a settled date would be taken for loaded, and an old one would wait for an hour."""
    date = BACKFILL[0]
    if ever_loaded:
        settled.loads("2026-01-10 12:00", date)
    settled.run("2026-01-15 12:00", date, Status.STARTED)
    _, cursor = evaluate(settled, "2026-01-15 12:01")
    [run] = settled.instance.get_runs(dg.RunsFilter(statuses=[Status.STARTED]))
    with time_machine.travel(at("2026-01-15 12:02"), tick=False):
        settled.instance.report_run_failed(run)
    assert evaluate(settled, "2026-01-15 12:03", cursor)[0] == {date}


def test_dates_that_a_person_canceled_stay_a_finding_and_are_not_requested(settled: History) -> None:
    add_backfill(settled, BulkActionStatus.REQUESTED)
    _, cursor = evaluate(settled, "2026-01-15 12:01")
    settled.loads("2026-01-15 12:02", BACKFILL[0])
    add_backfill(settled, BulkActionStatus.CANCELED)
    first, last = "2015-01-01", "2015-01-03"
    with connect(settled.url) as connection:  # `gamepulse backfill`, stopped by Ctrl-C
        request_dates(
            connection,
            MENS_BASKETBALL.sport,
            [day(first), day("2015-01-02"), day(last)],
            "run r",
            at("2026-01-15 12:03"),
        )
        connection.commit()
    settled.loads("2026-01-15 12:04", first)
    tags = dict(zip(RANGE_TAGS, (first, last), strict=True))
    run = dg.DagsterRun("ncaa_ingestion", status=Status.CANCELED, tags=tags)
    with time_machine.travel(at("2026-01-15 12:03"), tick=False):
        settled.instance.add_run(run)
    settled.run("2026-01-15 12:03", single := "2015-02-01", Status.CANCELED)

    for now in ("2026-01-15 12:06", "2026-01-15 18:00", "2026-01-20 18:00"):
        requests, cursor = evaluate(settled, now, cursor)
        assert {date for date in requests if date < "2026"} == set()
    for date in (*BACKFILL[1:], "2015-01-02", last, single):
        reason = settled.requested()[date][2]
        assert reason is not None
        assert reason.startswith(CANCELED), date
    assert settled.requested()[first][2] is None
    assert settled.requested()[BACKFILL[0]][2] is None


def test_dates_of_a_range_that_was_stopped_with_the_daemon_are_requested(settled: History) -> None:
    dates = [day("2015-01-01"), day("2015-01-02")]
    tags = dict(zip(RANGE_TAGS, ("2015-01-01", "2015-01-02"), strict=True)) | {STOPPED_TAG: "true"}
    run = dg.DagsterRun("ncaa_ingestion", status=Status.CANCELED, tags=tags)
    with time_machine.travel(at("2026-01-15 12:00"), tick=False):
        settled.instance.add_run(run)
    with connect(settled.url) as connection:
        request_dates(connection, MENS_BASKETBALL.sport, dates, requester(run), at("2026-01-15 12:01"))
        connection.commit()
    requests, _ = evaluate(settled, "2026-01-15 12:03")
    assert requests == {"2015-01-01", "2015-01-02"}


def test_changed_tables_request_their_checks_once_and_not_within_five_minutes(instance: dg.DagsterInstance) -> None:
    cursor: str | None = None

    def requests() -> int:
        nonlocal cursor
        with dg.build_sensor_context(instance, cursor, repository_def=defs.get_repository_def()) as context:
            found = ncaa_table_changes.evaluate_tick(context)
            cursor = found.cursor
        return len(found.run_requests or [])

    assert requests() == 0
    for table in ("fact_game", "rejected_game"):
        instance.report_runless_asset_event(dg.AssetMaterialization(table))
        assert [requests(), requests()] == [1, 0]
    instance.report_runless_asset_event(dg.AssetMaterialization("ncaa_games", partition=TODAY))
    assert requests() == 0, "no row changed"
    run_id = instance.add_run(dg.DagsterRun("ncaa_checks", status=Status.SUCCESS)).run_id
    instance.report_runless_asset_event(dg.AssetMaterialization("dim_team"))
    assert requests() == 0
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5, seconds=1)):
        assert requests() == 1
    instance.delete_run(run_id)  # other tests share the instance


def requests_of(schedule: dg.ScheduleDefinition, history: History, now: str) -> int:
    with dg.build_schedule_context(
        instance=history.instance, repository_def=defs.get_repository_def(), scheduled_execution_time=at(now)
    ) as context:
        context._instance = history.instance
        return len(schedule.evaluate_tick(context).run_requests or [])


def test_checks_run_every_hour_unless_changed_rows_requested_them(history: History) -> None:
    def checks_at(now: str, status: dg.DagsterRunStatus) -> None:
        with time_machine.travel(at(now), tick=False):
            history.instance.add_run(dg.DagsterRun("ncaa_checks", status=status))

    assert requests_of(ncaa_checks_schedule, history, "2026-01-10 20:05") == 1
    checks_at("2026-01-10 19:05:20", Status.SUCCESS)  # the schedule's own
    checks_at("2026-01-10 19:30", Status.FAILURE)
    assert requests_of(ncaa_checks_schedule, history, "2026-01-10 20:05") == 1
    checks_at("2026-01-10 19:30", Status.SUCCESS)
    assert requests_of(ncaa_checks_schedule, history, "2026-01-10 20:05") == 0
    assert requests_of(ncaa_checks_schedule, history, "2026-01-10 21:05") == 1


def test_runs_are_not_pruned_during_a_backfill_which_leaves_one_slot(history: History) -> None:
    assert requests_of(ncaa_prune_schedule, history, "2026-01-10 05:35") == 1
    history.run("2026-01-10 05:30", TODAY, Status.STARTED, **{BACKFILL_TAG: "abc"})
    assert requests_of(ncaa_prune_schedule, history, "2026-01-10 05:35") == 0

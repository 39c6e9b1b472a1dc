"""Each check passes on good tables and names what is wrong with bad ones."""

import asyncio
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterator

import dagster as dg
import pytest
import sqlalchemy as sa
from support.builders import at, day, game, reject, scoreboard, team
from support.databases import Databases
from support.warehouse import Warehouse

from models.tables import table_name
from pipelines.assets.checks import CHECKS, check_specs, open_findings, run_checks, table_checks
from pipelines.assets.tables import CATALOG, archive, table_specs
from pipelines.postgres.sessions import Database
from pipelines.resources import DatabaseResource

NOW = at("2026-01-20 20:00")
TODAY, YESTERDAY, LAST_WEEK = "2026-01-20", "2026-01-19", "2026-01-14"

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


class Tables(Warehouse):
    """A warehouse with its checks."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__(runner, database)
        self._checked = database

    def checks(self, now: dt.datetime = NOW) -> dict[str, dg.AssetCheckResult]:
        """Returns results by name."""
        results = self._runner.run(run_checks(self._checked, now))
        return {str(result.check_name): result for result in results}

    def bad(self, now: dt.datetime = NOW) -> dict[str, tuple[dg.AssetCheckSeverity, str | None]]:
        """Returns severity and description of the failed checks."""
        return {
            name: (result.severity, result.description)
            for name, result in self.checks(now).items()
            if not result.passed
        }


@pytest.fixture(scope="module")
def shared_tables(databases: Databases) -> Iterator[Tables]:
    with databases.temporary() as url, Tables.connect(url) as tables:
        yield tables


@pytest.fixture
def tables(shared_tables: Tables) -> Tables:
    """A week of games, each date settled or too recent to be, and today fetched a minute ago. Standings agree."""
    shared_tables.empty()
    duke, unc = team("duke", "acc"), team("unc", "acc")
    for number, january in enumerate(range(14, 20)):
        fetched_at = at(f"2026-01-{january + 2} 12:30") if january < 19 else NOW
        played = game(7_000_001 + number, duke, unc, "final 80-70")
        shared_tables.load(scoreboard(f"2026-01-{january}", fetched_at, played), games_expected=1)
    shared_tables.load(scoreboard(TODAY, NOW - dt.timedelta(minutes=1), game(7_000_100, duke, unc)), games_expected=1)
    shared_tables.query(
        "INSERT INTO standing (sport, as_of, season, covers, page_updated_at, fetched_at, school, conference, wins,"
        " losses, conference_wins, conference_losses, agrees)"
        " VALUES ('ncaam', $1, 2025, $2, $3, $3, 'Duke', 'ACC', 6, 0, 6, 0, TRUE)",
        day(TODAY),
        day(YESTERDAY),
        NOW,
    )
    return shared_tables


def test_all_checks_pass_on_good_tables(tables: Tables) -> None:
    results = tables.checks()
    assert list(results) == [check.name for check in CHECKS]
    assert tables.bad() == {}
    assert {result.description for result in results.values()} == {"Passed."}


def test_a_scoreboard_with_fewer_games_than_the_calendar_is_an_error(tables: Tables) -> None:
    tables.load(scoreboard(YESTERDAY, NOW, game(7_000_006, "duke", "unc", "final 80-70")), games_expected=3)
    assert tables.bad() == {"scoreboard_is_complete": (ERROR, f"{YESTERDAY} has 1 of 3 games.")}


def test_an_unknown_calendar_of_the_season_is_a_warning_at_any_age(tables: Tables) -> None:
    tables.load(scoreboard("2025-07-01", NOW), games_expected=None)
    assert tables.bad() == {}
    for date in (YESTERDAY, "2014-02-01"):
        final = game(int(date.replace("-", "")), "duke", "unc", "final 80-70")
        tables.load(scoreboard(date, NOW, final), games_expected=None)
        tables.query(f"UPDATE scoreboard SET games_expected = NULL WHERE game_date = '{date}'")
        unknown = (WARN, f"{date}: unknown, its calendar was never fetched.")
        assert tables.bad()["scoreboard_is_complete"] == unknown
        tables.query(f"UPDATE scoreboard SET games_expected = games_received WHERE game_date = '{date}'")


def test_days_ahead_need_not_be_complete(tables: Tables) -> None:
    tables.load(scoreboard("2026-01-21", NOW, game(7_000_200, "duke", "unc")), games_expected=16)
    assert tables.bad() == {}
    assert tables.bad(at("2026-01-21 00:05"))["scoreboard_is_complete"] == (ERROR, "2026-01-21 has 1 of 16 games.")


@pytest.mark.parametrize(
    ("date", "is_off_season"),
    [("2025-04-30", False), ("2025-05-01", True), ("2025-10-31", True), ("2025-11-01", False)],
)
def test_a_missing_calendar_is_a_warning_up_to_the_bounds_of_the_off_season(
    tables: Tables, date: str, is_off_season: bool
) -> None:
    tables.empty()
    tables.load(scoreboard(date, at(f"{date} 20:00")), games_expected=None)
    assert ("scoreboard_is_complete" not in tables.bad(at(f"{date} 21:00"))) is is_off_season


def test_a_rejected_game_is_an_error_that_names_it(tables: Tables) -> None:
    final, bad = game(7_000_006, "duke", "unc", "final 80-70"), reject(7_000_050, "home.score is 'eighty'.")
    tables.load(scoreboard(YESTERDAY, NOW, final, rejects=[bad]), games_expected=2)
    assert tables.bad() == {"no_rejected_games": (ERROR, f"{YESTERDAY}, contest 7000050: home.score is 'eighty'.")}


def test_unreadable_values_are_a_warning_with_a_sample(tables: Tables) -> None:
    sample = "contest 7000006: home.rank 'NR'"
    tables.query(
        "UPDATE scoreboard SET fields_unreadable = 2, unreadable_sample = $1 WHERE game_date = $2",
        sample,
        day(YESTERDAY),
    )
    assert tables.bad() == {"fields_are_readable": (WARN, f"{YESTERDAY} has 2 unreadable values: {sample}.")}


def test_a_final_game_that_turned_back_is_a_warning(tables: Tables) -> None:
    tables.load(scoreboard(LAST_WEEK, NOW, game(7_000_001, "duke", "unc")), games_expected=1)
    bad = tables.bad()
    sentence = f"ncaam_7000001 of {LAST_WEEK}: The newest answer says scheduled."
    assert bad["no_suspect_games"] == (WARN, sentence)


def test_a_date_with_open_games_is_a_warning_from_the_third_day_on(tables: Tables) -> None:
    tables.load(scoreboard("2026-01-13", "2026-01-16 12:00", game(7_000_060, "duke", "unc")), games_expected=1)
    severity, sentence = tables.bad()["past_games_are_settled"]
    assert severity == WARN
    assert sentence is not None
    assert sentence.startswith("2026-01-13 is not settled, last fetched at 2026-01-16 12:00:00-05")
    for now, is_late in (("2026-01-15 23:59", False), ("2026-01-16 00:00", True)):
        assert ("past_games_are_settled" in tables.bad(at(now))) == is_late


def test_a_date_not_re_checked_for_corrections_is_a_warning(tables: Tables) -> None:
    final = game(7_000_060, "duke", "unc", "final 80-70")
    tables.load(scoreboard("2026-01-13", "2026-01-14 02:00", final), games_expected=1)
    assert "past_games_are_settled" in tables.bad()


def test_a_date_that_never_loaded_is_a_warning_once_its_neighbours_are_loaded(tables: Tables) -> None:
    tables.query("DELETE FROM fact_game WHERE game_date = '2026-01-16'")
    tables.query("DELETE FROM scoreboard WHERE game_date = '2026-01-16'")
    assert tables.bad() == {"past_games_are_settled": (WARN, "2026-01-16 was never loaded.")}
    tables.query("DELETE FROM fact_game WHERE game_date < '2026-01-16'")
    tables.query("DELETE FROM scoreboard WHERE game_date < '2026-01-16'")
    assert tables.bad() == {}, "what is before the first date was never asked for"


def test_a_requested_date_that_never_loaded_is_a_warning_at_any_age(tables: Tables) -> None:
    def request(date: str, requested_at: str, reason: str | None) -> None:
        tables.query(
            """
            INSERT INTO requested_date (
                sport, game_date, first_requested_at, requested_by, last_requested_at, attempts, last_reason, repairs,
                outage_repairs
            )
            VALUES ('ncaam', $1::date, $2::timestamptz, 'backfill abc', $2::timestamptz, 1, $3, 0, 0)
            ON CONFLICT (sport, game_date) DO UPDATE SET last_reason = excluded.last_reason
            """,
            day(date),
            at(requested_at),
            reason,
        )

    request("2014-02-01", "2016-01-01 12:00", None)
    never = (WARN, "2014-02-01, requested by backfill abc, was never loaded.")
    assert tables.bad() == {"requested_dates_are_loaded": never}
    tables.query("DELETE FROM requested_date")

    request("2014-02-01", "2026-01-20 19:30", None)
    assert tables.bad() == {}, "its run may be queued"
    assert tables.bad(at("2026-01-20 20:30")) == {}
    assert tables.bad(at("2026-01-20 20:31")) == {"requested_dates_are_loaded": never}
    request("2014-02-01", "2026-01-20 19:30", "GET gave 500")
    failed = (WARN, "2014-02-01, requested by backfill abc, was never loaded: GET gave 500.")
    assert tables.bad() == {"requested_dates_are_loaded": failed}
    tables.load(scoreboard("2014-02-01", NOW, game(2_014_201, "duke", "unc", "final 80-70")), games_expected=1)
    assert tables.bad() == {}
    request(LAST_WEEK, "2026-01-20 19:30", "GET gave 500")
    assert "failed when it was last requested: GET gave 500" in str(tables.bad()["requested_dates_are_loaded"][1])


@pytest.mark.parametrize(
    ("home", "away", "severity"),
    [(70, 70, ERROR), (14, 60, WARN), (191, 150, WARN), (15, 190, None), (190, 15, None), (71, 70, None)],
)
def test_a_final_draw_is_an_error_and_an_implausible_score_a_warning(
    tables: Tables, home: int, away: int, severity: dg.AssetCheckSeverity | None
) -> None:
    tables.query("UPDATE fact_game SET home_score = $1, away_score = $2 WHERE game_id = 'ncaam_7000002'", home, away)
    expected = {"scores_are_plausible": (severity, f"ncaam_7000002 of 2026-01-15 ended {away} to {home}.")}
    assert tables.bad() == (expected if severity is not None else {})


@pytest.mark.parametrize(("conference", "said"), [(None, "none"), ("big-13", "unknown conference big-13")])
def test_a_team_of_ten_games_without_a_known_conference_is_a_warning(
    tables: Tables, conference: str | None, said: str
) -> None:
    def games(count: int) -> None:
        numbers = itertools.count(7_000_200)
        opponents = [team(f"team-{number}", "acc") for number in range(count)]
        tables.load(
            scoreboard(TODAY, NOW, *(game(next(numbers), team("stray", conference), other) for other in opponents)),
        )
        tables.query("UPDATE scoreboard SET games_expected = games_received")

    games(9)
    assert tables.bad() == {}
    games(10)
    assert tables.bad() == {"teams_have_conferences": (WARN, f"Stray in 2025 has {said}.")}


def test_a_rivalry_factor_that_contradicts_the_conferences_is_an_error(tables: Tables) -> None:
    tables.query("UPDATE fact_game SET rivalry_factor = 1.00 WHERE game_id = 'ncaam_7000003'")
    assert tables.bad() == {"facts_match_seasons": (ERROR, "ncaam_7000003 does not match the seasons of its teams.")}


def test_a_team_without_a_current_row_is_an_error(tables: Tables) -> None:
    tables.query("UPDATE dim_team SET is_current = FALSE, valid_to = '2026-08-01' WHERE slug = 'duke'")
    assert tables.bad() == {"facts_match_seasons": (ERROR, "ncaam_duke has 0 current rows.")}


@pytest.mark.parametrize(
    ("now", "fresh"),
    [
        ("2026-01-20 20:43:59", True),
        ("2026-01-20 20:44:01", False),
        ("2026-01-21 00:00:00", False),  # another today, never asked for
    ],
)
def test_today_is_stale_after_45_minutes_regardless_of_backfills(tables: Tables, now: str, fresh: bool) -> None:
    moment = at(now)
    tables.load(scoreboard("2026-01-17", moment, game(7_000_004, "duke", "unc", "final 80-70")), games_expected=1)
    found = tables.bad(moment).get("today_is_fresh")
    assert (found is None) == fresh
    if found is not None:
        assert found[0] == WARN
        state = "never fetched" if now.endswith("00:00:00") else "last fetched at "
        assert f"today, {now[:10]}, was {state}" in str(found[1])


@pytest.mark.parametrize(("seconds", "fresh"), [(50, True), (70, False)])
def test_today_is_not_fresh_if_it_was_fetched_in_the_future(tables: Tables, seconds: int, fresh: bool) -> None:
    found = tables.bad(NOW - dt.timedelta(minutes=1, seconds=seconds)).get("today_is_fresh")
    assert (found is None) == fresh


def test_only_the_first_five_of_many_findings_are_described(tables: Tables) -> None:
    tables.query("UPDATE fact_game SET home_score = 70, away_score = 70 WHERE game_status = 'final'")
    result = tables.checks()["scores_are_plausible"]
    assert result.description is not None
    assert result.description.count("ended 70 to 70") == 5
    assert result.description.endswith("; and 1 more.")
    assert result.metadata["findings"].value == 6


def test_a_withdrawn_game_is_a_warning_for_three_days_and_a_withdrawn_final_at_any_age(tables: Tables) -> None:
    announced = game(7_000_070, "drake", "kansas")
    final = game(7_000_006, "duke", "unc", "final 80-70")
    tables.load(scoreboard(YESTERDAY, NOW, final, announced), games_expected=2)
    withdraw = "UPDATE fact_game SET game_status = 'withdrawn', updated_at = $1 WHERE game_id = $2"
    tables.query(withdraw, NOW - dt.timedelta(days=1), "ncaam_7000070")
    severity, sentence = tables.bad()["no_unexplained_withdrawals"]
    assert (severity, str(sentence)[:38]) == (WARN, "ncaam_7000070 of 2026-01-19 was withdr")
    tables.query(withdraw, NOW - dt.timedelta(days=4), "ncaam_7000070")
    assert "no_unexplained_withdrawals" not in tables.bad()

    tables.query(withdraw, NOW - dt.timedelta(days=400), "ncaam_7000006")
    assert "final 70 to 80" in str(tables.bad()["no_unexplained_withdrawals"])
    tables.load(scoreboard(YESTERDAY, NOW, game(7_000_071, "unc", "duke", "live 70-80 2nd 1:00")))
    assert "ncaam_7000006" not in str(tables.bad().get("no_unexplained_withdrawals")), "the teams have another game"


def test_a_pending_withdrawal_is_a_warning(tables: Tables) -> None:
    tables.load(scoreboard(YESTERDAY, NOW + dt.timedelta(minutes=1)), games_expected=0)
    severity, sentence = tables.bad()["no_unexplained_withdrawals"]
    assert severity == WARN
    assert str(sentence).startswith(f"ncaam_7000006 of {YESTERDAY} is unlisted since 2026-01-20 20:01:00-05")


def test_a_game_scheduled_a_week_ago_is_unresolved(tables: Tables) -> None:
    tables.load(scoreboard("2026-01-13", "2026-01-16 12:00", game(7_000_060, "duke", "unc")), games_expected=1)
    assert "no_unresolved_games" not in tables.bad(at("2026-01-20 23:59"))
    found = tables.bad(at("2026-01-21 00:00"))["no_unresolved_games"]
    assert found == (WARN, "ncaam_7000060 of 2026-01-13 is still scheduled.")


def test_a_game_that_is_still_live_two_days_after_its_date_is_unresolved(tables: Tables) -> None:
    live = game(7_000_060, "duke", "unc", "live 70-80 2nd 1:00")
    tables.load(scoreboard("2026-01-12", "2026-01-12 22:00", live), games_expected=1)
    assert "no_unresolved_games" not in tables.bad(at("2026-01-13 23:59"))
    found = tables.bad(at("2026-01-14 00:00"))["no_unresolved_games"]
    assert found == (WARN, "ncaam_7000060 of 2026-01-12 is still live.")


def test_a_stale_answer_is_a_warning_until_a_newer_one_loads(tables: Tables) -> None:
    final = game(7_000_006, "duke", "unc", "final 80-70")
    made_at, stale = at("2026-01-20 19:00"), at("2026-01-20 18:00")
    newest, older = scoreboard(YESTERDAY, NOW, final), scoreboard(YESTERDAY, NOW + dt.timedelta(minutes=1), final)
    tables.load(dataclasses.replace(newest, answer_updated_at=made_at), games_expected=1)
    assert tables.load(dataclasses.replace(older, answer_updated_at=stale), games_expected=1).is_stale
    severity, sentence = tables.bad()["newest_answers_are_loaded"]
    assert severity == WARN
    assert str(sentence).startswith(f"{YESTERDAY} got a stale answer at 2026-01-20 20:01:00-05")
    tables.load(scoreboard(YESTERDAY, NOW + dt.timedelta(minutes=2), final), games_expected=1)
    assert "newest_answers_are_loaded" not in tables.bad()


def test_a_moment_ahead_of_the_clock_is_a_warning_and_so_is_its_replacement(tables: Tables) -> None:
    ahead = "UPDATE scoreboard SET fetched_at = $1 WHERE game_date = '2026-01-19'"
    tables.query(ahead, NOW + dt.timedelta(seconds=61))
    assert "had moment 2026-01-20 20:01:01-05" in str(tables.bad()["clocks_agree"])
    tables.query(ahead, NOW + dt.timedelta(seconds=59))
    assert "clocks_agree" not in tables.bad()
    tables.query("UPDATE scoreboard SET void_fetched_at = $1 WHERE game_date = '2026-01-19'", at("2027-01-01 00:00"))
    assert "had moment 2027-01-01" in str(tables.bad()["clocks_agree"])


def test_accepted_findings_do_not_fail_a_check_and_are_listed(tables: Tables) -> None:
    tables.load(scoreboard(YESTERDAY, NOW, game(7_000_006, "duke", "unc", "final 80-70")), games_expected=2)
    tables.load(scoreboard(LAST_WEEK, NOW, game(7_000_001, "duke", "unc", "final 80-70")), games_expected=2)
    tables.query(
        """
        INSERT INTO resolution (sport, check_name, first_date, last_date, because, created_by, until)
        VALUES ('ncaam', 'scoreboard_is_complete', $1, $1, 'The calendar is wrong.', 'ann', $2)
        """,
        day(LAST_WEEK),
        day(TODAY),
    )
    result = tables.checks()["scoreboard_is_complete"]
    assert (result.passed, result.description) == (False, f"{YESTERDAY} has 1 of 2 games.")
    assert result.metadata["findings_accepted"].value == 1
    assert result.metadata["accepted"].value == f"{LAST_WEEK} has 1 of 2 games: The calendar is wrong. (ann)"
    tables.load(scoreboard(YESTERDAY, NOW, game(7_000_006, "duke", "unc", "final 80-70")), games_expected=1)
    assert tables.bad() == {}
    assert "scoreboard_is_complete" in tables.bad(at("2026-01-21 00:00")), "it holds until the day before"


def job_of_checks(url: sa.URL, *names: str) -> dg.JobDefinition:
    """Returns the job that *Execute* and *Execute all* on the page of a table start."""
    definitions = dg.Definitions(
        assets=[archive, *table_specs()],
        asset_checks=[table_checks],
        resources={"database": DatabaseResource(url=url.render_as_string(hide_password=False))},
        executor=dg.in_process_executor,
    )
    keys = {spec.key for spec in check_specs() if spec.name in names}
    return definitions.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection=keys)


def test_checks_run_on_their_own_and_each_run_fulfills_what_it_planned(database_url: sa.URL) -> None:
    names = [check.name for check in CHECKS]
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            result = job_of_checks(database_url, *names).execute_in_process(instance=instance)
            found = {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}
            assert found == {name: name != "today_is_fresh" for name in names}
        for spec in check_specs():
            records = instance.event_log_storage.get_asset_check_execution_history(spec.key, limit=10)
            expected = "FAILED" if spec.name == "today_is_fresh" else "SUCCEEDED"
            assert [record.status.value for record in records] == [expected] * 2, spec.name


def test_a_check_can_be_selected_alone(database_url: sa.URL) -> None:
    result = job_of_checks(database_url, "no_rejected_games").execute_in_process()
    [evaluation] = result.get_asset_check_evaluations()
    assert evaluation.asset_check_key == dg.AssetCheckKey(dg.AssetKey("rejected_game"), "no_rejected_games")


def test_each_table_of_the_catalog_has_checks() -> None:
    checked = {archive.key, *(dg.AssetKey(table_name(model)) for model in CATALOG)}
    assert {spec.asset_key for spec in check_specs()} >= checked


def test_findings_about_a_date_are_of_its_newest_answer_and_not_accepted(tables: Tables) -> None:
    def findings(date: str) -> list[str]:
        return [finding.text for finding in tables._runner.run(open_findings(tables._checked, NOW, day(date)))]

    final, bad = game(7_000_006, "duke", "unc", "final 80-70"), reject(7_000_050, "home.score is 'eighty'.")
    tables.load(scoreboard(YESTERDAY, NOW, final, rejects=[bad]), games_expected=3)
    tables.load(scoreboard(LAST_WEEK, NOW, game(7_000_001, "duke", "unc")), games_expected=1)
    assert findings(YESTERDAY) == [
        f"{YESTERDAY} has 2 of 3 games",
        f"{YESTERDAY}, contest 7000050: home.score is 'eighty'.",
    ]
    assert findings(LAST_WEEK) == [f"ncaam_7000001 of {LAST_WEEK}: The newest answer says scheduled"]
    tables.query(
        """
        INSERT INTO resolution (sport, check_name, first_date, last_date, because, created_by)
        VALUES ('ncaam', 'no_rejected_games', $1, $1, 'Known.', 'ann')
        """,
        day(YESTERDAY),
    )
    assert findings(YESTERDAY) == [f"{YESTERDAY} has 2 of 3 games"]
    assert findings("2026-01-15") == []


def test_standings_that_were_never_loaded_or_not_since_yesterday_are_a_warning_once_games_are_final(
    tables: Tables,
) -> None:
    def finding(now: str = "2026-01-20 20:00") -> str | None:
        return tables.bad(at(now)).get("standings_are_compared", (None, None))[1]

    assert finding("2026-01-21 23:59") is None
    assert finding("2026-01-22 00:00") == f"The newest standings are of {TODAY}."
    assert finding("2026-07-01 12:00") is None, "off season"
    tables.query("UPDATE standing SET agrees = NULL, not_compared = 'The page is stale.'")
    assert finding() == "The page is stale."
    tables.query("DELETE FROM standing")
    assert finding() == "No standings are loaded: run `gamepulse audit --load`."
    tables.query("UPDATE fact_game SET game_status = 'withdrawn' WHERE game_date < '2026-01-19'")
    assert finding() is None, "no morning has passed since the first final game"


def test_a_date_whose_final_games_have_no_venue_a_day_later_is_a_warning_with_the_reasons(tables: Tables) -> None:
    tables.query("UPDATE fact_game SET created_at = $1", at("2026-01-15 00:00"))
    reason = "The API has no details of the game."
    tables.query(
        "INSERT INTO game_detail (game_id, fetched_at, missing_reason)"
        " SELECT game_id, now(), $1 FROM fact_game WHERE game_date = '2026-01-18'",
        reason,
    )
    severity, description = tables.bad()["games_have_venues"]
    assert severity == WARN
    assert str(description).startswith(
        "2026-01-18 has 1 final games without a venue, such as ncaam_7000005: The API has no details of the game;"
        " 2026-01-17 has 1 final games without a venue, such as ncaam_7000004: no details were requested; "
    )
    assert "2026-01-19" not in str(description)
    assert "games_have_venues" not in tables.bad(at("2026-02-20 12:00"))


def test_points_by_period_that_do_not_add_up_are_a_warning(tables: Tables) -> None:
    def set_points(home: list[int] | None, away: list[int] | None) -> None:
        tables.query("DELETE FROM game_detail")
        tables.query(
            "INSERT INTO game_detail"
            " (game_id, fetched_at, missing_reason, home_points_by_period, away_points_by_period)"
            " VALUES ('ncaam_7000001', now(), 'None.', $1, $2)",
            home,
            away,
        )

    set_points([40, 40], [30, 40])
    assert tables.bad() == {}
    set_points([40, 41], [30, 40])
    suspect = "ncaam_7000001 of 2026-01-14 is suspect: 70 to 80, by period"
    assert tables.bad() == {"points_add_up": (WARN, f"{suspect} 30+40 to 40+41.")}
    set_points(None, None)
    assert tables.bad() == {"points_add_up": (WARN, f"{suspect} unknown to unknown.")}
    set_points([40, 30, 10], [30, 30, 10])
    assert "points_add_up" in tables.bad()  # an overtime that the scoreboard does not have


def test_two_spellings_of_a_venue_are_a_warning(tables: Tables) -> None:
    insert = "INSERT INTO dim_venue (venue_name, city, state) VALUES ($1, 'Louisville', 'KY')"
    tables.query(insert, "KFC Yum! Center")
    tables.query(insert, "Freedom Hall")
    assert tables.bad() == {}
    tables.query(insert, "KFC Yum Center")
    assert tables.bad() == {"venues_have_one_spelling": (WARN, "Louisville, KY has KFC Yum! Center, KFC Yum Center.")}

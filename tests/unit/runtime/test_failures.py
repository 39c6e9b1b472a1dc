"""Reasons by date, as `ncaa_games` says them."""

from support.builders import day

from pipelines.runtime.failures import reasons_by_date


def test_each_date_has_its_reason() -> None:
    said = "2026-01-02: 2026-01-01: another date came.\n2026-01-03: GET https://api.test: no answer."
    assert reasons_by_date([said, "2026-01-04: It was too slow."]) == {
        day("2026-01-02"): "2026-01-01: another date came.",
        day("2026-01-03"): "GET https://api.test: no answer.",
        day("2026-01-04"): "It was too slow.",
    }


def test_a_reason_that_names_no_date_is_nobodys() -> None:
    assert reasons_by_date(["Database 'games' cannot be reached.\nSee 2026-01-02: there."]) == {}

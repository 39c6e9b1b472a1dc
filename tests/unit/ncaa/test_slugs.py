"""Slugs of teams without one, and names in other scripts."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_games import parse_answer, raw_answer, raw_game, raw_side

from pipelines.ncaa.slugs import slug_from_name, team_slug

DATE = "2026-01-03"


def side(short: str, conference: str = "", seo: str = "") -> dict[str, Any]:
    return raw_side("", names={"char6": "", "short": short, "seo": seo, "full": ""}, conference=conference)


def away_slug(away: dict[str, Any]) -> str:
    board = parse_answer(raw_answer(raw_game(8, away=away, gameState="pre")), DATE)
    assert (board.rejects, board.undecided) == ((), ())
    return board.games[0].away.slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Northwest Indian", "northwest-indian"),
        ("Université Laval", "universite-laval"),
        ("San José St.", "san-jose-st"),
        ("Hawai\N{MODIFIER LETTER TURNED COMMA}i Hilo", "hawaii-hilo"),
        ("Żółć Łódź", "zolc-lodz"),
        ("Sønderborg", "sonderborg"),
        ("Straße", "strasse"),
        ("北京", "xn-1lq90i"),
        ("Texas A&M-Kingsville", "texas-a-m-kingsville"),
    ],
)
def test_a_team_without_a_slug_gets_one_from_its_name(name: str, slug: str) -> None:
    assert slug_from_name(name) == slug
    assert away_slug(side(name)) == slug


@pytest.mark.parametrize("name", ["Université Laval", "San José St.", "北京", "서울", "Żółć"])
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_slug_does_not_depend_on_the_normalization_form(name: str, form: Any) -> None:
    assert slug_from_name(unicodedata.normalize(form, name)) == slug_from_name(unicodedata.normalize("NFC", name))


def test_names_in_other_scripts_have_different_slugs() -> None:
    names = [
        "北京",
        "北京 University",
        "上海 University",
        "東京 University",
        "МГУ",
        "СПбГУ",
        "Αθήνα",
        "القاهرة",
        "서울",
    ]
    slugs = {slug_from_name(name) for name in names}
    assert len(slugs) == len(names)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


@given(st.text(max_size=40))
def test_the_slug_of_any_name_is_a_slug_or_empty(name: str) -> None:
    slug = slug_from_name(name)
    assert slug == "" or team_slug(slug)


def test_a_slug_with_marks_is_read_without_them() -> None:
    assert away_slug(side("Laval", seo="université-laval")) == "universite-laval"


@pytest.mark.parametrize(
    ("name", "conference", "slug"),
    [
        ("Ohio", "mac", "ohio"),
        ("Ohio", "", "ohio"),
        ("Ohio", "usc-aa", "ohio-usc-aa"),
        ("Ohio", "big-ten", "ohio-big-ten"),
        ("San José St.", "mountain-west", "san-jose-st"),
        ("Miles", "siac", "miles"),
    ],
)
def test_a_name_of_a_division_i_team_in_another_conference_is_another_team(
    name: str, conference: str, slug: str
) -> None:
    assert away_slug(side(name, conference)) == slug


def test_a_slug_of_the_api_is_the_team_in_whatever_conference() -> None:
    assert away_slug(side("Ohio", "big-ten", seo="ohio")) == "ohio"

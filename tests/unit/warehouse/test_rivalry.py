"""The rivalry factor: 1.20 within a conference, else 1.00, and no conference is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.rivalry import calculate_rivalry_factor

conferences = st.sampled_from([None, "independent", "acc", "sec", "big-12", "cunningham"])


@pytest.mark.parametrize(
    ("home", "away", "factor"),
    [
        ("acc", "acc", "1.20"),
        ("cunningham", "cunningham", "1.20"),
        ("acc", "sec", "1.00"),
        ("acc", None, "1.00"),
        (None, "acc", "1.00"),
        (None, None, "1.00"),
        ("independent", "independent", "1.00"),
        ("independent", "acc", "1.00"),
        ("acc", "independent", "1.00"),
    ],
)
def test_only_two_teams_of_one_conference_are_rivals(home: str | None, away: str | None, factor: str) -> None:
    assert str(calculate_rivalry_factor(home, away)) == factor


@given(home=conferences, away=conferences)
def test_it_does_not_matter_who_is_at_home(home: str | None, away: str | None) -> None:
    assert calculate_rivalry_factor(home, away) == calculate_rivalry_factor(away, home)


@given(home=conferences, away=conferences)
def test_a_factor_fits_its_column_to_the_cent(home: str | None, away: str | None) -> None:
    factor = calculate_rivalry_factor(home, away)
    assert isinstance(factor, Decimal)
    assert factor.as_tuple().exponent == -2

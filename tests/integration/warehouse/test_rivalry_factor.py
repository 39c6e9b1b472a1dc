"""The one definition of the rivalry factor in SQL equals the one in Python."""

import itertools
from collections.abc import Callable
from decimal import Decimal

from pipelines.warehouse.rivalry import calculate_rivalry_factor

CONFERENCES = [None, "acc", "sec", "independent", "Independent", "", "l'acc"]


def test_sql_and_python_give_every_pair_of_conferences_the_same_factor(
    rows: Callable[[str], list[dict[str, object]]],
) -> None:
    pairs = list(itertools.product(CONFERENCES, CONFERENCES))
    literals = ", ".join(f"({_literal(home)}, {_literal(away)})" for home, away in pairs)
    found = rows(f"SELECT rivalry_factor(home, away) AS factor FROM (VALUES {literals}) AS pairs (home, away)")
    assert [row["factor"] for row in found] == [calculate_rivalry_factor(home, away) for home, away in pairs]
    assert {row["factor"] for row in found} == {Decimal("1.20"), Decimal("1.00")}


def _literal(text: str | None) -> str:
    return "NULL::text" if text is None else "'" + text.replace("'", "''") + "'"

"""The budget of requests for details."""

import datetime as dt
import math

from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.warehouse.details import within_budget

PENDING = st.dictionaries(st.dates(dt.date(2010, 11, 1), dt.date(2026, 4, 1)), st.lists(st.integers(), max_size=9))


@example({dt.date(2026, 1, 15): []}, -1)
@given(PENDING, st.integers(-5, 40) | st.just(math.inf))
def test_each_date_is_chosen_or_left_and_those_chosen_are_within_the_budget(
    pending: dict[dt.date, list[int]], budget: float
) -> None:
    chosen, left = within_budget(pending, budget)
    assert {**chosen, **left} == pending
    assert chosen.keys().isdisjoint(left)
    assert sum(map(len, chosen.values())) <= max(budget, 0)
    assert all(len(games) > budget - sum(map(len, chosen.values())) for games in left.values()), "no date waits in vain"
    assert all(left.values()), "a date without pending games costs nothing"

"""Kaplan and Meier's estimate, against published numbers and simple loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.outcomes.survival import Survival

# Freireich 1963, weeks of remission under 6-mercaptopurine and placebo; in most textbooks
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
RELAPSED = [True] * 9 + [False] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_the_remissions_of_freireich_are_estimated_as_published() -> None:
    treated = Survival.of(TREATED, RELAPSED)
    assert treated.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert treated.survival == pytest.approx(published, abs=6e-4)
    assert (treated.count, treated.events) == (21, 9)


def test_the_medians_of_freireich_have_their_published_intervals() -> None:
    treated = Survival.of(TREATED, RELAPSED).quantile(0.5)
    assert (treated.time, treated.low, treated.high) == (23, 13, None)
    placebo = Survival.of(PLACEBO, [True] * 21).quantile(0.5)
    assert (placebo.time, placebo.low, placebo.high) == (8, 4, 11)


def test_a_quantile_that_nobody_reached_is_not_told() -> None:
    assert Survival.of([3, 4, 5], [False, False, False]).quantile(0.25).time is None
    nobody = Survival.of([], [])
    assert (nobody.count, nobody.events, nobody.quantile(0.5).time) == (0, 0, None)


followed = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


@given(followed)
def test_it_is_the_product_of_a_simple_loop(rows: list[tuple[int, bool]]) -> None:
    left, expected = 1.0, []
    for time in sorted({t for t, event in rows if event}):
        at_risk = sum(t >= time for t, _ in rows)
        left *= 1 - sum(t == time and event for t, event in rows) / at_risk
        expected.append(left)
    found = Survival.of([t for t, _ in rows], [event for _, event in rows])
    assert found.survival == pytest.approx(expected)
    assert np.all((found.low <= found.survival + 1e-9) & (found.survival <= found.high + 1e-9))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_with_nobody_lost_the_median_is_that_of_the_sorted_times(times: list[int]) -> None:
    found = Survival.of(times, [True] * len(times)).quantile(0.5)
    assert found.time == sorted(times)[(len(times) - 1) // 2]

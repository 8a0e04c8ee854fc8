"""What it is worth to know when a therapy began."""

from __future__ import annotations

import pytest

from benchmarks.recovery.therapy_day import expecting, worths
from reliefpath.recovery import DEFAULT_PRIOR, Prior


def seconds(prior: Prior) -> dict[float, float]:
    """The weight of second recoveries, by the weeks since they began."""
    return {s.turn.ago: w for s, w in prior.shapes.items() if s.turn and s.turn.change > 0}


def test_a_second_recovery_is_expected_with_the_therapy_and_not_at_other_times() -> None:
    before, after = seconds(DEFAULT_PRIOR), seconds(expecting(DEFAULT_PRIOR, 5, 10))
    with_it = [ago for ago in before if after[ago] > before[ago]]
    assert with_it
    assert all(5 / 1.6 < ago < 5 * 1.6 for ago in with_it)
    untreated = seconds(expecting(DEFAULT_PRIOR, 0, 10))
    assert all(untreated[ago] < before[ago] / 5 for ago in before)
    assert sum(expecting(DEFAULT_PRIOR, 5, 10).shapes.values()) == pytest.approx(1)


def test_knowing_the_day_helps_a_little_and_changes_no_forecast_much() -> None:
    for worth in worths(40):
        for without, told in (worth.crps, worth.brier):
            assert told != without
            assert told == pytest.approx(without, rel=0.05)

"""Whole numbers come to lie evenly in a right forecast, and coverage is counted cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.recovery.coverage import FEWEST, VISITS, WEEKS, Counts, cells, counts
from benchmarks.recovery.histories import LEVELS, Answers, Histories
from benchmarks.recovery.ours import as_shipped
from benchmarks.recovery.scoring import covered_in_part, transformed
from benchmarks.recovery.worlds import JUDGED, simulate

RANDOM_STATE = 11
SHAPE = len(VISITS), len(WEEKS)


def whole_numbers(stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Forecasts of whole numbers from 0 to 10, with a spread that is right if stretched by 1."""
    random = np.random.default_rng(RANDOM_STATE)
    mean = random.uniform(-2, 12, 20_000)
    scores = np.clip(np.rint(mean + random.normal(0, 1.2, mean.size)), 0, 10)
    quantiles = mean[:, None] + stretch * 1.2 * stats.norm.ppf(LEVELS)
    scale_range, step = np.full(mean.size, 10.0), np.ones(mean.size)
    return np.clip(quantiles, 0, 10)[:, None], scores[:, None], scale_range, step


def test_whole_numbers_lie_evenly_in_their_own_distribution() -> None:
    place = transformed(*whole_numbers(), np.random.default_rng(1))
    assert stats.kstest(place[:, 0], "uniform").statistic < 0.015


def test_whole_numbers_lie_unevenly_in_one_that_is_too_narrow() -> None:
    place = transformed(*whole_numbers(0.7), np.random.default_rng(1))
    assert stats.kstest(place[:, 0], "uniform").statistic > 0.04


def test_chance_to_lie_in_the_interval_is_what_is_covered_in_part() -> None:
    given = whole_numbers(0.8)
    place = transformed(*given, np.random.default_rng(1))
    inside = (place >= 0.05) & (place <= 0.95)
    assert inside.mean() == pytest.approx(np.nanmean(covered_in_part(*given)), abs=0.005)


def test_score_that_is_unknown_lies_nowhere() -> None:
    forecast = np.tile(10 * LEVELS, (1, 2, 1))
    observed = np.array([[np.nan, 5.0]])
    one = np.ones(1)
    place = transformed(forecast, observed, 10 * one, one, np.random.default_rng(1))
    assert np.isfinite(place).tolist() == [[False, True]]


def sure_and_wrong(histories: Histories) -> Answers:
    """Forecast the worst score on every day."""
    none = np.full(len(histories), np.nan)
    told = np.full((*histories.ahead.shape, LEVELS.size), 10.0)
    return Answers(none, none, none, told)


def test_every_forecast_is_counted_once_and_a_wrong_one_covers_nothing() -> None:
    world = JUDGED[0]
    ours, wrong = counts(world, {"ours": as_shipped, "wrong": sure_and_wrong}, 60)
    _, truth = simulate(world, 60, 29)
    assert ours.cases.sum() == wrong.cases.sum() == np.isfinite(truth.observed).sum()
    assert ours.measure == world.measure.name
    assert 0.8 < ours.covered.sum() / ours.cases.sum() < 0.99
    assert wrong.covered.sum() < 0.05 * wrong.cases.sum()


def test_cells_of_a_measure_are_taken_together_and_those_with_few_forecasts_left_out() -> None:
    cases, covered = np.zeros((2, *SHAPE), int)
    cases[0, 1], covered[0, 1], cases[2, 3] = FEWEST / 2, 0.8 * FEWEST / 2, 10
    one = Counts("ours", "NRS", cases, covered)
    other = Counts("ours", "NRS", cases, cases)
    elsewhere = Counts("ours", "VAS", cases, covered)
    (found,) = cells([one, other, elsewhere, Counts("else", "NRS", 9 * cases, cases)], "ours")
    assert (found.measure, found.visits, found.weeks) == ("NRS", "3", "1 to 2")
    assert found.cases == FEWEST
    assert found.covered == pytest.approx(0.9)

"""Scores of answers against cases worked by hand, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recovery import scoring
from benchmarks.recovery.histories import LEVELS

RANDOM_STATE = 7


def flags(*values: int) -> np.ndarray:
    return np.array(values, bool)


def many(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are right, and what came of them."""
    random = np.random.default_rng(RANDOM_STATE)
    chance = random.random(n)
    return chance, random.random(n) < chance


def test_auc_counts_pairs_and_a_tie_as_half() -> None:
    score, truth = np.array([0.1, 0.4, 0.4, 0.9]), flags(0, 0, 1, 1)
    assert scoring.auc(score, truth) == (1 + 0.5 + 1 + 1) / 4
    assert scoring.auc(np.zeros(4), truth) == 0.5
    assert math.isnan(scoring.auc(score, flags(1, 1, 1, 1)))
    assert math.isnan(scoring.auc(np.full(4, np.nan), truth))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auc_agrees_with_counting_all_pairs(cases: list[tuple[int, bool]]) -> None:
    score, truth = np.array([s for s, _ in cases], float), np.array([t for _, t in cases])
    above = np.sign(score[truth][:, None] - score[~truth][None, :])
    expected = float(np.mean((above + 1) / 2)) if above.size else math.nan
    assert scoring.auc(score, truth) == pytest.approx(expected, nan_ok=True)


def test_brier_is_the_mean_squared_distance() -> None:
    assert scoring.brier(np.array([1.0, 0.5]), flags(1, 0)) == 0.125
    assert math.isnan(scoring.brier(np.empty(0), flags()))


def test_calibration_error_is_that_of_one_bin_if_there_are_few() -> None:
    said = np.array([0.2, 0.4, 0.6])
    assert scoring.calibration_error(said, flags(1, 1, 0)) == pytest.approx(2 / 3 - 0.4)


def test_right_probabilities_are_calibrated_and_shifted_ones_are_not() -> None:
    chance, truth = many()
    assert scoring.calibration_error(chance, truth) < 0.03
    assert scoring.calibration_error(chance / 2, truth) == pytest.approx(0.25, abs=0.03)


def test_reliability_has_ten_bins_of_equal_count() -> None:
    chance, truth = many()
    points = scoring.reliability(chance, truth)
    assert points.count.tolist() == [400] * 10
    assert (np.diff(points.said) > 0).all()
    assert float(points.count @ points.seen) == pytest.approx(truth.sum())


def test_equal_probabilities_share_a_bin_in_any_order() -> None:
    said = np.repeat([0.0, 1.0], 100)
    truth = np.arange(200) % 2 == 0
    points = scoring.reliability(said, truth)
    assert points.count.tolist() == [100, 100]
    mixed = np.random.default_rng(RANDOM_STATE).permutation(200)
    assert scoring.calibration_error(said[mixed], truth[mixed]) == 0.5


def test_logistic_curve_meets_the_shares_of_two_groups() -> None:
    score = np.repeat([0.0, 1.0], 1000)
    truth = np.concatenate([np.arange(1000) < 200, np.arange(1000) < 700])
    a, b = scoring.logistic(score, truth)
    assert scoring.inverse_logit(np.array([a, a + b])) == pytest.approx([0.2, 0.7], abs=1e-3)


def test_two_scores_together_rank_better_than_either() -> None:
    random = np.random.default_rng(RANDOM_STATE)
    both = random.normal(size=(2000, 2))
    truth = both.sum(axis=1) + random.normal(size=2000) > 0
    told = scoring.recalibrated(both, truth, np.arange(2000))
    alone = scoring.recalibrated(both[:, 0], truth, np.arange(2000))
    assert scoring.auc(told, truth) > scoring.auc(alone, truth) + 0.05
    assert scoring.calibration_error(told, truth) < 0.05


@pytest.mark.parametrize("truth", [flags(0, 0, 0, 0), flags(1, 1, 1, 1), flags(0, 0, 1, 1)])
def test_logistic_curve_is_finite_where_one_class_or_a_perfect_ranking_is_seen(
    truth: np.ndarray,
) -> None:
    curve = scoring.logistic(np.array([0.0, 1.0, 2.0, 3.0]), truth)
    assert np.isfinite(curve).all()
    told = scoring.inverse_logit(curve[0] + curve[1] * np.array([0.0, 3.0]))
    assert told == pytest.approx(truth[[0, 3]].astype(float), abs=0.05)


def test_recalibration_makes_any_rising_score_a_probability() -> None:
    chance, truth = many()
    raw = 100 * chance - 7
    told = scoring.recalibrated(raw, truth, np.arange(truth.size) // 4)
    assert scoring.calibration_error(told, truth) < 0.05
    assert scoring.recalibrated(raw, truth, np.arange(truth.size) // 4) == pytest.approx(told)


def test_recalibration_of_a_patient_does_not_see_his_own_truth() -> None:
    chance, truth = many(400)
    episode = np.arange(400) // 4
    other = truth.copy()
    other[:4] = ~other[:4]
    before, after = (scoring.recalibrated(chance, t, episode) for t in (truth, other))
    assert before[:4] == pytest.approx(after[:4], abs=1e-12)
    assert not np.allclose(before, after, atol=1e-9)


def test_alarms_are_the_top_share() -> None:
    score, truth = np.array([0.9, 0.8, 0.2, 0.1]), flags(1, 0, 1, 0)
    assert scoring.alarms(score, truth, 0.5) == (0.5, 0.5)
    assert scoring.alarms(score, truth, 0.25) == (1.0, 0.5)
    assert scoring.alarms(score, truth, 1.0) == (0.5, 1.0)
    precision, recall = scoring.alarms(score, flags(0, 0, 0, 0), 0.0)
    assert math.isnan(precision)
    assert math.isnan(recall)


def test_tied_alarms_are_chosen_at_random_but_alike_each_time() -> None:
    _, truth = many()
    precision, _ = scoring.alarms(np.zeros(truth.size), truth, 0.2)
    assert precision == pytest.approx(truth.mean(), abs=0.05)
    assert scoring.alarms(np.zeros(truth.size), truth, 0.2)[0] == precision


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_calls_are_false_in_the_share_allowed_even_of_tied_scores(digits: int) -> None:
    chance, truth = many()
    called = scoring.called(np.round(chance, digits), truth)
    assert called[~truth].mean() == pytest.approx(0.05, abs=1e-3)


def test_everyone_is_called_where_nobody_could_be_called_falsely() -> None:
    assert scoring.called(np.array([0.3, 0.1]), flags(1, 1)).all()


def test_delay_runs_from_the_onset_to_the_first_call_after_it() -> None:
    episode = np.array([1, 1, 1, 2, 2, 3])
    now = np.array([3.0, 5, 7, 4, 6, 2])
    onset = np.array([4.0, 4, 4, 3, 3, 9])
    level = now >= onset
    score = np.array([0.5, 0.4, 0.9, 0.1, 0.2, 0.6])
    told = scoring.delay(score, level, onset, now, episode, 0.0)
    assert told.episode.tolist() == [1, 2]
    assert told.weeks.tolist() == [3, math.inf]
    assert told.called == 0.5
    assert told.median == 3


def test_delay_of_no_episode_is_unknown() -> None:
    one = np.ones(1)
    told = scoring.delay(one, flags(0), np.array([math.inf]), one, one.astype(int))
    assert math.isnan(told.median)


def test_crps_of_a_sure_forecast_is_the_distance() -> None:
    sure = np.full((1, 2, LEVELS.size), 4.0)
    told = scoring.crps(sure, np.array([[6.5, np.nan]]))
    assert told == pytest.approx(np.array([[2.5, np.nan]]), nan_ok=True)


def test_crps_of_a_normal_forecast_is_near_the_formula() -> None:
    from scipy import stats

    y = 0.7
    formula = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
    told = scoring.crps(stats.norm.ppf(LEVELS)[None], np.array([y]))
    assert told[0] == pytest.approx(formula, rel=0.03)


@given(st.floats(-5, 15), st.floats(0.1, 10))
def test_crps_grows_with_the_unit(score: float, unit: float) -> None:
    quantiles = 10 * LEVELS[None]
    plain = scoring.crps(quantiles, np.array([score]))
    stretched = scoring.crps(unit * quantiles, np.array([unit * score]))
    assert stretched == pytest.approx(unit * plain)


def test_coverage_includes_the_ends_and_leaves_out_what_is_unknown() -> None:
    forecast = np.tile(20 * LEVELS, (4, 1))
    scores = np.array([20 * LEVELS[1], 20 * LEVELS[37], 19.5, np.nan])
    assert scoring.covered(forecast, scores) == pytest.approx([1, 1, 0, np.nan], nan_ok=True)


def in_part(forecast: np.ndarray, *scores: float, step: float = 1.0) -> list[float]:
    """What is covered of scores, from 0 to 10, that have the same forecast."""
    given = np.tile(forecast, (len(scores), 1, 1))
    ends = np.full(len(scores), 10.0), np.full(len(scores), step)
    found = scoring.covered_in_part(given, np.array(scores)[:, None], *ends)[:, 0]
    return list(map(float, found))


def test_cell_across_an_end_of_the_interval_is_covered_in_part() -> None:
    even = 10 * LEVELS
    assert in_part(even, 5, 0.5, np.nan) == pytest.approx([1, 0.5, np.nan], nan_ok=True)
    assert in_part(even, 0.4, step=0.1) == [0]


def test_end_of_the_scale_stands_for_all_beyond() -> None:
    beyond = np.clip(-6 + 10 * LEVELS, 0, 10)
    assert in_part(beyond, 0) == pytest.approx([0.6 / 0.65])
    assert in_part(10 - beyond[::-1], 10) == pytest.approx([0.6 / 0.65])


def test_sure_and_right_forecast_covers_nine_tenths() -> None:
    sure = np.full(LEVELS.size, 4.0)
    assert in_part(sure, 4, 5) == pytest.approx([0.9, 0])


@pytest.mark.parametrize("step", [0.1, 1, 3])
def test_right_forecast_of_coarse_scores_covers_nine_tenths(step: float) -> None:
    from scipy import stats

    random = np.random.default_rng(RANDOM_STATE)
    mean = random.uniform(-1, 6, 20_000)
    scores = np.clip(np.rint((mean + random.normal(0, 1.5, mean.size)) / step) * step, 0, 9)
    quantiles = np.clip(mean[:, None] + 1.5 * stats.norm.ppf(LEVELS), 0, 9)[:, None]
    scale_range, steps = np.full(mean.size, 9.0), np.full(mean.size, step)
    told = scoring.covered_in_part(quantiles, scores[:, None], scale_range, steps)
    assert told.mean() == pytest.approx(0.9, abs=0.01)


def test_median_error_is_the_distance_from_the_median() -> None:
    assert scoring.median_error(10 * LEVELS[None], np.array([7.0])) == pytest.approx([2.0])


def test_forecast_is_rounded_to_a_score_that_can_be_given() -> None:
    forecast = np.full((1, 1, LEVELS.size), 4.4)
    told = scoring.median_error(forecast, np.array([[6.0]]), np.array([1.0]))
    assert told == pytest.approx(np.array([[2.0]]))

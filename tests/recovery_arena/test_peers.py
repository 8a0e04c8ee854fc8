"""What holds of every method that the recovery model is compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from benchmarks.recovery.histories import LEVELS, Answers, Histories
from benchmarks.recovery.peers import LEARNING, PEERS
from benchmarks.recovery.peers.exponential import fitted as fitted_curve
from benchmarks.recovery.peers.exponential import slopes_at
from benchmarks.recovery.peers.least_squares import fitted as fitted_line
from benchmarks.recovery.peers.linear_trend import weekly as on_grid
from benchmarks.recovery.peers.mann_kendall import p_value
from benchmarks.recovery.peers.pelt import last_segment

from .plain import FALLING, FLAT, ODD, REACHED, histories, weekly

MIDDLE = LEVELS.size // 2
FORECASTING = ["least squares", "curve_fit", "local linear trend"]


def answers(name: str, given: Histories) -> Answers:
    if name in LEARNING:
        return LEARNING[name](given)(given)
    return PEERS[name](given)


def forecast(name: str, given: Histories) -> np.ndarray:
    told = answers(name, given).forecast
    assert told is not None
    return told


@pytest.mark.parametrize("name", PEERS)
def test_clear_decline_is_less_level_than_no_change(name: str) -> None:
    falling, flat = answers(name, histories(FALLING, FLAT)).level
    assert falling < flat


@pytest.mark.parametrize("name", PEERS)
def test_improvement_that_is_held_is_inside_and_no_improvement_is_not(name: str) -> None:
    told = answers(name, histories(REACHED, FLAT))
    assert told.inside[0] > 0.5
    assert told.inside[1] < 0.05
    assert told.both[0] > told.both[1]


@pytest.mark.parametrize("name", PEERS)
def test_every_answer_is_from_0_to_1_whatever_the_scores(name: str) -> None:
    told = answers(name, histories(*ODD))
    for values in (told.level, told.inside, told.both):
        assert values.shape == (len(ODD),)
        assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("name", PEERS)
def test_start_of_0_is_never_inside(name: str) -> None:
    told = answers(name, histories(weekly(0, 3, 1), weekly(0, 0, 0, 0, 0, 0, 0, 0)))
    assert (told.inside == 0).all()


@pytest.mark.parametrize("name", PEERS)
def test_history_is_answered_alike_whatever_the_others(name: str) -> None:
    together = answers(name, histories(*ODD))
    alone = answers(name, histories(ODD[6]))
    assert together.level[6] == pytest.approx(alone.level[0], abs=1e-9)
    assert together.inside[6] == pytest.approx(alone.inside[0], abs=1e-9)


@pytest.mark.parametrize("name", [*FORECASTING, *LEARNING])
def test_forecasts_ascend_on_the_scale(name: str) -> None:
    told = forecast(name, histories(*ODD, FALLING, REACHED))
    assert told.shape == (len(ODD) + 2, 3, LEVELS.size)
    assert (np.diff(told, axis=2) >= 0).all()
    assert ((told >= 0) & (told <= 10)).all()


@pytest.mark.parametrize("name", [*FORECASTING, *LEARNING])
def test_forecast_is_missing_only_where_no_visit_is_ahead(name: str) -> None:
    given = histories(FALLING, FLAT)
    ahead = given.ahead.copy()
    ahead[0, 1:] = np.nan
    told = forecast(name, replace(given, ahead=ahead))
    assert (np.isfinite(told).all(axis=2) == np.isfinite(ahead)).all()
    whole = forecast(name, given)
    assert told[0, 0] == pytest.approx(whole[0, 0])


@pytest.mark.parametrize("name", ["clinical rule", "Mann-Kendall", "ruptures PELT"])
def test_rules_and_rankings_claim_no_probability_and_no_forecast(name: str) -> None:
    told = answers(name, histories(FALLING))
    assert not told.probabilities
    assert told.forecast is None


@pytest.mark.parametrize("name", PEERS)
def test_no_histories_have_no_answers(name: str) -> None:
    none = histories(FALLING).take(np.empty(0, np.int64))
    assert answers(name, none).level.size == 0


def test_clinical_rule_is_level_within_less_than_what_matters() -> None:
    given = histories(weekly(9, 4, 5, 5), weekly(9, 4, 5, 6), weekly(8, 2, 2, 1))
    told = answers("clinical rule", given)
    assert told.level.tolist() == [1, 0, 1]
    assert told.inside.tolist() == [0, 0, 1]
    assert told.both.tolist() == [0, 0, 1]


def test_line_agrees_with_scipy() -> None:
    week, burden = np.array(REACHED[-7:]).T
    expected = stats.linregress(week, burden)
    line = fitted_line(histories(REACHED))
    assert line.slope[0] == pytest.approx(expected.slope)
    assert line.noise[0] / np.sqrt(line.spread[0]) == pytest.approx(expected.stderr)
    at_start = line.error(np.zeros((1, 1)))[0, 0]
    assert at_start == pytest.approx(expected.intercept_stderr)


def test_two_visits_are_carried_forward() -> None:
    told = forecast("least squares", histories([(0.0, 7.0), (13.0, 5.0)]))
    assert told[0, :, MIDDLE].tolist() == [5, 5, 5]


def test_mann_kendall_agrees_with_hand_work() -> None:
    table = np.array([[4, 3, 2, 1, np.nan], [1, 2, 3, 4, 5], [2, 2, 2, np.nan, np.nan]])
    fall = stats.norm.cdf((-6 + 1) / np.sqrt(4 * 3 * 13 / 18))
    rise = stats.norm.cdf((10 - 1) / np.sqrt(5 * 4 * 15 / 18))
    assert p_value(table) == pytest.approx([fall, rise, 1.0])


def test_mann_kendall_corrects_for_ties() -> None:
    expected = stats.norm.cdf((-5 + 1) / np.sqrt((4 * 3 * 13 - 2 * 1 * 9) / 18))
    assert p_value(np.array([[3.0, 2, 2, 1]]))[0] == pytest.approx(expected)


def test_pelt_finds_the_last_step() -> None:
    scores = np.array([8.0, 8, 8, 8, 3, 3, 3])
    assert last_segment(scores, 0.5).tolist() == [4, 5, 6]
    assert last_segment(scores[:3], 0.5).tolist() == [0, 1, 2]


def test_curve_is_found_again_without_noise() -> None:
    week = np.arange(0, 20, 2.0)
    curve = fitted_curve(week, 8 - 6 * (1 - np.exp(-week / 5)), 10.0, 0.01)
    assert curve is not None
    assert (curve.b, curve.c, curve.tau) == pytest.approx((8, 6, 5), rel=1e-4)


def test_slopes_of_the_curve_are_its_derivatives() -> None:
    weeks = np.array([0.0, 3.0, 11.0])
    at = np.array([7.0, 5.0, 4.0])

    def value(theta: np.ndarray, week: float) -> float:
        return float(theta[0] - theta[1] * (1 - np.exp(-week / theta[2])))

    for week, slopes in zip(weeks, slopes_at(weeks, *at), strict=True):
        assert slopes == pytest.approx(optimize.approx_fprime(at, value, 1e-7, week), abs=1e-5)


def test_weeks_without_a_visit_are_missing_on_the_grid() -> None:
    grid = on_grid(np.array([0.0, 1.0, 3.1, 3.3]), np.array([8.0, 6.0, 4.0, 2.0]))
    assert grid == pytest.approx([8, 6, np.nan, 3], nan_ok=True)


def test_last_value_is_the_median_forecast() -> None:
    given = histories(FALLING, FLAT, REACHED)
    told = forecast("last value", given)
    assert told[:, :, MIDDLE].tolist() == [[4] * 3, [6] * 3, [2] * 3]
    assert np.isnan(answers("last value", given).level).all()


def test_drift_is_that_of_the_training_histories() -> None:
    training = histories(*[weekly(8, 7)] * 50, *[[(0.0, 8.0), (6.0, 3.0)]] * 50)
    told = LEARNING["last value and drift"](training)(histories(FLAT)).forecast
    assert told is not None
    assert told[0, :, MIDDLE] == pytest.approx([5, 5, 1])


def test_few_changes_over_a_like_distance_are_replaced_by_all() -> None:
    training = histories(weekly(8, 7), weekly(8, 7))
    told = LEARNING["last value and drift"](training)(histories(FLAT, ahead=(40.0,))).forecast
    assert told is not None
    assert told[0, 0] == pytest.approx(np.full(LEVELS.size, 5.0))

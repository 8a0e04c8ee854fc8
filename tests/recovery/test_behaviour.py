"""What a clinician would say of a curve, and what the model says."""

import math

import numpy as np
import pytest

from reliefpath.recovery import Questions, Recovery, curve, recover


def one(weeks: list[float], burden: list[float], span: float = 10, matters: float = 2) -> Recovery:
    return recover([0, len(weeks)], weeks, burden, [span], [matters])


def falling(start: float, share: float, tau: float, weeks: list[float]) -> list[float]:
    return [start * (1 - share * (1 - math.exp(-week / tau))) for week in weeks]


EVERY_OTHER_WEEK: list[float] = list(range(0, 21, 2))


def test_patient_who_levels_off_at_80_percent_is_in_the_window_and_level() -> None:
    answers = one(EVERY_OTHER_WEEK, falling(7, 0.82, 4, EVERY_OTHER_WEEK))
    assert answers.improvement == pytest.approx(0.82, abs=0.03)
    assert answers.p_plateau > 0.99
    assert answers.p_window > 0.8
    assert answers.p_recovered < 0.1
    assert answers.p_worsening < 0.001


def test_patient_who_levels_off_at_half_is_level_below_the_window() -> None:
    answers = one(EVERY_OTHER_WEEK, falling(7, 0.5, 4, EVERY_OTHER_WEEK))
    assert answers.improvement == pytest.approx(0.5, abs=0.03)
    assert answers.p_plateau > 0.95
    assert answers.p_window < 0.01


def test_patient_who_falls_by_0_6_a_week_is_not_level() -> None:
    answers = one([0, 1, 2, 3, 4], [8, 7.4, 6.8, 6.2, 5.6], matters=1)
    assert answers.p_plateau < 0.25
    assert answers.expected_gain > 1
    assert answers.level_ahead > answers.improvement + 0.2


@pytest.mark.xfail(reason="an exponential that ends at well can't follow a straight descent")
def test_patient_who_falls_in_a_straight_line_for_8_weeks_is_not_level() -> None:
    weeks = list(range(9))
    answers = one(weeks, [8 - 0.6 * week for week in weeks])
    assert answers.p_plateau < 0.5


def test_patient_who_is_well_is_recovered() -> None:
    answers = one(EVERY_OTHER_WEEK, [7, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0])
    assert answers.p_recovered > 0.9


def test_patient_who_climbs_is_worse_than_at_the_start() -> None:
    answers = one([0, 2, 4, 6, 8, 10, 12], [3, 4, 6, 7, 8, 8, 8])
    assert answers.p_worsening > 0.8
    assert answers.high < 0


def test_mean_of_persistent_back_pain_levels_off_where_the_literature_does() -> None:
    """Costa et al. 2012: 51 at the start, 33, 26 and 23 after 6, 26 and 52 weeks, of 100."""
    answers = one([0, 6, 26, 52], [51, 33, 26, 23], span=100, matters=20)
    assert answers.improvement == pytest.approx(0.52, abs=0.05)
    assert answers.low < 0.55 < answers.high
    assert answers.p_plateau > 0.99


def test_horizon_so_long_that_all_gain_has_come_finds_the_level_ahead() -> None:
    weeks, scores = [0.0, 2, 4, 6], [8.0, 7, 6, 5]
    far = recover([0, 4], weeks, scores, [10], [2], Questions(horizon_weeks=1e6))
    end = curve(weeks, scores, 10, [6.0, 1e6]).mean
    assert far.expected_gain == pytest.approx(end[0] - end[1], abs=1e-9)


def test_scores_on_the_first_day_show_no_improvement_yet() -> None:
    answers = one([-1, 0], [6, 7])
    assert (answers.improvement, answers.low, answers.high) == (0, 0, 0)
    assert answers.expected_gain > 0
    assert answers.p_recovered < 0.01


def test_start_that_may_have_been_0_leaves_ratios_unanswered() -> None:
    answers = one([0, 2, 4], [0, 0, 1])
    assert np.isnan(answers.improvement)
    assert np.isnan(answers.p_window)
    assert np.isnan(answers.level_ahead)
    assert answers.p_plateau > 0.9


def test_unknown_change_that_matters_leaves_its_questions_unanswered() -> None:
    answers = one([0, 4, 8], [7, 4, 3], matters=math.nan)
    assert np.isnan(answers.p_plateau)
    assert np.isnan(answers.p_worsening)
    assert answers.improvement > 0.3


def test_episode_without_scores_has_no_answers() -> None:
    answers = recover([0, 0, 2], [0, 8], [6, 3], [math.nan, 10], [math.nan, 2])
    assert np.isnan(answers.improvement[0])
    assert np.isnan(answers.expected_gain[0])
    assert answers.improvement[1] > 0


def test_no_episodes_give_no_answers() -> None:
    answers = recover([0], [], [], [], [])
    assert answers.improvement.shape == (0,)


def test_curve_passes_through_long_series_with_a_band_around_it() -> None:
    weeks = [day / 7 for day in range(0, 140, 2)]
    drawn = curve(weeks, falling(60, 0.7, 5, weeks), 100, [0, 5, 20])
    np.testing.assert_allclose(drawn.mean, falling(60, 0.7, 5, [0, 5, 20]), atol=1.5)
    assert (drawn.low < drawn.mean).all()
    assert (drawn.mean < drawn.high).all()


def test_curve_before_care_began_is_flat() -> None:
    drawn = curve([0, 4, 8], [7, 4, 3], 10, [-5, 0])
    assert drawn.mean[0] == drawn.mean[1]


def test_curve_without_scores_is_unknown() -> None:
    drawn = curve([], [], 10, [0, 1])
    assert np.isnan([drawn.mean, drawn.low, drawn.high]).all()

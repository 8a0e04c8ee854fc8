"""What a clinician would say of a curve, and what the model says."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.recovery.histories import Floats
from benchmarks.recovery.worlds import plain_case
from reliefpath.recovery import (
    DEFAULT_PRIOR,
    Recovery,
    Targets,
    curve,
    forecast,
    recover,
    weeks_until_clear,
)

from .episodes import drawn


def one(
    weeks: list[float], burden: list[float], scale_range: float = 10, mcid: float = 2
) -> Recovery:
    return recover([0, len(weeks)], weeks, burden, [scale_range], [mcid], step=[scale_range / 10])


def falling(start: float, share: float, tau: float, weeks: list[float]) -> list[float]:
    return [start * (1 - share * (1 - math.exp(-week / tau))) for week in weeks]


EVERY_OTHER_WEEK: list[float] = list(range(0, 21, 2))


def test_patient_who_levels_off_at_80_percent_is_in_the_window_and_level() -> None:
    answers = one(EVERY_OTHER_WEEK, falling(7, 0.82, 4, EVERY_OTHER_WEEK))
    assert answers.improvement == pytest.approx(0.82, abs=0.03)
    assert answers.p_level > 0.99
    assert answers.p_plateau > 0.99
    assert answers.p_window > 0.8
    assert answers.p_recovered < 0.1
    assert answers.p_worsening < 0.001


def test_patient_who_levels_off_at_half_is_level_below_the_window() -> None:
    answers = one(EVERY_OTHER_WEEK, falling(7, 0.5, 4, EVERY_OTHER_WEEK))
    assert answers.improvement == pytest.approx(0.5, abs=0.05)
    assert answers.p_level > 0.95
    assert answers.p_window < 0.01


def test_patient_who_falls_by_0_6_a_week_is_not_level() -> None:
    answers = one([0, 1, 2, 3, 4], [8, 7.4, 6.8, 6.2, 5.6], mcid=1)
    assert answers.p_level < 0.25
    assert answers.expected_gain > 1
    assert answers.level_ahead > answers.improvement + 0.2


def test_patient_who_falls_in_a_straight_line_for_8_weeks_is_not_level() -> None:
    weeks = list(range(9))
    answers = one(weeks, [8 - 0.6 * week for week in weeks])  # type: ignore[arg-type]
    assert answers.p_level < 0.2
    assert answers.expected_gain > 1


def test_patient_who_fell_of_late_is_not_level_yet_whatever_lies_ahead() -> None:
    """8 to well within two weeks: nothing is left to gain, and all of it is new."""
    answers = one([0, 1, 2, 3], [8, 4, 0, 0])
    assert answers.p_plateau > 0.85
    assert answers.p_level < 0.15


def test_patient_who_fell_6_weeks_ago_and_stays_there_is_level() -> None:
    answers = one([0, 2, 4, 6, 8, 10, 12, 14], [8, 6, 4, 3, 3, 3, 3, 3])
    assert answers.p_level > 0.9


def test_patient_who_is_well_is_recovered() -> None:
    answers = one(EVERY_OTHER_WEEK, [7, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0])
    assert answers.p_recovered > 0.9
    assert answers.p_level > 0.9


def test_score_of_0_says_more_than_one_point_less_than_1() -> None:
    """0 is "at the end of the scale or beyond", not a score like the others."""
    weeks = [0.0, 2, 4, 6]
    nothing, something = one(weeks, [8, 0, 0, 0]), one(weeks, [8, 1, 1, 1])
    assert nothing.improvement > something.improvement
    assert nothing.high > something.high
    assert nothing.p_recovered > something.p_recovered + 0.2
    lowest, low = (curve(weeks, [score] * 4, 10, [6.0], step=1.0).mean[0] for score in (0.0, 1.0))
    assert lowest < low - 0.5


def test_patient_who_wrote_a_diary_for_a_year_and_is_at_0_since_its_third_week_is_recovered() -> (
    None
):
    days = np.arange(400)
    scores = [max(8 - 0.4 * day, 0.0) for day in days]
    answers = one(list(days / 7), scores)
    told = [name for name in answers.__dataclass_fields__ if not name.endswith("_weeks")]
    assert np.isfinite([getattr(answers, name) for name in told]).all()
    assert answers.p_recovered > 0.99
    assert answers.p_level > 0.99
    assert answers.improvement == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("count", [300, 1_500])
@pytest.mark.parametrize(
    "true",
    [lambda week: 8 - 6 * np.minimum(week / 8, 1), lambda week: 0 * week + 5],
    ids=["level", "flat"],
)
def test_diary_of_a_year_means_what_weekly_scores_of_the_same_patient_mean(
    true: Callable[[Floats], Floats], count: int
) -> None:
    told = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        week = np.append(0, np.sort(random.uniform(0, 52, count - 1)))
        score = np.clip(np.rint(true(week) + random.normal(0, 1, count)), 0, 10)
        for rows in (np.arange(count), np.searchsorted(week, np.arange(52))):
            told.append(one(week[rows].tolist(), score[rows].tolist()))
    diaries, weeklies = told[::2], told[1::2]
    better, also = (np.mean([a.improvement[0] for a in each]) for each in (diaries, weeklies))
    assert better == pytest.approx(also, abs=0.03)
    assert min(a.p_level[0] for a in told) > 0.7
    assert max(a.p_worsening[0] for a in told) < 0.2


def test_patient_at_the_worst_of_the_scale_may_be_worse_than_it_shows() -> None:
    weeks = [0.0, 2, 4, 6]
    most, less = (curve(weeks, [score] * 4, 10, [6.0], step=1.0).mean[0] for score in (10.0, 9.0))
    assert most > less + 0.5


def test_patient_who_climbs_is_worse_than_at_the_start() -> None:
    weeks = [0.0, 2, 4, 6, 8, 10, 12]
    climbs, stays = one(weeks, [3, 4, 6, 7, 8, 8, 8]), one(weeks, [5, 5, 4, 5, 6, 5, 5])
    assert climbs.p_worsening > 0.4
    assert stays.p_worsening < 0.05
    assert climbs.improvement < -0.3
    assert climbs.expected_gain < 0.5


def test_mean_of_persistent_back_pain_levels_off_where_the_literature_does() -> None:
    """Costa et al. 2012: 51 at the start, 33, 26 and 23 after 6, 26 and 52 weeks, of 100."""
    answers = one([0, 6, 26, 52], [51, 33, 26, 23], scale_range=100, mcid=20)
    assert answers.improvement == pytest.approx(0.52, abs=0.05)
    assert answers.low < 0.55 < answers.high
    assert answers.p_level > 0.95


def test_scores_of_a_patient_with_waves_are_nearer_to_the_latest_than_scores_at_random() -> None:
    """The same scores, as a wave of 20 weeks and in any order: only a wave tells of next week."""
    weeks = np.arange(30)
    wave = np.rint(5 + 2 * np.cos(2 * np.pi * weeks / 20))
    mixed = np.random.default_rng(1).permutation(wave)

    def widths(scores: np.ndarray) -> np.ndarray:
        low, _, high = forecast([0, 30], weeks, scores, [10], [[30, 50]], step=[1])[0].T
        found: np.ndarray = high - low
        return found

    next_week, next_season = widths(wave)
    assert next_week < 0.7 * next_season
    next_week, next_season = widths(mixed)
    assert next_week > 0.85 * next_season


def test_forecast_of_a_wandering_patient_starts_from_the_latest_scores() -> None:
    """Weeks of bad scores after a long level stretch: the next ones are expected to be bad too.

    That is so where courses do not turn; where they may, this one has.
    """
    plain = {shape: w for shape, w in DEFAULT_PRIOR.shapes.items() if shape.turn is None}
    total = sum(plain.values())
    prior = replace(DEFAULT_PRIOR, shapes={shape: w / total for shape, w in plain.items()})
    weeks = [float(week) for week in range(20)]
    scores = [3.0] * 14 + [5, 6, 6, 7, 6, 6]
    soon, late = forecast([0, 20], weeks, scores, [10], [[20, 60]], (0.5,), prior, step=[1])[
        0, :, 0
    ]
    level = curve(weeks, scores, 10, [20.0], prior, step=1.0).mean[0]
    assert soon > late + 0.3
    assert soon > level + 0.3


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [("improving", 0.0, 0.05), ("levelled", 0.80, 1.0), ("flat", 0.95, 1.0)],
)
def test_plain_case_is_called_level_as_often_as_it_should_be(
    kind: str, least: float, most: float
) -> None:
    """1,500 patients whose scores stray by 0.8; three standard errors are left to chance."""
    told = plain_case(kind, 0.8, 1500)
    columns = (told.offsets, told.weeks, told.burden, told.scale_range, told.mcid)
    called = (recover(*columns, step=told.step).p_level >= 0.8).mean()
    margin = 3 * math.sqrt(0.05 * 0.95 / 1500)
    assert least - margin <= called <= most + margin


def test_forecasts_hold_nine_in_ten_scores_drawn_from_the_model() -> None:
    random = np.random.default_rng(21)
    days = np.cumsum(random.integers(4, 15, (4000, 9)), axis=1)
    patients = drawn(DEFAULT_PRIOR, days - days[:, :1], random)
    seen, next_one = patients.visits(0, 8), patients.visits(8, 9)
    inside = ((seen.scores > 0) & (seen.scores < 10)).all(axis=1)
    seen, next_one = seen.of(inside), next_one.of(inside)  # type: ignore[arg-type]
    low, middle, high = forecast(*seen.columns(), next_one.days / 7)[:, 0].T
    score = np.clip(next_one.scores[:, 0], 0, 10)
    within, above = ((low <= score) & (score <= high)).mean(), (score > middle).mean()
    assert within == pytest.approx(0.90, abs=4 * math.sqrt(0.09 / inside.sum()))
    assert above == pytest.approx(0.50, abs=4 * math.sqrt(0.25 / inside.sum()))


def test_horizon_so_long_that_all_gain_has_come_finds_the_level_ahead() -> None:
    weeks, scores = [0.0, 2, 4, 6], [8.0, 7, 6, 5]
    far = recover([0, 4], weeks, scores, [10], [2], Targets(horizon_weeks=1e6))
    ends = forecast([0, 4], weeks, scores, [10], [[1e6]], (0.5,))[0, 0, 0]
    drawn_to_the_end = curve(weeks, scores, 10, [6.0, 1e6]).mean
    assert far.expected_gain == pytest.approx(drawn_to_the_end[0] - drawn_to_the_end[1], abs=0.3)
    assert ends == pytest.approx(drawn_to_the_end[1], abs=0.3)


def test_scores_on_the_first_day_show_no_improvement_yet() -> None:
    answers = one([-1, 0], [6, 7])
    assert (answers.improvement, answers.low, answers.high) == (0, 0, 0)  # type: ignore[comparison-overlap]
    assert answers.expected_gain > 0
    assert answers.p_recovered < 0.01
    assert answers.p_level < 0.8


def test_start_that_may_have_been_0_leaves_ratios_unanswered() -> None:
    answers = one([0, 2, 4], [0, 0, 1])
    for name in ("improvement", "low", "high", "p_window", "p_recovered", "level_ahead"):
        assert np.isnan(getattr(answers, name)), name
    assert answers.p_plateau > 0.9


def test_unknown_change_that_matters_leaves_its_questions_unanswered() -> None:
    answers = one([0, 4, 8], [7, 4, 3], mcid=math.nan)
    for name in ("p_plateau", "p_plateau_in_window", "p_level", "p_worsening"):
        assert np.isnan(getattr(answers, name)), name
    assert answers.improvement > 0.3


def test_episode_without_scores_has_no_answers() -> None:
    answers = recover([0, 0, 2], [0, 8], [6, 3], [math.nan, 10], [math.nan, 2])
    assert np.isnan(answers.improvement[0])
    assert np.isnan(answers.expected_gain[0])
    assert answers.improvement[1] > 0


@pytest.mark.parametrize("scale_range", [0.0, math.nan, -1.0])
def test_forecast_passes_over_an_episode_without_scores_whatever_its_range(
    scale_range: float,
) -> None:
    scores = forecast([0, 0, 2], [0, 8], [6, 3], [scale_range, 10], [[9], [9]], step=[math.nan, 1])
    assert np.isnan(scores[0]).all()
    assert (scores[1] > 0).all()


def test_no_episodes_give_no_answers() -> None:
    assert recover([0], [], [], [], []).improvement.shape == (0,)
    assert forecast([0], [], [], [], np.empty((0, 2))).shape == (0, 2, 3)


def test_curve_passes_through_long_series_with_a_band_around_it() -> None:
    weeks = [day / 7 for day in range(0, 140, 2)]
    drawn_curve = curve(weeks, falling(60, 0.7, 5, weeks), 100, [0, 5, 20])
    expected = falling(60, 0.7, 5, [0, 5, 20])
    np.testing.assert_allclose(drawn_curve.mean, expected, atol=3)
    assert (drawn_curve.low < drawn_curve.mean).all()
    assert (drawn_curve.mean < drawn_curve.high).all()


def test_curve_before_care_began_is_flat() -> None:
    before, first = curve([0, 4, 8], [7, 4, 3], 10, [-5, 0]).mean
    assert before == first


def test_curve_without_scores_is_unknown() -> None:
    unknown = curve([], [], 10, [0, 1])
    assert np.isnan([unknown.mean, unknown.low, unknown.high]).all()


def test_forecast_that_is_not_asked_for_is_unknown() -> None:
    scores = forecast([0, 2], [0, 4], [6, 4], [10], [[5.0, math.nan, math.inf]])
    assert np.isnan(scores[0, 1]).all()
    assert np.isfinite(scores[0, [0, 2]]).all()


def test_answer_is_clear_at_once_for_who_is_level_and_for_who_falls() -> None:
    level, falls = [8, 6, 4, 3, 3, 3, 3, 3], [9, 8, 8, 7, 6, 6, 5, 4]
    weeks = [0, 2, 4, 6, 8, 10, 12, 14, *range(8)]
    columns = ([0, 8, 16], weeks, [*level, *falls], [10, 10], [2, 2])
    assert weeks_until_clear(*columns, step=[1, 1]).tolist() == [0, 0]


def test_answer_that_is_not_clear_yet_becomes_so_with_more_scores_as_expected() -> None:
    weeks, scores = [0.0, 2, 4, 6, 8, 10], [8.0, 6, 5, 4, 3, 3]
    assert 0.2 < one(weeks, scores).p_level < 0.8
    (wait,) = weeks_until_clear([0, 6], weeks, scores, [10], [2], step=[1])
    assert 1 < wait <= 13
    later = [10.0 + week for week in range(1, int(wait) + 1)]
    expected = curve(weeks, scores, 10, later, step=1.0).mean.tolist()
    for known in range(1, len(later) + 1):
        clear = not 0.2 < one(weeks + later[:known], scores + expected[:known]).p_level < 0.8
        assert clear == (known == wait)


def test_when_it_will_be_clear_is_unknown_without_scores_or_a_change_that_matters() -> None:
    found = weeks_until_clear([0, 0, 2], [0, 4], [6, 4], [10, 10], [2, math.nan])
    assert np.isnan(found).all()

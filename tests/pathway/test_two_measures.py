"""Pain and function make one improvement, as the pathway says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtr

from reliefpath.pathway.facts import Combine, facts
from reliefpath.pathway.facts.pooling import normal_below

from .one_patient import START, log, nrs, on
from .strategies import Rows

PAIN = nrs({7 * week: value for week, value in enumerate([8, 5, 3, 2, 2, 1, 2, 1, 1, 2, 1, 1])})
TODAY = START + timedelta(weeks=11)


def psfs(series: dict[int, float]) -> Rows:
    """Scores of the PSFS by week."""
    return [{"at": on(7 * w), "measure": "psfs", "value": value} for w, value in series.items()]


def of(scores: Rows, combine: Combine = Combine.POOLED, day: date = TODAY) -> dict[str, Any]:
    table = facts(log(scores=scores), day, combine=combine)
    return table.row(by_predicate=pl.col("episode") == "neck", named=True)


FUNCTION = psfs({0: 1, 4: 6, 8: 8, 11: 8})
ALONE = of(PAIN)


def test_pooled_improvement_lies_between_both_measures_and_is_surer_than_either() -> None:
    found = of(PAIN + FUNCTION)
    assert found["second_measure"] == "psfs"
    assert found["second_improvement"] < found["improvement"] < ALONE["improvement"]
    width = found["improvement_high"] - found["improvement_low"]
    assert width < ALONE["improvement_high"] - ALONE["improvement_low"]


def test_primary_improvement_is_that_of_the_primary_measure_alone() -> None:
    found = of(PAIN + FUNCTION, Combine.PRIMARY)
    for fact in ("improvement", "improvement_low", "improvement_high", "p_window"):
        assert found[fact] == ALONE[fact], fact
    assert found["second_measure"] == "psfs"


def test_measures_that_disagree_make_the_improvement_less_sure() -> None:
    agreeing, apart = of(PAIN + FUNCTION), of(PAIN + psfs({0: 1, 4: 2, 8: 3, 11: 3}))
    assert agreeing["disagreement"] < 2 < 3 < apart["disagreement"]
    assert apart["improvement_high"] - apart["improvement_low"] > 0.3


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({0: 1, 8: 8}, "two scores make no curve"),
        ({0: 1, 1: 5, 2: 8}, "the latest is older than the horizon"),
        ({0: 10, 4: 9, 11: 10}, "the start leaves nothing to improve"),
    ],
)
def test_second_measure_that_cannot_judge_is_left_out(scores: dict[int, float], why: str) -> None:
    found = of(PAIN + psfs(scores))
    assert found["second_measure"] is None, why
    assert found["improvement"] == ALONE["improvement"], why


def test_function_may_be_primary_and_pain_second() -> None:
    scores = PAIN[::4] + psfs({week: min(8, 1 + week) for week in range(12)})
    found = of(scores)
    assert (found["measure"], found["second_measure"]) == ("psfs", "nrs")


def test_function_that_still_improves_keeps_the_course_from_being_level() -> None:
    found = of(PAIN + psfs({0: 1, 3: 2, 6: 4, 9: 6, 11: 8}))
    assert found["p_level"] > 0.8
    assert found["second_p_level"] < 0.2


def test_look_again_is_now_where_the_answer_is_clear_and_later_where_it_is_not() -> None:
    assert ALONE["look_again_weeks"] == 0
    falling = of(nrs({0: 8, 14: 6, 28: 5, 35: 5}), day=START + timedelta(days=35))
    assert 0.2 < falling["p_level"] < 0.8
    assert falling["look_again_weeks"] > 0
    later = of(nrs({0: 8, 14: 6, 28: 5, 35: 5}), day=START + timedelta(days=42))
    assert later["look_again_weeks"] == pytest.approx(falling["look_again_weeks"] - 1, abs=1e-3)


def test_the_normal_probability_is_that_of_scipy() -> None:
    z = np.linspace(-6, 6, 241)
    assert np.allclose(normal_below(z), ndtr(z), rtol=0, atol=4e-7)


@pytest.mark.parametrize(
    ("course", "p_level", "weeks"),
    [
        ([7, 3, 3], 0.15, 0),  # on its way still: clear
        ([9, 9, 8, 5], 0.19, 0),
        ([8, 8, 8, 7, 7], 0.78, 4),  # neither
        ([9, 8, 8, 9], 0.77, 4),
        ([5, 4, 4, 5], 0.81, 2),
        ([8, 4, 4, 4, 4, 4, 4], 0.97, 0),  # level: clear
    ],
)
def test_a_course_is_clear_from_nine_tenths_and_to_one_fifth(
    course: list[float], p_level: float, weeks: float
) -> None:
    scores = nrs({14 * i: value for i, value in enumerate(course)})
    found = of(scores, day=START + timedelta(days=14 * (len(course) - 1)))
    assert found["p_level"] == pytest.approx(p_level, abs=0.01)
    assert found["look_again_weeks"] == weeks


@pytest.mark.parametrize(("days", "look_again"), [(91, 0.0), (92, None)])
def test_from_scores_of_more_than_a_quarter_ago_nobody_can_tell_when_to_look_again(
    days: int, look_again: float | None
) -> None:
    course = nrs({14 * i: value for i, value in enumerate([8, 4, 4, 4, 4, 4, 4])})
    found = of(course, day=START + timedelta(days=84 + days))
    assert found["look_again_weeks"] == look_again


def test_whether_other_courses_are_clear_changes_nothing() -> None:
    """Of many, only those that are not clear are asked when they will be."""
    courses = {
        "hip": [8, 4, 4, 4, 4, 4, 4],
        "neck": [8, 6, 5, 4, 2, 2, 3],
        "other": [9, 6, 5, 5, 4, 3, 3],
    }
    day = START + timedelta(days=84)
    scores = {
        episode: [
            row | {"episode": episode} for row in nrs({14 * i: v for i, v in enumerate(course)})
        ]
        for episode, course in courses.items()
    }
    table = facts(log(scores=[row for rows in scores.values() for row in rows]), day)
    assert table["look_again_weeks"].to_list() == [0, 1, 2]
    for episode, rows in scores.items():
        alone = facts(log(scores=rows), day)
        assert table.filter(episode=episode).equals(alone.filter(episode=episode))

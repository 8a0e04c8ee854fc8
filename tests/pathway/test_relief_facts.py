"""Facts of what an injection brought, and of what passes."""

from __future__ import annotations

from typing import Any

import pytest

from reliefpath.care_log.log import CareLog

from .one_patient import after, log, nrs, of, on, treated


def injected(day: int, scores: dict[int, float], *more: dict[str, Any]) -> CareLog:
    """Scores of pain, and an injection on a day."""
    return log(scores=nrs(scores), treatments=[*treated("injection", day), *more])


@pytest.mark.parametrize(
    ("scores", "best", "now", "weeks"),
    [
        ({0: 8, 56: 4, 63: 1, 77: 2, 91: 2}, 0.75, 0.5, 5),
        ({0: 8, 56: 4, 63: 1, 77: 3, 91: 4}, 0.75, 0, 1),
        ({0: 8, 56: 4, 63: 3, 77: 1}, 0.75, 0.75, 0),
        ({0: 8, 56: 4, 70: 5}, -0.25, -0.25, 0),
        ({0: 8, 56: 4}, None, None, None),
        ({63: 1, 70: 1}, None, None, None),
        ({0: 8, 56: 0, 63: 0}, None, None, None),
    ],
    ids=["holds", "fades", "comes late", "worse", "no score since", "none before", "was well"],
)
def test_relief_is_told_on_the_same_scale_and_lasts_while_it_is_a_half(
    scores: dict[int, float], best: float | None, now: float | None, weeks: float | None
) -> None:
    row = of(injected(56, scores), after(100))
    told = row["injection_relief"], row["injection_relief_now"], row["injection_relief_weeks"]
    assert told == (best, now, weeks)


@pytest.mark.parametrize(("later", "weeks"), [(30, 3), (31, 1), (32, 1)])
def test_relief_lasts_while_it_is_a_half_and_not_a_little_less(later: float, weeks: float) -> None:
    course = {0: 90.0, 49: 60.0, 63: 10.0, 77: later}
    said = [{"at": on(day), "measure": "vas", "value": value} for day, value in course.items()]
    row = of(log(scores=said, treatments=treated("injection", 56)), after(80))
    assert row["injection_relief_weeks"] == weeks


def test_a_relief_of_nothing_has_no_sign() -> None:
    said = [{"at": on(day), "measure": "vas", "value": v} for day, v in ((0, 50), (7, 50.001))]
    row = of(log(scores=said, treatments=treated("injection", 3)), after(10))
    assert str(row["injection_relief"]) == "0.0"


def test_relief_that_no_score_tells_is_what_was_reported() -> None:
    care = log(scores=nrs({0: 8}), treatments=treated("injection", 7, response=0.6))
    assert of(care, after(20))["injection_relief"] == 0.6
    assert of(care, after(20))["injection_relief_now"] is None


def test_relief_is_of_the_latest_injection() -> None:
    care = log(
        scores=nrs({0: 8, 10: 4, 20: 4, 30: 3}),
        treatments=treated("injection", 5, 25, response=0.9),
    )
    assert of(care, after(40))["injection_relief"] == 0.25
    assert of(care, after(24))["injection_relief"] == 0.5


def test_being_well_after_an_injection_counts_as_recovered_once_its_effect_has_passed() -> None:
    scores = {0: 8, 56: 2, 63: 0, 77: 0, 98: 0, 126: 0, 147: 0}
    care = injected(56, scores)  # type: ignore[arg-type]
    early, late = of(care, after(130)), of(care, after(147))
    assert (early["relieved"], early["weeks_since_recovery"]) == (True, None)
    assert early["injection_effect"] > 0
    assert (late["relieved"], late["weeks_since_recovery"]) == (False, 3)
    assert late["injection_effect"] == 0


def test_relief_that_passes_changes_the_improvement_less_than_the_scores() -> None:
    scores = {0: 8, 14: 5, 28: 3, 42: 2, 56: 2, 63: 0, 70: 0}
    known, unknown = of(injected(56, scores), after(70)), of(log(scores=nrs(scores)), after(70))  # type: ignore[arg-type]
    assert known["improvement"] < unknown["improvement"] - 0.05
    assert unknown["injection_effect"] == 0


def test_an_injection_elsewhere_takes_nothing_off_these_scores() -> None:
    hip = {"episode": "hip", "at": on(56), "therapy": "injection"}
    row = of(log(scores=nrs({0: 8, 63: 0}), treatments=[hip]), after(70))
    assert (row["injection_effect"], row["relieved"], row["injection_relief"]) == (0, False, None)


def test_wearing_off_is_no_setback() -> None:
    scores = {0: 8, 14: 3, 28: 3, 57: 0, 64: 0, 90: 3, 97: 3}
    assert of(injected(56, scores), after(97))["setback"] <= 0  # type: ignore[arg-type]
    assert of(log(scores=nrs(scores)), after(97))["setback"] > 1


def test_exercise_after_the_injection_is_told_from_exercise_before_it() -> None:
    before = injected(56, {0: 8}, *treated("exercise", 14, 56))
    since = injected(56, {0: 8}, *treated("exercise", 14, 57))
    assert of(before, after(70))["exercise_since_injection"] is False
    assert of(since, after(70))["exercise_since_injection"] is True
    assert of(log(), after(70))["exercise_since_injection"] is None

"""A trial of conservative care is a course of this complaint, and no two rows on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reliefpath.pathway.facts import Trial, facts

from .one_patient import START, after, log, of, on, treated
from .strategies import care_log


def exercised(*days: int, adherence: float | None = 0.9) -> list[dict[str, Any]]:
    return treated("exercise", *days, adherence=adherence)


@pytest.mark.parametrize(
    ("days", "weeks"),
    [
        ((0, 84), 0.0),
        ((0, 41, 82), 82 / 7),
        ((0, 42, 84), 12.0),
        ((0, 43, 86), 0.0),
        ((0, 7, 14, 60, 67), 2.0),
        ((0, 50, 57, 64, 71), 3.0),
        ((0,), 0.0),
    ],
)
def test_a_gap_of_more_than_six_weeks_ends_a_course_of_exercise(
    days: tuple[int, ...], weeks: float
) -> None:
    row = of(log(treatments=exercised(*days)), after(100))
    assert row["exercise_weeks"] == pytest.approx(weeks, abs=1e-4)
    assert row["conservative_weeks"] == pytest.approx(weeks, abs=1e-4)


def test_the_pathway_sets_the_gap() -> None:
    care = log(treatments=exercised(0, 42, 84))
    strict = facts(care, after(100), trial=Trial(gap_weeks=5))
    assert strict["exercise_weeks"].to_list()[1] == 0.0


def test_exercise_that_was_not_done_at_all_is_no_exercise() -> None:
    done, not_done = exercised(0, 7, 14), exercised(21, 28, 35, adherence=0.0)
    row = of(log(treatments=done + not_done), after(35))
    assert row["exercise_weeks"] == 2.0
    assert row["weeks_since_exercise"] == 3.0
    assert row["exercise_adherence"] == pytest.approx(0.45)
    assert row["exercise_adherence_lately"] == pytest.approx(
        0.36
    )  # the last five: 0.9, 0.9, 0, 0, 0


@pytest.mark.parametrize(("day", "counts"), [(71, False), (72, True), (73, True)])
def test_lately_is_the_latest_record_and_four_weeks_before_it(day: int, counts: bool) -> None:
    row = of(log(treatments=exercised(day, adherence=0.1) + exercised(100)), after(110))
    assert row["exercise_adherence_lately"] == pytest.approx(0.5 if counts else 0.9)


def test_exercise_not_done_since_an_injection_is_none_since() -> None:
    injected = treated("injection", 20)
    for adherence, since in ((0.0, False), (0.1, True), (None, True)):
        care = log(treatments=injected + exercised(30, adherence=adherence))
        assert of(care, after(40))["exercise_since_injection"] is since


@pytest.mark.parametrize(
    ("days", "sessions"),
    [
        ((0, 1, 2, 3, 4, 5), 2),
        ((0, 2, 4), 2),
        ((0, 3, 6, 9), 4),
        ((0, 3, 7, 10), 4),
        ((0, 0, 0), 1),
        ((0, 1, 4, 5, 8), 3),
        ((), 0),
    ],
)
def test_sessions_of_dry_needling_count_three_days_apart(
    days: tuple[int, ...], sessions: int
) -> None:
    needled = treated("dry-needling", *days, muscle="upper-trapezius")
    assert of(log(treatments=needled), after(30))["dry_needling_sessions"] == sessions


def test_dry_needling_counts_where_its_muscle_reaches_the_complaint() -> None:
    def sessions(muscle: str | None, **episode: Any) -> int:
        care = care_log(
            {
                "patients": [{"patient": "p"}],
                "episodes": [
                    {
                        "episode": "e",
                        "patient": "p",
                        "started_on": START,
                        "region": "neck",
                        **episode,
                    }
                ],
                "treatments": [
                    {"episode": "e", "at": on(d), "therapy": "dry-needling", "muscle": muscle}
                    for d in (0, 7)
                ],
            }
        )
        found: int = facts(care, after(30))["dry_needling_sessions"][0]
        return found

    assert sessions("upper-trapezius") == 2
    assert sessions("gluteus-medius") == 0
    assert sessions("gluteus-medius", other_regions="jaw hip") == 2
    assert sessions("gluteus-medius", other_regions="jaw") == 0
    assert sessions(None) == 2


def test_an_adverse_effect_of_dry_needling_is_known_and_that_of_exercise_is_not_it() -> None:
    bad = treated("dry-needling", 3, adverse_effect="bruise")
    assert of(log(treatments=bad), after(7))["dry_needling_harm"] is True
    other = treated("exercise", 3, adverse_effect="soreness") + treated("dry-needling", 3)
    assert of(log(treatments=other), after(7))["dry_needling_harm"] is False


def test_an_injection_for_another_complaint_counts_for_the_interval_and_not_for_relief() -> None:
    elsewhere = [{"episode": "hip", "at": on(10), "therapy": "injection", "response": 0.9}]
    row = of(log(treatments=elsewhere), after(24))
    assert row["weeks_since_any_injection"] == 2.0
    assert row["injection_sessions_365d"] == 1
    assert (row["injected"], row["weeks_since_injection"]) == (False, None)
    assert row["injection_relief"] is None
    assert of(log(treatments=elsewhere), after(24), "other")["weeks_since_any_injection"] is None


def test_treatments_that_are_not_there_are_unknown_and_none_at_all_is_a_no() -> None:
    empty = log()
    absent = replace(empty, absent=frozenset({"treatments"}))
    told = (
        *("education_given", "injected", "dry_needling_sessions", "injection_sessions_365d"),
        *("injection_sessions_90d", "steroid_mg_365d", "dry_needling_harm"),
    )
    assert [of(empty, after(7))[name] for name in told] == [False, False, 0, 0, 0, 0.0, False]
    assert [of(absent, after(7))[name] for name in told] == [None] * len(told)
    assert absent.only("neck").absent == {"treatments"}


@pytest.mark.parametrize("therapy", ["exercise", "dry-needling", "injection"])
def test_a_row_that_stands_twice_says_once_how_the_trial_went(therapy: str) -> None:
    high = treated(therapy, 14, adherence=0.9, response=0.9)
    low = treated(therapy, 14, adherence=0.1, response=0.1)
    other = treated(therapy, 14, adherence=0.9, response=0.9, muscle="infraspinatus")
    once, twice, apart = (
        of(log(treatments=rows), after(20))
        for rows in (high + low, high + high + low, high + other + low)
    )
    assert twice == once
    means = [k for k in once if k.endswith(("adherence", "response")) and once[k] is not None]
    means = means or ["injection_relief"]
    assert all(once[name] == pytest.approx(0.5) for name in means)
    assert all(apart[name] == pytest.approx(1.9 / 3, abs=1e-4) for name in means)


def test_a_steroid_that_stands_twice_counts_twice() -> None:
    row = treated("injection", 14, agent="triamcinolone", amount=10.0, unit="mg")
    assert of(log(treatments=row * 2), after(20))["steroid_mg_365d"] == 20

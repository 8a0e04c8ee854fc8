"""Scores of one day are one occasion, and what is scored after the end of care is none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from reliefpath.pathway.facts import facts

from .one_patient import START, after, log, nrs, of, on, treated
from .strategies import Rows, care_log


def scored(measure: str, *said: tuple[datetime, float]) -> list[dict[str, Any]]:
    return [{"at": at, "measure": measure, "value": value} for at, value in said]


def test_two_scores_of_one_day_are_one_occasion_whose_mean_counts() -> None:
    care = log(scores=nrs({0: 8, 7: 4}) + scored("nrs", (on(14.4), 2), (on(14.6), 5)))
    row = of(care, after(20))
    assert (row["score_count"], row["current"], row["current_worst"]) == (3, 3.5, 5)
    assert (row["residual"], row["flare"]) == (3.5, -0.25)


def test_the_worst_of_a_day_is_the_lowest_where_more_is_better() -> None:
    care = log(scores=scored("psfs", (on(0), 2), (on(7.4), 8), (on(7.6), 5)))
    row = of(care, after(20))
    assert (row["current"], row["current_worst"]) == (6.5, 5)


def test_two_zeros_within_twenty_minutes_are_no_recovery() -> None:
    weekly = nrs({0: 6, 7: 4, 14: 3})
    twice = scored("nrs", (on(21.4), 0), (on(21.41), 0))
    assert of(log(scores=weekly + twice), after(22))["weeks_since_recovery"] is None
    two_weeks = scored("nrs", (on(21.4), 0), (on(35.4), 0))
    assert of(log(scores=weekly + two_weeks), after(36))["weeks_since_recovery"] is not None


def test_how_often_a_patient_answers_in_a_day_changes_nothing_but_the_worst() -> None:
    once = nrs({0: 8, 7: 5, 14: 4, 21: 3, 28: 3})
    often = [row | {"at": on(d / 10 + 7 * i)} for i, row in enumerate(once) for d in (0, 2, 5)]
    assert of(log(scores=often), after(30)) == of(log(scores=once), after(30))


def test_an_injection_parts_a_day_into_before_and_after() -> None:
    day = scored("nrs", (on(14.3), 5), (on(14.6), 1))
    injected = treated("injection", 14)
    injected[0]["at"] = on(14.5)
    care = log(scores=nrs({0: 8, 7: 5}) + day, treatments=injected)
    row = of(care, after(14))
    assert (row["score_count"], row["current"]) == (4, 1)
    assert row["injection_relief"] == pytest.approx(0.8)


def test_what_is_scored_after_the_end_of_care_does_not_move_the_curve() -> None:
    def row(scores: dict[int, float]) -> dict[str, Any]:
        rows: dict[str, Rows] = {
            "patients": [{"patient": "p"}],
            "episodes": [
                {
                    "episode": "e",
                    "patient": "p",
                    "region": "neck",
                    "started_on": START,
                    "ended_on": after(28),
                }
            ],
            "scores": [{"episode": "e"} | score for score in nrs(scores)],
        }
        return facts(care_log(rows), after(100)).row(0, named=True)

    course: dict[int, float] = {0: 8, 7: 6, 14: 5, 21: 4, 28: 4}
    assert row(course | {29: 0, 35: 0, 42: 0}) == row(course)
    assert row(course)["score_count"] == 5


@pytest.mark.parametrize(("day", "known"), [(57, True), (58, True), (59, True), (57.5, True)])
def test_what_the_patient_says_of_the_whole_is_known_for_the_horizon(
    day: float, known: bool
) -> None:
    said = [*scored("groc", (on(day), -5)), *scored("pgic", (on(day), 6))]
    said += scored("sane", (on(day), 30))
    row = of(log(scores=said), after(100))
    assert (row["groc"], row["pgic"], row["own_estimate"]) == (
        (-5, 6, 0.3) if known and day >= 58 else (None, None, None)
    )


@pytest.mark.parametrize(
    ("measure", "values", "doubt"),
    [
        ("vas", (72, 68, 6.6), True),
        ("vas", (7.2, 6.8, 66), True),
        ("vas", (72, 68, 40), False),
        ("groc", (5, 6, -6), True),
        ("groc", (1, 2, -1), False),
        ("nrs", (7, 6, 1), False),
    ],
)
def test_a_scale_that_seems_to_change_is_in_doubt(
    measure: str, values: tuple[float, ...], doubt: bool
) -> None:
    care = log(scores=scored(measure, *((on(7 * i), v) for i, v in enumerate(values))))
    row = of(care, after(30))
    assert row["scale_in_doubt"] is doubt
    assert row["scales_in_doubt"] == (measure if doubt else None)
    assert of(care, after(10))["scale_in_doubt"] is False  # before the jump
    assert of(care, after(30), "hip")["scale_in_doubt"] is False


@pytest.mark.parametrize(
    ("measure", "start", "base", "now", "relief"),
    [
        ("nrs", 8, 1, 0, None),
        ("nrs", 8, 2, 1, 0.5),
        ("nrs", 8, 3, 3, 0.0),
        ("vas", 80, 14, 7, None),
        ("vas", 80, 15, 3, 0.8),
        ("vas", 80, 16, 4, 0.75),
    ],
)
def test_relief_is_told_where_the_scale_can_tell_it_from_its_error(
    measure: str, start: float, base: float, now: float, relief: float | None
) -> None:
    """From 1 to 0 of 10 is no relief of 100 %: the NRS errs by 2 points.

    Of the VAS no error is known, so the change that matters, 15 mm, stands in.
    """
    said = scored(measure, (on(0), start), (on(7), base), (on(21), now))
    care = log(scores=said, treatments=treated("injection", 14))
    row = of(care, after(30))
    assert row["injection_relief"] == relief
    assert row["injection_relief_now"] == relief
    assert (row["injection_relief_weeks"] is None) == (relief is None)


def test_care_ends_with_the_death_of_the_patient() -> None:
    rows = {
        "patients": [{"patient": "p", "died_on": after(20)}],
        "episodes": [{"episode": "e", "patient": "p", "region": "neck", "started_on": START}],
    }
    care = care_log(rows)
    assert [facts(care, after(d))["in_care"][0] for d in (19, 20, 21)] == [True, False, False]


def test_the_last_day_of_care_is_one_of_care() -> None:
    episode = {"episode": "e", "patient": "p", "region": "neck", "started_on": START}
    care = care_log(
        {"patients": [{"patient": "p"}], "episodes": [episode | {"ended_on": after(20)}]}
    )
    assert [facts(care, after(d))["in_care"][0] for d in (19, 20, 21)] == [True, True, False]

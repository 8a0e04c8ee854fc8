"""Facts of the scores: measure, setback, recovery, what is left."""

from __future__ import annotations

import pytest

from .one_patient import after, log, nrs, of, on


def test_scores_count_sessions_of_the_measure_and_not_its_items() -> None:
    items = [
        {"at": on(day), "measure": "psfs", "item": item, "value": value}
        for day, values in {0: (2, 3, 4), 14: (5, 6, 7)}.items()
        for item, value in zip(("lifting", "driving", "sleep"), values, strict=True)
    ]
    row = of(log(scores=items), after(14))
    assert row["measure"] == "psfs"
    assert (row["score_count"], row["baseline"], row["current"]) == (2, 3.0, 6.0)
    assert row["residual"] == 4.0


def test_measure_is_the_one_scored_most_often_that_has_a_well_value() -> None:
    scores = nrs({0: 7, 7: 5}) + [
        {"at": on(day), "measure": measure, "value": 50.0}
        for day in (0, 7, 14)
        for measure in ("ppt", "sane")
    ]
    assert of(log(scores=scores), after(14))["measure"] == "sane"
    assert of(log(scores=scores[:2] + scores[2::2]), after(14))["measure"] == "nrs"


@pytest.mark.parametrize(
    ("series", "setback"),
    [
        ([8, 5, 5], None),
        ([8, 5, 5, 5], -0.75),  # both latest 5; the pair before them 8 and 5
        (
            [8, 2, 2, 5, 6],
            1.5,
        ),  # the lesser of 5 and 6, less 2, in MDCs of 2
        ([8, 2, 2, 6, 2], 0.0),  # one bad score is not a setback
        ([4, 4, 8, 8], 2.0),
    ],
)
def test_setback_is_what_both_latest_scores_lost(
    series: list[float], setback: float | None
) -> None:
    care = log(scores=nrs({7 * week: value for week, value in enumerate(series)}))
    assert of(care, after(70))["setback"] == setback


@pytest.mark.parametrize(
    ("measure", "series", "setback"),
    [
        ("ndi", [40, 10, 10, 19, 19], 0.9),  # 9 raw points are within the error of 10
        ("ndi", [40, 10, 10, 20, 20], 1.0),
        ("ndi", [40, 10, 10, 21, 21], 1.1),
        ("spadi", [80, 20, 20, 38, 38], 1.0),
    ],
)
def test_a_change_within_the_error_of_a_scale_is_no_setback(
    measure: str, series: list[float], setback: float
) -> None:
    scores = nrs({7 * week: float(value) for week, value in enumerate(series)})
    care = log(scores=[{**score, "measure": measure} for score in scores])
    assert of(care, after(70))["setback"] == setback


@pytest.mark.parametrize(
    ("series", "weeks", "relapse"),
    [
        ([8, 4, 1, 1], None, False),  # 1 of 8 is 88 %, not 90
        ([8, 4, 0], None, False),  # once is not a run
        ([8, 4, 0, 0], None, False),  # a week is too short
        ([8, 4, 0, 0, 0], 6, False),
        ([8, 0, 4, 0], None, False),  # their mean is not recovered
        ([8, 0, 4, 0, 0, 0], 5, False),
        ([8, 0, 0, 0, 1, 1], 7, False),  # a point is less than the two that matter
        ([8, 0, 0, 0, 4], 7, False),  # one bad day is no relapse
        ([8, 0, 0, 0, 2, 2], 7, False),  # and so is one bad week
        ([8, 0, 0, 0, 2, 2, 2], 7, True),
        ([8, 0, 0, 0, 4, 1], 7, False),
        ([8, 0, 0, 4, 4, 4, 0, 0, 0], 2, False),
        ([10, 1, 1, 1], 7, False),  # 90 % to the point
        ([0, 0, 0], None, None),
    ],
)
def test_recovery_takes_two_weeks_and_so_does_its_loss(
    series: list[float], weeks: int | None, relapse: bool | None
) -> None:
    care = log(scores=nrs({7 * week: value for week, value in enumerate(series)}))
    row = of(care, after(56))
    assert (row["weeks_since_recovery"], row["relapse"]) == (weeks, relapse)


@pytest.mark.parametrize(
    ("series", "slipping"),
    [
        ([8, 0, 0, 0], False),
        ([8, 0, 0, 0, 1], False),
        ([8, 0, 0, 0, 1, 1], True),
        ([8, 0, 0, 0, 1, 1, 0], False),
        ([8, 0, 0, 0, 2, 2, 2], False),
        ([8, 1, 1, 1], False),
    ],
    ids=["well", "one score", "two scores", "well again", "lost", "never recovered"],
)
def test_recovery_slips_when_two_scores_in_a_row_are_no_longer_well(
    series: list[float], slipping: bool
) -> None:
    scores = nrs({7 * i: value for i, value in enumerate(series)})
    assert of(log(scores=scores), after(70))["slipping"] is slipping


@pytest.mark.parametrize(
    ("series", "scatter"),
    [
        ({0: 5}, None),
        ({0: 5, 7: 9}, 0.6),  # one difference may be a step
        ({7 * week: 5 for week in range(20)}, 0.1897),
        ({7 * week: 5 if week < 10 else 9 for week in range(20)}, 0.1897),  # a step is no scatter
        ({7 * week: 4 + 2 * (week % 2) for week in range(20)}, 0.6971),
        ({28 * week: 4 + 2 * (week % 2) for week in range(20)}, 0.6),  # of the course, not scatter
    ],
)
def test_scatter_is_how_much_neighbouring_scores_differ(
    series: dict[int, float], scatter: float | None
) -> None:
    assert of(log(scores=nrs(series)), after(600))["scatter"] == scatter


def test_scores_of_one_day_scatter_too() -> None:
    once = nrs({7 * week: 5.0 for week in range(6)})
    calm = nrs({7 * week + hour: 5.0 for week in range(6) for hour in (0.4, 0.6)})
    wild = nrs(
        {7 * week + 0.4: 3.0 for week in range(6)} | {7 * week + 0.6: 7.0 for week in range(6)}
    )
    alone, same, apart = (
        of(log(scores=[*once, *more]), after(60))["scatter"] for more in ([], calm, wild)
    )
    assert same == alone
    assert apart > 2 * alone


def test_residual_is_visible_while_a_recent_scale_can_show_what_matters() -> None:
    scores = [*nrs({0: 8, 56: 1}), {"at": on(14), "measure": "psfs", "value": 8.0}]
    care = log(scores=scores)
    assert of(care, after(56))["residual_visible"] is True  # psfs scored 42 days ago
    assert of(care, after(57))["residual_visible"] is False
    assert of(care, after(56 + 43))["residual_visible"] is None


def test_own_estimate_and_function_are_the_latest() -> None:
    rows = [("sane", 0, 20.0), ("sane", 7, 60.0), ("psfs", 0, 2.0), ("psfs", 7, 6.0)]
    scores = [{"at": on(day), "measure": name, "value": value} for name, day, value in rows]
    row = of(log(scores=scores + nrs({0: 8, 3: 6, 7: 4})), after(7))
    assert row["own_estimate"] == 0.6
    assert row["function_improvement"] == 0.5


@pytest.mark.parametrize(("first", "improved"), [(9.0, 0.5), (9.9, 0.5), (10.0, None)])
def test_function_that_was_not_worse_than_good_cannot_improve(
    first: float, improved: float | None
) -> None:
    rows = [(0, first), (7, (first + 10) / 2)]
    scores = [{"at": on(day), "measure": "psfs", "value": value} for day, value in rows]
    row = of(log(scores=scores + nrs({0: 8, 3: 6, 7: 4})), after(7))
    assert row["function_improvement"] == improved

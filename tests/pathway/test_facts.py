"""Each fact is what its declaration says, on care logs small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest

from reliefpath.chart.care_log import CareLog
from reliefpath.errors import UsageError
from reliefpath.pathway.cases.reading import DAY_ONE
from reliefpath.pathway.facts import KEYS, declaration, facts, schema

from .strategies import Rows, care_log

START = DAY_ONE.date()
SCREENINGS = ("red-flag", "allergy", "condition", "medicine")


def on(day: float) -> datetime:
    return DAY_ONE + timedelta(days=day)


def log(**tables: Rows) -> CareLog:
    """One patient's neck and, where rows name it, the same patient's hip."""
    rows: dict[str, Rows] = {
        "patients": [{"patient": "p"}, {"patient": "q"}],
        "episodes": [
            {"episode": "neck", "patient": "p", "region": "neck", "started_on": START},
            {"episode": "hip", "patient": "p", "region": "hip", "started_on": START},
            {"episode": "other", "patient": "q", "region": "neck", "started_on": START},
        ],
    }
    for name, given in tables.items():
        owner = {"patient": "p"} if name == "findings" else {"episode": "neck"}
        rows[name] = [owner | row for row in given]
    return care_log(rows)


def of(care: CareLog, as_of: date | datetime = START, episode: str = "neck") -> dict[str, Any]:
    return facts(care, as_of).row(by_predicate=pl.col("episode") == episode, named=True)


def after(days: int) -> date:
    return START + timedelta(days=days)


def nrs(series: dict[int, float]) -> Rows:
    return [{"at": on(day), "measure": "nrs", "value": value} for day, value in series.items()]


def treated(therapy: str, *days: int, **columns: object) -> Rows:
    return [{"at": on(day), "therapy": therapy, **columns} for day in days]


def found(kind: str, code: str, day: float, **columns: object) -> dict[str, Any]:
    return {"at": on(day), "kind": kind, "code": code, **columns}


def test_facts_have_the_declared_columns_and_types() -> None:
    assert dict(facts(log(scores=nrs({0: 7, 7: 5})), START).schema) == {**KEYS, **schema()}
    assert list(schema()) == list(declaration().facts)


def test_nothing_on_record_is_null_and_counts_are_zero() -> None:
    row = of(log(), after(14))
    known = {name for name, value in row.items() if value is not None}
    assert known == {
        *KEYS,
        "region",
        "in_care",
        "record_complete",
        "weeks_in_care",
        "scale_in_doubt",
        "slipping",
        "relieved",
        "injected",
        "education_given",
        "dry_needling_sessions",
        "dry_needling_harm",
        "injection_sessions_365d",
        "injection_sessions_90d",
        "steroid_mg_365d",
    }
    assert row["weeks_in_care"] == 2.0


def test_episodes_begun_later_have_no_row() -> None:
    assert facts(log(), START - timedelta(days=1)).is_empty()


def test_care_log_without_rows_has_no_facts() -> None:
    assert facts(care_log({}), START).schema == {**KEYS, **schema()}


def test_future_rows_are_ignored_until_their_day() -> None:
    care = log(scores=nrs({0: 7, 10: 2}), findings=[found("red-flag", "foot-drop", 10)])
    assert of(care, after(9))["score_count"] == 1
    assert of(care, after(9))["red_flag"] is None
    assert of(care, after(10))["score_count"] == 2
    assert of(care, after(10))["red_flag"] is True


def test_a_date_counts_to_its_end_in_utc() -> None:
    care = log(scores=[*nrs({0: 7}), {"at": on(1.999), "measure": "nrs", "value": 3.0}])
    assert of(care, after(1))["score_count"] == 2
    assert of(care, after(0))["score_count"] == 1


def test_a_moment_counts_up_to_and_with_itself_in_its_own_zone() -> None:
    care = log(scores=[*nrs({0: 7}), {"at": on(1.5), "measure": "nrs", "value": 3.0}])
    assert of(care, on(1.5))["score_count"] == 2
    assert of(care, on(1.5) - timedelta(microseconds=1))["score_count"] == 1
    zone = timezone(timedelta(hours=-5))
    assert of(care, datetime(2024, 1, 2, 7, 0, tzinfo=zone))["score_count"] == 2
    assert of(care, datetime(2024, 1, 2, 6, 59, tzinfo=zone))["score_count"] == 1
    assert of(care, datetime(2024, 1, 2, 12, 0, tzinfo=UTC)) == of(care, on(1.5))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="has no zone"):
        facts(log(), datetime(2024, 1, 2))


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
        ([8, 4, 0, 0], 6, False),
        ([8, 0, 4, 0, 0], 5, False),
        ([8, 0, 0, 1, 1], 7, False),  # a point is less than the two that matter
        ([8, 0, 0, 2], 7, True),
        ([8, 0, 0, 4, 0, 0], 4, False),
        ([10, 1, 1], 7, False),  # 90 % to the point
        ([0, 0, 0], None, None),
    ],
)
def test_recovery_begins_with_two_well_scores_and_is_lost_with_what_matters(
    series: list[float], weeks: int | None, relapse: bool | None
) -> None:
    care = log(scores=nrs({7 * week: value for week, value in enumerate(series)}))
    row = of(care, after(56))
    assert (row["weeks_since_recovery"], row["relapse"]) == (weeks, relapse)


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
    care = injected(56, scores)
    early, late = of(care, after(130)), of(care, after(147))
    assert (early["relieved"], early["weeks_since_recovery"]) == (True, None)
    assert early["injection_effect"] > 0
    assert (late["relieved"], late["weeks_since_recovery"]) == (False, 3)
    assert late["injection_effect"] == 0


def test_relief_that_passes_changes_the_improvement_less_than_the_scores() -> None:
    scores = {0: 8, 14: 5, 28: 3, 42: 2, 56: 2, 63: 0, 70: 0}
    known, unknown = of(injected(56, scores), after(70)), of(log(scores=nrs(scores)), after(70))
    assert known["improvement"] < unknown["improvement"] - 0.05
    assert unknown["injection_effect"] == 0


def test_an_injection_elsewhere_takes_nothing_off_these_scores() -> None:
    hip = {"episode": "hip", "at": on(56), "therapy": "injection"}
    row = of(log(scores=nrs({0: 8, 63: 0}), treatments=[hip]), after(70))
    assert (row["injection_effect"], row["relieved"], row["injection_relief"]) == (0, False, None)


def test_wearing_off_is_no_setback() -> None:
    scores = {0: 8, 14: 3, 28: 3, 57: 0, 64: 0, 90: 3, 97: 3}
    assert of(injected(56, scores), after(97))["setback"] <= 0
    assert of(log(scores=nrs(scores)), after(97))["setback"] > 1


def test_exercise_after_the_injection_is_told_from_exercise_before_it() -> None:
    before = injected(56, {0: 8}, *treated("exercise", 14, 56))
    since = injected(56, {0: 8}, *treated("exercise", 14, 57))
    assert of(before, after(70))["exercise_since_injection"] is False
    assert of(since, after(70))["exercise_since_injection"] is True
    assert of(log(), after(70))["exercise_since_injection"] is None


@pytest.mark.parametrize(
    ("series", "slipping"),
    [
        ([8, 0, 0], False),
        ([8, 0, 0, 1], False),
        ([8, 0, 0, 1, 1], True),
        ([8, 0, 0, 1, 1, 0], False),
        ([8, 0, 0, 2, 2], False),
        ([8, 1, 1], False),
    ],
    ids=["well", "one score", "two scores", "well again", "lost", "never recovered"],
)
def test_recovery_slips_when_two_scores_in_a_row_are_no_longer_well(
    series: list[float], slipping: bool
) -> None:
    scores = nrs({7 * i: value for i, value in enumerate(series)})
    assert of(log(scores=scores), after(70))["slipping"] is slipping


def test_gain_between_needling_sessions_counts_from_before_the_first() -> None:
    needled = treated("dry-needling", 7, 14)
    scores = nrs({0: 8, 7: 6, 10: 5, 21: 3})
    assert of(log(scores=scores, treatments=needled), after(21))["dry_needling_gain"] == 0.5
    assert of(log(scores=scores[:2], treatments=needled), after(21))["dry_needling_gain"] is None


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


def test_a_session_is_a_day() -> None:
    needled = treated("dry-needling", 7, 7, 14) + treated("electro-dry-needling", 14, 21)
    row = of(log(treatments=needled), after(30))
    assert row["dry_needling_sessions"] == 3
    injected = treated("injection", 7, 7, response=0.2) + treated("injection", 20, response=0.8)
    row = of(log(treatments=injected), after(27))
    assert (row["injection_sessions_365d"], row["injection_sessions_90d"]) == (2, 2)
    assert (row["weeks_since_injection"], row["injection_relief"]) == (1.0, 0.8)


def test_years_and_quarters_count_whole_days_back() -> None:
    care = log(treatments=treated("injection", 0, 275))
    assert of(care, after(364))["injection_sessions_365d"] == 2
    assert of(care, after(365))["injection_sessions_365d"] == 1
    assert of(care, after(275 + 89))["injection_sessions_90d"] == 1
    assert of(care, after(275 + 90))["injection_sessions_90d"] == 0


def test_injections_of_the_patients_other_episode_count_for_the_year_alone() -> None:
    care = log(treatments=treated("injection", 7, episode="hip"))
    assert of(care, after(14))["injection_sessions_365d"] == 1
    assert of(care, after(14))["weeks_since_injection"] is None
    assert of(care, after(14), "other")["injection_sessions_365d"] == 0


def test_conservative_care_is_all_that_is_less_invasive_than_an_injection() -> None:
    done = [*treated("education", 0), *treated("manual", 14), *treated("acupuncture", 28)]
    row = of(log(treatments=done + treated("injection", 70)), after(70))
    assert row["conservative_weeks"] == 4.0
    assert row["education_given"] is True
    assert row["exercise_weeks"] is None


def test_every_kind_of_exercise_counts_as_exercise() -> None:
    done = treated("stretching", 7, adherence=0.5) + treated("strength-training", 49, adherence=1)
    row = of(log(treatments=done + treated("exercise", 21)), after(60))
    assert row["exercise_weeks"] == 6.0
    assert row["exercise_adherence"] == 0.75


def steroid(agent: str, amount: float | None, unit: str | None, day: int = 7) -> Rows:
    return treated("injection", day, agent=agent, amount=amount, unit=unit)


@pytest.mark.parametrize(
    ("given", "mg"),
    [
        (steroid("triamcinolone", 40, "mg"), 40.0),
        (steroid("triamcinolone", 0.04, "g") + steroid("methylprednisolone", 500, "mcg"), 40.5),
        (steroid("dexamethasone", 3, "mg") + steroid("betamethasone", 1.5, "mg"), 26.0),
        (steroid("lidocaine", 100, "mg"), 0.0),
        (steroid("lidocaine", None, None), 0.0),
        (steroid("triamcinolone", 40, "mg") + steroid("triamcinolone", None, None), None),
        (steroid("triamcinolone", 40, "ml"), None),
        (treated("epidural-injection", 7, agent="triamcinolone", amount=40, unit="mg"), 40.0),
        (steroid("triamcinolone", 40, "mg") + treated("injection", 9, episode="hip"), 40.0),
    ],
)
def test_steroid_is_summed_as_triamcinolone_and_unknown_with_an_amount_missing(
    given: Rows, mg: float | None
) -> None:
    care = log(treatments=given)
    assert of(care, after(14))["steroid_mg_365d"] == mg
    assert of(care, after(14), "hip")["steroid_mg_365d"] == mg
    assert of(care, after(14), "other")["steroid_mg_365d"] == 0.0
    assert of(care, after(7 + 365))["steroid_mg_365d"] == 0.0


def exam(day: int, muscle: str, *signs: bool | None) -> dict[str, Any]:
    names = ("tender_spot", "taut_band", "referred_pain", "recognised")
    given = dict(zip(names, signs, strict=True))
    return {"at": on(day), "muscle": muscle, "side": "right", **given}


@pytest.mark.parametrize(
    ("exams", "active", "explains"),
    [
        ([exam(7, "upper-trapezius", True, True, True, True)], 1, True),
        ([exam(7, "upper-trapezius", True, None, True, True)], 1, True),
        ([exam(7, "upper-trapezius", True, False, False, True)], 0, False),
        ([exam(7, "upper-trapezius", False, None, None, None)], 0, False),
        ([exam(7, "upper-trapezius", True, None, False, True)], None, None),
        ([exam(7, "upper-trapezius", True, True, True, None)], None, None),
        ([exam(7, "tibialis-anterior", True, True, True, True)], 1, None),
        (
            [
                exam(7, "upper-trapezius", True, True, True, True),
                exam(7, "levator-scapulae", True, True, True, None),
            ],
            1,
            True,
        ),
        (
            [
                exam(7, "tibialis-anterior", True, True, True, True),
                exam(7, "upper-trapezius", None, None, None, None),
            ],
            1,
            None,
        ),
        (
            [
                exam(3, "upper-trapezius", True, True, True, True),
                exam(7, "upper-trapezius", False, False, False, False),
            ],
            0,
            False,
        ),
    ],
)
def test_trigger_points_are_those_of_the_latest_exam(
    exams: Rows, active: int | None, explains: bool | None
) -> None:
    row = of(log(exams=exams), after(14))
    assert (row["active_trigger_points"], row["trigger_point_explains_pain"]) == (active, explains)
    assert row["weeks_since_exam"] == 1.0


def test_a_patient_of_whom_a_row_was_refused_is_not_completely_on_record() -> None:
    sound = log()
    assert of(sound, START)["record_complete"] is True
    assert (
        of(replace(sound, incomplete=frozenset(sound.patients["patient"])), START)[
            "record_complete"
        ]
        is False
    )

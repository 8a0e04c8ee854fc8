"""Facts of what was done, and of how often."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from .one_patient import after, log, nrs, of, treated
from .strategies import Rows


def test_gain_between_needling_sessions_counts_from_before_the_first() -> None:
    needled = treated("dry-needling", 7, 14)
    scores = nrs({0: 8, 7: 6, 10: 5, 21: 3})
    assert of(log(scores=scores, treatments=needled), after(21))["dry_needling_gain"] == 0.5
    assert of(log(scores=scores[:2], treatments=needled), after(21))["dry_needling_gain"] is None


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


def test_a_therapy_that_no_catalogue_knows_counts_as_none_that_is_known() -> None:
    """As where the clinic's own file, which added it, is not in force."""
    care = log(treatments=treated("exercise", 0, 21, 42) + treated("injection", 7))
    own = replace(care, treatments=care.treatments.with_columns(therapy=pl.lit("our-own")))
    row = of(own, after(50))
    assert (row["conservative_weeks"], row["exercise_weeks"]) == (None, None)
    assert (row["injected"], row["education_given"], row["dry_needling_sessions"]) == (
        *(False, False, 0),
    )


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

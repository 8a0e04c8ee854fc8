"""What a plan tells of doses, word for word: numbers and days were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from reliefpath.reference.therapies.coverage import Asked
from reliefpath.reference.therapies.injection import (
    Given,
    Portion,
    Verdict,
    plan_injection,
)

from .people import FIT, TODAY, WHERE, at, given, lidocaine, person, steroid
from .telling import REASON, one, says, told
from .test_one_day import earlier


def hour_of(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def test_how_much_anaesthetic_is_planned_and_still_acts() -> None:
    whom = person(weight_kg=160.0, weight_before_kg=72.5, height_cm=160.0, history=(earlier(),))
    plan = one(whom, lidocaine(12), Portion("bupivacaine", 0.25, "percent", 10.0))
    arithmetic = (
        "lidocaine 130 mg of 300 mg (the lesser of 4.5 mg/kg × 160 kg = 720 mg and 300 mg) = 0.433;"
        " bupivacaine 25 mg of 175 mg (the lesser of 2 mg/kg × 160 kg = 320 mg and 175 mg) = 0.143;"
        " together 0.576; lidocaine 10 mg of 2026-03-31 09:00 UTC included, which may still act"
    )
    for id_, most in (("anaesthetic-share", "1"), ("anaesthetic-high", "0.8")):
        said, how = told(plan, id_)
        assert said.endswith(f": 0.576 of the maximum, at most {most}")
        assert how == arithmetic
    assert says(plan, "plausible-weight").startswith(
        "Weight that is believed without asking: 160 kg, at least 30 and at most 150. Outside it"
    )
    assert told(plan, "weight-change")[1] == "160 kg now, 72.5 kg before"
    assert told(plan, "body-mass-index")[1] == "160 kg / (160 cm)² = 62.5"
    assert told(plan, "volume")[1] == "12 + 10 mL; and 1 earlier on the day"


@pytest.mark.parametrize(
    ("before", "arithmetic"),
    [
        ((), "lidocaine 10 mg of 225 mg (the lesser of 4.5 mg/kg × 50 kg = 225 mg and 300 mg)"),
        (
            (earlier(mg=0.0, at=None),),  # none of it was given
            "lidocaine 10 mg of 225 mg (the lesser of 4.5 mg/kg × 50 kg = 225 mg and 300 mg)"
            " = 0.0444; lidocaine 0 mg of 2026-03-31 included, which may still act",
        ),
    ],
)
def test_one_anaesthetic_alone_is_not_added_up(before: tuple[Given, ...], arithmetic: str) -> None:
    whom = person(weight_kg=50.0, weight_before_kg=None, history=before)
    how = told(one(whom), "anaesthetic-share")[1]
    assert how == (arithmetic if before else f"{arithmetic} = 0.0444")


def test_what_was_given_in_a_day_of_the_label() -> None:
    none, other, old = (
        earlier("mepivacaine", 0.0, at=None),
        earlier("bupivacaine", 150.0),
        replace(earlier("mepivacaine", 900.0, at=None), on=TODAY - timedelta(days=5)),
    )
    portion = Portion("mepivacaine", 1.0, "percent", 1.0)
    plan = one(person(weight_kg=120.0, history=(none, other, old)), portion)
    assert told(plan, "anaesthetic-24-hours-mepivacaine") == (
        "Mepivacaine in 24 hours: 10 mg on record, at most 1000 mg",
        "mepivacaine 0 mg of 2026-03-31 included",
    )
    unrelated = one(person(history=(other, old)), portion)
    assert "anaesthetic-24-hours-mepivacaine" not in {check.id for check in unrelated.checks}


def test_a_dose_of_the_day_that_is_not_on_record_is_told_beside_one_that_is() -> None:
    noon = hour_of(TODAY - timedelta(days=1), 12)
    whom = person(
        at=hour_of(TODAY, 9),  # 21 hours later: it has worn off, and counts for the day
        history=tuple(earlier("mepivacaine", mg, at=noon, on=noon.date()) for mg in (50.0, None)),
    )
    plan = one(whom, Portion("mepivacaine", 1.0, "percent", 1.0))
    check = next(c for c in plan.checks if c.id == "anaesthetic-24-hours-mepivacaine")
    assert check.verdict is Verdict.UNKNOWN
    assert check.arithmetic == (
        "mepivacaine 50 mg of 2026-03-30 12:00 UTC, mepivacaine ? mg of 2026-03-30 12:00 UTC"
        " included"
    )


def test_the_steroid_of_a_year_and_of_the_day() -> None:
    history = (
        given(0, "dexamethasone", 3.0),  # as 16 mg of triamcinolone
        given(90),
        given(200, "betamethasone", None),
        given(364, "methylprednisolone", 20.0),
        given(365),
    )
    plan = one(person(history=history), steroid(10), steroid(3, "dexamethasone"))
    assert says(plan, "steroid-year") == (
        "Corticosteroid of 365 days with this session: 46 + 26 = 72 mg of triamcinolone, "
        "and 1 whose agent or amount is not on record: find it out"
    )
    assert told(plan, "steroid-sessions")[1] == (
        "before: 2025-04-01, 2025-09-12, 2025-12-31, 2026-03-31; and this one"
    )
    assert told(plan, "steroid-session")[1] == (
        "triamcinolone 10 mg × 1 + dexamethasone 3 mg × 5.33 = 26 mg of triamcinolone;"
        " and 16 earlier on the day"
    )
    assert told(plan, "steroid-interval")[1] == "the last on 2026-03-31, 0 weeks ago"
    assert says(plan, "last-session") == "The last session: 2025-12-31, 12.9 weeks ago"
    assert says(plan, "volume").startswith(
        "Volume in all: 1.3 mL, at most 10. 1 earlier on the day"
    )
    first = one(FIT, steroid(10))
    assert told(first, "steroid-sessions")[1] == "before: none; and this one"
    assert says(first, "steroid-year").endswith("0 + 10 = 10 mg of triamcinolone")
    assert says(first, "last-session") == "The last session: none on record"
    assert says(first, "steroid-reason").startswith(f"Reason for a steroid: {REASON}. Three of")


def test_the_latest_of_several_injections_of_a_site_is_told() -> None:
    plan = one(person(history=(given(70, "saline"), given(14, "saline"), given(42, "saline"))))
    assert told(plan, f"same-site-interval-{WHERE}-left")[1] == "2026-03-17, 2 weeks ago"


@pytest.mark.parametrize(
    ("portion", "said"),
    [
        (lidocaine(1), "Lidocaine of 1 percent; usual is 0.25 to 1 percent"),
        (lidocaine(1, 3.0), "Lidocaine of 3 percent is not sold; the strongest is 2 percent"),
        (lidocaine(1, 5.1), "Lidocaine of 5.1 percent is not sold; the strongest is 2 percent"),
        (
            lidocaine(1, 5.04),
            "Lidocaine of 5.04 percent is not sold; the strongest is 2 percent."
            " Did you mean 5.04 mg/mL?",
        ),
        (
            Portion("ropivacaine", 2.0, "percent", 1),
            "Ropivacaine of 2 percent is not sold; the strongest is 1 percent."
            " Did you mean 2 mg/mL?",
        ),
        (lidocaine(1, 0.0506), "Lidocaine of 0.0506 percent; usual is 0.25 to 1 percent. 0.25 to"),
        (
            lidocaine(1, 0.0504),
            "Lidocaine of 0.0504 percent; usual is 0.25 to 1 percent. Did you mean 0.504 percent?",
        ),
        (
            Portion("lidocaine", 15.2, "mg/ml", 1),
            "Lidocaine of 1.52 percent; usual is 0.25 to 1 percent. 0.25 to 1 percent, 0.2 to 1 mL",
        ),
        (
            Portion("lidocaine", 0.506, "mg/ml", 1),
            "Lidocaine of 0.0506 percent; usual is 0.25 to 1 percent. 0.25 to 1 percent, 0.2 to 1",
        ),
    ],
)
def test_what_an_odd_strength_may_have_been_meant_as(portion: Portion, said: str) -> None:
    found = says(one(FIT, portion), f"strength-{portion.agent}")
    assert found.startswith(said)
    assert ("Did you mean" in found) is ("Did you mean" in said)


@pytest.mark.parametrize(
    ("portion", "id_", "dose"),
    [
        (
            lidocaine(2),
            "strength-lidocaine",
            "lidocaine 1 percent = 10 mg/mL × 2 mL = 20 mg",
        ),
        (
            Portion("lidocaine", 5.0, "mg/ml", 3.0),
            "strength-lidocaine",
            "lidocaine 5 mg/mL × 3 mL = 15 mg",
        ),
        (
            Portion("lidocaine", 1.0, "percent", 2.0, stated_mg=20.0),
            "stated-dose-lidocaine",
            "lidocaine 1 percent = 10 mg/mL × 2 mL = 20 mg",
        ),
        (steroid(20), "usual-dose-triamcinolone", "triamcinolone 10 mg/mL × 2 mL = 20 mg"),
    ],
)
def test_how_a_dose_comes_about(portion: Portion, id_: str, dose: str) -> None:
    assert told(one(FIT, portion), id_)[1] == dose


def test_a_dose_that_was_said_and_one_that_is_not_usual() -> None:
    said = Portion("lidocaine", 1.0, "percent", 2.0, stated_mg=20.0)
    assert says(one(FIT, said), "stated-dose-lidocaine") == "Lidocaine: 20 mg was said, and it is"
    usual = "Triamcinolone acetonide: 5 mg in all; usual is 10 to 40 mg. Is the unit right?"
    assert says(one(FIT, steroid(5)), "usual-dose-triamcinolone") == usual


@pytest.mark.parametrize(
    ("asked", "verdict", "said"),
    [
        (Asked("aetna", "pain", False, "pain above 3"), "decision", "asks: pain above 3: not met"),
        (
            Asked("aetna", "pain", None, "pain above 3"),
            "uncertain",
            "asks: pain above 3: uncertain",
        ),
        (Asked("aetna", "pain", True, "pain above 3"), "fine", "asks: pain above 3: met"),
        (
            Asked("aetna", "pain", False, "pain above 3", of_this_payer=False),
            "uncertain",
            "would ask: pain above 3: not met",
        ),
    ],
)
def test_what_a_payer_asks_is_told_with_its_answer(asked: Asked, verdict: str, said: str) -> None:
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=[asked])
    assert says(plan, "coverage-aetna-pain") == f"aetna {said}"
    assert next(c.verdict for c in plan.checks if c.id == "coverage-aetna-pain") == verdict


def test_what_must_be_at_hand_is_worked_out_where_an_anaesthetic_is_planned() -> None:
    plan = plan_injection([at(lidocaine(1))], person(weight_kg=50.0))
    assert plan.at_hand[:5] == (
        "Lipid emulsion 20 percent, first bolus 75 mL over 2 to 3 minutes",
        "Infusion after the bolus: 188 to 250 mL over 15 to 20 minutes",
        "Emulsion in all: at most 600 mL",
        "Epinephrine, if needed: at most 50 mcg a dose",
        "Worked out for 50 kg; the doses go by ideal body weight, so work them out again where that"
        " is much less",
    )
    heavy = plan_injection([at(lidocaine(1))], person(weight_kg=100.0))
    assert heavy.at_hand[2] == "Emulsion in all: at most 1200 mL"
    assert not plan_injection([at(lidocaine(1))], person(weight_kg=None)).at_hand
    assert not plan_injection([at(Portion("saline", 0, "percent", 1.0))], FIT).at_hand

"""What a plan tells, word for word: the numbers and the days were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from reliefpath.reference.therapies.coverage import Asked
from reliefpath.reference.therapies.injection import (
    Checked,
    Complaint,
    Examined,
    Given,
    Person,
    Portion,
    Standing,
    Unmet,
    Verdict,
    plan_injection,
)
from reliefpath.reference.therapies.needling import Course, plan_needling

from .people import CONSENTED, FIT, TODAY, WHERE, at, given, lidocaine, person, steroid
from .test_one_day import earlier

REASON = "no lasting relief without it"
AGREED = Standing("consent", "needling")
INFECTED = Standing("condition", "skin-infection-at-site", "piriformis", None, "left")
HIP = Complaint(("hip",))


def told(plan: Checked, id_: str) -> tuple[str, str | None]:
    return next((check.says, check.arithmetic) for check in plan.checks if check.id == id_)


def says(plan: Checked, id_: str) -> str:
    return told(plan, id_)[0]


def hour_of(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def one(whom: Person = FIT, *portions: Portion, muscle: str = WHERE) -> Checked:
    """The plan of one site, on the left."""
    what = [at(*(portions or (lidocaine(1),)), muscle=muscle)]
    return plan_injection(what, whom, steroid_reason=REASON)


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


LONG_AGO, YOUNG = date(2026, 1, 2), date(2010, 1, 1)


@pytest.mark.parametrize(
    ("changed", "id_", "said"),
    [
        (
            {"weight_kg": None},
            "weight",
            "The weight is not known, so the largest dose is not known: weigh the patient.",
        ),
        (
            {"weight_kg": None, "outdated": {"weight": LONG_AGO}},
            "weight",
            "The weight is of 2026-01-02, which is too old or has ended, so the largest dose is not"
            " known: weigh the patient.",
        ),
        (
            {"gate": False, "unmet": (Unmet("plateau", "Wait."),)},
            "gate-plateau",
            "The gate is closed. Wait.",
        ),
        (
            {"gate": None, "unmet": (Unmet("plateau", "Wait."),)},
            "gate-plateau",
            "The gate is unknown. Wait.",
        ),
        ({"gate": False}, "gate", "The pathway's gate to the injection is closed."),
        ({"gate": None}, "gate", "The pathway's gate to the injection is unknown."),
        (
            {"sex": None},
            "pregnancy-not-asked",
            "Pregnancy is not on record either way: ask, where it may be.",
        ),
        (
            {"sex": "female", "outdated": {"pregnancy": LONG_AGO}},
            "pregnancy-not-asked",
            "Pregnancy was last asked about on 2026-01-02: ask again, where it may be.",
        ),
        (
            {"findings": ()},
            "consent",
            "No consent on record: inform the patient, and record `consent` `injection`.",
        ),
        (
            {"findings": (), "outdated": {"consent": LONG_AGO}},
            "consent",
            "The consent of 2026-01-02 was to an earlier needle, or is too old: inform the patient,"
            " and record `consent` `injection`.",
        ),
        (
            {"missing": ("the findings", "the treatments")},
            "record-incomplete",
            "Not all of the record was read: the findings, the treatments. It may hold what bars a"
            " needle.",
        ),
        (
            {"renewed": {"red-flag": LONG_AGO}},
            "nothing-new",
            "Asked again, and nothing is new: red flag since 2026-01-02.",
        ),
        ({"birth_date": None}, "age", "The age is not known: record the birth date."),
        (
            {"birth_date": TODAY},
            "age",
            "Age: 0 years, at least 18. The limits are those of adults; a clinic that treats"
            " children has limits for them in its own file.",
        ),
        (
            {
                "birth_date": date(2010, 1, 1),
                "findings": (CONSENTED, Standing("consent", "guardian")),
            },
            "consent-guardian",
            "A guardian's consent is on record. Under 18 a guardian consents, and the young person"
            " agrees as well.",
        ),
        (
            {"birth_date": YOUNG},
            "consent-assent",
            "The patient's own assent is not on record. Under 18 a guardian consents, and the young"
            " person agrees as well.",
        ),
    ],
)
def test_what_is_not_known_of_a_person(changed: dict[str, Any], id_: str, said: str) -> None:
    assert says(one(person(**changed)), id_) == said


def test_what_was_asked_long_ago_is_told_apart_from_what_never_was() -> None:
    whom = person(
        screened=FIT.screened - {"condition", "medicine"}, outdated={"condition": LONG_AGO}
    )
    plan = one(whom)
    assert {check.id for check in plan.blocking} == {"medicine-not-asked", "screening-is-old"}
    assert says(plan, "screening-is-old") == (
        "Last asked about: condition since 2026-01-02. Ask again, and say what is new, or that"
        " nothing is."
    )
    asked = person(outdated={"condition": LONG_AGO})  # for another complaint, and again for this
    assert not one(asked).blocking


@pytest.mark.parametrize(
    ("muscle", "where"),
    [
        ("piriformis", "piriformis left"),
        ("masseter", "masseter left"),
        (WHERE, "gluteus medius left"),
    ],
)
def test_what_is_found_close_to_a_site_and_far_from_it(muscle: str, where: str) -> None:
    found = replace(INFECTED, muscle=muscle)
    said = says(
        one(person(findings=(CONSENTED, found))),
        f"condition-skin-infection-at-site-{muscle}-left",
    )
    ends = {
        "piriformis": ". Nothing is planned there, but close to it.",
        "masseter": ". Nothing is planned there.",
    }
    assert said == (
        f"Skin infection at the site, {where}: A needle would carry it deeper, and a steroid would"
        f" feed it{ends.get(muscle, '.')}"
    )


def seen(days_ago: int, *, active: bool | None) -> Examined:
    return Examined(TODAY - timedelta(days=days_ago), WHERE, "left", active)


@pytest.mark.parametrize(
    ("complaint", "exams", "id_", "said"),
    [
        (
            HIP,
            (seen(3, active=None),),
            "unclear",
            "last examined on 2026-03-28, unclear whether it was active. A needle is for an active"
            " trigger point.",
        ),
        (
            HIP,
            (seen(3, active=False),),
            "not-active",
            "last examined on 2026-03-28, not active. A needle is for an active trigger point.",
        ),
        (HIP, (), "not-examined", "not examined; examine it within 4 weeks before a needle."),
        (
            HIP,
            (seen(30, active=True),),
            "not-examined",
            "last examined on 2026-03-01; examine it within 4 weeks before a needle.",
        ),
        (
            Complaint(("jaw", "upper-back")),
            (seen(3, active=True),),
            "cannot-explain",
            "it is not known to refer to the complaint's jaw or upper back.",
        ),
        (
            Complaint(("hip",), "right"),
            (seen(3, active=True),),
            "other-side",
            "the complaint is on the right.",
        ),
    ],
)
def test_what_speaks_against_a_site(
    complaint: Complaint, exams: tuple[Examined, ...], id_: str, said: str
) -> None:
    plan = one(person(complaint=complaint, exams=exams))
    assert says(plan, f"site-{id_}-{WHERE}-left") == f"Gluteus medius, left: {said}"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (
            earlier("saline", muscle=None, side=None),
            "Trigger point injection on 2026-03-31: muscle not on record, side not on record",
        ),
        (
            earlier("saline", None, muscle="infraspinatus", side="right", at=None),
            "Trigger point injection on 2026-03-31: Infraspinatus, right",
        ),
    ],
)
def test_which_needle_was_on_the_other_side_of_the_chest(before: Given, said: str) -> None:
    found = says(one(person(history=(before,)), muscle="upper-trapezius"), "other-side-of-chest")
    assert found == (
        f"{said}, on the other side of the chest. A needle that meets the lung on both sides leaves"
        " the patient without one; over the chest wall one side a day."
    )


@pytest.mark.parametrize(
    ("asked", "verdict", "said"),
    [
        (Asked("aetna", "pain", False, "pain above 3"), "decision", "asks: pain above 3: not met"),
        (Asked("aetna", "pain", None, "pain above 3"), "fine", "asks: pain above 3: uncertain"),
        (Asked("aetna", "pain", True, "pain above 3"), "fine", "asks: pain above 3: met"),
        (
            Asked("aetna", "pain", False, "pain above 3", of_this_payer=False),
            "fine",
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


def needled(days_ago: int) -> Given:
    day = TODAY - timedelta(days=days_ago)
    return Given(day, "dry-needling", WHERE, "left", None, None)


@pytest.mark.parametrize(
    ("agreed", "sessions", "holds"),
    [
        (7, (), None),
        (7, (9,), None),  # a session before they agreed
        (7, (9, 3), False),
        (7, (7,), False),
        (0, (0,), None),  # both today
        (0, (7,), None),
    ],
)
def test_an_agreement_to_a_course_is_asked_about_from_the_second_session_on(
    agreed: int, sessions: tuple[int, ...], holds: bool | None
) -> None:
    whom = person(
        findings=(AGREED,),
        consented_on=TODAY - timedelta(days=agreed),
        history=tuple(map(needled, sessions)),
    )
    plan = plan_needling([(WHERE, "left")], whom, Course(0, None))
    ids = {check.id for check in plan.checks if check.id.startswith("consent")}
    assert ids == {"consent" if holds is None else "consent-still-holds"}
    if holds is False:
        assert says(plan, "consent-still-holds").startswith(
            "The patient agreed to the course on 2026-03-24: do they still today?"
        )
    else:
        assert says(plan, "consent") == "The patient has agreed to dry needling."


@pytest.mark.parametrize(
    ("course", "id_", "said"),
    [
        (
            Course(3, 0.25, 0.5),
            "needling-without-relief",
            (
                "Sessions of dry needling that brought no relief: 0 sessions, at most 2",
                "3 sessions relieved 25% of the pain each, and it is 50% less than before them",
            ),
        ),
        (
            Course(2, 0.0),
            "needling-without-relief",
            (
                "Sessions of dry needling that brought no relief: 2 sessions, at most 2",
                "2 sessions relieved 0% of the pain each",
            ),
        ),
        (
            Course(None, None),
            "needling-course",
            ("How many sessions there were is not known: read the treatments as well.", None),
        ),
    ],
)
def test_what_a_course_of_needling_brought(
    course: Course, id_: str, said: tuple[str, str | None]
) -> None:
    assert told(plan_needling([(WHERE, "left")], FIT, course), id_) == said


def test_a_course_of_which_nothing_was_read_is_unknown() -> None:
    whom = person(findings=(CONSENTED, AGREED))
    plan = plan_needling([(WHERE, "left")], whom, Course(None, None))
    assert {check.id: check.verdict for check in plan.blocking} == {
        "needling-course": Verdict.UNKNOWN
    }


def test_muscles_needled_earlier_on_the_day_are_of_the_session() -> None:
    muscles = ("piriformis", "masseter", None, None)
    history = tuple(replace(needled(0), muscle=muscle) for muscle in muscles)
    plan = plan_needling([(WHERE, "left")], person(history=history), Course(0, None))
    assert says(plan, "needled-muscles") == "Muscles needled in one session: 5 muscles, at most 6"


@pytest.mark.parametrize(
    ("muscle", "verdict"),
    [("piriformis", "blocked"), ("gluteus-minimus", "decision"), ("temporalis", "fine")],
)
def test_what_is_found_at_or_near_one_of_several_sites(muscle: str, verdict: str) -> None:
    found = replace(INFECTED, muscle=muscle)
    what = [at(lidocaine(1), muscle=name) for name in ("soleus", "piriformis")]
    plan = plan_injection(what, person(findings=(CONSENTED, found)))
    id_ = f"condition-skin-infection-at-site-{muscle}-left"
    assert next(check.verdict for check in plan.checks if check.id == id_) == verdict


@pytest.mark.parametrize("therapy", ["joint-injection", "epidural-injection"])
def test_an_injection_of_a_joint_or_the_spine_is_not_beside_the_lung(therapy: str) -> None:
    before = earlier("saline", therapy=therapy, muscle=None, side=None)
    ids = {c.id for c in one(person(history=(before,)), muscle="upper-trapezius").checks}
    assert "other-side-of-chest" not in ids
    known = replace(before, muscle="rhomboids", side="right")
    assert says(one(person(history=(known,)), muscle="upper-trapezius"), "other-side-of-chest")


@pytest.mark.parametrize("changed", [{"muscle": "piriformis"}, {"side": "right"}])
def test_what_was_found_elsewhere_says_nothing_of_a_site(changed: dict[str, Any]) -> None:
    elsewhere = replace(seen(1, active=False), **changed)
    plan = one(person(complaint=HIP, exams=(elsewhere, seen(3, active=True))))
    assert not {check.id for check in plan.checks if check.id.startswith("site-")}


@pytest.mark.parametrize(
    ("exams", "told"),
    [
        ([(9, "left", False), (3, "both", True)], None),
        ([(9, "both", False), (3, "left", True)], None),
        ([(9, "left", True), (3, "both", False)], "not-active"),
        ([(3, "both", False), (3, "left", True)], None),
        ([(3, "left", False), (3, "both", True)], "not-active"),
    ],
)
def test_the_latest_examination_counts_and_of_one_day_that_of_the_very_side(
    exams: list[tuple[int, str, bool]], told: str | None
) -> None:
    found = tuple(replace(seen(ago, active=is_so), side=side) for ago, side, is_so in exams)
    ids = {check.id for check in one(person(complaint=HIP, exams=found)).checks}
    against = {id_ for id_ in ids if id_.startswith("site-")}
    assert against == ({f"site-{told}-{WHERE}-left"} if told else set())

"""A planned session of dry needling: a case for every bar, and when it is stopped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import Restriction, finding_kinds
from reliefpath.reference.therapies.injection import Person, Result, Standing, Verdict
from reliefpath.reference.therapies.needling import Course, NeedlingPlan, plan_needling

from .injection.people import FIT

AGREED = Standing("consent", "needling")
WILLING = replace(FIT, findings=(AGREED,))
FRESH = Course(0, None)
OF_AN_AGENT = {
    "diabetes",
    "cardiac-conduction-disease",
    "hepatic-disease",
    "methaemoglobinaemia",
    "g6pd-deficiency",
    "ester-anaesthetic",
    "lipid-emulsion",
    "class-iii-antiarrhythmic",
    "class-i-antiarrhythmic",
    "slows-anaesthetic-clearance",
    "glucose-lowering",
    "renal-disease",
    "breastfeeding",
}
"""What is weighed for what is injected, and not for a dry needle."""
FAR = [("gluteus-medius", "left")]


def having(*findings: tuple[str, str]) -> Person:
    return replace(WILLING, findings=(AGREED, *(Standing(*finding) for finding in findings)))


def verdicts(plan: NeedlingPlan) -> dict[str, Verdict]:
    return {check.id: check.verdict for check in plan.checks}


def barred(*bars: Restriction) -> list[tuple[str, str]]:
    return [
        (kind, code)
        for kind, group in finding_kinds(SHIPPED).items()
        for code, row in group.codes.items()
        if set(bars) & set(row.bars)
    ]


BLOCKING = barred(Restriction.RED_FLAG, Restriction.NEEDLING_CONTRAINDICATION)


def test_a_session_for_somebody_fit_and_willing_is_ready() -> None:
    assert plan_needling(FAR, WILLING, FRESH).result is Result.READY


@pytest.mark.parametrize(("kind", "code"), BLOCKING)
def test_every_red_flag_and_contraindication_of_needling_blocks(kind: str, code: str) -> None:
    plan = plan_needling(FAR, having((kind, code)), FRESH)
    assert verdicts(plan)[f"{kind}-{code}"] is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("kind", "code"),
    sorted(set(barred(Restriction.CAUTION, Restriction.ANTICOAGULANT)) - set(BLOCKING)),
)
def test_every_caution_is_acknowledged_by_name(kind: str, code: str) -> None:
    plan = plan_needling(FAR, having((kind, code)), FRESH)
    if code in OF_AN_AGENT:
        assert plan.result is Result.READY
        assert f"{kind}-{code}" not in verdicts(plan)
        return
    assert plan.open_decisions == (f"{kind}-{code}",)
    weighed = plan_needling(FAR, having((kind, code)), FRESH, plan.open_decisions)
    assert weighed.result is Result.READY


def test_an_allergy_to_an_anaesthetic_does_not_stand_in_the_way_of_a_dry_needle() -> None:
    assert plan_needling(FAR, having(("allergy", "lidocaine")), FRESH).result is Result.READY


def test_consent_to_the_injection_is_none_to_the_needle() -> None:
    plan = plan_needling(FAR, FIT, FRESH)
    assert verdicts(plan)["consent"] is Verdict.UNKNOWN
    assert plan.result is Result.BLOCKED


@pytest.mark.parametrize("kind", ["red-flag", "allergy", "condition", "medicine"])
def test_what_was_not_asked_is_not_safe(kind: str) -> None:
    unasked = replace(WILLING, screened=WILLING.screened - {kind})
    assert plan_needling(FAR, unasked, FRESH).result is Result.BLOCKED


def test_over_the_chest_wall_one_side_a_session_and_never_between_the_ribs() -> None:
    both = [("rhomboids", "left"), ("upper-trapezius", "right")]
    assert verdicts(plan_needling(both, WILLING, FRESH))["one-side"] is Verdict.BLOCKED
    one = plan_needling([("rhomboids", "left")], WILLING, FRESH)
    assert verdicts(one)["hazard-rhomboids"] is Verdict.DECISION
    ribs = plan_needling([("intercostals-diaphragm", "left")], WILLING, FRESH)
    assert ribs.result is Result.BLOCKED


@pytest.mark.parametrize(
    ("course", "found"),
    [
        (Course(2, 0.0), Verdict.FINE),
        (Course(3, 0.0), Verdict.DECISION),
        (Course(3, 0.1), Verdict.FINE),
    ],
)
def test_it_is_stopped_when_three_sessions_brought_nothing(course: Course, found: Verdict) -> None:
    assert verdicts(plan_needling(FAR, WILLING, course))["needling-without-relief"] is found


def test_it_goes_on_where_the_pain_is_less_between_sessions() -> None:
    within, between = Course(3, 0.0, gain=0.0), Course(3, 0.0, gain=0.3)
    assert (
        verdicts(plan_needling(FAR, WILLING, within))["needling-without-relief"] is not Verdict.FINE
    )
    assert verdicts(plan_needling(FAR, WILLING, between))["needling-without-relief"] is Verdict.FINE


def test_a_response_that_nobody_recorded_is_asked_for() -> None:
    plan = plan_needling(FAR, WILLING, Course(1, None))
    assert plan.open_decisions == ("response-not-recorded",)


@pytest.mark.parametrize(("done", "found"), [(5, Verdict.FINE), (6, Verdict.DECISION)])
def test_a_course_has_six_sessions(done: int, found: Verdict) -> None:
    plan = plan_needling(FAR, WILLING, Course(done, 0.4))
    assert verdicts(plan)["needling-course"] is found


@pytest.mark.parametrize("places", [[], [("gluteus", "left")], [("gluteus-medius", "both")]])
def test_what_cannot_be_is_refused(places: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError):
        plan_needling(places, WILLING, FRESH)

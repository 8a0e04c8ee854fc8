"""What a plan tells of a person and of a course of needling, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from reliefpath.reference.therapies.injection import (
    Given,
    Standing,
    Unmet,
    Verdict,
)
from reliefpath.reference.therapies.needling import Course, plan_needling

from .people import CONSENTED, FIT, TODAY, WHERE, person
from .telling import AGREED, one, says, told

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
            "No consent on record: inform the patient, and record the answer.",
        ),
        (
            {"findings": (), "outdated": {"consent": LONG_AGO}},
            "consent",
            "The consent of 2026-01-02 was to an earlier needle, or is too old: inform the patient,"
            " and record the answer.",
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

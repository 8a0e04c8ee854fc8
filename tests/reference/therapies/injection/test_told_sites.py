"""What a plan tells of where a needle goes, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reliefpath.reference.therapies.injection import (
    Complaint,
    Examined,
    Given,
    Standing,
    plan_injection,
)

from .people import CONSENTED, TODAY, WHERE, at, lidocaine, person
from .telling import one, says
from .test_one_day import earlier

INFECTED = Standing("condition", "skin-infection-at-site", "piriformis", None, "left")
HIP = Complaint(("hip",))


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
        f"Skin infection at the site, {where}: A needle would carry it deeper"
        f"{ends.get(muscle, '.')}"
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

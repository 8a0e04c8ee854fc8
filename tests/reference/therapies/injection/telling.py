"""What a plan tells by the id of a check, word for word."""

from __future__ import annotations

from reliefpath.reference.therapies.injection import (
    Checked,
    Person,
    Portion,
    Standing,
    plan_injection,
)

from .people import FIT, WHERE, at, lidocaine

REASON = "no lasting relief without it"
AGREED = Standing("consent", "needling")


def told(plan: Checked, id_: str) -> tuple[str, str | None]:
    return next((check.says, check.arithmetic) for check in plan.checks if check.id == id_)


def says(plan: Checked, id_: str) -> str:
    return told(plan, id_)[0]


def one(whom: Person = FIT, *portions: Portion, muscle: str = WHERE) -> Checked:
    """The plan of one site, on the left."""
    what = [at(*(portions or (lidocaine(1),)), muscle=muscle)]
    return plan_injection(what, whom, steroid_reason=REASON)

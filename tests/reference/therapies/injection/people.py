"""A person on whom nothing stands in the way, to be changed in one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.injection import Given, Person, Portion, Site, Standing

TODAY = date(2026, 3, 31)
CONSENTED = Standing("consent", "injection")
FIT = Person(
    knowledge=SHIPPED,
    on=TODAY,
    birth_date=date(1980, 1, 1),
    weight_kg=70.0,
    weight_before_kg=70.0,
    height_cm=None,
    sex="male",
    findings=(CONSENTED,),
    screened=frozenset({"red-flag", "allergy", "condition", "medicine"}),
    history=(),
    gate=True,
)
WHERE = "gluteus-medius"
"""A muscle far from the lung."""


def person(**changed: Any) -> Person:
    return replace(FIT, **changed)


def having(*findings: tuple[str, str]) -> Person:
    return person(findings=(CONSENTED, *(Standing(*finding) for finding in findings)))


def lidocaine(volume_ml: float, percent: float = 1.0) -> Portion:
    return Portion("lidocaine", percent, "percent", volume_ml)


def steroid(mg: float, agent: str = "triamcinolone") -> Portion:
    return Portion(agent, 10.0, "mg/ml", mg / 10.0)


def at(*portions: Portion, muscle: str = WHERE, side: str = "left") -> Site:
    return Site(muscle, side, portions)


def given(days_ago: int, agent: str | None = "triamcinolone", mg: float | None = 10.0) -> Given:
    day = TODAY - timedelta(days=days_ago)
    return Given(day, "injection", WHERE, "left", agent, mg)

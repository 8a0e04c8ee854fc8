"""A gate that never opens is no gate: plain candidates are planned with little to weigh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from statistics import median

import polars as pl

from reliefpath.pathway.assessment import assess
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.anatomy import trigger_point
from reliefpath.reference.therapies.injection import Plan, Portion, Site
from reliefpath.simulation import demo_clinic

from .asking import plan_of

AS_OF = date(2026, 3, 31)
CLINIC = demo_clinic(200, 1, AS_OF)
LIDOCAINE = (Portion("lidocaine", 1, "percent", 1.0),)


@cache
def plans(*, is_open: bool) -> list[Plan]:
    """Plans of one active trigger point, of those in care whose gate is open or is not."""
    return list(_plans(is_open=is_open))


def _plans(*, is_open: bool) -> Iterator[Plan]:
    advice = assess(CLINIC, load_pathway(), AS_OF)
    in_care = advice.filter("in_care", pl.col("gate").fill_null(False) == is_open)
    for episode in in_care["episode"].head(60):
        mine = CLINIC.only(episode)
        active = mine.exams.filter(pl.sql_expr(trigger_point().active.rule), episode=episode)
        latest = active.filter(pl.col("at") == mine.exams.filter(episode=episode)["at"].max())
        for muscle, side in latest.head(1)["muscle", "side"].iter_rows():
            site = Site(muscle, "left" if side == "both" else side, LIDOCAINE)
            yield plan_of(mine, episode, [site], AS_OF, payer="medicare", nothing_new=True)


def to_weigh(plan: Plan) -> list[str]:
    """What a clinician weighs; what a payer asks is another matter."""
    return [id_ for id_ in plan.open_decisions if not id_.startswith("coverage-")]


def test_every_open_gate_leads_to_a_plan_that_can_be_given() -> None:
    found = plans(is_open=True)
    assert len(found) >= 4
    assert [plan.blocking for plan in found if plan.blocking] == []


def test_in_the_median_a_plan_asks_for_at_most_one_acknowledgement() -> None:
    assert median(len(to_weigh(plan)) for plan in plans(is_open=True)) <= 1


def test_in_the_median_an_override_of_the_gate_asks_for_at_most_three() -> None:
    possible = [plan for plan in plans(is_open=False) if not plan.blocking]
    gates = [[id_ for id_ in to_weigh(p) if id_.startswith("gate")] for p in possible]
    assert len(gates) >= 4
    assert all(gates)
    assert median(map(len, gates)) <= 3

"""A session is a day: what was injected earlier on it counts against what a session may hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as forall

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import agents
from reliefpath.reference.therapies.injection import (
    Given,
    Person,
    Plan,
    Site,
    Verdict,
    plan_injection,
)

from .people import FIT, TODAY, WHERE, at, lidocaine, person, steroid
from .test_laws import people, sites

REASON = "no lasting relief without it"
HELD = ("volume", "muscles", "points", "steroid-session")
NINE = datetime(2026, 3, 31, 9, tzinfo=UTC)


def earlier(agent: str | None = "lidocaine", mg: float | None = 10.0, **more: Any) -> Given:
    """What was injected at nine; one millilitre, unless told otherwise."""
    given = Given(TODAY, "injection", "piriformis", "left", agent, mg, NINE, 1.0)
    return replace(given, **more)


def given_as(what: list[Site]) -> tuple[Given, ...]:
    """A session as it is on record: a row for each site and agent."""
    return tuple(
        earlier(p.agent, p.mg, muscle=site.muscle, side=site.side, volume_ml=p.volume_ml)
        for site in what
        for p in site.portions
    )


def verdicts(what: list[Site], whom: Person) -> dict[str, Verdict]:
    found = plan_injection(what, whom, steroid_reason=REASON)
    return {check.id: check.verdict for check in found.checks if check.id in HELD}


def check(plan: Plan, id_: str) -> tuple[Verdict, str]:
    return next((c.verdict, f"{c.says}; {c.arithmetic}") for c in plan.checks if c.id == id_)


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (earlier("triamcinolone", 40.0), Verdict.DECISION),
        (earlier("triamcinolone", 20.0), Verdict.FINE),
        (earlier("triamcinolone", 20.1), Verdict.DECISION),
        (earlier("dexamethasone", 3.75), Verdict.FINE),  # as strong as 20 mg of triamcinolone
        (earlier("dexamethasone", 3.8), Verdict.DECISION),
        (earlier("triamcinolone", 40.0, therapy="joint-injection", muscle=None), Verdict.DECISION),
        (earlier("triamcinolone", None), Verdict.DECISION),
        (earlier("triamcinolone", 40.0, at=None), Verdict.DECISION),
        (earlier("lidocaine", 40.0), Verdict.FINE),
    ],
)
def test_the_steroid_of_one_day_adds_up(before: Given, found: Verdict) -> None:
    plan = plan_injection([at(steroid(20))], person(history=(before,)), steroid_reason=REASON)
    assert check(plan, "steroid-session")[0] is found


def test_the_steroid_of_another_day_is_another_session() -> None:
    before = replace(earlier("triamcinolone", 40.0), on=TODAY - timedelta(days=1))
    plan = plan_injection([at(steroid(20))], person(history=(before,)), steroid_reason=REASON)
    assert check(plan, "steroid-session")[0] is Verdict.FINE


def test_how_the_sum_comes_about_is_told() -> None:
    whom = person(history=(earlier("triamcinolone", 40.0, volume_ml=4.0),))
    plan = plan_injection([at(steroid(40))], whom, steroid_reason=REASON)
    assert "80 mg of triamcinolone, at most 40" in check(plan, "steroid-session")[1]
    assert "40 earlier on the day" in check(plan, "steroid-session")[1]
    assert "8 mL" in check(plan, "volume")[1]
    assert "4 earlier on the day" in check(plan, "volume")[1]


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (earlier(volume_ml=9.0), Verdict.FINE),
        (earlier(volume_ml=9.1), Verdict.DECISION),
        (earlier("saline", None, volume_ml=9.1), Verdict.DECISION),
        (earlier("saline", None, volume_ml=None), Verdict.DECISION),
        (earlier(volume_ml=9.1, on=TODAY - timedelta(days=1)), Verdict.FINE),
        (earlier(volume_ml=9.1, therapy="joint-injection"), Verdict.FINE),
    ],
)
def test_the_volume_of_one_day_adds_up(before: Given, found: Verdict) -> None:
    plan = plan_injection([at(lidocaine(1))], person(history=(before,)))
    assert check(plan, "volume")[0] is found


def test_the_muscles_of_one_day_add_up() -> None:
    named = ("piriformis", "masseter", "infraspinatus", WHERE)
    history = tuple(earlier("saline", muscle=muscle) for muscle in named)
    assert verdicts([at(lidocaine(1))], person(history=history))["muscles"] is Verdict.FINE
    other = [at(lidocaine(1), muscle="hamstrings")]
    assert verdicts(other, person(history=history))["muscles"] is Verdict.DECISION
    unknown = (*history[:3], earlier("saline", muscle=None))
    assert verdicts([at(lidocaine(1))], person(history=unknown))["muscles"] is Verdict.DECISION


@pytest.mark.parametrize(
    ("before", "points"),
    [
        ([{}], 1),
        ([{}, {"agent": "triamcinolone"}], 1),  # two agents at one point
        ([{}, {}], 2),  # a row each
        ([{}, {"at": NINE + timedelta(hours=1)}], 2),
        ([{"side": "both"}], 2),
        ([{"muscle": None}], 1),
        ([{"therapy": "dry-needling"}], 0),
    ],
)
def test_the_points_of_one_day_add_up(before: list[dict[str, Any]], points: int) -> None:
    rows = tuple(replace(earlier("saline"), **changed) for changed in before)
    for planned, found in ((8 - points, Verdict.FINE), (9 - points, Verdict.DECISION)):
        what = [at(lidocaine(0.1))] * planned
        assert verdicts(what, person(history=rows))["points"] is found


def told_apart(what: list[Site]) -> list[Site]:
    """Sites whose points can be counted from their rows: of one place, all hold the same agents."""
    held = {(s.muscle, s.side): {p.agent: p for p in s.portions}.values() for s in what}
    return [replace(site, portions=tuple(held[site.muscle, site.side])) for site in what]


@forall(sites, sites, people)
def test_two_visits_of_one_day_are_held_to_what_one_session_may_hold(
    first: list[Site], second: list[Site], whom: Person
) -> None:
    first, second = told_apart(first), told_apart(second)
    apart = verdicts(second, replace(whom, history=(*whom.history, *given_as(first))))
    at_once = verdicts([*first, *second], whom)
    planned = {p.agent for site in second for p in site.portions}
    if not any(agents(SHIPPED)[agent].triamcinolone_equivalent for agent in planned):
        at_once.pop("steroid-session", None)
    assert apart == at_once


def test_what_is_known_of_no_other_session_is_as_before() -> None:
    assert set(verdicts([at(lidocaine(1))], FIT).values()) == {Verdict.FINE}

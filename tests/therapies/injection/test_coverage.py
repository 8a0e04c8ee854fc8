"""What each payer asks: a case at, just under and just over every limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reliefpath.therapies.coverage import Claim, asked_of, coverage_catalogue, payers_of
from reliefpath.therapies.injection import Result, plan_injection

from .people import FIT, at, lidocaine

NEVER = Claim(20.0, 10.0, 4.0, (), (), None, None, None, None, ("lidocaine",))
"""A patient who was never injected, after ten weeks of conservative care."""


def answer(payer: str, id_: str, **changed: Any) -> bool | None:
    asked = {a.id: a.met for a in asked_of(payer, replace(NEVER, **changed))}
    assert id_ in asked, f"{payer} does not ask {id_}: {sorted(asked)}"
    return asked[id_]


@pytest.mark.parametrize(
    ("payer", "days"), [("medicare", (10, 100, 364)), ("triple-s", (10, 50, 100, 364))]
)
def test_sessions_of_a_person_are_counted_in_a_rolling_year(
    payer: str, days: tuple[int, ...]
) -> None:
    assert answer(payer, "sessions", sessions_days_ago=days) is False
    assert answer(payer, "sessions", sessions_days_ago=(*days[:-1], 365)) is True
    assert answer(payer, "sessions", sessions_days_ago=days[:-1]) is True


def test_evicore_counts_a_region_s_sessions_alone() -> None:
    elsewhere = (10, 20, 30, 40, 50)
    region = (60, 120, 180, 364)
    full = answer(
        "evicore", "sessions", sessions_days_ago=elsewhere, region_sessions_days_ago=region
    )
    assert full is False
    room = answer(
        "evicore", "sessions", sessions_days_ago=elsewhere, region_sessions_days_ago=region[:-1]
    )
    assert room is True


@pytest.mark.parametrize(
    ("payer", "id_", "field", "least"),
    [
        ("medicare", "same-site", "same_site_weeks", 6.0),
        ("aetna", "any-site", "any_site_weeks", 1.0),
        ("evicore", "any-site", "any_site_weeks", 8.0),
        ("triple-s", "conservative", "conservative_weeks", 6.0),
        ("iehp", "conservative", "conservative_weeks", 4.0),
    ],
)
def test_a_least_number_of_weeks_is_met_at_the_limit(
    payer: str, id_: str, field: str, least: float
) -> None:
    assert answer(payer, id_, **{field: least - 1 / 7}) is False
    assert answer(payer, id_, **{field: least}) is True
    assert answer(payer, id_, **{field: least + 1 / 7}) is True


@pytest.mark.parametrize("payer", ["medicare", "evicore", "bcbs-alabama"])
def test_a_repeat_needs_half_of_the_pain_relieved(payer: str) -> None:
    for relief, met in ((0.49, False), (0.5, True), (0.51, True), (None, None)):
        assert answer(payer, "relief", sessions_days_ago=(90,), relief=relief) is met


@pytest.mark.parametrize("payer", ["medicare", "evicore"])
def test_and_that_for_six_weeks(payer: str) -> None:
    for weeks, met in ((5.9, False), (6.0, True), (6.1, True), (None, None)):
        assert answer(payer, "relief-weeks", sessions_days_ago=(90,), relief_weeks=weeks) is met


def test_aetna_asks_for_three_months_which_care_alone_may_not_show() -> None:
    assert answer("aetna", "symptoms", symptom_weeks=13.0) is True
    assert answer("aetna", "symptoms", symptom_weeks=12.9) is None  # they began before care


def test_iehp_asks_for_pain_above_three() -> None:
    for pain, met in ((3.0, False), (3.1, True), (2.9, False), (None, None)):
        assert answer("iehp", "pain", pain=pain) is met


@pytest.mark.parametrize("payer", ["medicare", "aetna", "anthem"])
def test_some_conservative_care_is_asked_for(payer: str) -> None:
    for weeks, met in ((0.0, False), (0.1, True), (None, None)):
        assert answer(payer, "conservative", conservative_weeks=weeks) is met


@pytest.mark.parametrize(
    ("payer", "agent"),
    [("medicare", "dextrose"), ("medicare", "platelet-rich-plasma"), ("evicore", "saline")],
)
def test_an_agent_that_is_not_covered_is_told(payer: str, agent: str) -> None:
    assert answer(payer, f"agent-{agent}", agents=(agent,)) is False


def test_a_payer_without_a_policy_is_asked_of_all() -> None:
    assert list(payers_of("medicare")) == ["medicare"]
    assert (
        list(payers_of("somebody")) == list(payers_of(None)) == list(coverage_catalogue().coverage)
    )


def test_what_a_payer_does_not_cover_is_a_decision_and_never_a_barrier() -> None:
    asked = asked_of("iehp", replace(NEVER, pain=1.0))
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=asked)
    assert plan.result is Result.NEEDS_A_DECISION
    assert plan.open_decisions == ("coverage-iehp-pain",)

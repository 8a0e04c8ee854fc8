"""What each payer asks: a case at, just under and just over every limit, and who is asked when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.documents.papers.necessity import why_no_letter
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.coverage import (
    POLICY,
    Asked,
    Claim,
    Coverage,
    asked_by,
    asked_of_payer,
    coverage_catalogue,
    payer_of,
    policies_called,
    refuse_unknown_payer,
)
from reliefpath.reference.therapies.injection import Result, Verdict, plan_injection

from .people import FIT, at, lidocaine

DAY = date(2026, 3, 31)
JE, JF, HARMONISED = "medicare-noridian-je", "medicare-noridian-jf", "medicare-harmonised"
L37913, NOVITAS, FIRST_COAST = "medicare-l37913", "medicare-novitas", "medicare-first-coast"
FAMILY = (JE, JF, HARMONISED)
NEVER = Claim(
    symptom_weeks=20.0,
    conservative_weeks=10.0,
    improvement=0.2,
    programme_weeks_ago=1.0,
    programme_adherence=0.8,
    signs=(3, 3),
    pain=4.0,
    regions=("hip",),
    sessions_days_ago=(),
    region_sessions_days_ago=(),
    same_site_weeks=None,
    any_site_weeks=None,
    relief=None,
    relief_weeks=None,
    relief_at_once=None,
    agents=("lidocaine",),
)
"""A patient who was never injected, whom ten weeks of conservative care have hardly helped."""


def answers(policy: str, **changed: Any) -> dict[str, bool | None]:
    found = asked_by([policy], replace(NEVER, **changed), SHIPPED)
    assert [a.id for a in found].count("policy") == 1
    return {a.id: a.met for a in found if a.id != "policy"}


def answer(policy: str, id_: str, **changed: Any) -> bool | None:
    found = answers(policy, **changed)
    assert id_ in found, f"{policy} does not ask {id_}: {sorted(found)}"
    return found[id_]


def asked(called: str | None, on: date = DAY, **changed: Any) -> list[Asked]:
    return asked_of_payer(called, on, replace(NEVER, **changed), SHIPPED)


def policies(found: list[Asked]) -> set[str]:
    return {name for each in found for name in each.policies}


@pytest.mark.parametrize("policy", coverage_catalogue(SHIPPED).coverage)
def test_a_plain_first_injection_meets_what_every_policy_asks(policy: str) -> None:
    assert set(answers(policy).values()) <= {True}


@pytest.mark.parametrize(
    ("policy", "days"),
    [*((name, (10, 100, 364)) for name in (*FAMILY, L37913)), ("triple-s", (10, 50, 100, 364))],
)
def test_sessions_of_a_person_are_counted_in_a_rolling_year(
    policy: str, days: tuple[int, ...]
) -> None:
    assert answer(policy, "sessions", sessions_days_ago=days) is False
    assert answer(policy, "sessions", sessions_days_ago=(*days[:-1], 365)) is True
    assert answer(policy, "sessions", sessions_days_ago=days[:-1]) is True


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
    ("policy", "id_", "field", "least"),
    [
        *((name, "same-site", "same_site_weeks", 6.0) for name in FAMILY),
        ("aetna", "any-site", "any_site_weeks", 1.0),
        ("evicore", "any-site", "any_site_weeks", 8.0),
        ("triple-s", "conservative", "conservative_weeks", 6.0),
        ("iehp", "conservative", "conservative_weeks", 4.0),
    ],
)
def test_a_least_number_of_weeks_is_met_at_the_limit(
    policy: str, id_: str, field: str, least: float
) -> None:
    assert answer(policy, id_, **{field: least - 1 / 7}) is False
    assert answer(policy, id_, **{field: least}) is True
    assert answer(policy, id_, **{field: least + 1 / 7}) is True


@pytest.mark.parametrize("policy", [*FAMILY, L37913, "evicore", "bcbs-alabama"])
def test_a_repeat_needs_half_of_the_pain_relieved(policy: str) -> None:
    for relief, met in ((0.49, False), (0.5, True), (0.51, True), (None, None)):
        assert answer(policy, "relief", sessions_days_ago=(90,), relief=relief) is met
    assert "relief" not in answers(policy)


@pytest.mark.parametrize("policy", [*FAMILY, L37913, "evicore"])
def test_and_that_for_six_weeks(policy: str) -> None:
    for weeks, met in ((5.9, False), (6.0, True), (6.1, True), (None, None)):
        assert answer(policy, "relief-weeks", sessions_days_ago=(90,), relief_weeks=weeks) is met


@pytest.mark.parametrize("policy", [*FAMILY, L37913])
def test_medicare_asks_for_relief_measured_on_the_day_of_the_last_session(policy: str) -> None:
    for share, met in ((None, None), (0.0, True), (0.6, True)):
        found = answer(policy, "relief-at-once", sessions_days_ago=(90,), relief_at_once=share)
        assert found is met
    assert "relief-at-once" not in answers(policy)


def test_aetna_asks_for_three_months_which_care_alone_may_not_show() -> None:
    assert answer("aetna", "symptoms", symptom_weeks=13.0) is True
    assert answer("aetna", "symptoms", symptom_weeks=12.9) is None  # they began before care


def test_iehp_asks_for_pain_above_three() -> None:
    for pain, met in ((3.0, False), (3.1, True), (2.9, False), (None, None)):
        assert answer("iehp", "pain", pain=pain) is met


FAILED = (*FAMILY, "aetna", "anthem", "triple-s", "bcbs-alabama", "iehp")


@pytest.mark.parametrize("policy", FAILED)
def test_conservative_care_must_have_been_tried(policy: str) -> None:
    assert answer(policy, "conservative", conservative_weeks=0.0) is False
    assert answer(policy, "conservative", conservative_weeks=None) is None
    assert answer(policy, "conservative", conservative_weeks=6.0) is True


@pytest.mark.parametrize("policy", FAILED)
@pytest.mark.parametrize(
    ("brought", "met"),
    [(-0.3, True), (0.0, True), (0.49, True), (0.5, None), (0.51, None), (0.82, None)],
)
def test_care_that_brought_half_of_the_way_to_well_has_not_plainly_failed(
    policy: str, brought: float, met: bool | None
) -> None:
    assert answer(policy, "conservative", improvement=brought) is met


@pytest.mark.parametrize("policy", FAILED)
def test_care_whose_effect_nobody_knows_has_not_plainly_failed(policy: str) -> None:
    assert answer(policy, "conservative", improvement=None) is None
    assert answer(policy, "conservative", improvement=None, conservative_weeks=0.0) is False


@pytest.mark.parametrize("policy", [*FAMILY, "triple-s"])
@pytest.mark.parametrize(
    ("ago", "done", "met"),
    [
        (0.0, 0.8, True),
        (4.0, 0.01, True),
        (4.0, 0.0, False),
        (4.0 + 1 / 7, 0.8, None),
        (20.0, 1.0, None),
        (1.0, None, None),
        (None, None, None),
    ],
)
def test_a_programme_goes_on_where_exercise_was_reported_within_four_weeks(
    policy: str, ago: float | None, done: float | None, met: bool | None
) -> None:
    found = answer(policy, "programme", programme_weeks_ago=ago, programme_adherence=done)
    assert found is met


@pytest.mark.parametrize("policy", ["aetna", "evicore", "bcbs-alabama", NOVITAS])
@pytest.mark.parametrize(
    ("signs", "met"), [((0, 0), False), ((1, 1), True), ((2, 2), True), ((0, 4), None)]
)
def test_a_trigger_point_must_have_been_found_in_every_muscle(
    policy: str, signs: tuple[int, int], met: bool | None
) -> None:
    assert answer(policy, "signs", signs=signs) is met


@pytest.mark.parametrize("policy", [*FAMILY, "anthem", "triple-s"])
@pytest.mark.parametrize(
    ("signs", "met"),
    [((1, 1), False), ((2, 2), True), ((3, 3), True), ((0, 4), None), ((1, 2), None)],
)
def test_two_signs_of_a_trigger_point_are_asked_for_in_every_muscle(
    policy: str, signs: tuple[int, int], met: bool | None
) -> None:
    assert answer(policy, "signs", signs=signs) is met


@pytest.mark.parametrize("policy", FAMILY)
def test_several_body_regions_in_one_session_are_not_covered(policy: str) -> None:
    assert answer(policy, "regions", regions=("hip",)) is True
    assert answer(policy, "regions", regions=("hip", "low-back")) is False


@pytest.mark.parametrize(
    ("policy", "agent"),
    [
        *((name, agent) for name in FAMILY for agent in ("dextrose", "platelet-rich-plasma")),
        ("evicore", "saline"),
        ("evicore", "dextrose"),
    ],
)
def test_an_agent_that_is_not_covered_is_told(policy: str, agent: str) -> None:
    assert answer(policy, f"agent-{agent}", agents=(agent,)) is False


@pytest.mark.parametrize(
    ("policy", "first", "last"),
    [
        (JE, date(2024, 4, 1), None),
        (NOVITAS, date(2022, 9, 1), None),
        (FIRST_COAST, date(2019, 10, 1), None),
        ("medicare-wps-2023", date(2023, 8, 31), date(2024, 3, 31)),
        ("aetna", date(2026, 2, 12), None),
        ("evicore", date(2021, 6, 15), None),
        ("anthem", date(2018, 6, 6), None),
        ("bcbs-alabama", date(2024, 5, 1), None),
    ],
)
def test_a_policy_is_in_force_from_its_first_day_to_its_last(
    policy: str, first: date, last: date | None
) -> None:
    row = coverage_catalogue(SHIPPED).coverage[policy]
    assert row.in_force(first)
    assert not row.in_force(date.fromordinal(first.toordinal() - 1))
    if last is None:
        assert row.in_force(date(2099, 1, 1))
    else:
        assert row.in_force(last)
        assert not row.in_force(date.fromordinal(last.toordinal() + 1))


@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.sampled_from([None, "medicare", "nobody"]))
def test_what_is_not_in_force_on_the_day_is_never_asked(on: date, called: str | None) -> None:
    rows = coverage_catalogue(SHIPPED).coverage
    assert all(rows[name].in_force(on) for name in policies(asked(called, on)))


def test_where_no_policy_of_the_payer_is_in_force_the_payer_is_to_be_asked() -> None:
    [told] = asked("WPS", date(2024, 4, 1))
    assert (told.payer, told.id, told.met) == ("payer", "not-in-force", None)
    assert "until 2024-03-31" in told.says
    [asked_nothing] = asked("WPS", date(2024, 3, 31))  # its criteria were not read
    assert asked_nothing.id == "policy"


@pytest.mark.parametrize(
    ("called", "meant"),
    [
        ("aetna", ["aetna"]),
        ("Aetna Better Health PPO", ["aetna"]),
        ("CIGNA", ["evicore"]),
        ("Noridian JE", [JE]),
        ("Medicare Part B, Noridian JF", [JF]),
        ("Medicare (Noridian)", [JE, JF]),
        ("medicare novitas", [NOVITAS]),
        ("L34211", [JE]),
        ("Blue Cross Blue Shield of Alabama", ["bcbs-alabama"]),
        ("Blue Cross Blue Shield of Ohio", []),
        ("Inland Empire Health Plan", ["iehp"]),
        ("self-pay", ["self-pay"]),
        ("medicaid", []),
        ("", []),
        (None, []),
    ],
)
def test_a_payer_is_known_by_what_a_record_calls_it(called: str | None, meant: list[str]) -> None:
    assert policies_called(SHIPPED, called) == meant


def test_medicare_without_its_contractor_is_all_of_its_contractors() -> None:
    named = policies_called(SHIPPED, "Medicare")
    assert set(named) == {
        n for n in coverage_catalogue(SHIPPED).coverage if payer_of(SHIPPED, n) == "medicare"
    }
    found = asked("Medicare", sessions_days_ago=(1, 2, 3))
    assert all(each.of_this_payer for each in found)
    [sessions] = [each for each in found if each.id == "sessions"]
    assert sessions.policies == (JE, JF, HARMONISED, L37913)  # asked alike, so asked once


@pytest.mark.parametrize("called", [None, "somebody", "medicaid"])
def test_an_unknown_payer_is_asked_of_all_and_that_is_said(called: str | None) -> None:
    told, *others = asked(called)
    assert (told.payer, told.id, told.met) == ("payer", "unknown", None)
    assert (called or "no payer is on record") in told.says
    assert not any(each.of_this_payer for each in others)
    asks_nothing = {FIRST_COAST, "medicare-wps-2023", "self-pay"}
    assert policies(others) == set(coverage_catalogue(SHIPPED).coverage) - asks_nothing


def test_who_pays_for_themselves_is_asked_nothing() -> None:
    [told] = asked("self-pay")
    assert told.id == "policy"


def test_a_payer_that_is_asked_for_by_name_must_be_known() -> None:
    refuse_unknown_payer(SHIPPED, "medicare")
    refuse_unknown_payer(SHIPPED, JE)
    with pytest.raises(UsageError, match="did you mean `medicare`"):
        refuse_unknown_payer(SHIPPED, "medicar")


def test_every_policy_says_who_when_and_when_it_was_read() -> None:
    for name, row in coverage_catalogue(SHIPPED).coverage.items():
        if name.startswith("medicare"):
            assert row.jurisdiction
            assert row.last_read is not None
    with pytest.raises(ValueError, match="ends before it begins"):
        Coverage(
            name="x",
            effective_from=date(2026, 1, 2),
            effective_until=date(2026, 1, 1),
            note="x",
            source=("x",),
        )


def test_no_policy_is_cited_from_a_mirror() -> None:
    for source in coverage_catalogue(SHIPPED).sources.values():
        for mirror in ("verity", "scribd", "docslib", "aapc", "genhealth"):
            assert mirror not in str(source.url)


def test_what_a_payer_does_not_cover_is_a_decision_and_never_a_barrier() -> None:
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=asked("iehp", pain=1.0))
    assert plan.result is Result.NEEDS_A_DECISION
    assert plan.open_decisions == ("coverage-iehp-pain",)


def test_what_is_uncertain_is_told_and_asks_nobody_to_acknowledge_it() -> None:
    found = asked("aetna", improvement=0.82)
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=found)
    assert plan.open_decisions == ()
    [told] = [c.says for c in plan.checks if c.id == "coverage-aetna-conservative"]
    assert told.endswith("which brought an improvement of 82%: uncertain")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("pain", "conservative", "regions")),
            st.sampled_from((True, False, None)),
            st.booleans(),
        ),
        unique_by=lambda each: each[0],
    )
)
def test_a_plan_and_its_letter_say_the_same_of_a_payer(
    said: list[tuple[str, bool | None, bool]],
) -> None:
    policy = Asked("aetna", POLICY, True, "its policy", ("aetna",))
    found = [Asked("aetna", id_, met, id_, (), mine) for id_, met, mine in said]
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=[policy, *found])
    verdicts = {check.id: check.verdict for check in plan.checks}
    why = " ".join(why_no_letter(plan, {}))
    for id_, met, mine in said:
        verdict = verdicts[f"coverage-aetna-{id_}"]
        assert (verdict is Verdict.FINE) is (met is True)
        assert (verdict is Verdict.DECISION) is (f"{id_} is not met" in why)
        if mine:
            assert (verdict is Verdict.UNCERTAIN) is (f"{id_} is uncertain" in why)
    assert not plan.blocking


def test_what_other_payers_would_ask_is_told_for_information() -> None:
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=asked(None, pain=1.0, improvement=0.8))
    assert plan.open_decisions == ()
    said = {check.id: check.says for check in plan.checks}
    assert said["coverage-payer-unknown"].startswith("no payer is on record")
    assert said["coverage-iehp-pain"].startswith("iehp would ask: pain above 3")
    assert said["coverage-iehp-pain"].endswith("not met")

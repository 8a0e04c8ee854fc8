"""The simulated world's data fits the catalogues, and its plan keeps to it."""

import numpy as np
import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import cited_rows
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import finding_kinds, therapies
from reliefpath.simulation.course import check_ins, improvements, injection_relief
from reliefpath.simulation.plan import Plan, make_plan
from reliefpath.simulation.world import Choice, words, world


def plan_of(patients: int, seed: int = 0) -> Plan:
    return make_plan(world(), patients, np.random.default_rng(seed), SHIPPED)


def archetypes(plan: Plan) -> list[str]:
    names = list(world().archetypes)
    return [names[i] for i in plan.cast.archetype]


def test_every_source_is_cited() -> None:
    for file in (world(), words()):
        assert {s for _, row in cited_rows(file) for s in row.source} == set(file.sources)


def test_a_regions_muscles_reach_it() -> None:
    for region, usual in words().regions.items():
        for muscle in usual.muscles:
            assert region in muscles(SHIPPED)[muscle].reaches, (region, muscle)


def test_every_region_has_its_words_in_every_language() -> None:
    assert list(words().regions) == list(world().choices["region"].of)
    for usual in words().regions.values():
        assert set(usual.complaints) == set(usual.activities) == set(world().choices["language"].of)
        assert all(len(set(of)) >= 3 for of in usual.activities.values())


def test_function_measures_carry_a_curve() -> None:
    own = {a.measure for a in world().archetypes.values() if a.measure}
    for name in {usual.function for usual in words().regions.values()} | own:
        assert measures(SHIPPED)[name].construct == "function"
        assert measures(SHIPPED)[name].well is not None


def test_what_is_done_and_found_is_in_the_catalogues() -> None:
    assert {*words().techniques, *world().choices["exercise"].of} <= set(therapies(SHIPPED))
    for kind in ("allergy", "medicine", "condition"):
        assert set(world().choices[kind].of) - {"none"} <= set(finding_kinds(SHIPPED)[kind].codes)
    for archetype in world().archetypes.values():
        for found in archetype.findings:
            assert set(found.codes) <= set(finding_kinds(SHIPPED)[found.kind].codes)
        assert archetype.consent in {None, *finding_kinds(SHIPPED)["consent"].codes}
        assert all(finding_kinds(SHIPPED)[kind].screening for kind in archetype.screened)


def test_incidental_findings_bar_no_injection() -> None:
    for kind in ("allergy", "medicine", "condition"):
        for code in set(world().choices[kind].of) - {"none"}:
            bars = finding_kinds(SHIPPED)[kind].codes[code].bars
            assert not {"contraindication", "needling-contraindication"} & set(bars)


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        Choice(of={"a": 0.5, "b": 0.4}, source=("house",))


@pytest.mark.parametrize("patients", [30, 31, 60, 200])
def test_every_first_archetype_occurs_in_a_small_clinic(patients: int) -> None:
    firsts = {name for name, a in world().archetypes.items() if not a.second}
    assert firsts <= set(archetypes(plan_of(patients)))


def test_the_showpiece_comes_first_and_once() -> None:
    for patients in (1, 5, 30, 500):
        cast = archetypes(plan_of(patients))
        assert cast[0] == "showpiece"
        assert cast.count("showpiece") == 1


def test_large_clinics_follow_the_archetypes_shares() -> None:
    cast = archetypes(plan_of(20_000))[:20_000]
    shares = {name: a.share for name, a in world().archetypes.items() if not a.second}
    for name, share in shares.items():
        expected = share / sum(shares.values())
        assert cast.count(name) / 20_000 == pytest.approx(expected, abs=2e-4)


def test_no_patient_has_three_episodes() -> None:
    plan = plan_of(5000)
    assert np.bincount(plan.patient).max() == 2


def test_check_ins_ascend_and_end_with_the_last() -> None:
    plan = plan_of(500)
    visits = check_ins(plan, np.random.default_rng(1))
    for i in range(len(plan)):
        days = visits.day[i, visits.took_place[i]]
        assert (np.diff(days) > 0).all()
        assert days[0] == 0
        assert days[-1] == plan.last_day[i] or len(days) == 1


def test_nobody_improves_before_care_begins() -> None:
    plan = plan_of(500)
    day = np.zeros((len(plan), 1), np.int64)
    assert np.allclose(improvements(plan, day, np.random.default_rng(1)), 0)


def test_half_of_an_injections_relief_is_left_after_its_half_life() -> None:
    plan = plan_of(200)
    once = (plan.injection_days >= 0).sum(axis=1) == 1
    day = plan.injection_days[:, :1]
    half_life = int(world()["injection_half_life_weeks"] * 7)
    relief = injection_relief(plan, day + np.array([0, half_life]), np.full(len(plan), 0.6))
    assert once.any()
    assert np.allclose(relief[once], [0, 0.3])
    assert (relief[plan.injection_days.max(axis=1) < 0] == 0).all()

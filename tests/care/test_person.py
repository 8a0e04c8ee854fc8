"""What a planner knows of a person: every complaint and clinic, and all that was read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reliefpath import assess, demo_clinic, load_pathway
from reliefpath.care.planning.person import unmet_of
from reliefpath.pathway.advice import advice_of
from reliefpath.reference.therapies.injection import Result, Site, Verdict

from .asking import plan_of
from .plain_person import (
    FAR,
    LEFT,
    ONE_ML,
    TODAY,
    Row,
    bars,
    day,
    dose,
    finding,
    injection,
    needled,
    planned,
    record,
    verdicts,
    weighed,
)


def test_nothing_stands_in_the_way_of_the_plain_person() -> None:
    for found in (planned(record()), needled(record())):
        assert not bars(found)
        assert not weighed(found)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("red-flag", "cauda-equina"),
        ("allergy", "lidocaine"),
        ("condition", "systemic-infection"),
        ("condition", "skin-infection-at-site"),
    ],
)
def test_a_danger_filed_under_another_complaint_blocks_as_well(kind: str, code: str) -> None:
    assert bars(planned(record(findings=[finding(kind, code, 9, episode="neck")]))) == {
        f"{kind}-{code}"
    }


def test_what_keeps_a_gate_shut_is_told_as_the_pathway_says_what_to_do() -> None:
    pathway, told = load_pathway(), 0
    clinic = assess(demo_clinic(patients=12, seed=1, as_of=TODAY), pathway, TODAY)
    for advice in advice_of(clinic, pathway):
        to_do = {criterion.id: criterion.to_do for criterion in advice.criteria}
        for unmet in unmet_of(advice, pathway):
            if unmet.id in to_do:
                assert unmet.says == to_do[unmet.id]
                told += 1
    assert told > 10


def test_consent_to_another_complaint_is_none() -> None:
    elsewhere = [finding("consent", code, 1, episode="neck") for code in ("injection", "needling")]
    care_log = record(findings=elsewhere)
    plan = plan_of(care_log, "neck", LEFT, TODAY)
    assert verdicts(plan)["consent"] is Verdict.FINE
    alone = record(drop="consent", findings=[])
    assert bars(planned(alone)) == {"consent"}
    assert bars(needled(alone)) == {"consent"}


@pytest.mark.parametrize(
    ("place", "muscle", "side", "verdict"),
    [
        ({"muscle": FAR, "side": "left"}, FAR, "left", Verdict.BLOCKED),
        ({"muscle": FAR, "side": "left"}, FAR, "right", Verdict.FINE),
        ({"muscle": FAR}, FAR, "right", Verdict.BLOCKED),
        ({"muscle": FAR, "side": "both"}, FAR, "right", Verdict.BLOCKED),
        ({"muscle": "piriformis", "side": "left"}, FAR, "left", Verdict.DECISION),
        ({"muscle": "masseter", "side": "left"}, FAR, "left", Verdict.FINE),
        ({"region": "hip", "side": "left"}, FAR, "left", Verdict.BLOCKED),
        ({"region": "hip", "side": "right"}, FAR, "left", Verdict.FINE),
        ({"region": "leg"}, FAR, "left", Verdict.FINE),
        ({"region": "leg"}, "piriformis", "left", Verdict.DECISION),
        ({"side": "left"}, FAR, "left", Verdict.BLOCKED),
        ({}, FAR, "left", Verdict.BLOCKED),
    ],
)
def test_what_is_found_at_a_place_blocks_there_and_not_elsewhere(
    place: Row, muscle: str, side: str, verdict: Verdict
) -> None:
    care_log = record(findings=[finding("condition", "skin-infection-at-site", 9, **place)])
    [found] = [
        verdict
        for id_, verdict in planned(care_log, (Site(muscle, side, ONE_ML),)).items()
        if id_.startswith("condition-skin-infection-at-site")
    ]
    assert found is verdict


def test_nothing_of_another_person_counts() -> None:
    other = {"patient": "q", "birth_date": "1980-01-01"}
    theirs = {"episode": "theirs", "patient": "q", "region": "hip", "started_on": day(9)}
    care_log = record(
        patients=[other],
        episodes=[theirs],
        treatments=[dose(day(0), 295) | {"episode": "theirs"}],
        findings=[finding("red-flag", "cauda-equina", 1, patient="q")],
    )
    assert not bars(planned(care_log))


def test_each_open_criterion_is_weighed_by_its_name_and_those_of_one_cause_together() -> None:
    plan = plan_of(record(), "hip", LEFT, TODAY)
    gates = [id_ for id_ in plan.open_decisions if id_.startswith("gate-")]
    assert "gate-scores-missing" in gates
    assert not {"gate-plateau", "gate-window", "gate-score-recent"} & set(gates)
    assert {"gate-education-given", "gate-dry-needling-trial"} <= set(gates)
    assert "gate" not in verdicts(plan)
    some = plan_of(record(), "hip", LEFT, TODAY, acknowledged=("gate-scores-missing",))
    assert some.result is Result.NEEDS_A_DECISION


@pytest.mark.parametrize(
    "gap", [{"absent": frozenset({"treatments"})}, {"incomplete": frozenset({"p"})}]
)
def test_what_could_not_be_read_may_bar_a_needle(gap: Any) -> None:
    silent = replace(record(), **gap)
    assert bars(planned(silent)) == bars(needled(silent)) - {"needling-course"}
    assert bars(planned(silent)) == {"record-incomplete"}
    assert not bars(planned(replace(record(), incomplete=frozenset({"q"}))))


@pytest.mark.parametrize(
    ("said", "asks"),
    [(None, False), ("-", False), (" - . ", False), ("?", True), ("x", True)],
)
def test_a_dash_is_no_adverse_effect_and_a_single_letter_may_be_one(
    said: str | None, asks: bool
) -> None:
    before = injection(day(60), adverse_effect=said)
    found = planned(record(treatments=[before, injection(day(61), adverse_effect="bruise")]))
    assert ("adverse-effect-not-understood" in weighed(found)) is asks

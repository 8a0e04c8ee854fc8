"""The claim in the procedure note: codes, units, waste."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.documents.papers import NOTE, Told, papers
from reliefpath.documents.papers.catalogue import codes
from reliefpath.documents.papers.parts import NOT_ON_RECORD
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import AgentKind, agents
from reliefpath.reference.therapies.coverage import coverage_catalogue
from reliefpath.reference.therapies.injection import Portion, Site

from .cases import (
    JE,
    LIDOCAINE,
    REASON,
    case,
    rows,
    sites,
    steroid,
    text,
)


@pytest.mark.parametrize(("count", "code"), [(1, "20552"), (2, "20552"), (3, "20553")])
def test_the_procedure_s_code_goes_by_the_number_of_muscles(count: int, code: str) -> None:
    [row] = rows(papers(case(sites(count)))[NOTE], "Procedure")
    assert row[0] == f"CPT {code}"


def test_three_needles_in_two_muscles_are_two_muscles() -> None:
    twice = Site("piriformis", "left", (LIDOCAINE,))
    [row] = rows(papers(case((*sites(2), twice)))[NOTE], "Procedure")
    assert row[0] == "CPT 20552"
    assert row[2] == "2 counted, each muscle once; 3 points"


def test_both_codes_stand_where_they_hang_on_how_left_and_right_are_counted() -> None:
    both = (*sites(2), Site("piriformis", "right", (LIDOCAINE,)))
    note = papers(case(both))[NOTE]
    assert [row[0] for row in rows(note, "Procedure")] == ["CPT 20552", "CPT 20553"]
    assert codes(SHIPPED).both_sides.says in text(note)


@pytest.mark.parametrize(("as_two", "code"), [(True, "20553"), (False, "20552")])
def test_one_code_stands_where_the_payer_says_how_left_and_right_are_counted(
    monkeypatch: pytest.MonkeyPatch, as_two: bool, code: str
) -> None:
    both = (*sites(2), Site("piriformis", "right", (LIDOCAINE,)))
    made = case(both)
    row = coverage_catalogue(SHIPPED).coverage[JE].model_copy(update={"sides_are_muscles": as_two})
    monkeypatch.setitem(coverage_catalogue(SHIPPED).coverage, JE, row)
    note = papers(made)[NOTE]
    assert [found[0] for found in rows(note, "Procedure")] == [f"CPT {code}"]
    assert codes(SHIPPED).both_sides.says not in text(note)


@pytest.mark.parametrize(
    ("agent", "strength", "volume", "code", "units"),
    [
        ("triamcinolone", 10, 2, "J3301", "20 mg / 10 mg a unit (10 mg) = 2 units"),
        ("triamcinolone", 10, 1.5, "J3301", "= 1.5 units, billed as 2"),
        ("triamcinolone", 10, 1.01, "J3301", "= 1.01 units, billed as 2"),
        ("triamcinolone", 10, 0.99, "J3301", "= 0.99 units, billed as 1"),
        ("methylprednisolone", 40, 0.5, "J1010", "20 mg / 1 mg a unit (1 mg) = 20 units"),
        ("dexamethasone", 4, 1, "J1100", "4 mg / 1 mg a unit (1 mg) = 4 units"),
        ("betamethasone", 6, 1, "J0702", "6 mg / 6 mg a unit (3 mg of acetate with 3 mg of "),
        ("betamethasone", 6, 1, "J0702", "phosphate) = 1 unit"),
        ("betamethasone", 6, 0.5, "J0702", "= 0.5 units, billed as 1"),
    ],
)
def test_a_drug_s_units_follow_from_its_dose(
    agent: str, strength: float, volume: float, code: str, units: str
) -> None:
    planned = sites(1, steroid(agent, strength, volume))
    found = rows(papers(case(planned, steroid_reason=REASON))[NOTE], "Drugs")
    assert found[0][1:4] == ["none", codes(SHIPPED).bundled.says, "none"]
    assert found[1][1] == code
    assert units in found[1][2]


def test_a_part_of_a_unit_is_asked_about_where_the_payer_does_not_say_how_it_counts() -> None:
    planned = sites(1, steroid(volume=1.5))
    note = papers(case(planned, steroid_reason=REASON, payer="aetna"))[NOTE]
    assert rows(note, "Drugs")[1][2].endswith("= 1.5 units, not a whole number")
    assert rows(note, "Drugs")[1][3] == "ask the payer"
    assert codes(SHIPPED).rounding.unknown.says in text(note)
    assert codes(SHIPPED).wasted.unknown.says in text(note)


@pytest.mark.parametrize(
    ("given", "opened", "says"),
    [
        (20, None, "JW or JZ: ____________"),
        (40, 40, "JZ"),
        (20, 40, "JW, 2 units (20 mg discarded)"),
        (15, 40, "JW, 2 units (25 mg discarded)"),
        (35, 40, "no JW: the 5 mg discarded lie within a unit"),
        (30, 40, "JW, 1 unit (10 mg discarded)"),
        (31, 40, "no JW: the 9 mg discarded lie within a unit"),
        (10, 25, "JW, 1 unit (15 mg discarded)"),
    ],
)
def test_a_claim_says_what_was_wasted_of_a_single_dose_vial(
    given: float, opened: float | None, says: str
) -> None:
    told = Told(opened_mg={} if opened is None else {"triamcinolone": opened})
    planned = sites(1, steroid(strength=40, volume=given / 40))
    note = papers(case(planned, steroid_reason=REASON, told=told))[NOTE]
    assert rows(note, "Drugs")[1][3] == says
    waste = rows(note, "What was opened and not given is discarded")
    assert waste[0][1:4] == ["____________ mg", "10 mg", "____________ mg"]
    if opened is not None:
        assert waste[1][1:4] == [
            f"{opened:g} mg",
            f"{given:g} mg",
            f"{opened:g} − {given:g} = {opened - given:g} mg",
        ]


@given(st.floats(1, 80).map(lambda mg: round(mg, 1)), st.floats(0, 80).map(lambda mg: round(mg, 1)))
@settings(max_examples=25, deadline=None)
def test_no_more_is_billed_than_was_opened(given: float, more: float) -> None:
    opened = round(given + more, 1)
    planned = (Site("piriformis", "left", (steroid(strength=10, volume=given / 10),)),)
    told = Told(opened_mg={"triamcinolone": opened})
    [row] = rows(papers(case(planned, steroid_reason=REASON, told=told))[NOTE], "Drugs")
    whole = math.ceil(round(given / 10, 6))
    wasted = re.match(r"JW, (\d+) units?", row[3])
    discarded = int(wasted[1]) if wasted else 0
    assert whole * 10 >= given
    assert discarded * 10 <= opened - given + 1e-6
    assert discarded == 0 or (whole + discarded) * 10 <= opened + 1e-6
    assert (row[3] == "JZ") is (more == 0)


def test_a_vial_that_held_less_than_was_given_is_refused() -> None:
    planned = sites(1, steroid())
    with pytest.raises(UsageError, match="less than the 20 mg"):
        case(planned, steroid_reason=REASON, told=Told(opened_mg={"triamcinolone": 19.9}))
    with pytest.raises(UsageError, match="a vial is told of `triamcinolon`, not planned"):
        case(planned, steroid_reason=REASON, told=Told(opened_mg={"triamcinolon": 40}))


def test_a_drug_without_a_code_in_the_sources_has_none() -> None:
    planned = (Site("piriformis", "left", (Portion("saline", 0, "percent", 1),)),)
    [row] = rows(papers(case(planned))[NOTE], "Drugs")
    assert row[1] == NOT_ON_RECORD


def test_suggested_diagnoses_are_of_the_regions_that_are_injected_or_hurt() -> None:
    made = case()
    regions = {
        made.episode["region"],
        *(muscles(SHIPPED)[s.muscle].region for s in made.plan.sites),
    }
    found = rows(papers(made)[NOTE], "Diagnosis, ICD-10-CM")
    assert {row[0] for row in found} == {
        code for code, row in codes(SHIPPED).diagnoses.items() if regions & set(row.regions)
    }
    assert all(row[3] == "suggested, choose" for row in found)


def test_every_region_has_a_suggested_diagnosis() -> None:
    suggested = {region for row in codes(SHIPPED).diagnoses.values() for region in row.regions}
    assert suggested >= {row.region for row in muscles(SHIPPED).values()}


def test_every_corticosteroid_has_a_code() -> None:
    steroids = {k for k, row in agents(SHIPPED).items() if row.kind is AgentKind.CORTICOSTEROID}
    assert set(codes(SHIPPED).drug_units) == steroids

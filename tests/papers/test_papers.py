"""What the papers of an injection say, and that they say nothing that nobody knows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from html_page import Page
from reliefpath.anatomy import muscles
from reliefpath.chart.schema import SCORES
from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.knowledge import read_yaml
from reliefpath.papers import LETTER, NAMES, NOTE, Told, paper_html, papers, why_not
from reliefpath.papers.catalogue import Codes, Words, codes, words
from reliefpath.papers.parts import NOT_ON_RECORD, Blanks, Items, Table
from reliefpath.pathway.given import Session, injection_rows, without_session
from reliefpath.therapies import SCREENED, AgentKind, agents, finding_kinds
from reliefpath.therapies.coverage import coverage_catalogue
from reliefpath.therapies.findings import Bar
from reliefpath.therapies.injection import Portion, Result, Site

from .cases import (
    AS_OF,
    EPISODE,
    JE,
    LATER,
    LIDOCAINE,
    RECORD,
    case,
    rows,
    sites,
    steroid,
    text,
    with_exams,
    with_finding,
    without,
)

REASON = "two injections without it brought no lasting relief"


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
    assert codes().both_sides.says in text(note)


@pytest.mark.parametrize(("as_two", "code"), [(True, "20553"), (False, "20552")])
def test_one_code_stands_where_the_payer_says_how_left_and_right_are_counted(
    monkeypatch: pytest.MonkeyPatch, as_two: bool, code: str
) -> None:
    both = (*sites(2), Site("piriformis", "right", (LIDOCAINE,)))
    made = case(both)
    row = coverage_catalogue().coverage[JE].model_copy(update={"sides_are_muscles": as_two})
    monkeypatch.setitem(coverage_catalogue().coverage, JE, row)
    note = papers(made)[NOTE]
    assert [found[0] for found in rows(note, "Procedure")] == [f"CPT {code}"]
    assert codes().both_sides.says not in text(note)


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
    assert found[0][1:4] == ["none", codes().bundled.says, "none"]
    assert found[1][1] == code
    assert units in found[1][2]


def test_a_part_of_a_unit_is_asked_about_where_the_payer_does_not_say_how_it_counts() -> None:
    planned = sites(1, steroid(volume=1.5))
    note = papers(case(planned, steroid_reason=REASON, payer="aetna"))[NOTE]
    assert rows(note, "Drugs")[1][2].endswith("= 1.5 units, not a whole number")
    assert rows(note, "Drugs")[1][3] == "ask the payer"
    assert codes().rounding.unknown.says in text(note)
    assert codes().wasted.unknown.says in text(note)


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


def test_doses_are_shown_with_their_arithmetic_and_lots_or_a_line_for_them() -> None:
    planned = sites(2, steroid())
    note = papers(case(planned, steroid_reason=REASON, told=Told({"lidocaine": "A1"})))[NOTE]
    injected = rows(note, "What is injected")
    assert injected[0][3:5] == ["10 mg/mL × 1 mL = 10 mg", "A1"]
    assert injected[2][3] == "10 mg/mL × 2 mL = 20 mg"
    assert injected[2][4].startswith("lot: __")
    assert rows(note, "In all")[0][1:3] == ["2 mL", "10 + 10 = 20 mg"]


def test_a_lot_of_what_is_not_planned_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean `lidocaine`"):
        case(told=Told({"lidocain": "A1"}))


def test_response_and_complications_are_told_or_left_to_fill_in() -> None:
    note = papers(case(told=Told(complications="none seen")))[NOTE]
    [told] = rows(note, "As told by whoever injected")
    assert told[:2] == ["Complications", "none seen"]
    blanks = [b.labels for s in note.sections for b in s.blocks if b.kind == "blanks"]
    assert ("Response",) in blanks


def test_decisions_stand_as_acknowledged_or_as_not() -> None:
    weighed, open_ = papers(case())[NOTE], papers(case(weighed=False))[NOTE]
    told = rows(weighed, "Weighed and acknowledged")
    assert [row[0] for row in told] == [row[0] for row in rows(open_, "Not acknowledged")]
    assert weighed.warning is None
    assert open_.warning is not None
    assert told[0][0] in open_.warning
    assert rows(weighed, "What the plan is")[0][1] == Result.READY


def test_suggested_diagnoses_are_of_the_regions_that_are_injected_or_hurt() -> None:
    made = case()
    regions = {made.episode["region"], *(muscles()[s.muscle].region for s in made.plan.sites)}
    found = rows(papers(made)[NOTE], "Diagnosis, ICD-10-CM")
    assert {row[0] for row in found} == {
        code for code, row in codes().diagnoses.items() if regions & set(row.regions)
    }
    assert all(row[3] == "suggested, choose" for row in found)


def test_every_region_has_a_suggested_diagnosis() -> None:
    suggested = {region for row in codes().diagnoses.values() for region in row.regions}
    assert suggested >= {row.region for row in muscles().values()}


def test_every_corticosteroid_has_a_code() -> None:
    steroids = {k for k, row in agents().items() if row.kind is AgentKind.CORTICOSTEROID}
    assert set(codes().drug_units) == steroids


def test_a_blocked_plan_has_no_procedure_note_and_says_so_on_the_others() -> None:
    made = case(care_log=with_finding(kind="red-flag", code="cauda-equina"), weighed=False)
    found = papers(made)
    assert set(NAMES) - set(found) == {NOTE, LETTER}
    [check] = made.plan.blocking
    for name in ("consent", "after-care"):
        assert str(found[name].warning).startswith("Draft, not to be used")
        assert check.says not in str(found[name].warning)


def test_the_clinic_is_told_what_blocks_the_note_and_the_letter() -> None:
    made = case(care_log=with_finding(kind="red-flag", code="cauda-equina"), weighed=False)
    [check] = made.plan.blocking
    why = why_not(made.plan, made.told)
    assert why[NOTE] == why[LETTER] == [f"the plan is blocked by {check.id}: {check.says}"]


def test_a_consent_can_be_had_before_there_is_one() -> None:
    made = case(care_log=without("consent"), weighed=False)
    assert made.plan.result is Result.BLOCKED
    found = papers(made)
    assert NOTE not in found
    assert found["consent"].warning is None


def test_a_refusal_makes_the_patient_s_papers_drafts() -> None:
    made = case(care_log=with_finding(kind="consent", code="injection-refused"), weighed=False)
    assert str(papers(made)["after-care"].warning).startswith("Draft, not to be used")


def test_steroid_lines_stand_only_with_a_steroid() -> None:
    plain, mixed = papers(case()), papers(case(sites(1, steroid()), steroid_reason=REASON))
    lines = [*words().what_it_is, *words().risks, *words().after_care, *words().come_back]
    of_steroid = [line.says for line in lines if line.only is AgentKind.CORTICOSTEROID]
    assert len(of_steroid) >= 6
    for says in of_steroid:
        assert not any(says in text(paper) for paper in plain.values())
        assert any(says in text(paper) for paper in mixed.values())
    assert REASON in text(mixed[NOTE])
    assert not re.search("sugar|steroid|mg/dL", text(plain["after-care"]))
    assert len(re.findall("sugar", text(mixed["after-care"]))) == 2


def test_anaesthetic_lines_stand_only_with_an_anaesthetic() -> None:
    planned = (Site("piriformis", "left", (Portion("saline", 0, "percent", 1),)),)
    found = papers(case(planned))
    lines = [*words().what_it_is, *words().risks, *words().come_back]
    of_it = [line.says for line in lines if line.only is AgentKind.LOCAL_ANAESTHETIC]
    assert of_it
    assert not [s for s in of_it for paper in found.values() if s in text(paper)]


def test_the_consent_tells_what_studies_show_and_what_else_can_be_done() -> None:
    said = text(papers(case())["consent"])
    page = words()
    for line in (page.plateau, page.in_short, *page.studies, *page.alternatives, page.rates[0]):
        assert line.says in said


BY_LUNG = (Site("rhomboids", "left", (LIDOCAINE,)), *sites(1))
OWN = {
    "warfarin": ({"kind": "medicine", "code": "warfarin"}, "you take warfarin, so that"),
    "metal": ({"kind": "allergy", "code": "metal"}, "on your record is an allergy to metal."),
    "diabetes": ({"kind": "condition", "code": "diabetes"}, "Blood sugar: you have diabetes."),
    "pregnant": ({"kind": "pregnancy", "code": "pregnant"}, "Pregnancy: you are pregnant."),
    "implant": ({"kind": "condition", "code": "implant"}, "on your record is an implant."),
}


@pytest.mark.parametrize("finding", OWN)
def test_a_consent_tells_the_risks_of_this_patient(finding: str) -> None:
    row, says = OWN[finding]
    planned = sites(1, steroid(volume=1))
    known = papers(case(planned, with_finding(**row), steroid_reason=REASON))["consent"]
    assert says in text(known)
    assert words().no_own_risks.says not in text(known)
    over = with_finding(**row, until=date(2026, 3, 30))
    open_ended = (pl.col("code") == row["code"]) & pl.col("until").is_null()
    past = replace(over, findings=over.findings.filter(~open_ended))
    assert says not in text(papers(case(planned, past, steroid_reason=REASON))["consent"])


def test_a_danger_of_another_complaint_is_a_risk_of_this_patient_all_the_same() -> None:
    elsewhere = with_finding(kind="medicine", code="warfarin", episode="another")
    assert "you take warfarin" in text(papers(case(care_log=elsewhere))["consent"])


def test_the_latest_answer_about_pregnancy_counts() -> None:
    pregnant = {"kind": "pregnancy", "code": "pregnant"}
    not_now = {"kind": "pregnancy", "code": "not-pregnant", "at": LATER}
    made = case(care_log=with_finding(**pregnant))
    assert "you are pregnant" in text(papers(made)["consent"])
    made = case(care_log=with_finding(pregnant, not_now))
    assert "you are pregnant" not in text(papers(made)["consent"])


def test_diabetes_is_a_risk_of_the_steroid_alone() -> None:
    diabetic = with_finding(kind="condition", code="diabetes")
    assert "Blood sugar" not in text(papers(case(care_log=diabetic))["consent"])


def test_the_lung_is_told_of_where_it_is_near() -> None:
    near, far = papers(case(BY_LUNG))["consent"], papers(case())["consent"]
    assert (
        "Lung: at Rhomboid major and minor (upper back), left the needle goes near a lung."
        in text(near)
    )
    assert "A collapsed lung" in text(near)
    assert "lung" not in text(far).lower()
    assert words().no_own_risks.says in text(far)


IN_WORDS = ("no-rule", "not-understood")
"""Codes of what is told in its own words."""


def test_every_anticoagulant_and_allergy_has_a_name_that_patients_use() -> None:
    for kind in ("allergy", "medicine"):
        for code, row in finding_kinds()[kind].codes.items():
            if code == SCREENED or code in IN_WORDS:
                continue
            if kind == "allergy" or Bar.ANTICOAGULANT in row.bars:
                assert f"{kind} {code}" in words().names, f"{kind} {code} has no plain name"


def test_an_allergy_in_words_of_its_own_is_told_in_them() -> None:
    odd = with_finding(kind="allergy", code="excipient", words="the blue dye of 2019")
    assert "on your record is the blue dye of 2019." in text(papers(case(care_log=odd))["consent"])


def test_every_risk_of_a_patient_is_about_something_that_can_be_recorded() -> None:
    page = words()
    for line in (*page.own_risks, *page.after_care, *page.come_back, *page.call_us):
        for about in line.about:
            kind, _, rest = about.partition(" ")
            known = finding_kinds()[kind].codes
            assert not rest or rest in known or rest in {b for r in known.values() for b in r.bars}


JARGON = re.compile(
    r"\[|certainty|unverified|record,|computed|trial|randomi|standardised|sham,|"
    r"myofascial|acromi|pleura|apex|mg/mL|×|medical director|Source \d|ReliefPath",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", ["consent", "after-care"])
def test_what_a_patient_reads_has_no_curator_s_note_and_no_jargon(name: str) -> None:
    told = with_finding(kind="medicine", code="warfarin")
    made = case((*BY_LUNG, *sites(2, steroid())), told, steroid_reason=REASON)
    page = Page(paper_html(papers(made)[name])).text()
    allowed = page.replace("Three of four trials saw no gain from adding one.", "")
    assert not JARGON.findall(allowed)
    assert REASON not in page
    assert NOT_ON_RECORD not in page


def test_a_consent_has_lines_for_patient_guardian_interpreter_and_operator() -> None:
    signatures = papers(case())["consent"].sections[-1]
    labels = [label for b in signatures.blocks if isinstance(b, Blanks) for label in b.labels]
    for who in ("the patient", "guardian", "interpreter", "the clinician", "who injects"):
        assert any(who in label for label in labels)


def test_the_sheet_tells_of_numbness_that_stays_driving_falls_and_bleeding() -> None:
    plain = text(papers(case())["after-care"])
    for says in ("has not gone by the next day", "do not drive", "Falls:", "A fall."):
        assert says in plain
    assert "bleeding inside the muscle" not in plain
    thinned = text(papers(case(care_log=with_finding(**OWN["warfarin"][0])))["after-care"])
    assert "as you take warfarin, you may be bleeding inside the muscle" in thinned
    assert "Press on each spot" in thinned


def test_check_ins_are_counted_from_the_day_of_the_injection() -> None:
    assert date(2026, 3, 31) == AS_OF
    found = rows(papers(case())["after-care"], "Check-ins")
    assert [row[:2] for row in found] == [
        ["1 to 3 days", "1 April 2026 to 3 April 2026"],
        ["2 weeks", "Tuesday, 14 April 2026"],
        ["6 weeks", "Tuesday, 12 May 2026"],
        ["12 weeks", "Tuesday, 23 June 2026"],
        ["26 weeks", "Tuesday, 29 September 2026"],
        ["52 weeks", "Tuesday, 30 March 2027"],
    ]


def test_the_sheet_says_what_to_come_back_for_before_anything_else() -> None:
    sheet = papers(case(sites(1, steroid()), steroid_reason=REASON))["after-care"]
    strong, alarms = sheet.sections[0].blocks
    assert strong.said.text == words().at_once.says  # type: ignore[union-attr]
    for says in ("lung", "infection", "anaesthetic", "allergic", "300 mg/dL"):
        assert any(says in said.text for said in alarms.items)  # type: ignore[union-attr]


def test_the_sheet_says_until_when_to_look_out_for_the_lung() -> None:
    assert "for 72 hours, until 3 April 2026" in text(papers(case())["after-care"])


def test_every_row_and_line_says_where_it_comes_from() -> None:
    told = Told(response="better")
    planned = sites(2, steroid())
    made = case(planned, steroid_reason=REASON, told=told, payer="medicare-first-coast")
    for name, paper in papers(made).items():
        for section in paper.sections:
            for block in section.blocks:
                if isinstance(block, Table) and block.has_origin:
                    for row in block.rows:
                        assert any(s.origin or s.sources for s in row), (name, row)
                if isinstance(block, Items):
                    assert all(s.origin or s.sources for s in block.items), (name, block)
        assert all(re.search(r"\[\w+\]$", source) for source in paper.sources())
    assert tuple(papers(made)) == NAMES


NEVER_KNOWN = (
    "Patient, procedure, site and side confirmed by",
    "Pain before, 0 to 10, and time",
    "Pain after, 0 to 10, and time",
    "Skin prepared with",
    "Aspiration before each injection",
    "Needle",
    "Observed from, to",
    "State on leaving: breathing, strength, feeling",
)


def test_what_the_software_cannot_know_is_a_line_to_fill_in_on_paper_or_on_the_screen() -> None:
    note = papers(case())[NOTE]
    blanks = {
        b
        for s in note.sections
        for block in s.blocks
        if isinstance(block, Blanks)
        for b in block.labels
    }
    assert set(NEVER_KNOWN) <= blanks
    page = Page(paper_html(note))
    fields = [a["aria-label"] for a, _ in page.all("span") if a.get("contenteditable") == "true"]
    assert set(fields) == blanks


def test_the_note_confirms_each_site_and_side_of_its_own() -> None:
    both = (*sites(1), Site("piriformis", "right", (LIDOCAINE,)))
    said = text(papers(case(both))[NOTE])
    for place in ("Gluteus medius, left", "Piriformis, right"):
        assert f"☐ {place}: site and side confirmed" in said


def test_the_note_shows_the_last_score_before_and_those_of_the_day_in_order() -> None:
    day = [
        {
            "episode": EPISODE,
            "at": datetime(2026, 3, 31, h, tzinfo=UTC),
            "measure": "nrs",
            "value": v,
        }
        for h, v in ((9, 4.0), (11, 1.0))
    ]
    more = pl.concat([RECORD.scores, pl.DataFrame(day, SCORES.schema)])
    last = RECORD.scores.filter(episode=EPISODE, measure="nrs").sort("at")["value"][-1]
    found = rows(papers(case(care_log=replace(RECORD, scores=more)))[NOTE], "Scores on record")
    [nrs] = [row for row in found if row[0] == "Numeric Rating Scale"]
    assert nrs[1].startswith(f"{last:g}, on ")
    assert nrs[2] == "4, then 1"


EXAM = "The muscles that are planned, each as last examined"


def test_the_note_shows_the_latest_exam_of_each_planned_muscle_and_side() -> None:
    signs = {"taut_band": True, "tender_spot": True, "referred_pain": True, "recognised": True}
    log = with_exams(
        {"muscle": "piriformis", "side": "left", "at": datetime(2026, 3, 1, tzinfo=UTC), **signs},
        {"muscle": "piriformis", "side": "left", "at": datetime(2026, 3, 20, tzinfo=UTC)}
        | dict.fromkeys(signs, False),
        {
            "muscle": "gluteus-medius",
            "side": "right",
            "at": datetime(2026, 3, 20, tzinfo=UTC),
            **signs,
        },
        {
            "muscle": "gluteus-medius",
            "side": "both",
            "at": datetime(2026, 3, 2, tzinfo=UTC),
            **signs,
        },
    )
    planned = (*sites(2), Site("quadratus-lumborum", "left", (LIDOCAINE,)))
    found = rows(papers(case(planned, log))[NOTE], EXAM)
    assert [(row[0], row[1], row[8]) for row in found] == [
        ("Gluteus medius, left", "2 March 2026", "active"),
        ("Piriformis, left", "20 March 2026", "not active"),
        ("Quadratus lumborum, left", "not examined", "–"),
    ]


@pytest.mark.parametrize(("file", "loaded"), [("codes.yaml", codes), ("words.yaml", words)])
def test_every_number_of_the_papers_has_a_source(file: str, loaded: Any) -> None:
    raw = read_yaml(files("reliefpath.papers") / file, KnowledgeError)
    content = {key: value for key, value in raw.items() if key != "sources"}
    assert list(unsourced(content)) == []
    assert isinstance(loaded(), Codes | Words)
    named = set(re.findall(r"[a-z0-9-]+", " ".join(all_sources(content))))
    assert named == set(raw["sources"])  # and no source stands there for nothing


def unsourced(part: Any) -> Iterator[Any]:
    """Whatever has a digit and lies in no row with a source."""
    if isinstance(part, dict):
        if not part.get("source"):
            for value in part.values():
                yield from unsourced(value)
    elif isinstance(part, list):
        for value in part:
            yield from unsourced(value)
    elif re.search(r"\d", str(part)):
        yield part


def all_sources(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from part.get("source", [])
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            yield from all_sources(value)


def as_recorded(**told: Any) -> Any:
    """The note of an injection of two muscles that is on record as it was planned."""
    planned = sites(2)
    lots = {"lidocaine": "B7"}
    rows_ = injection_rows(planned, Session(EPISODE, AS_OF, lots=lots, **told))
    record = replace(RECORD, treatments=pl.concat([RECORD.treatments, rows_]))
    before, found = without_session(record, injection_rows(planned, Session(EPISODE, AS_OF)))
    return papers(case(planned, before, given=found))[NOTE]


def test_what_is_on_record_of_the_session_stands_in_its_note() -> None:
    note = as_recorded(
        needle="25 G x 38 mm",
        twitches=[("piriformis", "left")],
        response=0.6,
        adverse_effect="a bruise",
    )
    assert [row[4:] for row in rows(note, "What is injected")] == [["B7", "record, 2026-03-31"]] * 2
    assert rows(note, "How it was done, as recorded") == [
        ["Needle", "25 G x 38 mm", "record, 2026-03-31"],
    ]
    assert rows(note, "As recorded") == [
        ["Local twitch", "Piriformis, left", "record, 2026-03-31"],
        ["Response", "60 % of the pain relieved", "record, 2026-03-31"],
        ["Complications", "a bruise", "record, 2026-03-31"],
    ]
    blanks = [
        b
        for s in note.sections
        for block in s.blocks
        if isinstance(block, Blanks)
        for b in block.labels
    ]
    assert not {"Needle", "Response", "Complications"} & set(blanks)
    assert "Technique" in blanks


def test_what_the_record_of_the_session_does_not_say_is_left_to_fill_in() -> None:
    note = as_recorded(twitches=())
    assert rows(note, "As recorded") == [["Local twitch", "none", "record, 2026-03-31"]]
    blanks = [b.labels for s in note.sections for b in s.blocks if b.kind == "blanks"]
    assert ("Response", "Complications") in blanks


def test_the_room_s_card_has_every_rescue_dose_worked_out_for_the_patient() -> None:
    heavy = text(papers(case(weight_kg=79.0))["room-card"])
    for says in (
        "Lipid emulsion 20 percent, first bolus 100 mL over 2 to 3 minutes",
        "Infusion after the bolus: 200 to 250 mL over 15 to 20 minutes",
        "Emulsion in all: at most 948 mL",
        "Epinephrine, if needed: at most 79 mcg a dose",
        "Worked out for 79 kg",
        "repeat the bolus and double the rate",
        "Stop injecting, call for help",
    ):
        assert says in heavy
    light = text(papers(case(weight_kg=60.0))["room-card"])
    for says in (
        "first bolus 90 mL over 2 to 3 minutes",
        "Infusion after the bolus: 225 to 300 mL over 15 to 20 minutes",
        "Emulsion in all: at most 720 mL",
        "at most 60 mcg a dose",
    ):
        assert says in light


def test_a_card_without_a_weight_gives_the_doses_by_the_kilogram() -> None:
    card = text(papers(case(care_log=without("weight"), weighed=False))["room-card"])
    for says in (
        "1.5 mL/kg up to 70 kg, 100 mL above",
        "0.25 mL/kg a minute up to 70 kg, 200 to 250 mL above",
        "Emulsion in all: at most 12 mL/kg",
        "at most 1 mcg/kg a dose",
        "The weight is not on record",
    ):
        assert says in card


def test_a_card_of_saline_alone_calls_for_no_emulsion() -> None:
    planned = (Site("piriformis", "left", (Portion("saline", 0, "percent", 1),)),)
    assert "no lipid emulsion is called for" in text(papers(case(planned))["room-card"])

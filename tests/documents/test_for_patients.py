"""What a patient reads, before and after."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from html_page import Page
from reliefpath.documents.papers import NOTE, paper_html, papers
from reliefpath.documents.papers.catalogue import words
from reliefpath.documents.papers.parts import NOT_ON_RECORD, Blanks
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import SCREENED, AgentKind, finding_kinds
from reliefpath.reference.therapies.findings import Restriction
from reliefpath.reference.therapies.injection import Portion, Site

from .cases import (
    AS_OF,
    LATER,
    LIDOCAINE,
    REASON,
    case,
    rows,
    sites,
    steroid,
    text,
    with_finding,
)


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
        for code, row in finding_kinds(SHIPPED)[kind].codes.items():
            if code == SCREENED or code in IN_WORDS:
                continue
            if kind == "allergy" or Restriction.ANTICOAGULANT in row.bars:
                assert f"{kind} {code}" in words().names, f"{kind} {code} has no plain name"


def test_an_allergy_in_words_of_its_own_is_told_in_them() -> None:
    odd = with_finding(kind="allergy", code="excipient", words="the blue dye of 2019")
    assert "on your record is the blue dye of 2019." in text(papers(case(care_log=odd))["consent"])


def test_every_risk_of_a_patient_is_about_something_that_can_be_recorded() -> None:
    page = words()
    for line in (*page.own_risks, *page.after_care, *page.come_back, *page.call_us):
        for about in line.about:
            kind, _, rest = about.partition(" ")
            known = finding_kinds(SHIPPED)[kind].codes
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
    for says in ("lung", "infection", "numbing drug", "allergic", "300 mg/dL"):
        assert any(says in said.text for said in alarms.items)  # type: ignore[union-attr]


def test_the_sheet_says_until_when_to_look_out_for_the_lung() -> None:
    assert "for 72 hours, until 3 April 2026" in text(papers(case())["after-care"])

"""What the papers of an injection say, and that they say nothing that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any

import polars as pl
import pytest

from reliefpath.anatomy import muscles
from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.knowledge import read_yaml
from reliefpath.papers import NAMES, NOTE, Told, papers
from reliefpath.papers.catalogue import Codes, Words, codes, words
from reliefpath.papers.parts import NOT_ON_RECORD, Blanks, Items, Table
from reliefpath.pathway.given import Session, injection_rows, without_session
from reliefpath.therapies import AgentKind, agents, therapies
from reliefpath.therapies.injection import Portion, Result, Site

from .cases import (
    AS_OF,
    EPISODE,
    LIDOCAINE,
    RECORD,
    case,
    rows,
    sites,
    steroid,
    text,
    with_finding,
    with_injection,
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


@pytest.mark.parametrize(
    ("agent", "strength", "volume", "code", "units"),
    [
        ("triamcinolone", 10, 2, "J3301", "20 mg / 10 mg a unit = 2 units"),
        ("triamcinolone", 10, 1.5, "J3301", "= 1.5 units, not a whole number"),
        ("methylprednisolone", 40, 0.5, "J1010", "20 mg / 1 mg a unit = 20 units"),
        ("dexamethasone", 4, 1, "J1100", "4 mg / 1 mg a unit = 4 units"),
        ("betamethasone", 6, 1, "J0702", "6 mg / 6 mg a unit = 1 units"),
    ],
)
def test_a_drug_s_units_follow_from_its_dose(
    agent: str, strength: float, volume: float, code: str, units: str
) -> None:
    planned = sites(1, steroid(agent, strength, volume))
    found = rows(papers(case(planned, steroid_reason=REASON))[NOTE], "Drugs")
    assert found[0][1:3] == ["none", codes().bundled.says]
    assert found[1][1] == code
    assert units in found[1][2]


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
    assert NOTE not in found
    assert len(found) == 3
    [check] = made.plan.blocking
    assert all(check.says in str(paper.warning) for paper in found.values())


def test_a_consent_can_be_had_before_there_is_one() -> None:
    made = case(care_log=without("consent"), weighed=False)
    assert made.plan.result is Result.BLOCKED
    found = papers(made)
    assert NOTE not in found
    assert found["consent"].warning is None


def test_a_refusal_makes_every_paper_a_draft() -> None:
    made = case(care_log=with_finding(kind="consent", code="injection-refused"), weighed=False)
    assert "has refused" in str(papers(made)["after-care"].warning)


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


def test_the_consent_tells_what_speaks_for_it_and_against_it() -> None:
    said = text(papers(case())["consent"])
    row = therapies()["injection"]
    for part in (row.evidence, row.against, words().plateau.says, words().rates[0].says):
        assert part in said


def test_the_consent_tells_what_lies_near_each_muscle() -> None:
    planned = (Site("rhomboids", "left", (LIDOCAINE,)),)
    [row] = rows(papers(case(planned))["consent"], "What the needle must not meet")
    assert row[1].startswith(("Beside the lung", "Over the lung"))


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


def test_scores_and_dates_are_those_on_record() -> None:
    paper = papers(case())["medical-necessity"]
    on_record = RECORD.scores.filter(episode=EPISODE).sort("at")
    shown = [
        (row[0], float(row[1]))
        for section in paper.sections
        if section.title == "Scores on the same scale"
        for block in section.blocks
        if isinstance(block, Table)
        for row in rows(paper, block.caption)
    ]
    recorded = [(at.date().isoformat(), v) for at, v in on_record["at", "value"].iter_rows()]
    assert sorted(shown) == sorted(recorded)
    assert len(shown) > 5


def test_improvement_is_told_with_its_arithmetic_and_its_interval() -> None:
    made = case()
    scores = RECORD.scores.filter(episode=EPISODE, measure="nrs").sort("at")["value"]
    said = text(papers(made)["medical-necessity"])
    first, last = scores[0], scores[-1]
    assert (
        f"({first:g} − {last:g}) / ({first:g} − 0) = {100 * (first - last) / first:.3g} %" in said
    )
    low, high = (100 * made.advice[f"improvement_{end}"] for end in ("low", "high"))
    assert f"90 % interval {low:.3g} % to {high:.3g} %" in said


def test_care_is_told_with_its_days_and_what_was_reported() -> None:
    found = rows(
        papers(case())["medical-necessity"], "Care of this episode less invasive than an injection"
    )
    for therapy, name in ((key, row.name) for key, row in therapies().items()):
        done = RECORD.treatments.filter(episode=EPISODE, therapy=therapy)
        days = {at.date() for at in done["at"]}
        told = [row for row in found if row[0] == name]
        assert [row[1] for row in told] == ([str(len(days))] if days else [])
        assert all(day.isoformat() in row[2] for day in days for row in told)
        for adherence in done["adherence"].drop_nulls():
            assert f"adherence {100 * adherence:.3g} %" in told[0][2]


def test_what_was_not_tried_is_said_not_to_be_on_record() -> None:
    bare = replace(RECORD, treatments=RECORD.treatments.clear(), scores=RECORD.scores.clear())
    paper = papers(case(care_log=bare))["medical-necessity"]
    found = rows(paper, "Care of this episode less invasive than an injection")
    assert [row[:3] for row in found] == [
        ["Education", "0", NOT_ON_RECORD],
        ["Exercise", "0", NOT_ON_RECORD],
        ["Dry needling", "0", NOT_ON_RECORD],
    ]
    assert f"Scores: {NOT_ON_RECORD}." in text(paper)
    assert "Improvement by the recovery curve: unknown" in text(paper)


def test_exercise_without_reports_says_so() -> None:
    silent = RECORD.treatments.with_columns(adherence=pl.lit(None, pl.Float64))
    paper = papers(case(care_log=replace(RECORD, treatments=silent)))["medical-necessity"]
    assert f"adherence {NOT_ON_RECORD}" in text(paper)


def test_the_latest_examination_is_shown_and_what_is_planned_and_was_not_examined() -> None:
    exams = RECORD.exams.filter(episode=EPISODE)
    paper = papers(case())["medical-necessity"]
    latest = exams["at"].max()
    assert latest is not None
    caption = f"Examination of {latest.day} {latest:%B %Y}"  # type: ignore[union-attr]
    found = rows(paper, caption)
    today = exams.filter(pl.col("at").dt.date() == latest.date())  # type: ignore[union-attr]
    assert len(found) == today.height + 1
    assert found[-1][0].endswith("(planned)")
    assert set(found[-1][1:-1]) == {NOT_ON_RECORD}
    for row, exam in zip(found, today.iter_rows(named=True), strict=False):
        assert row[1] == {True: "yes", False: "no", None: NOT_ON_RECORD}[exam["taut_band"]]


def test_earlier_injections_are_shown_with_their_relief_or_that_it_is_not_known() -> None:
    caption = "Trigger point injections before, of every episode"
    given = {"muscle": "piriformis", "side": "left", "agent": "lidocaine"}
    known = with_injection(**given, amount=10.0, unit="mg", response=0.6)
    [row] = rows(papers(case(care_log=known))["medical-necessity"], caption)
    assert row[:5] == [
        "2026-03-02",
        "Piriformis, left",
        "Lidocaine, 10 mg",
        "60 %",
        "0 % at best on nrs, a half or more for 0 weeks; 0 % at the latest score",
    ]
    [row] = rows(papers(case(care_log=with_injection()))["medical-necessity"], caption)
    assert row[1:4] == [
        f"{NOT_ON_RECORD}, side {NOT_ON_RECORD}",
        f"{NOT_ON_RECORD}, amount {NOT_ON_RECORD}",
        NOT_ON_RECORD,
    ]
    assert "No trigger point injection is on record." in text(papers(case())["medical-necessity"])


def test_relief_that_no_score_shows_is_not_on_record() -> None:
    caption = "Trigger point injections before, of every episode"
    before = RECORD.scores.filter(pl.col("at").dt.date() < date(2026, 3, 2))
    unseen = replace(with_injection(response=0.6), scores=before)
    [row] = rows(papers(case(care_log=unseen))["medical-necessity"], caption)
    assert row[3:5] == ["60 %", NOT_ON_RECORD]


def test_what_the_payer_asks_stands_with_its_answer() -> None:
    before = RECORD.scores.filter(pl.col("at").dt.date() < date(2026, 3, 2))
    injected = with_injection(muscle="gluteus-medius", side="left", response=0.6)
    made = case(care_log=replace(injected, scores=before))
    paper = papers(made)["medical-necessity"]
    found = rows(paper, "Medicare (L34211, L36859, L37913 and the harmonised LCDs)")
    assert [row[0] for row in found] == [asked.says for asked in made.plan.coverage]
    words_of = {True: "met", False: "not met", None: "unknown"}
    assert [row[1] for row in found] == [words_of[asked.met] for asked in made.plan.coverage]
    assert {row[1] for row in found} == {"met", "not met", "unknown"}


def test_the_summary_begins_by_saying_that_coverage_is_uncertain() -> None:
    first = papers(case())["medical-necessity"].sections[0]
    assert "coverage is uncertain" in first.blocks[0].said.text  # type: ignore[union-attr]


def test_every_row_and_line_says_where_it_comes_from() -> None:
    made = case(sites(2, steroid()), steroid_reason=REASON, told=Told(response="better"))
    for name, paper in papers(made).items():
        for section in paper.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    for row in block.rows:
                        assert any(s.origin or s.sources for s in row), (name, row)
                if isinstance(block, Items):
                    assert all(s.origin or s.sources for s in block.items), (name, block)
        assert all(re.search(r"\[\w+\]$", source) for source in paper.sources())
    assert tuple(papers(made)) == NAMES


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
    assert rows(note, "As recorded") == [
        ["Needle", "25 G x 38 mm", "record, 2026-03-31"],
        ["Local twitch", "Piriformis, left", "record, 2026-03-31"],
        ["Response", "60 % of the pain relieved", "record, 2026-03-31"],
        ["Complications", "a bruise", "record, 2026-03-31"],
    ]
    assert [b for s in note.sections for b in s.blocks if b.kind == "blanks"] == [
        Blanks(("Name", "Signature", "Date and time"))
    ]


def test_what_the_record_of_the_session_does_not_say_is_left_to_fill_in() -> None:
    note = as_recorded(twitches=())
    assert rows(note, "As recorded") == [["Local twitch", "none", "record, 2026-03-31"]]
    blanks = [b.labels for s in note.sections for b in s.blocks if b.kind == "blanks"]
    assert ("Response", "Complications") in blanks

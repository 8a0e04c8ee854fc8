"""The letter of medical necessity: what it says, to whom it goes, and when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from html_page import Page
from reliefpath.care_log.log import CareLog
from reliefpath.documents.papers import (
    LETTER,
    Answer,
    Case,
    Paper,
    Told,
    paper_html,
    papers,
    why_not,
)
from reliefpath.documents.papers.parts import NOT_ON_RECORD, Table
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import therapies
from reliefpath.reference.therapies.coverage import coverage_catalogue
from reliefpath.reference.therapies.injection import Site

from .cases import (
    AS_OF,
    EPISODE,
    JE,
    LIDOCAINE,
    RECORD,
    case,
    rows,
    sites,
    steroid,
    text,
    with_exams,
    with_finding,
    with_injection,
    without,
)

ANY = "medicare-first-coast"
"""A policy that gives no numbers, so that its letter is always written."""
CARE = "Care of this complaint less invasive than an injection"
EXAM = "The muscles that are planned, each as last examined"
SIGNS = {"taut_band": True, "tender_spot": True, "referred_pain": True, "recognised": True}
SEEN = datetime(2026, 3, 20, tzinfo=UTC)
EXAMINED = with_exams({"muscle": "gluteus-medius", "side": "left", "at": SEEN, **SIGNS})
ANSWER = Answer("Dr. Ana Ruiz", "Desk work for an hour is still not possible.")


def letter(care_log: CareLog = RECORD, **more: Any) -> Paper:
    return papers(case(care_log=care_log, payer=ANY, **more))[LETTER]


def made(
    care_log: CareLog = EXAMINED, payer: str | None = JE, answers: dict[str, Answer] | None = None
) -> Case:
    return case(care_log=care_log, payer=payer, told=Told(answers=answers or {}))


def why(found: Case) -> list[str]:
    return why_not(found.plan, found.told).get(LETTER, [])


def test_no_letter_is_written_until_a_named_clinician_has_answered_what_is_uncertain() -> None:
    [reason] = why(made())
    assert reason.startswith("conservative is uncertain: conservative care that has failed; here")
    assert "answer it by name" in reason
    assert LETTER not in papers(made())
    assert why(made(answers={"conservative": ANSWER})) == []
    found = rows(
        papers(made(answers={"conservative": ANSWER}))[LETTER], "Medicare, Noridian JE (LCD L34211)"
    )
    [answered] = [row for row in found if row[0].startswith("Conservative care that has failed")]
    assert answered[1] == "Dr. Ana Ruiz: Desk work for an hour is still not possible."
    assert {row[1] for row in found if row is not answered} == {"Met"}


@pytest.mark.parametrize(("by", "words"), [("", "x"), ("  ", "x"), ("Dr. Ruiz", ""), ("x", " \t")])
def test_a_blank_is_no_answer(by: str, words: str) -> None:
    with pytest.raises(UsageError, match="is blank"):
        Answer(by, words)


def test_what_is_met_or_not_met_or_not_asked_takes_no_answer() -> None:
    for id_ in ("sessions", "conservativ", "pain"):
        with pytest.raises(UsageError, match="is not uncertain"):
            why(made(answers={id_: ANSWER}))
    absent = {**dict.fromkeys(SIGNS, False), "twitch_response": False}
    clear = with_exams({"muscle": "gluteus-medius", "side": "left", "at": SEEN, **absent})
    assert any(reason.startswith("signs is not met") for reason in why(made(clear)))
    with pytest.raises(UsageError, match="`signs` is not uncertain"):
        papers(made(clear, answers={"signs": ANSWER}))


def test_no_letter_is_written_where_something_is_not_met_and_it_says_what() -> None:
    regions = (*sites(1), Site("quadratus-lumborum", "left", (LIDOCAINE,)))
    both = case(regions, EXAMINED, told=Told(answers={"conservative": ANSWER}))
    assert LETTER not in papers(both)
    assert any(
        reason.startswith("regions is not met: at most 1 body region in one session; here 2: hip")
        for reason in why(both)
    )


def test_a_muscle_that_nobody_examined_is_uncertain_for_every_policy_that_asks_for_signs() -> None:
    for name, row in coverage_catalogue(SHIPPED).coverage.items():
        if row.signs is not None and row.in_force(AS_OF):
            assert any(each.startswith("signs is uncertain") for each in why(made(RECORD, name)))
            assert not any(each.startswith("signs") for each in why(made(EXAMINED, name)))


def test_a_letter_goes_to_one_contractor() -> None:
    [reason] = why(made(payer="medicare"))
    assert "name one of them as the payer" in reason
    assert JE in reason
    assert "medicare-wps-2023" not in reason  # no longer in force
    [reason] = why(made(replace(EXAMINED, episodes=with_payer("medicaid")), payer=None))
    assert "no policy of `medicaid` is on file" in reason
    [reason] = why(made(payer="self-pay"))
    assert "nobody to write to" in reason
    [reason] = why(made(payer="medicare-wps-2023"))
    assert "until 2024-03-31" in reason


def with_payer(payer: str | None) -> pl.DataFrame:
    return EXAMINED.episodes.with_columns(payer=pl.lit(payer, pl.String))


@pytest.mark.parametrize("payer", [JE, "aetna", "evicore", "anthem", "triple-s", ANY])
def test_a_letter_gives_the_criteria_of_its_own_policy_alone(payer: str) -> None:
    found = made(payer=payer)
    asked = {each.id: ANSWER for each in found.plan.coverage if each.met is None}
    paper = papers(made(payer=payer, answers=asked))[LETTER]
    row = coverage_catalogue(SHIPPED).coverage[payer]
    said = Page(paper_html(paper)).text()
    assert paper.intro.startswith(f"To {row.contractor or row.name}.")
    assert row.name in said
    for other in coverage_catalogue(SHIPPED).coverage.values():
        if other.name != row.name:
            assert other.name not in said
    shown = {
        r[0]
        for s in paper.sections
        for b in s.blocks
        if isinstance(b, Table) and b.caption == row.name
        for r in rows(paper, row.name)
    }
    asked_there = [a for a in found.plan.coverage if a.id != "policy"]
    assert {text.lower() for text in shown} == {a.says.lower() for a in asked_there}


def test_a_letter_begins_with_the_case_and_names_codes_and_every_planned_muscle() -> None:
    both = (*sites(1), Site("levator-scapulae", "right", (LIDOCAINE,)))
    paper = papers(case(both, EXAMINED, payer=ANY))[LETTER]
    titles = [section.title for section in paper.sections]
    assert titles[:4] == ["Whom it is about", "The case", "What is asked for", "Examination"]
    assert [row[0] for row in rows(paper, "Codes")] == [
        "CPT 20552",
        "ICD-10-CM M79.12",
        "ICD-10-CM M79.18",
    ]
    exams = rows(paper, EXAM)
    assert [row[0] for row in exams] == ["Gluteus medius, left", "Levator scapulae, right"]
    assert exams[0][1:9] == [
        "20 March 2026",
        "yes",
        "yes",
        "yes",
        "yes",
        "not told",
        "not told",
        "active",
    ]


def test_a_letter_carries_no_note_of_a_curator() -> None:
    page = Page(paper_html(letter(told=Told({"lidocaine": "A1"})))).text()
    for note in ("[read]", "[secondary]", "Where it comes from", "ReliefPath", "uncertain"):
        assert note not in page


def test_the_diagnoses_of_a_letter_are_those_that_were_chosen() -> None:
    chosen = case(payer=ANY, told=Told(diagnoses=("M54.2",)))
    found = [row[0] for row in rows(papers(chosen)[LETTER], "Codes")]
    assert found == ["CPT 20552", "ICD-10-CM M54.2"]
    with pytest.raises(UsageError, match=r"unknown diagnosis `M54\.3`"):
        case(payer=ANY, told=Told(diagnoses=("M54.3",)))


def test_a_letter_needs_no_consent_yet_and_none_goes_out_of_a_plan_that_is_blocked() -> None:
    assert why(case(care_log=without("consent"), payer=ANY, weighed=False)) == []
    flagged = with_finding(kind="red-flag", code="cauda-equina")
    [reason] = why(case(care_log=flagged, payer=ANY, weighed=False))
    assert reason.startswith("the plan is blocked by red-flag-cauda-equina")
    refused = with_finding(kind="consent", code="injection-refused")
    [reason] = why(case(care_log=refused, payer=ANY, weighed=False))
    assert "has refused" in reason


def test_the_reason_for_a_steroid_stands_in_the_letter() -> None:
    planned = case(sites(1, steroid()), payer=ANY, steroid_reason="no lasting relief without it")
    assert "Why a corticosteroid: no lasting relief without it." in text(papers(planned)[LETTER])


def test_scores_and_dates_are_those_on_record() -> None:
    paper = letter()
    on_record = RECORD.scores.filter(episode=EPISODE).sort("at")
    shown = [
        (row[0], float(row[1]))
        for section in paper.sections
        if section.title == "Scores"
        for block in section.blocks
        if isinstance(block, Table)
        for row in rows(paper, block.caption)
    ]
    recorded = [(at.date().isoformat(), v) for at, v in on_record["at", "value"].iter_rows()]
    assert sorted(shown) == sorted(recorded)
    assert len(shown) > 5


def test_improvement_is_told_with_its_arithmetic_and_its_interval() -> None:
    made = case(payer=ANY)
    scores = RECORD.scores.filter(episode=EPISODE, measure="nrs").sort("at")["value"]
    said = text(papers(made)[LETTER])
    first, last = scores[0], scores[-1]
    assert (
        f"({first:g} − {last:g}) / ({first:g} − 0) = {100 * (first - last) / first:.3g} %" in said
    )
    low, high = (
        100 * (end or 0) for end in (made.advice.improvement.low, made.advice.improvement.high)
    )
    assert f"90 % interval {low:.3g} % to {high:.3g} %" in said


def test_care_is_told_with_its_days_and_what_was_reported() -> None:
    found = rows(letter(), CARE)
    for therapy, name in ((key, row.name) for key, row in therapies(SHIPPED).items()):
        done = RECORD.treatments.filter(episode=EPISODE, therapy=therapy)
        days = {at.date() for at in done["at"]}
        told = [row for row in found if row[0] == name]
        assert [row[1] for row in told] == ([str(len(days))] if days else [])
        assert all(day.isoformat() in row[2] for day in days for row in told)
        for adherence in done["adherence"].drop_nulls():
            assert f"adherence {100 * adherence:.3g} %" in told[0][2]


def test_what_was_not_tried_is_said_not_to_be_on_record() -> None:
    bare = replace(RECORD, treatments=RECORD.treatments.clear(), scores=RECORD.scores.clear())
    paper = letter(bare)
    found = rows(paper, CARE)
    assert [row[:3] for row in found] == [
        ["Education", "0", NOT_ON_RECORD],
        ["Exercise", "0", NOT_ON_RECORD],
        ["Dry needling", "0", NOT_ON_RECORD],
    ]
    assert f"Scores: {NOT_ON_RECORD}." in text(paper)
    assert "How much better the patient is overall is not known" in text(paper)


def test_exercise_without_reports_says_so() -> None:
    silent = RECORD.treatments.with_columns(adherence=pl.lit(None, pl.Float64))
    paper = letter(replace(RECORD, treatments=silent))
    assert f"adherence {NOT_ON_RECORD}" in text(paper)


def test_earlier_injections_are_shown_with_their_relief_or_that_it_is_not_known() -> None:
    caption = "Trigger point injections before, of every complaint"
    given = {"muscle": "piriformis", "side": "left", "agent": "lidocaine"}
    known = with_injection(**given, amount=10.0, unit="mg", response=0.6)
    before = pl.col("at").dt.date() < date(2026, 3, 2)
    pain = before & (pl.col("measure") == "nrs")
    worse = pl.when(pain).then(8.0).otherwise("value").alias("value")
    [row] = rows(letter(replace(known, scores=known.scores.with_columns(worse))), caption)
    assert row[:4] == ["2026-03-02", "Piriformis, left", "Lidocaine, 10 mg", "60 %"]
    assert row[4].startswith("Numeric Rating Scale: ")
    [row] = rows(letter(known), caption)  # a rest within the scale's error
    assert row[4] == NOT_ON_RECORD
    [row] = rows(letter(with_injection()), caption)
    assert row[1:4] == [
        f"{NOT_ON_RECORD}, side {NOT_ON_RECORD}",
        f"{NOT_ON_RECORD}, amount {NOT_ON_RECORD}",
        NOT_ON_RECORD,
    ]
    assert "No trigger point injection is on record." in text(letter())


def test_relief_that_no_score_shows_is_not_on_record() -> None:
    caption = "Trigger point injections before, of every complaint"
    before = RECORD.scores.filter(pl.col("at").dt.date() < date(2026, 3, 2))
    unseen = replace(with_injection(response=0.6), scores=before)
    [row] = rows(letter(unseen), caption)
    assert row[3:5] == ["60 %", NOT_ON_RECORD]

"""What the procedure note says of the session, and what it leaves to fill in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from html_page import Page
from reliefpath.care.planning.given import Session, injection_rows, without_session
from reliefpath.care_log.schema import SCORES
from reliefpath.documents.papers import NOTE, Told, paper_html, papers
from reliefpath.documents.papers.parts import Blanks
from reliefpath.errors import UsageError
from reliefpath.reference.therapies.injection import Result, Site

from .cases import (
    AS_OF,
    EPISODE,
    LIDOCAINE,
    REASON,
    RECORD,
    case,
    rows,
    sites,
    steroid,
    text,
    with_exams,
)


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
    blanks = [b.labels for s in note.sections for b in s.blocks if b.kind == "blanks"]  # type: ignore[union-attr]
    assert ("Response",) in blanks


def test_decisions_stand_as_acknowledged_or_as_not() -> None:
    weighed, open_ = papers(case())[NOTE], papers(case(weighed=False))[NOTE]
    told = rows(weighed, "Weighed and acknowledged")
    assert [row[0] for row in told] == [row[0] for row in rows(open_, "Not acknowledged")]
    assert weighed.warning is None
    assert open_.warning is not None
    assert told[0][0] in open_.warning
    assert rows(weighed, "What the plan is")[0][1] == Result.READY


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

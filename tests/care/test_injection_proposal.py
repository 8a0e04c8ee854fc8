"""What a plan begins with: the active points of the latest exam, never a dose of last time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reliefpath.care.planning.proposal import propose
from reliefpath.care_log.log import CareLog
from reliefpath.errors import KnowledgeError
from reliefpath.knowledge import SHIPPED

from .plain_person import ACTIVE, FAR, TODAY, Row, day, exam, injection, record

NONE: Row = dict.fromkeys(ACTIVE, False)
CLINIC = """
clinic: Riverside
overrides:
  - in: agents
    row: lidocaine
    set: {usual_site: {strength: 1, volume_ml: 0.5}}
    because: It is what we stock.
    by: Dr. Ana Ruiz
    on: 2026-01-05
"""


def places(care_log: CareLog, on: date = TODAY) -> set[tuple[str, str]]:
    return set(propose(care_log, "hip", on).places)


def test_the_active_trigger_points_of_the_latest_exam_are_proposed() -> None:
    found = [exam(2), exam(2, "piriformis"), exam(2, "gluteus-maximus", **NONE)]
    proposal = propose(record(exams=found), "hip", TODAY)
    assert set(proposal.places) == {(FAR, "left"), ("piriformis", "left")}
    assert proposal.examined_on == date.fromisoformat(day(2))
    assert (proposal.agent, proposal.usual) == (None, None)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ([exam(2, "piriformis", recognised=None)], "a sign that was not noted is none"),
        ([exam(2, "piriformis", recognised=False)], "a latent one"),
        ([exam(2, "masseter", episode="neck")], "of another complaint"),
        ([exam(30, "piriformis")], "of an exam before the latest"),
        ([exam(2, **NONE), exam(2, "piriformis", **NONE)], "no longer active"),
        ([exam(2, "piriformis"), exam(1, "piriformis", episode="neck", **NONE)], "denied since"),
        ([exam(-2, "piriformis")], "of an exam to come"),
    ],
)
def test_nothing_else_is_proposed(more: list[Row], why: str) -> None:
    assert places(record(exams=more)) <= {(FAR, "left")}, why


def test_both_sides_are_one_place_each_and_the_side_itself_goes_first() -> None:
    both = record(exams=[exam(2, "piriformis", side="both")])
    assert places(both) == {("piriformis", "left"), ("piriformis", "right")}
    one = record(exams=[exam(2, "piriformis", side="both"), exam(2, "piriformis", **NONE)])
    assert places(one) == {("piriformis", "right")}


@pytest.mark.parametrize(("ago", "outdated"), [(28, False), (29, True)])
def test_an_exam_too_old_to_go_by_proposes_nothing_and_says_so(ago: int, outdated: bool) -> None:
    proposal = propose(record(exams=[exam(ago)]), "hip", date.fromisoformat(day(0)))
    latest = propose(record(), "hip", date.fromisoformat(day(7 - ago)))
    assert proposal.is_outdated is False  # the plain record has an exam of a week ago
    assert latest.is_outdated is outdated
    assert bool(latest.places) is not outdated


def test_without_an_exam_nothing_is_proposed() -> None:
    proposal = propose(record(), "neck", TODAY)
    assert (proposal.examined_on, proposal.places, proposal.is_outdated) == (None, (), False)


def test_what_was_injected_last_stands_beside_whatever_complaint_it_was_for() -> None:
    given = [
        injection(day(40), agent="lidocaine", amount=10.0, unit="mg"),
        injection(day(20), agent="lidocaine", amount=30.0, unit="mg"),
        injection(day(10), status="cancelled"),
    ]
    [last] = propose(record(treatments=given), "hip", TODAY).before
    assert (last["day"], last["amount"], last["episode"]) == (
        date.fromisoformat(day(20)),
        30.0,
        "neck",
    )


def test_the_clinics_own_file_names_its_usual_agent_strength_and_volume(tmp_path: Path) -> None:
    (tmp_path / "clinic.yaml").write_text(CLINIC)
    knowledge = SHIPPED.with_overrides(tmp_path / "clinic.yaml")
    plain = record(treatments=[injection(day(20), agent="bupivacaine", amount=30.0, unit="mg")])
    ours = CareLog.of(plain.table, knowledge)
    proposal = propose(ours, "hip", TODAY)
    assert proposal.agent == "lidocaine"
    assert proposal.usual is not None
    assert (proposal.usual.strength, proposal.usual.unit, proposal.usual.volume_ml) == (
        1,
        "percent",
        0.5,
    )


def test_a_clinic_has_one_usual_agent(tmp_path: Path) -> None:
    second = CLINIC + CLINIC.split("overrides:")[1].replace("lidocaine", "bupivacaine")
    (tmp_path / "clinic.yaml").write_text(second)
    with pytest.raises(KnowledgeError, match="belongs to one agent alone"):
        SHIPPED.with_overrides(tmp_path / "clinic.yaml")

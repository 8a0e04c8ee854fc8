"""The pathway as shipped stops who is made to mislead it, and lets plain candidates through."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from cli.commands import reliefpath
from reliefpath.pathway.cases import CaseResult, shipped_chapters, try_cases
from reliefpath.pathway.model import default_file, load_pathway

TITLES = [case.title for chapter in shipped_chapters() for case in chapter.vignettes]


@cache
def results() -> dict[str, CaseResult]:
    """What the pathway as shipped says of everybody, by title."""
    return {result.case.title: result for result in try_cases(load_pathway())}


@pytest.mark.parametrize("title", TITLES)
def test_a_careful_clinician_would_agree(title: str) -> None:
    result = results()[title]
    assert result.holds, result.says


def test_both_directions_are_tried() -> None:
    stop, plain = (chapter.vignettes for chapter in shipped_chapters())
    assert {case.expect.gate for case in stop} == {"not open"}
    assert {case.expect.gate for case in plain} == {"open"}
    assert len(stop) >= 25
    assert len(plain) >= 6


def test_a_clinic_is_told_which_patients_its_own_pathway_would_harm(tmp_path: Path) -> None:
    own = tmp_path / "ours.yaml"
    text = default_file().read_text("utf-8")
    assert text.count("require: not contraindication") == 1
    own.write_text(text.replace("require: not contraindication", "require: weeks_in_care >= 0"))
    done = reliefpath("pathway", "try-cases", own, code=1)
    assert (
        "An infection that was recorded with another complaint: plateaued, gate open" in done.stdout
    )
    assert "It is the person's." in done.stdout
    assert f"{len(TITLES) - 1} of {len(TITLES)} as a careful clinician would." in done.stdout


def test_a_gate_that_never_opens_is_told_too(tmp_path: Path) -> None:
    own = tmp_path / "ours.yaml"
    text = default_file().read_text("utf-8")
    own.write_text(text.replace("require: residual_visible", "require: weeks_in_care < 0"))
    done = reliefpath("pathway", "try-cases", own, code=1)
    assert "A plain candidate: plateaued, gate closed, expected open." in done.stdout

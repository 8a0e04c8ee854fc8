"""What the default pathway says of golden patients is what a good clinician would."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from reliefpath.pathway.advice import Advice
from reliefpath.pathway.cases import Vignette, advice_on, blocks, used
from reliefpath.pathway.model import FOLLOW_UP, StatusName, load_pathway
from reliefpath.pathway.wording import GATES

from .vignettes import chapters, vignettes_markdown

VIGNETTES = [vignette for chapter in chapters() for vignette in chapter.vignettes]


@cache
def advice() -> dict[str, Advice]:
    """The advice on all vignettes, by title."""
    return advice_on(VIGNETTES, load_pathway())


def said(vignette: Vignette) -> dict[str, Any]:
    """What was advised, in the words in which a vignette states what it expects."""
    pathway, found = load_pathway(), advice()[vignette.title]
    gate = pathway.gate(list(pathway.steps)[-1])
    answers = {a.id: a.answer for a in found.criteria}
    due = [a.id for a in found.criteria if a.step == FOLLOW_UP and a.answer is not True]
    openings = {id_: note.say.partition("{")[0][:40] for id_, note in pathway.notes.items()}
    expect = vignette.expect
    return {
        "status": found.status,
        "gate": GATES[found.gate],
        "stopped_by": [id_ for id_ in gate if answers[id_] is False],
        "unknown": [id_ for id_ in gate if answers[id_] is None],
        "due": due,
        "next": found.next_step[: len(expect.next or "")],
        "notes": [i for i, o in openings.items() if any(n.startswith(o) for n in found.notes)],
        "facts": {name: found.facts[name] for name in expect.facts},
    }


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda v: v.title)
def test_pathway_says_what_the_vignette_expects(vignette: Vignette) -> None:
    found, expect = said(vignette), vignette.expect.model_dump(exclude_none=True)
    expected = {n: list(v) if isinstance(v, tuple) else v for n, v in expect.items()}
    assert {name: found[name] for name in expected} == expected, vignette.story


def test_vignette_titles_are_unique() -> None:
    titles = [vignette.title for vignette in VIGNETTES]
    assert len(titles) == len(set(titles))
    assert len(titles) >= 48


def test_vignettes_show_every_status() -> None:
    assert {vignette.expect.status for vignette in VIGNETTES} == set(StatusName)


def test_vignettes_use_every_building_block() -> None:
    assert {name for vignette in VIGNETTES for name in used(vignette)} == set(blocks())


def test_vignettes_page_shows_every_vignette_with_its_scores_and_answer() -> None:
    page = vignettes_markdown()
    for vignette in VIGNETTES:
        assert f"### {vignette.title}\n" in page
    assert "| week | 0 | 2 | 4 | 6 | 8 | 10 | 12 | 14 | 16 |" in page
    assert "- In week 16: **plateaued**, gate open" in page
    assert "- stopped by: `dry-needling-trial`" in page

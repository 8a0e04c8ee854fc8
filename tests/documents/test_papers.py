"""Which papers there are, and that each line of them says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from reliefpath.documents.papers import LETTER, NAMES, NOTE, Told, papers, why_not
from reliefpath.documents.papers.catalogue import Codes, Words, codes, words
from reliefpath.documents.papers.parts import Items, Table
from reliefpath.errors import KnowledgeError
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import read_yaml
from reliefpath.reference.therapies.injection import Result

from .cases import (
    REASON,
    case,
    sites,
    steroid,
    with_finding,
    without,
)


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


@pytest.mark.parametrize(
    ("file", "loaded"), [("codes.yaml", codes(SHIPPED)), ("words.yaml", words())]
)
def test_every_number_of_the_papers_has_a_source(file: str, loaded: Any) -> None:
    raw = read_yaml(files("reliefpath.documents.papers") / file, KnowledgeError)
    content = {key: value for key, value in raw.items() if key != "sources"}
    assert list(unsourced(content)) == []
    assert isinstance(loaded, Codes | Words)
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

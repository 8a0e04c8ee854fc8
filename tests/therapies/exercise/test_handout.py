"""The patient's page: whole, clear, alone, and silent about needles."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given as forall
from hypothesis import settings

from reliefpath.errors import UsageError
from reliefpath.therapies.exercise import Active, Need, handout, programme

from .needs import HOME, needs

NECK = Need((Active("upper-trapezius", "left"), Active("scalenes", "left")), "neck", equipment=HOME)


@settings(deadline=None, max_examples=50)
@forall(needs)
def test_every_exercise_stands_on_the_page_with_a_box_for_each_day(need: Need) -> None:
    made = programme(need)
    page = handout(made)
    assert page.count("<article") == len(made.items)
    assert page.count('class="box"') == 7 * len(made.items)
    for item in made.items:
        assert item.row.name in page


@settings(deadline=None, max_examples=50)
@forall(needs)
def test_the_page_never_speaks_of_needles(need: Need) -> None:
    page = handout(programme(need)).lower()
    assert not re.search(r"inject|needle|needling|steroid|anaesthetic", page)


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    page = handout(programme(NECK))
    assert not re.search(r"<script|<link|<img|https?:|url\(|@import|\bon\w+=", page)


def test_the_dose_the_side_and_how_often_are_said() -> None:
    page = handout(programme(NECK))
    assert "3 × hold 20 seconds, left side, every day" in page
    assert "5 minutes, 2 days a week" in page


def test_the_page_says_when_to_stop_for_the_region() -> None:
    neck = handout(programme(NECK))
    back = handout(programme(Need((Active("lumbar-multifidi"),), "low-back")))
    assert "Call emergency services" in neck
    assert "double vision" in neck
    assert "bladder" not in neck
    assert "bladder" in back
    assert "double vision" not in back


def test_a_name_is_written_as_text() -> None:
    page = handout(programme(NECK), name="<b>Ana</b>", on=date(2026, 3, 31))
    assert "&lt;b&gt;Ana&lt;/b&gt;" in page
    assert "2026-03-31" in page


def test_a_language_that_the_page_does_not_speak_is_refused() -> None:
    with pytest.raises(UsageError, match="no handout in `xx`: en"):
        handout(programme(NECK), language="xx")

"""The patient's page: whole, clear, alone, and silent about needles."""

from __future__ import annotations

import re
from datetime import date
from itertools import product

import pytest
from hypothesis import given as forall
from hypothesis import settings

from html_page import Page
from pdf_page import letters, made_pdf, opened, pdf_letters
from reliefpath.documents.exercise import handout
from reliefpath.documents.exercise.drawing import drawing_svg, drawings
from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.languages import LANGUAGES, speech
from reliefpath.reference.therapies.exercise import (
    Active,
    Item,
    Need,
    Programme,
    after_needle,
    exercises,
    programme,
)

from .needs import HOME, needs

NECK = Need(
    SHIPPED, (Active("upper-trapezius", "left"), Active("scalenes", "left")), "neck", equipment=HOME
)


@settings(deadline=None, max_examples=50)
@forall(needs)
def test_every_exercise_stands_on_the_page_with_a_box_for_each_day(need: Need) -> None:
    made = programme(need)
    page = handout(made)
    assert page.count("<article") == len(made.items)
    assert page.count("<svg") == sum(item.exercise in drawings() for item in made.items)
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
    back = handout(programme(Need(SHIPPED, (Active("lumbar-multifidi"),), "low-back")))
    assert "Call emergency services" in neck
    assert "double vision" in neck
    assert "bladder" not in neck
    assert "bladder" in back
    assert "double vision" not in back


def test_a_name_is_written_as_text() -> None:
    page = handout(programme(NECK), name="<b>Ana</b>", on=date(2026, 3, 31))
    assert "&lt;b&gt;Ana&lt;/b&gt;" in page
    assert "31 March 2026" in page


def test_a_language_that_the_page_does_not_speak_is_refused() -> None:
    with pytest.raises(UsageError, match="no papers in `xx`: en, es"):
        handout(programme(NECK), language="xx")


@settings(deadline=None, max_examples=20)
@forall(needs)
def test_every_programme_can_be_said_in_every_language(need: Need) -> None:
    made = after_needle(programme(need), date(2026, 3, 30), date(2026, 3, 31))
    pages = {tag: Page(handout(made, on=date(2026, 3, 31), language=tag)) for tag in LANGUAGES}
    assert [page.all("html")[0][0]["lang"] for page in pages.values()] == list(LANGUAGES)
    assert len({len(page.elements) for page in pages.values()}) == 1
    english = {text for _, text in pages["en"].all("h1", "h2", "h3", "li") if len(text) > 3}
    spanish = {text for _, text in pages["es"].all("h1", "h2", "h3", "li")}
    assert not english & spanish


@pytest.mark.parametrize(("language", "most"), [*product(LANGUAGES, (4, 6))])
def test_the_longest_exercises_fit_on_one_printed_page(language: str, most: int) -> None:
    say = speech(language, "reliefpath.reference.therapies.exercise")
    told = {
        id_: sum(len(say(text)) for text in (row.position, *row.steps, row.feel, row.unlike))
        for id_, row in exercises(SHIPPED).items()
    }
    longest = sorted(told, key=lambda id_: -told[id_])[:most]
    items = tuple(
        Item(id_, 0, "left", exercises(SHIPPED)[id_].muscles, "", SHIPPED) for id_ in longest
    )
    made = after_needle(Programme(NECK, items), date(2026, 3, 30), date(2026, 3, 31))
    html = handout(made, on=date(2026, 3, 31), language=language)
    pdf = made_pdf(html)
    assert len(opened(pdf).pages) == 1
    said = pdf_letters(pdf)
    missing = [text for _, text in Page(html).all("h1", "h2", "h3", "p", "li")]
    assert not [text for text in missing if letters(text) not in said]


def test_a_drawing_is_read_aloud_in_the_language_of_the_page() -> None:
    page = Page(handout(programme(NECK), language="es"))
    drawn = page.all("svg")
    assert drawn
    assert all(attributes["role"] == "img" for attributes, _ in drawn)
    assert "Estiramiento lateral del cuello: de la figura clara a la oscura" in {
        text for _, text in drawn
    }


@pytest.mark.parametrize("id_", drawings())
def test_a_drawing_is_of_an_exercise_and_stays_within_its_box(id_: str) -> None:
    drawing = drawings()[id_]
    svg = drawing_svg(drawing, "a & b")
    assert id_ in exercises(SHIPPED)
    assert "<title>a &amp; b</title>" in svg
    assert svg.count("<g") == svg.count("</g>")
    left, top, width, height = drawing.box
    heads = [tuple(map(float, xy)) for xy in re.findall(r'cx="([-.\d]+)" cy="([-.\d]+)"', svg)]
    assert heads
    ends = [point for arrow in drawing.arrows for point in (arrow[0], arrow[-1])]
    for x, y in (*ends, *(heads if drawing.box == (0, 0, 120, 100) else ())):
        assert left <= x <= left + width
        assert top <= y <= top + height


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lit = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * lit[0] + 0.7152 * lit[1] + 0.0722 * lit[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_are_told_apart_on_light_on_dark_and_on_paper() -> None:
    styles = re.findall(r":root \{(.*?)\}", handout(programme(NECK)))
    assert len(styles) == 3
    for style in styles:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", style))
        for ground, name in product(("back", "card"), ("text", "soft", "mark", "stop")):
            assert contrast(colours[ground], colours[name]) >= 4.5  # WCAG 2.2, 1.4.3
        assert contrast(colours["back"], colours["line"]) >= 3  # WCAG 2.2, 1.4.11

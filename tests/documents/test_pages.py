"""The papers as pages: whole, readable by anybody, and safe to open."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest

from html_page import Page
from pdf_page import SAID, letters, made_pdf, opened, pdf_letters
from reliefpath.documents.papers import LETTER, NAMES, Told, paper_html, papers
from reliefpath.reference.therapies.injection import Site

from .cases import EPISODE, RECORD, case, sites, steroid, with_finding

PERSON = {
    *RECORD.patients["name"],
    *RECORD.episodes.filter(episode=EPISODE)["clinician"],
    "plan",  # as in Spanish
}
ANY = "medicare-first-coast"
"""A policy that gives no numbers, so that its letter is always written."""
PLAIN = ("consent", "after-care", LETTER)
"""What leaves the clinic."""
EVIL = '<script>alert("x")</script> & </td>'


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    told = Told({"lidocaine": EVIL}, EVIL)
    made = case(sites(2, steroid()), steroid_reason=EVIL, told=told, payer=ANY)
    return {name: paper_html(paper) for name, paper in papers(made).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole_and_can_be_read_aloud(written: dict[str, str], name: str) -> None:
    page = Page(written[name])
    [(html, _)] = page.all("html")
    assert html["lang"] == "en"
    [(_, title)] = page.all("title")
    [(_, heading)] = page.all("h1")
    assert title == heading
    for landmark in ("header", "main", "footer"):
        assert len(page.all(landmark)) == 1
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(said for _, said in page.all("caption", "th", "h1", "h2", "li"))
    assert all(a["scope"] in ("row", "col") for a, _ in page.all("th"))
    ids = [a["id"] for _, a, _ in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [str(a["href"])[1:] for a, _ in page.all("a")]
    labels = [a["aria-labelledby"] for _, a, _ in page.elements if "aria-labelledby" in a]
    assert {*links, *labels} <= set(ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_nothing_else_and_runs_nothing(written: dict[str, str], name: str) -> None:
    page = Page(written[name])
    assert not page.all("script", "link", "img", "iframe", "form", "object", "base")
    assert not re.search(r"https?:|//|@import|url\(|\bon\w+=", written[name].replace("</", "<"))
    assert all(str(a["href"]).startswith("#") for a, _ in page.all("a"))
    assert "None" not in page.text()


def test_what_people_wrote_is_shown_as_they_wrote_it(written: dict[str, str]) -> None:
    note = Page(written["procedure-note"])
    assert note.text().count(EVIL) >= 3  # the reason, the lot, the response
    named = RECORD.patients.with_columns(name=pl.lit(EVIL))
    made = case(care_log=replace(RECORD, patients=named), payer=ANY)
    for paper in papers(made).values():
        assert EVIL in Page(paper_html(paper)).text()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PLAIN])
def test_every_source_is_numbered_where_it_is_used_and_stands_at_the_end(
    written: dict[str, str], name: str
) -> None:
    page = Page(written[name])
    used = {str(a["href"]) for a, _ in page.all("a")}
    listed = {f"#{a['id']}" for a, _ in page.all("li") if "id" in a}
    assert used == listed
    assert listed


@pytest.mark.parametrize("name", PLAIN)
def test_what_leaves_the_clinic_shows_no_sources_and_no_origins(
    written: dict[str, str], name: str
) -> None:
    page = Page(written[name])
    assert not page.all("a", "sup")
    assert not [a for a, _ in page.all("section") if a.get("class") == "sources"]
    assert "From" not in [said for _, said in page.all("th")]


@pytest.mark.parametrize("name", NAMES)
def test_a_pdf_says_what_its_page_says(written: dict[str, str], name: str) -> None:
    said = pdf_letters(made_pdf(written[name]))
    lines = [text for _, text in Page(written[name]).all(*SAID) if text]
    assert len(lines) > 10
    assert not [text for text in lines if letters(text) not in said]


def test_a_pdf_can_be_read_aloud_and_brings_its_letters_along(written: dict[str, str]) -> None:
    pdf = opened(made_pdf(written["consent"]))
    root = pdf.trailer["/Root"]
    assert root["/Lang"] == "en"  # type: ignore[index]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Consent to a trigger point injection"
    fonts = [font.get_object() for font in pdf.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert fonts
    for font in fonts:
        [drawn] = font["/DescendantFonts"]
        assert {"/FontFile2", "/FontFile3"} & set(drawn["/FontDescriptor"])


@pytest.mark.parametrize("planned", [sites(1), sites(2, steroid())])
def test_a_consent_and_after_care_in_spanish_carry_the_same_items(
    planned: tuple[Site, ...],
) -> None:
    english = case(planned, steroid_reason=EVIL)
    spanish = papers(replace(english, language="es"))
    for name, paper in papers(english).items():
        mine = spanish[name]
        if name not in ("consent", "after-care"):
            assert mine == paper
            continue
        assert [len(section.blocks) for section in mine.sections] == [
            len(section.blocks) for section in paper.sections
        ]
        assert [said.sources for said in mine.said()] == [said.sources for said in paper.said()]
        page = Page(paper_html(mine))
        assert page.all("html")[0][0]["lang"] == "es"
        said = {s.text for s in paper.said()} & {s.text for s in mine.said()}
        assert not [text for text in said if re.search(r"[a-z]{4}", text) and text not in PERSON]


def test_a_draft_is_a_draft_in_spanish_too() -> None:
    made = case(care_log=with_finding(kind="red-flag", code="cauda-equina"), weighed=False)
    warning = str(papers(replace(made, language="es"))["consent"].warning)
    assert warning.startswith("Borrador, no debe usarse:")


def test_letters_of_spanish_come_out_of_the_pdf_as_they_went_in() -> None:
    html = paper_html(papers(replace(case(), language="es"))["after-care"])
    said = pdf_letters(made_pdf(html))
    lines = [text for _, text in Page(html).all(*SAID) if text]
    assert not [text for text in lines if letters(text) not in said]
    assert letters("¿Cómo está?") in said


def test_a_pdf_is_the_same_when_made_again_and_tells_no_time(written: dict[str, str]) -> None:
    pdf = made_pdf(written["consent"])
    assert pdf == made_pdf(written["consent"])
    assert opened(pdf).metadata.creation_date is None  # type: ignore[union-attr]


def test_a_page_that_asks_for_something_elsewhere_gets_nothing() -> None:
    asking = '<html lang="en"><title>x</title><img alt="x" src="file:///etc/hostname"></html>'
    assert not opened(made_pdf(asking)).pages[0].images

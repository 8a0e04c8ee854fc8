"""The record as a page: readable for the patient, whoever and wherever they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from rich.console import Console

from html_page import Page
from reliefpath.care.decisions import OVERRIDDEN, Basis, decide
from reliefpath.care_log.folder import read_folder
from reliefpath.cli.render.history import print_history
from reliefpath.documents.record.page import record_html
from reliefpath.documents.record.record import record_of
from reliefpath.documents.record.words import Wording
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.model import default_file
from reliefpath.reference.therapies import finding_kinds
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.tables import HISTORIES
from reliefpath.store.terms import set_term
from reliefpath.store.writing import AuditEvent

from .clinic import FILES, write
from .test_record import BEGIN, row_of, ticking

EVIL = '<script>alert("x")</script>'


class RecordPage(Page):
    """The page of a record, whose tables can be asked."""

    def rows(self, caption: str) -> list[str]:
        """The rows of the table with this caption, cells parted by bars."""
        return [" ".join(row) for row in self._rows(caption)]

    def _rows(self, caption: str) -> Iterator[list[str]]:
        titled = False
        row: list[str] = []
        for tag, _, parts in self.elements:
            said = " ".join("".join(parts).split())
            if tag == "caption":
                titled = said == caption
            if tag == "tr" and row:
                yield row
                row = []
            if tag in ("td", "th") and titled:
                row.append(said)
        if row:
            yield row


@pytest.fixture
def chart(tmp_path: Path) -> Iterator[Chart]:
    episodes = (
        "episode,patient,region,started_on,primary_measure,complaint,clinician\n"
        f"E1,P1,low-back,2026-01-05,nrs,Me duele {EVIL},Dr. Ode\n"
    )
    scores = FILES["scores"].replace("E2,", "E1,") + "E1,2026-01-26,nrs,3,\n"
    patients = f"patient,name,birth_date,language\nP1,Ada {EVIL},1980-02-01,es\nP2,Bo,,\n"
    tables = {"patients": patients, "episodes": episodes, "scores": scores}
    made = create_chart(str(tmp_path / "clinic.chart"))
    chart = Chart(made.engine, ticking())
    care_log = read_folder(write(tmp_path / "clinic", **tables)).care_log
    chart.load(care_log, "first", AuditEvent("desk", "import"))
    yield chart
    chart.close()


@pytest.fixture
def page(chart: Chart) -> RecordPage:
    row = row_of(chart, "scores", value=6)
    chart.correct("scores", row, {"value": "7"}, AuditEvent("Kim", "correct", "misread"))
    row = row_of(chart, "treatments", therapy="injection")
    chart.withdraw("treatments", row, AuditEvent("Kim", "withdraw", "never happened"))
    chart.note(AuditEvent("analyst", "export"))
    return RecordPage(record_html(record_of(chart, "P1")))


def test_the_page_needs_nothing_else_and_runs_nothing(chart: Chart) -> None:
    text = record_html(record_of(chart, "P1"))
    page = RecordPage(text)
    assert not page.all("script", "link", "img", "iframe", "form", "object", "base")
    assert not re.search(r"https?:|//|@import|url\(|\bon\w+=", text.replace("</", "<"))
    assert all(str(a["href"]).startswith("#") for a, _ in page.all("a"))


def test_what_people_wrote_is_shown_as_they_wrote_it(page: RecordPage) -> None:
    assert f"Your record: Ada {EVIL}" in page.text()
    [(attributes, said)] = page.all("blockquote")
    assert (attributes["lang"], said) == ("es", f"Me duele {EVIL}")


def test_the_page_has_landmarks_headings_in_order_and_tables_that_can_be_read_aloud(
    page: RecordPage,
) -> None:
    [(html, _)] = page.all("html")
    assert html["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(said for _, said in page.all("caption", "th", "h1", "h2", "h3"))
    assert all(a["scope"] in ("row", "col") for a, _ in page.all("th"))
    ids = [a["id"] for _, a, _ in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [str(a["href"])[1:] for a, _ in page.all("a")]
    labels = [a["aria-labelledby"] for _, a, _ in page.elements if "aria-labelledby" in a]
    assert {*links, *labels} <= set(ids)
    assert all(a["role"] == "img" for a, _ in page.all("svg"))


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_text_stands_out_from_its_background(page: RecordPage, theme: str) -> None:
    [(_, style)] = page.all("style")
    rules = re.findall(r":root \{([^}]*)\}", style)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", rules[["light", "dark", "print"].index(theme)]))
    for front in ("text", "soft", "mark"):
        for back in ("back", "shade"):
            assert contrast(colours[front], colours[back]) >= 4.5  # WCAG 2.2, 1.4.3


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_page_says_names_and_dates_rather_than_codes(page: RecordPage) -> None:
    text = page.text()
    assert "Low back, since 5 January 2026" in text
    assert "Upper trapezius, left" in text
    assert "Numeric Rating Scale" in text
    for code in ("upper-trapezius", "low-back", "nrs", "psfs", "2026-01", "body-weight", "None"):
        assert not re.search(rf"\b{code}\b", text)


def test_a_complaint_is_a_timeline(page: RecordPage) -> None:
    rows = page.rows("Scores, treatments, examinations and decisions, earliest first")[1:]
    assert rows[0] == "5 January 2026 Numeric Rating Scale 7 points Kim"
    assert "12 January 2026 Exercise programme 80% of the programme done desk" in rows
    assert "12 January 2026 Patient-Specific Functional Scale lift my child: 2 desk" in rows
    assert "19 January 2026, 08:30 Numeric Rating Scale 4 points desk" in rows
    exam = "found: a taut band is felt; not found: a hypersensitive spot lies in it"
    assert f"5 January 2026 Examination: Upper trapezius, left {exam} desk" in rows
    assert not [row for row in rows if "lidocaine" in row.lower()]


def test_that_something_was_asked_about_does_not_read_as_found(page: RecordPage) -> None:
    rows = page.rows("What is known of you whatever the complaint, earliest first")[1:]
    asked = "Asked about on this day; everything found is on record."
    assert rows[0] == f"5 January 2026 Red flags asked about {asked} desk"
    assert "70 kilogram; until 31 December 2026" in rows[1]


def test_corrections_tell_what_was_what_is_who_and_why(page: RecordPage) -> None:
    [score, treatment] = page.rows("Corrections and withdrawals, earliest first")[1:]
    assert "Score of 5 January 2026: Numeric Rating Scale" in score
    assert "was 6, is now 7 Kim misread" in score
    assert "Treatment of 19 January 2026: Trigger point injection" in treatment
    assert "Withdrawn, entered in error: Lidocaine 20 milligram Kim never happened" in treatment


def test_the_page_tells_who_looked_and_whether_at_everybody(page: RecordPage) -> None:
    rows = page.rows("Looks, entries and copies, earliest first")[1:]
    assert rows[0] == "1 February 2026, 09:00 desk Entered yours "
    assert rows[-1] == "1 February 2026, 09:03 analyst Copied out everybody's "


def test_scores_of_a_measure_are_drawn_with_a_summary_to_read_aloud(page: RecordPage) -> None:
    titles = [said for a, said in page.all("title") if "id" in a]
    assert titles == [
        "Numeric Rating Scale: 7 points on 5 January 2026, 3 points on 26 January 2026, "
        "3 scores; lower is better."
    ]
    [(_, line)] = [(a, a["points"]) for a, _ in page.all("polyline")]
    assert line is not None
    heights = [float(point.split(",")[1]) for point in line.split()]
    assert heights == sorted(heights)  # 7, 4, 3: a lower score is drawn lower


def test_times_are_told_by_the_clocks_of_a_zone(chart: Chart) -> None:
    page = RecordPage(record_html(record_of(chart, "P1"), ZoneInfo("America/New_York")))
    assert "19 January 2026, 03:30" in page.text()
    assert "Times are in America/New_York" in page.text()
    assert "5 January 2026 Numeric Rating Scale" in " ".join(
        page.rows("Scores, treatments, examinations and decisions, earliest first")
    )


def test_a_decision_tells_what_was_advised_and_why_it_went_otherwise(chart: Chart) -> None:
    basis = Basis(default_file().read_text("utf-8"))
    decide(chart, "E1", OVERRIDDEN, basis, BEGIN.date(), "Dr. Ode", "she prefers to wait")
    text = RecordPage(record_html(record_of(chart, "P1"))).text()
    assert "your clinician decided otherwise; ReliefPath saw: " in text
    assert "because: she prefers to wait" in text


def test_a_person_of_whom_nothing_else_is_known_has_a_page(chart: Chart) -> None:
    text = RecordPage(record_html(record_of(chart, "P2"))).text()
    assert "Your record: Bo" in text
    assert "Nothing was corrected or withdrawn." in text
    assert "Ada" not in text


def test_a_person_withdrawn_has_a_page_that_tells_so(chart: Chart) -> None:
    row = row_of(chart, "patients", patient="P1")
    chart.withdraw("patients", row, AuditEvent("Kim", "withdraw", "twice on record"))
    page = RecordPage(record_html(record_of(chart, "P1")))
    rows = page.rows("Corrections and withdrawals, earliest first")[1:]
    assert len(rows) > 8
    assert all("Withdrawn, entered in error" in row and "twice on record" in row for row in rows)


@pytest.mark.parametrize("name", [name for name in HISTORIES if name != "documents"])
def test_every_column_has_words_and_unknown_is_silent(name: str) -> None:
    empty = dict.fromkeys(HISTORIES[name].schema)
    assert not any(Wording(SHIPPED).words(name, column, empty) for column in empty)


def test_a_needle_is_told_in_a_patient_s_words() -> None:
    values = dict.fromkeys(HISTORIES["treatments"].schema) | {
        "muscle": "piriformis",
        "side": "left",
        "needle": "25 G x 38 mm",
        "agent": "lidocaine",
        "lot": "A1",
        "twitch_response": False,
    }
    assert Wording(SHIPPED).details("treatments", values) == (
        "Piriformis, left; needle 25 G x 38 mm; Lidocaine; lot A1; the muscle did not twitch"
    )


def test_words_are_told_with_the_answer_that_was_given_since(chart: Chart) -> None:
    row = {"patient": "P1", "at": "2026-01-06", "kind": "medicine", "code": "Zorblax 20 mg"}
    chart.insert({"findings": pl.DataFrame([row])}, AuditEvent("Ada", "enter"))
    caption = "What is known of you whatever the complaint, earliest first"
    names = {code: row.name for code, row in finding_kinds(SHIPPED)["medicine"].codes.items()}

    def told() -> str:
        made = RecordPage(record_html(record_of(chart, "P1")))
        return next(said for said in made.rows(caption) if "Zorblax 20 mg" in said)

    assert names["not-understood"] in told()
    for answer in ("other-anticoagulant", "no-rule"):
        set_term(chart, "medicine", "zorblax 20 mg", answer, AuditEvent("Bo", "term"))
        assert names[answer] in told()
        assert names["not-understood"] not in told()
        [line] = [each for each in record_of(chart, "P1").tables["findings"] if each.understood_as]
        assert (line.understood_as, line.values and line.values["code"]) == (
            answer,
            "not-understood",
        )
        shown = Console(record=True, width=250)
        print_history(shown, record_of(chart, "P1"))
        assert f"words=Zorblax 20 mg, understood as {answer}" in shown.export_text()
    set_term(chart, "medicine", "zorblax 20 mg", "not-understood", AuditEvent("Bo", "term"))
    assert names["not-understood"] in told()

"""The exercise programme, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from pdf_page import made_pdf, needs_pdf
from reliefpath.cli.commands.exercise import GoalName, IrritabilityName
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.exercise import exercise_rules

from .commands import reliefpath

AS_OF = ("--as-of", "2026-03-31")


def test_a_programme_as_text_as_data_and_as_the_patients_page(tmp_path: Path) -> None:
    needs_pdf()
    clinic, page = tmp_path / "clinic", tmp_path / "exercises.html"
    reliefpath("demo", clinic, "--patients", "5", "--seed", "1", *AS_OF)
    ask = ("exercise", "plan", clinic, "demo-0005", *AS_OF)

    text = reliefpath(*ask, "--equipment", "band").stdout
    assert "exercises, " in text
    assert "[house]" in text

    data = json.loads(reliefpath(*ask, "--format", "json", "--equipment", "band").stdout)
    assert data["need"]["equipment"] == ["band", "chair", "towel", "wall"]
    assert data["minutes"] <= data["need"]["minutes"]
    assert all(item["because"] and item["sources"] for item in data["items"])

    bare = json.loads(reliefpath(*ask, "--format", "json", "--equipment", "none").stdout)
    assert bare["need"]["equipment"] == []

    reliefpath(*ask, "--irritability", "high", "--minutes", "10", "--out", page)
    html = page.read_text("utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "31 March 2026" in html
    assert "<script" not in html

    spanish = page.with_suffix(".pdf")
    reliefpath(*ask, "--language", "es-MX", "--out", spanish)
    written = reliefpath(*ask, "--language", "es", "--format", "html").stdout
    assert '<html lang="es">' in written
    assert spanish.read_bytes() == made_pdf(written)

    refused = reliefpath(*ask, "--equipment", "bond", code=2)
    assert "did you mean `band`" in refused.stderr


def test_the_page_speaks_the_patients_language_or_says_that_it_does_not(tmp_path: Path) -> None:
    clinic = tmp_path / "clinic"
    reliefpath("demo", clinic, "--patients", "5", "--seed", "1", *AS_OF)
    patients = clinic / "patients.csv"
    ask = ("exercise", "plan", clinic, "demo-0005", *AS_OF, "--format", "html")

    def as_speaking(tag: str) -> None:
        header, *rows = patients.read_text("utf-8").splitlines()
        at = header.split(",").index("language")
        cells = [row.split(",") for row in rows]
        lines = [",".join([*row[:at], tag, *row[at + 1 :]]) for row in cells]
        patients.write_text("\n".join([header, *lines, ""]), "utf-8")

    as_speaking("es-MX")
    assert '<html lang="es">' in reliefpath(*ask).stdout
    assert '<html lang="en">' in reliefpath(*ask, "--language", "en").stdout

    as_speaking("fr")
    done = reliefpath(*ask)
    assert '<html lang="en">' in done.stdout
    assert "The patient's language is `fr`, in which nothing is written yet" in done.stderr
    refused = reliefpath(*ask, "--language", "fr", code=2)
    assert "there is en (English), es (Spanish)" in refused.stderr


def test_the_command_offers_every_irritability_and_goal_of_the_rules() -> None:
    assert [*map(str, IrritabilityName)] == [*map(str, exercise_rules(SHIPPED).irritability)]
    assert [*map(str, GoalName)] == [*map(str, exercise_rules(SHIPPED).goals)]

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


def test_a_programme_is_planned_changed_signed_and_printed(tmp_path: Path) -> None:
    chart, file, page = (str(tmp_path / name) for name in ("c.chart", "programme.json", "p.html"))
    reliefpath("demo", tmp_path / "clinic", "--patients", "5", "--seed", "1", *AS_OF)
    reliefpath("chart", "init", chart)
    reliefpath("chart", "import", chart, tmp_path / "clinic")
    none = reliefpath("exercise", "signed", chart, "demo-0005", code=2)
    assert "see: reliefpath exercise plan" in none.stderr
    reliefpath("exercise", "plan", chart, "demo-0005", *AS_OF, "--format", "json", "--out", file)
    plan = json.loads(Path(file).read_text("utf-8"))
    plan["items"][0]["dose"]["sets"] = 9
    Path(file).write_text(json.dumps(plan), "utf-8")

    sign = ("exercise", "sign", chart, "demo-0005", file, "--by", "Ada")
    refused = reliefpath(*sign, code=1)
    assert "Nothing was signed" in refused.stderr
    asked = [line.split(": ")[1] for line in refused.stderr.splitlines() if "above-usual" in line]
    weighed = [line.split(": ")[1] for line in refused.stderr.splitlines() if ": " in line]
    assert asked
    known = [part for id_ in weighed if "-" in id_ for part in ("--acknowledge", id_)]
    assert "Signed, as entry" in reliefpath(*sign, *known).stdout
    shown = reliefpath("exercise", "signed", chart, "demo-0005").stdout
    assert "Version 1, row 1: signed by Ada" in shown
    assert "9 × " in shown
    reliefpath("exercise", "signed", chart, "demo-0005", "--out", page)
    assert "9 × " in Path(page).read_text("utf-8")
    assert "programmes" in reliefpath("chart", "history", chart, "P0005").stdout
    reliefpath("chart", "withdraw", chart, "programmes", "1", "--why", "wrong patient")
    assert reliefpath("exercise", "signed", chart, "demo-0005", code=2)
    assert "is no programme" in reliefpath(*sign[:4], page, code=2).stderr

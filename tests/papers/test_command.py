"""The papers, written as a user writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.commands import reliefpath
from html_page import Page
from pdf_page import made_pdf, needs_pdf
from reliefpath.papers import NAMES

from .cases import AS_OF


def test_papers_are_written_and_never_over_others(tmp_path: Path) -> None:
    needs_pdf()
    clinic, out = tmp_path / "clinic", tmp_path / "papers"
    day = ("--as-of", AS_OF.isoformat())
    reliefpath("demo", clinic, "--patients", "60", "--seed", "1", *day)
    site = ("--site", "gluteus-medius left: lidocaine 1% 1 mL", "--payer", "medicare")
    ask = ("inject", "papers", clinic, "demo-0015", *site, *day)
    told = reliefpath(*ask, "--lot", "lidocaine=A1", "--out", out).stdout
    written = [out / f"{name}.{kind}" for kind in ("html", "pdf") for name in NAMES]
    assert told.split() == [str(file) for file in written]
    for name in NAMES:
        page = (out / f"{name}.html").read_text("utf-8")
        Page(page)
        assert (out / f"{name}.pdf").read_bytes() == made_pdf(page)
    assert "A1" in (out / "procedure-note.html").read_text("utf-8")

    assert "is there already" in reliefpath(*ask, "--out", out, code=2).stderr
    assert (
        "expected an agent and its lot"
        in reliefpath(*ask, "--lot", "A1", "--out", out, code=2).stderr
    )

    slip = ("--site", "piriformis left: lidocaine 10% 1 mL")
    blocked = reliefpath(*ask, *slip, "--out", tmp_path / "blocked", code=1)
    assert "strength-lidocaine: Lidocaine of 10 percent is not sold" in blocked.stderr
    assert len(blocked.stdout.split()) == 6
    assert not (tmp_path / "blocked" / "procedure-note.html").exists()
    drafts = {
        name: (tmp_path / "blocked" / f"{name}.html").read_text("utf-8") for name in NAMES[1:]
    }
    assert "Borrador, no debe usarse." in drafts["consent"]  # the patient's language is Spanish
    assert "Draft, not to be used." in drafts["medical-necessity"]

    reliefpath(*ask, *slip, "--language", "en", "--out", tmp_path / "english", code=1)
    consent = (tmp_path / "english" / "consent.html").read_text("utf-8")
    assert "Draft, not to be used." in consent


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("ImportError", "pip install 'reliefpath[pdf]'"),
        ("OSError", "apt-get install libpango-1.0-0"),
    ],
)
def test_without_what_makes_a_pdf_the_pages_are_written_and_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, says: str
) -> None:
    (tmp_path / "weasyprint.py").write_text(f"raise {missing}('not here')\n", "utf-8")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    clinic, out = tmp_path / "clinic", tmp_path / "papers"
    day = ("--as-of", AS_OF.isoformat())
    reliefpath("demo", clinic, "--patients", "15", "--seed", "1", *day)
    site = ("--site", "gluteus-medius left: lidocaine 1% 1 mL", "--payer", "medicare")
    done = reliefpath("inject", "papers", clinic, "demo-0001", *site, *day, "--out", out, code=1)
    assert says in done.stderr
    assert {file.suffix for file in out.iterdir()} == {".html"}

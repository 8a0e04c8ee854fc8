"""The papers, written as a user writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.commands import reliefpath
from html_page import Page
from pdf_page import made_pdf, needs_pdf
from reliefpath.documents.papers import NAMES

from .cases import AS_OF, EPISODE

SITE = ("--site", "levator-scapulae right: lidocaine 1% 1 mL")
ANSWER = ("--answer", "conservative: Dr. Ana Ruiz: Work at a desk is not possible: it hurts.")


def demo(tmp_path: Path, patients: int = 60) -> tuple[str | Path, ...]:
    """The command that writes the papers of a patient whom Aetna insures."""
    clinic, day = tmp_path / "clinic", ("--as-of", AS_OF.isoformat())
    reliefpath("demo", clinic, "--patients", str(patients), "--seed", "1", *day)
    plan = (*SITE, "--payer", "aetna", "--nothing-new", *day)
    return ("inject", "papers", clinic, EPISODE, *plan)


def test_papers_are_written_and_never_over_others(tmp_path: Path) -> None:
    needs_pdf()
    ask, out = demo(tmp_path), tmp_path / "papers"
    done = reliefpath(*ask, *ANSWER, "--lot", "lidocaine=A1", "--out", out)
    written = [out / f"{name}.{kind}" for kind in ("html", "pdf") for name in NAMES]
    assert done.stdout.split() == [str(file) for file in written]
    assert "to be checked by a clinic's translator" in done.stderr
    for name in NAMES:
        page = (out / f"{name}.html").read_text("utf-8")
        Page(page)
        assert (out / f"{name}.pdf").read_bytes() == made_pdf(page)
    assert "A1" in (out / "procedure-note.html").read_text("utf-8")
    letter = (out / "medical-necessity.html").read_text("utf-8")
    assert "Dr. Ana Ruiz: Work at a desk is not possible: it hurts." in letter

    assert "is there already" in reliefpath(*ask, "--out", out, code=2).stderr
    assert (
        "expected an agent and its lot"
        in reliefpath(*ask, "--lot", "A1", "--out", out, code=2).stderr
    )


def test_what_is_not_written_is_said_with_its_reason(tmp_path: Path) -> None:
    ask, out = demo(tmp_path), tmp_path / "papers"
    unanswered = reliefpath(*ask, "--out", out)
    assert "No medical-necessity is written:\n  conservative is uncertain:" in unanswered.stderr
    assert (out / "procedure-note.html").exists()
    assert not (out / "medical-necessity.html").exists()

    slip = ("--site", "piriformis left: lidocaine 10% 1 mL")
    blocked = reliefpath(*ask, *slip, "--out", tmp_path / "blocked", code=1)
    assert "strength-lidocaine: Lidocaine of 10 percent is not sold" in blocked.stderr
    assert not (tmp_path / "blocked" / "procedure-note.html").exists()
    consent = (tmp_path / "blocked" / "consent.html").read_text("utf-8")
    assert "Borrador, no debe usarse" in consent  # the patient's language is Spanish

    reliefpath(*ask, *slip, "--language", "en", "--out", tmp_path / "english", code=1)
    consent = (tmp_path / "english" / "consent.html").read_text("utf-8")
    assert "Draft, not to be used" in consent


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (("--answer", "conservative: Dr. Ruiz"), "expected a criterion, a name and words"),
        (("--answer", "conservative: Dr. Ruiz: "), "is blank"),
        (("--answer", "conservative: : yes"), "is blank"),
        ((*ANSWER, *ANSWER), "answered twice"),
        (("--answer", "sessions: Dr. Ruiz: none"), "`sessions` is not uncertain"),
        (("--opened", "lidocaine"), "expected an agent and milligrams"),
        (("--opened", "lidocaine=5mg"), "hold less than the 10 mg"),
        (("--diagnosis", "M79.19"), "unknown diagnosis `M79.19`"),
    ],
)
def test_a_slip_in_what_is_told_is_refused(
    tmp_path: Path, said: tuple[str, ...], says: str
) -> None:
    ask = demo(tmp_path, 15)
    assert says in reliefpath(*ask, *said, "--out", tmp_path / "papers", code=2).stderr


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
    ask, out = demo(tmp_path, 15), tmp_path / "papers"
    done = reliefpath(*ask, "--out", out, code=1)
    assert says in done.stderr
    assert {file.suffix for file in out.iterdir()} == {".html"}

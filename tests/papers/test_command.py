"""The papers, written as a user writes them."""

from __future__ import annotations

from pathlib import Path

from cli.commands import reliefpath
from html_page import Page
from reliefpath.papers import NAMES

from .cases import AS_OF


def test_papers_are_written_and_never_over_others(tmp_path: Path) -> None:
    clinic, out = tmp_path / "clinic", tmp_path / "papers"
    day = ("--as-of", AS_OF.isoformat())
    reliefpath("demo", clinic, "--patients", "60", "--seed", "1", *day)
    site = ("--site", "gluteus-medius left: lidocaine 1% 1 mL", "--payer", "medicare")
    ask = ("inject", "papers", clinic, "demo-0015", *site, *day)
    told = reliefpath(*ask, "--lot", "lidocaine=A1", "--out", out).stdout
    assert told.split() == [str(out / f"{name}.html") for name in NAMES]
    for name in NAMES:
        Page((out / f"{name}.html").read_text("utf-8"))
    assert "A1" in (out / "procedure-note.html").read_text("utf-8")

    assert "is there already" in reliefpath(*ask, "--out", out, code=2).stderr
    assert (
        "expected an agent and its lot"
        in reliefpath(*ask, "--lot", "A1", "--out", out, code=2).stderr
    )

    slip = ("--site", "piriformis left: lidocaine 10% 1 mL")
    blocked = reliefpath(*ask, *slip, "--out", tmp_path / "blocked", code=1)
    assert "strength-lidocaine: Lidocaine of 10 percent is not sold" in blocked.stderr
    assert len(blocked.stdout.split()) == 3
    assert not (tmp_path / "blocked" / "procedure-note.html").exists()
    assert "Draft, not to be used." in (tmp_path / "blocked" / "consent.html").read_text("utf-8")

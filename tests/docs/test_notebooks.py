"""The notebooks of the documentation run, and show what their text says that they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import DOCS, script

cells = script("cells")
NOTEBOOKS = sorted(DOCS.glob("notebooks/*.md"))


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    return {page.stem: cells.with_outputs(page.read_text("utf-8")) for page in NOTEBOOKS}


def test_there_is_one_notebook_of_a_patient_and_one_of_a_clinic() -> None:
    assert [page.stem for page in NOTEBOOKS] == ["one-clinic", "one-patient"]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.stem)
def test_every_cell_runs_and_shows_something(page: Path, shown: dict[str, str]) -> None:
    count = page.read_text("utf-8").count("{code-cell}")
    assert count > 4
    assert shown[page.stem].count("\n````\n") >= count
    assert "{code-cell}" not in shown[page.stem]


def test_notebook_of_a_patient_shows_curves_and_fewer_scores_less_sure(
    shown: dict[str, str],
) -> None:
    assert shown["one-patient"].count("<svg") == 2
    assert "82 % (69 to 93)" in shown["one-patient"]
    assert "3 scores:   0% to  58% improved" in shown["one-patient"]


def test_notebook_of_a_clinic_tells_how_many_last_scores_each_prior_foresaw(
    shown: dict[str, str],
) -> None:
    assert "literature  start 5.8 (SD 2.2)" in shown["one-clinic"]
    assert " of 58 inside: " in shown["one-clinic"]


def test_cell_shows_what_it_prints_and_what_its_last_line_is() -> None:
    names: dict[str, object] = {}
    assert cells.run_cell("x = 2\nprint('half of it')\nx", names) == (
        "\n````text\nhalf of it\n````\n\n````text\n2\n````\n"
    )
    assert cells.run_cell("y = x", names) == ""


def test_cell_that_fails_fails_the_page() -> None:
    with pytest.raises(ZeroDivisionError):
        cells.with_outputs("Text.\n\n```{code-cell} python\n1 / 0\n```\n")

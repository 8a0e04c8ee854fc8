"""Every control in the hazard log is where the log says, and so is the test that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (H\d+) \|(.*)\|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "hazards.md").read_text("utf-8"))


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")]


def test_hazards_are_numbered_without_a_gap() -> None:
    assert [id_ for id_, _ in ROWS] == [f"H{i:02}" for i in range(1, len(ROWS) + 1)]


@pytest.mark.parametrize(("id_", "row"), ROWS, ids=[id_ for id_, _ in ROWS])
def test_every_hazard_has_a_control_and_a_test_that_exist(id_: str, row: str) -> None:
    _, _, severity, control, where, test = cells(row)
    assert severity in ("catastrophic", "major", "minor")
    assert control
    for place in re.findall(r"`([^`]+)`", where):
        assert (ROOT / "src" / "reliefpath" / place).exists(), place
    file, _, name = test.strip("`").partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8"), test

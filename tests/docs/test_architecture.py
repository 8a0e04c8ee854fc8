"""The table of packages in the architecture page is the truth about the code's imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "reliefpath"
ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([^|]*) ?\|$", re.MULTILINE)


def allowed() -> dict[str, set[str]]:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows: dict[str, set[str]] = {}
    for package, cell in ROW.findall(text):
        named = set(re.findall(r"`(\w+)`", cell))
        rows[package] = (set(rows) | {"cli"}) - named if "everything" in cell else named
    return rows


def package_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reliefpath."):
            yield str(node.module).split(".")[1]


def test_every_package_stands_in_the_table() -> None:
    inside = {package_of(file) for file in SOURCE.rglob("*.py")} - {"__init__", "__main__"}
    assert set(allowed()) == inside


def test_packages_import_only_what_the_table_allows() -> None:
    rows = allowed()
    found = {
        (package_of(file), other)
        for file in SOURCE.rglob("*.py")
        if package_of(file) in rows
        for other in imported(file)
    }
    refused = {(own, other) for own, other in found if other != own and other not in rows[own]}
    assert ("pathway", "care_log") in found
    assert not refused


def test_imports_go_one_way() -> None:
    rows = allowed()
    order = list(rows)
    assert all(order.index(other) <= order.index(own) for own in rows for other in rows[own])


RECORDS = {"change", "correct", "insert", "load", "note", "set_zone", "withdraw"}
"""What a chart does that changes it or its audit log."""


def called_on_a_chart(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in ("chart", "_chart"):
                yield node.func.attr


def test_no_surface_reaches_past_the_use_cases_into_the_store() -> None:
    surfaces = [file for name in ("web", "cli") for file in (SOURCE / name).rglob("*.py")]
    assert not [file for file in surfaces if "store" in imported(file)]
    assert not [file for file in surfaces if RECORDS & set(called_on_a_chart(file))]
    assert any("insert" in called_on_a_chart(file) for file in (SOURCE / "care").rglob("*.py"))

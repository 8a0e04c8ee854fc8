"""One patient's rows with their numbers, what became of each, and why."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reliefpath.cli.render.table import grid
from reliefpath.documents.record.record import Record, Version


def print_history(console: Console, record: Record) -> None:
    """Print every row that was ever recorded of a patient, those that no longer hold dimmed."""
    for name, lines in record.tables.items():
        if not lines:
            continue
        console.print(Text(name, "bold"))
        rows = grid("row", "recorded", "by", "", "says", "why")
        for line in lines:
            for version in line.versions:
                holds = version is line.versions[-1] and line.values is not None
                answer = line.understood_as if holds else None
                rows.add_row(*_cells(version, answer), style=None if holds else "dim strike")
        console.print(rows)


def _cells(version: Version, answer: str | None) -> tuple[str, ...]:
    values = version.values or {}
    said = [f"{k}={v}" for k, v in values.items() if v is not None and k != "advice"]
    said += [f"understood as {answer}"] if answer else []
    recorded = version.recorded_at[:16].replace("T", " ")
    words = ", ".join(said) or "is told in another person's record"
    return str(version.row), recorded, version.by, version.change, words, version.reason or ""

"""The command that lists what the clinic knows: therapies, muscles, exercises, cautions, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reliefpath.cli.options import Out
from reliefpath.terminal.output import open_console, write_json

if TYPE_CHECKING:
    from reliefpath.knowledge import Catalogue, Row

app = typer.Typer()


class CatalogName(StrEnum):
    """What is listed."""

    THERAPIES = "therapies"
    MUSCLES = "muscles"
    AGENTS = "agents"
    EXERCISES = "exercises"
    EXERCISE_RULES = "exercise-rules"
    CAUTIONS = "cautions"
    COVERAGE = "coverage"
    LIMITS = "limits"
    CODES = "codes"


class CatalogFormat(StrEnum):
    """How it is written."""

    TABLE = "table"
    JSON = "json"


SHOWN: Mapping[CatalogName, tuple[str, ...]] = {
    CatalogName.THERAPIES: ("name", "invasiveness", "evidence", "against"),
    CatalogName.MUSCLES: ("name", "region", "referral", "pneumothorax", "hazards"),
    CatalogName.AGENTS: ("name", "kind", "max_mg_per_kg", "max_mg", "equipotent_mg", "note"),
    CatalogName.EXERCISES: ("name", "kind", "muscles", "equipment", "harder"),
    CatalogName.EXERCISE_RULES: ("when", "change", "because"),
    CatalogName.CAUTIONS: ("name", "bars", "because"),
    CatalogName.COVERAGE: ("name", "sessions", "same_site_weeks", "any_site_weeks", "note"),
    CatalogName.LIMITS: ("name", "least", "most", "unit", "over", "because"),
    CatalogName.CODES: ("name", "least_muscles", "most_muscles", "mg", "regions"),
}
"""The columns of each table; JSON has all."""


@app.command()
def catalog(
    name: Annotated[CatalogName, typer.Argument(help="What to list.")],
    file_format: Annotated[
        CatalogFormat, typer.Option("--format", help="How to write it.")
    ] = CatalogFormat.TABLE,
    out: Out = None,
) -> None:
    """List what ReliefPath knows, each row with its sources and how sure they are."""
    rows = dict(_rows(name))
    if file_format is CatalogFormat.JSON:
        write_json(
            (
                {"id": id_, **row.model_dump(mode="json"), "sources": sources}
                for id_, (row, sources) in rows.items()
            ),
            out,
        )
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table("id", *SHOWN[name], "sources", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for id_, (row, sources) in rows.items():
        told = (_text(getattr(row, key, None)) for key in SHOWN[name])
        grid.add_row(*map(Text, (id_, *told, "; ".join(sources))))
    with open_console(out) as console:
        console.print(grid)


def _rows(name: CatalogName) -> Iterator[tuple[str, tuple[Row, list[str]]]]:
    catalogue, rows = _catalogue(name)
    for id_, row in rows.items():
        cited = dict.fromkeys(key for keys in row.citations().values() for key in keys)
        yield id_, (row, [str(catalogue.sources[key]) for key in cited])


def _catalogue(name: CatalogName) -> tuple[Catalogue, Mapping[str, Row]]:
    from reliefpath.anatomy import muscle_catalogue
    from reliefpath.papers.catalogue import codes
    from reliefpath.therapies import agent_catalogue, finding_catalogue, therapy_catalogue
    from reliefpath.therapies.coverage import coverage_catalogue
    from reliefpath.therapies.exercise import exercise_catalogue, exercise_rules
    from reliefpath.therapies.injection.limits import injection_limits

    match name:
        case CatalogName.THERAPIES:
            return therapy_catalogue(), therapy_catalogue().therapies
        case CatalogName.MUSCLES:
            return muscle_catalogue(), muscle_catalogue().muscles
        case CatalogName.AGENTS:
            return agent_catalogue(), agent_catalogue().agents
        case CatalogName.EXERCISES:
            return exercise_catalogue(), exercise_catalogue().exercises
        case CatalogName.EXERCISE_RULES:
            return exercise_rules(), exercise_rules().rules
        case CatalogName.COVERAGE:
            return coverage_catalogue(), coverage_catalogue().coverage
        case CatalogName.LIMITS:
            return injection_limits(), injection_limits().limits
        case CatalogName.CODES:
            return codes(), codes().rows()
    findings = {
        f"{kind} {code}": row
        for kind, group in finding_catalogue().kinds.items()
        for code, row in group.codes.items()
        if row.bars
    }
    return finding_catalogue(), findings


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_text(each)}" for key, each in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if hasattr(value, "model_dump"):
        return ", ".join(
            f"{k} {_text(v)}" for k, v in value.model_dump(mode="json", exclude_none=True).items()
        )
    return f"{value:g}" if isinstance(value, float) else str(value)

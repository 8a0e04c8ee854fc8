"""The command that lists what the clinic knows: therapies, muscles, exercises, cautions, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reliefpath.cli.options import Out, knowledge
from reliefpath.cli.render.output import open_console, write_json

if TYPE_CHECKING:
    from reliefpath.knowledge import Change
    from reliefpath.knowledge.catalogue import Catalogue, Row

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
    OVERRIDES = "overrides"
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
    CatalogName.CAUTIONS: ("name", "bars", "because", "with_agents"),
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
    """List what ReliefPath knows, each row with its sources and how sure they are.

    Rows that the clinic's own file changes are marked with a `*`; `overrides` lists all of those.
    """
    if name is CatalogName.OVERRIDES:
        _list_overrides(file_format, out)
        return
    rows = dict(_rows(name))
    if file_format is CatalogFormat.JSON:
        write_json(
            (
                {"id": id_, **row.model_dump(mode="json"), "sources": sources, **_overrides(row)}
                for id_, (row, sources) in rows.items()
            ),
            out,
        )
        return
    from rich.text import Text

    from reliefpath.cli.render.table import grid

    known = knowledge()
    listed = grid("id", *SHOWN[name], "sources")
    for id_, (row, sources) in rows.items():
        told = f"{id_} *" if known.changes_of(row) else id_
        cells = [_text(getattr(row, key, None)) for key in SHOWN[name]]
        # as plain text, or the brackets around a source's certainty would be read as markup
        listed.add_row(*map(Text, (told, *cells, "; ".join(sources))))
    with open_console(out) as console:
        console.print(listed)
        for row, _ in rows.values():
            for change in known.changes_of(row):
                console.print(f"* {_line(change)}", markup=False, highlight=False)


def _overrides(row: Row) -> dict[str, Any]:
    changes = [_data(change) for change in knowledge().changes_of(row)]
    return {"overrides": changes} if changes else {}


def _list_overrides(file_format: CatalogFormat, out: Path | None) -> None:
    clinic, changes = knowledge().clinic, list(knowledge().changes.values())
    if file_format is CatalogFormat.JSON:
        write_json(map(_data, changes), out)
        return
    with open_console(out) as console:
        if clinic is None:
            console.print("No file of a clinic is in force: every row is as shipped.")
            return
        told = f"{clinic.content.clinic}, {clinic.edition}: {len(changes)} overrides."
        console.print(told, markup=False, highlight=False)
        for change in changes:
            line = f"{change.override.in_} {_line(change)}"
            console.print(line, markup=False, highlight=False)


def _line(change: Change) -> str:
    o = change.override
    return f"{o.row}: {change.says}. {o.because} ({o.by}, {o.on})"


def _data(change: Change) -> dict[str, Any]:
    return {**change.override.model_dump(mode="json", by_alias=True), "shipped": change.shipped}


def _rows(name: CatalogName) -> Iterator[tuple[str, tuple[Row, list[str]]]]:
    catalogue, rows = _catalogue(name)
    for id_, row in rows.items():
        cited = dict.fromkeys(key for keys in row.citations().values() for key in keys)
        yield id_, (row, [str(catalogue.sources[key]) for key in cited])


def _catalogue(name: CatalogName) -> tuple[Catalogue, Mapping[str, Row]]:
    from reliefpath.documents.papers.catalogue import codes
    from reliefpath.reference.anatomy import muscle_catalogue
    from reliefpath.reference.therapies import agent_catalogue, finding_catalogue, therapy_catalogue
    from reliefpath.reference.therapies.coverage import coverage_catalogue
    from reliefpath.reference.therapies.exercise import exercise_catalogue, exercise_rules
    from reliefpath.reference.therapies.injection.limits import injection_limits

    known = knowledge()
    match name:
        case CatalogName.THERAPIES:
            return therapy_catalogue(known), therapy_catalogue(known).therapies
        case CatalogName.MUSCLES:
            return muscle_catalogue(known), muscle_catalogue(known).muscles
        case CatalogName.AGENTS:
            return agent_catalogue(known), agent_catalogue(known).agents
        case CatalogName.EXERCISES:
            return exercise_catalogue(known), exercise_catalogue(known).exercises
        case CatalogName.EXERCISE_RULES:
            return exercise_rules(known), exercise_rules(known).rules
        case CatalogName.COVERAGE:
            return coverage_catalogue(known), coverage_catalogue(known).coverage
        case CatalogName.LIMITS:
            return injection_limits(known), injection_limits(known).limits
        case CatalogName.CODES:
            return codes(known), codes(known).rows()
    findings = {
        f"{kind} {code}": row
        for kind, group in finding_catalogue(known).kinds.items()
        for code, row in group.codes.items()
        if row.bars
    }
    return finding_catalogue(known), findings


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

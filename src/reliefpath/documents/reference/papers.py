"""The documentation page of codes and of what papers say, written from the catalogues."""

from __future__ import annotations

from collections.abc import Iterator

from reliefpath.documents.papers.catalogue import (
    CheckIn,
    Codes,
    Line,
    Rounding,
    Wasted,
    Words,
    codes,
    words,
)
from reliefpath.documents.reference.markdown import cited, source_table, table
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.languages import LANGUAGES, speech


def papers_markdown() -> str:
    """Return the page as Markdown."""
    known = codes(SHIPPED)
    procedures = table(
        ("code", "stands for", "muscles", "source"),
        (
            (
                f"`{code}`",
                row.name,
                f"{row.least_muscles} to {row.most_muscles}"
                if row.most_muscles
                else f"{row.least_muscles} and more",
                cited(row.source, known.sources),
            )
            for code, row in known.procedures.items()
        ),
    )
    drugs = table(
        ("code", "drug", "one unit", "mg a unit", "source"),
        (
            (f"`{row.code}`", agent, row.unit, f"{row.mg:g}", cited(row.source, known.sources))
            for agent, row in known.drug_units.items()
        ),
    )
    diagnoses = table(
        ("code", "stands for", "suggested in", "source"),
        (
            (f"`{code}`", row.name, ", ".join(row.regions), cited(row.source, known.sources))
            for code, row in known.diagnoses.items()
        ),
    )
    return f"""# Papers of an injection

What they are and how to write them: [Plan an injection](../injection.md#its-papers). Codes
are suggested; a biller chooses.

## Procedures

{procedures}
## Drugs

{drugs}
## Diagnoses, ICD-10-CM

{diagnoses}
## What is said with codes

{_said(known)}
## What patients read

{_said(words())}
## Sources

{source_table({**known.sources, **words().sources})}"""


def _said(catalogue: Codes | Words) -> str:
    """Every line of a catalogue, in every language that patients read it in."""
    others = [
        speech(language, "reliefpath.documents.papers")
        for language in LANGUAGES
        if language != "en"
    ]
    for_patients = others if isinstance(catalogue, Words) else []
    names = (LANGUAGES[say.language] for say in for_patients)
    return table(
        ("where", "says", *names, "only with", "source"),
        (
            (
                where,
                text,
                *(say(text) for say in for_patients),
                line.only or "" if isinstance(line, Line) else "",
                cited(line.source, catalogue.sources),
            )
            for where, line in _lines(catalogue)
            for text in [line.says if isinstance(line, Line) else line.name]
        ),
    )


def _lines(catalogue: Codes | Words) -> Iterator[tuple[str, Line | CheckIn]]:
    for name in type(catalogue).model_fields:
        part = getattr(catalogue, name)
        inside = part.__dict__.values() if isinstance(part, Rounding | Wasted) else (part,)
        for line in part if isinstance(part, tuple) else inside:
            if isinstance(line, Line | CheckIn):
                yield name.replace("_", " "), line

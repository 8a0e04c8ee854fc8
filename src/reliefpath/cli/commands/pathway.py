"""The commands about pathways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from reliefpath.cli.options import read_pathway
from reliefpath.errors import UsageError

app = typer.Typer(help="Check, show and compare pathways.", no_args_is_help=True)

PathwayArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A pathway in YAML.")]


@app.command("check")
def pathway_check(file: PathwayArgument) -> None:
    """Check a pathway file; every problem is told with its line.

    What a copy of an older version lacks of the pathway as shipped is told as well, and where a
    rule or a text repeats the value of a parameter, which a change of that would not reach.
    """
    from reliefpath.pathway.comparison import lacking
    from reliefpath.pathway.repeats import repeats

    chosen, shipped = read_pathway(file), read_pathway(None)
    unsigned = sorted(
        {source.cite for source in chosen.sources.values() if source.certainty.needs_signature}
    )
    typer.echo(
        f"{chosen.pathway} {chosen.version} is sound: {len(chosen.statuses)} statuses, "
        f"{len(chosen.steps)} steps, {len(chosen.criteria)} criteria, {len(chosen.notes)} notes."
    )
    for warning in repeats(chosen, file):
        typer.echo(str(warning))
    if missing := lacking(chosen, shipped):
        of = "criterion" if len(missing) == 1 else "criteria"
        typer.echo(
            f"It lacks {len(missing)} {of} of {shipped.pathway} {shipped.version} as shipped:"
        )
        for name, criterion in missing.items():
            typer.echo(f"  {name}: {criterion.because}")
        typer.echo("Take them over, or know why not: pathway copy, then pathway diff.")
    if chosen.approved_by is None:
        typer.echo("Not signed off: `approved_by` is empty. These sources need a signature:")
        for cite in unsigned:
            typer.echo(f"  {cite}")


@app.command("show")
def pathway_show(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A pathway in YAML.")
    ] = None,
) -> None:
    """Print a pathway as text: every rule with its reason, source and certainty."""
    from reliefpath.documents.reference.pathway import pathway_markdown

    typer.echo(pathway_markdown(read_pathway(file)))


@app.command("copy")
def pathway_copy(file: PathwayArgument) -> None:
    """Write the pathway as shipped to a new file, to change its numbers."""
    from reliefpath.pathway.model import default_file

    if file.exists():
        raise UsageError(f"`{file}` already exists")
    file.write_text(default_file().read_text("utf-8"), "utf-8")
    typer.echo(f"Wrote {file}. Change it, then: reliefpath pathway check {file}")


@app.command("schema")
def pathway_schema() -> None:
    """Print the JSON Schema of a pathway file."""
    from reliefpath.pathway.model import Pathway

    typer.echo(json.dumps(Pathway.model_json_schema(), indent=2))


@app.command("facts")
def pathway_facts() -> None:
    """List the facts that criteria may ask about: type, unit, meaning."""
    from reliefpath.pathway.facts import declaration

    for name, fact in declaration().facts.items():
        unit = f", {fact.unit}" if fact.unit else ""
        typer.echo(f"{name} ({fact.type}{unit})\n    {fact.meaning}")


@app.command("diff")
def pathway_diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="A pathway in YAML.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """Show which rules two pathways do not share."""
    from reliefpath.pathway.comparison import differences

    for line in differences(read_pathway(before), read_pathway(after)) or ["No difference."]:
        typer.echo(line)


@app.command("try-cases")
def pathway_try_cases(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A pathway in YAML.")
    ] = None,
) -> None:
    """Try a pathway on patients made to mislead it, and on those whom an injection is for.

    The first look ready to whoever looks only at what they are asked about: no gate should open.
    For the others it should. Exits with 1 where a careful clinician would disagree.
    """
    from reliefpath.pathway.cases import try_cases

    results = try_cases(read_pathway(file))
    wrong = [result for result in results if not result.holds]
    for result in wrong:
        typer.echo(result.says)
    typer.echo(f"{len(results) - len(wrong)} of {len(results)} as a careful clinician would.")
    if wrong:
        raise typer.Exit(1)

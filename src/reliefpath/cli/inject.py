"""The commands about injections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reliefpath.cli.injecting import (
    Acknowledge,
    Episode,
    Format,
    Height,
    Payer,
    PlanFormat,
    Sites,
    SteroidReason,
    Weight,
    planned,
    write_plan,
)
from reliefpath.cli.language import Language, language_for
from reliefpath.cli.options import AsOf, Out, PathwayFile, PriorFile, Source
from reliefpath.errors import UsageError

app = typer.Typer(help="Plan an injection, the last resort.", no_args_is_help=True)


@app.command()
def plan(
    source: Source,
    episode: Episode,
    site: Sites,
    as_of: AsOf = None,
    weight: Weight = None,
    height: Height = None,
    payer: Payer = None,
    steroid_reason: SteroidReason = None,
    acknowledge: Acknowledge = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
    file_format: Format = PlanFormat.TEXT,
    out: Out = None,
) -> None:
    """Check a planned injection: ready, needs a decision, or blocked, with all arithmetic shown.

    Exits with 1 unless it is ready.

    **Examples**

    - `reliefpath inject plan clinic/ demo-0001 --site "infraspinatus left: lidocaine 1% 1 mL"`
    - `reliefpath inject plan clinic/ demo-0001 --weight 154lb
      --site "gluteus-medius left: lidocaine 1% 1 mL = 10 mg + triamcinolone 10 mg/mL 1 mL"
      --steroid-reason "two injections without it brought no relief"`
    """
    found = planned(
        "inject plan",
        source,
        episode,
        site,
        as_of=as_of,
        weight=weight,
        height=height,
        payer=payer,
        steroid_reason=steroid_reason,
        acknowledge=acknowledge,
        pathway=pathway,
        prior=prior,
    ).plan
    from reliefpath.terminal.injection import print_plan

    data = {"open_decisions": found.open_decisions, **asdict(found), "on": found.on.isoformat()}
    write_plan(found, data, lambda console: print_plan(console, found), file_format, out)


@app.command()
def papers(
    source: Source,
    episode: Episode,
    site: Sites,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the papers into.")],
    as_of: AsOf = None,
    weight: Weight = None,
    height: Height = None,
    payer: Payer = None,
    steroid_reason: SteroidReason = None,
    acknowledge: Acknowledge = None,
    lot: Annotated[
        list[str] | None,
        typer.Option(metavar="AGENT=LOT", help="The lot of an agent; may be given again."),
    ] = None,
    response: Annotated[
        str | None, typer.Option(metavar="TEXT", help="How the patient responded.")
    ] = None,
    complications: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What went wrong, or that nothing did.")
    ] = None,
    language: Language = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
) -> None:
    """Write the papers of an injection: note, consent, after-care, necessity, as HTML and as PDF.

    Consent and after-care are in the patient's language. A plan that is blocked has no procedure
    note: it says which check blocks, and exits with 1.

    **Example**

    - `reliefpath inject papers clinic/ demo-0001 --site "infraspinatus left: lidocaine 1% 1 mL"
      --lot lidocaine=A123 --out papers/`
    """
    lots = dict(_lot(text) for text in lot or ())
    made = planned(
        "inject papers",
        source,
        episode,
        site,
        as_of=as_of,
        weight=weight,
        height=height,
        payer=payer,
        steroid_reason=steroid_reason,
        acknowledge=acknowledge,
        pathway=pathway,
        prior=prior,
    )
    from reliefpath import papers as written

    case = written.case_of(
        made.care_log,
        episode,
        made.plan,
        made.pathway,
        made.day,
        priors=made.priors,
        told=written.Told(lots, response, complications),
        language=language_for(made.care_log, episode, language),
    )
    found = written.papers(case)
    _write_pages({name: written.paper_html(paper) for name, paper in found.items()}, out)
    if written.NOTE not in found:
        typer.echo("No procedure note is written, for the plan is blocked:", err=True)
        for check in written.blocking(made.plan):
            typer.echo(f"  {check.id}: {check.says}", err=True)
        raise typer.Exit(1)


def _write_pages(pages: Mapping[str, str], out: Path) -> None:
    """Write pages as HTML and, where that can be done, as PDF; never over others."""
    from reliefpath.pages import page_pdf
    from reliefpath.papers import NAMES

    for name in NAMES:
        for file in (out / f"{name}.html", out / f"{name}.pdf"):
            if file.exists():
                raise UsageError(f"`{file}` is there already: name a folder without papers")
    files = {f"{name}.html": html.encode() for name, html in pages.items()}
    try:
        files |= {f"{name}.pdf": page_pdf(html) for name, html in pages.items()}
    except UsageError as error:
        typer.echo(f"Written as HTML alone: {error}", err=True)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
        typer.echo(out / name)


def _lot(text: str) -> tuple[str, str]:
    agent, equals, lot = (part.strip() for part in text.partition("="))
    if not (agent and equals and lot):
        raise UsageError(f"--lot {text!r}: expected an agent and its lot, as `lidocaine=A123`")
    return agent, lot

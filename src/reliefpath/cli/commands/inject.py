"""The commands about injections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reliefpath.cli.commands.chart.options import ChartArgument
from reliefpath.cli.injecting import (
    Asked,
    Episode,
    Expires,
    Format,
    Lots,
    PlanFormat,
    VialUnknown,
    days_of,
    lots_of,
    planned,
    vials_of,
    write_plan,
)
from reliefpath.cli.language import Language, language_for
from reliefpath.cli.options import AsOf, Out, ReadingOptions, Source, as_of_day, taking
from reliefpath.cli.recording import ToldOfNeedle, Writing
from reliefpath.cli.records import Records
from reliefpath.cli.told import Answers, Opened, answers_of, opened_of
from reliefpath.errors import UsageError
from reliefpath.private_files import make_folder, write_file

app = typer.Typer(help="Plan an injection, the last resort, and record it.", no_args_is_help=True)


@app.command()
@taking(ReadingOptions)
@taking(Asked)
def plan(
    source: Source,
    episode: Episode,
    asked: Asked,
    as_of: AsOf = None,
    file_format: Format = PlanFormat.TEXT,
    out: Out = None,
    *,
    reading: ReadingOptions,
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
        Records(source, "inject plan", reading), episode, asked, as_of_day(as_of, source)
    ).plan
    from reliefpath.cli.render.injection import print_plan

    data = {"open_decisions": found.open_decisions, **asdict(found), "on": found.on.isoformat()}
    data["renewed"] = days_of(found)
    write_plan(found, data, lambda console: print_plan(console, found), file_format, out)


@app.command()
@taking(ToldOfNeedle)
@taking(Asked)
def record(
    chart: ChartArgument,
    episode: Episode,
    asked: Asked,
    told: ToldOfNeedle,
    lot: Lots = None,
    expires: Expires = None,
    vial_unknown: VialUnknown = None,
) -> None:
    """Record an injection that was given: planned on the record as it stands, then written whole.

    What the plan blocks, or what nobody has weighed, is refused, and so are an expired vial, one of
    which lot and expiry are not told, and what is on record of that day already, unless it was
    given anyway. Exits with 1 when nothing was recorded.

    **Example**

    - `reliefpath inject record clinic.chart demo-0001 --site "infraspinatus left: lidocaine 1% 1
      mL" --lot lidocaine=A123 --expires lidocaine=04/2027 --needle "25 G x 38 mm" --twitch all
      --response 0.5`
    """
    vials = vials_of(lot, expires, vial_unknown)
    writing = Writing("inject record", chart, told)
    made = planned(writing.records, episode, asked, writing.at)
    from reliefpath.care.planning.injection import recording_of

    places = [(site.muscle, site.side) for site in made.plan.sites]
    session = told.session_at(places, episode, writing.at)
    request = asked.request(episode, writing.at)
    recording = recording_of(made.care_log, request, made.plan, session, vials, writing.seen)
    writing.enter(recording, steroid_reason=made.plan.steroid_reason)


@app.command()
@taking(ReadingOptions)
@taking(Asked)
def papers(
    source: Source,
    episode: Episode,
    asked: Asked,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the papers into.")],
    as_of: AsOf = None,
    lot: Lots = None,
    response: Annotated[
        str | None, typer.Option(metavar="TEXT", help="How the patient responded.")
    ] = None,
    complications: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What went wrong, or that nothing did.")
    ] = None,
    opened: Opened = None,
    diagnosis: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="ICD-10-CM code that was chosen; repeatable."),
    ] = None,
    answer: Answers = None,
    language: Language = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Write the papers of an injection: note, consent, after-care, letter, card, as HTML and PDF.

    Consent and after-care are in the patient's language. A payer gets no letter where something
    that it asks is not met, or is uncertain and nobody has answered it, and it says why. A plan
    that is blocked has no procedure note either, and exits with 1. What `inject record` has
    recorded stands in the note.

    **Examples**

    - `reliefpath inject papers clinic/ demo-0001 --site "infraspinatus left: lidocaine 1% 1 mL"
      --lot lidocaine=A123 --out papers/`
    - `reliefpath inject papers clinic/ demo-0001 --site "infraspinatus left: lidocaine 1% 1 mL"
      --payer aetna --answer "conservative: Dr. Ana Ruiz: No work yet." --out papers/`
    """
    lots, records = lots_of(lot), Records(source, "inject papers", reading)
    made = planned(records, episode, asked, as_of_day(as_of, source), but_itself=True)
    from reliefpath.documents import papers as written
    from reliefpath.knowledge.languages import LANGUAGES

    told = written.Told(
        lots,
        response,
        complications,
        opened_mg=opened_of(opened),
        diagnoses=tuple(diagnosis or ()),
        answers=answers_of(answer),
    )
    case = written.case_of(
        made.care_log,
        episode,
        made.plan,
        made.pathway,
        made.day,
        priors=made.priors,
        told=told,
        given=made.given,
        language=language_for(made.care_log, episode, language),
    )
    found = written.papers(case)
    _write_pages({name: written.paper_html(paper) for name, paper in found.items()}, out)
    if case.say.origin:
        typer.echo(f"{LANGUAGES[case.language]}: {case.say.origin}", err=True)
    missing = written.why_not(made.plan, told)
    for name, why in missing.items():
        typer.echo(f"No {name} is written:", err=True)
        for each in why:
            typer.echo(f"  {each}", err=True)
    if written.NOTE in missing:
        raise typer.Exit(1)


def _write_pages(pages: Mapping[str, str], out: Path) -> None:
    """Write pages as HTML and, where that can be done, as PDF; never over others."""
    from reliefpath.documents.papers import NAMES
    from reliefpath.documents.printing import page_pdf

    for name in NAMES:
        for file in (out / f"{name}.html", out / f"{name}.pdf"):
            if file.exists():
                raise UsageError(f"`{file}` is there already: name a folder without papers")
    files = {f"{name}.html": html.encode() for name, html in pages.items()}
    try:
        files |= {f"{name}.pdf": page_pdf(html) for name, html in pages.items()}
    except UsageError as error:
        typer.echo(f"Written as HTML alone: {error}", err=True)
    make_folder(out)
    for name, content in files.items():
        write_file(out / name, content)
        typer.echo(out / name)

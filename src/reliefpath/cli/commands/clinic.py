"""The commands about a clinic's records."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.options import (
    AsOf,
    AssessFormat,
    FolderFormat,
    IgnoreColumn,
    KnownAt,
    Out,
    PathwayFile,
    PriorFile,
    ReadingOptions,
    Source,
    as_of_day,
    knowledge,
    read_pathway,
    read_prior,
    taking,
)
from reliefpath.cli.records import Records, is_chart, zone_at
from reliefpath.cli.render.output import console_on, open_console, write_json, write_table
from reliefpath.errors import UsageError, nearest

if TYPE_CHECKING:
    import polars as pl

    from reliefpath.pathway.model import Pathway

app = typer.Typer()


class Document(StrEnum):
    """What has a published JSON Schema."""

    ADVICE = "advice"
    PATHWAY = "pathway"
    CLINIC_FILE = "clinic-file"


@app.command()
@taking(ReadingOptions)
def assess(
    source: Source,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
    file_format: Annotated[
        AssessFormat, typer.Option("--format", help="How to write it.")
    ] = AssessFormat.TABLE,
    out: Out = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only this status; may be given again.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the N most urgent.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processor cores to use.  [default: all]")
    ] = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Show the worklist: the status, next step and reasons of every episode, most urgent first.

    **Examples**

    - `reliefpath assess clinic/`
    - `reliefpath assess clinic/ --as-of 2026-03-31 --status plateaued --status stalled`
    - `reliefpath assess clinic/ --format json | jq '.[] | select(.gate)'`
    - `reliefpath assess clinic/ --format parquet --out advice.parquet`
    """
    if workers is not None:  # Polars reads it when it is first imported, the curve with each batch
        os.environ["POLARS_MAX_THREADS"] = str(workers)
    if file_format is AssessFormat.PARQUET and out is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for reading on a screen; add `--out FILE`")
    day, chosen, priors = as_of_day(as_of, source), read_pathway(pathway), read_prior(prior)
    _check_statuses(status)
    import polars as pl

    from reliefpath.cli.render.progress import stages
    from reliefpath.pathway.assessment import assess_parts

    with stages(console_on(sys.stderr), total=5) as progress:
        progress("care log")
        parts = Records(source, "assess", reading, known_at).parts()
        advice = assess_parts(parts, chosen, day, priors, progress)
        if status:
            advice = advice.filter(pl.col("status").is_in(status))
        if top is not None:
            advice = advice.head(top)
        progress("writing")
        if file_format is not AssessFormat.TABLE:
            _write_advice(advice, chosen, file_format, out)
    if file_format is AssessFormat.TABLE:
        from reliefpath.cli.render.worklist import print_worklist

        with open_console(out) as console:
            print_worklist(console, advice, chosen)


@app.command()
@taking(ReadingOptions)
def explain(
    source: Source,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    as_of: AsOf = None,
    known_at: KnownAt = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Tell one patient's story: the curve, every criterion, and what would change the answer.

    **Example**

    - `reliefpath explain clinic/ demo-0001`
    """
    day, chosen, priors = as_of_day(as_of, source), read_pathway(pathway), read_prior(prior)
    mine = Records(source, "explain", reading, known_at).of(episode)
    from reliefpath.cli.render.story import print_story
    from reliefpath.pathway.advice import assess_episode

    advice = assess_episode(mine, episode, chosen, day, priors)
    with open_console() as console:
        print_story(console, mine, advice, chosen, day, priors)


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(help="A folder with the care log as CSV or Parquet files.")
    ],
    ignore_column: IgnoreColumn = None,
) -> None:
    """List every problem of a care log: file, line, column, value, and what was expected.

    Exits with 1 when there is a problem; warnings alone exit with 0. A chart has no problems to
    list, since it takes only good rows; `reliefpath chart verify` looks whether it was altered.
    """
    if is_chart(str(folder)):
        raise UsageError("a chart takes only good rows; see: reliefpath chart verify")
    from reliefpath.care_log.folder import inspect_folder
    from reliefpath.clock import Moment, today

    zone = zone_at(str(folder))
    now = Moment.of(today(zone), zone)
    reading = inspect_folder(folder, ignored=ignore_column or (), today=now, knowledge=knowledge())
    for problem in reading.problems:
        typer.echo(problem)
    warnings = len(reading.problems) - len(reading.errors)
    found = f"{_count(len(reading.errors), 'problem')}, {_count(warnings, 'warning')}"
    typer.echo(f"{found}; {reading.summary()}")
    if reading.errors:
        raise typer.Exit(1)


@app.command()
@taking(ReadingOptions)
def facts(
    source: Source,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
    file_format: Annotated[
        AssessFormat, typer.Option("--format", help="How to write it.")
    ] = AssessFormat.CSV,
    out: Out = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Print the facts table: one row an episode, the columns that criteria ask about.

    `reliefpath pathway facts` says what each column means.
    """
    day, chosen, priors = as_of_day(as_of, source), read_pathway(pathway), read_prior(prior)
    import polars as pl

    from reliefpath.pathway.facts import facts as facts_of

    asked = chosen.targets, priors, chosen.recovery.combine, chosen.counted_trial
    parts = Records(source, "facts", reading, known_at).parts()
    table = pl.concat(facts_of(part, day, *asked) for part in parts).sort("episode")
    if file_format is AssessFormat.TABLE:
        from reliefpath.cli.render.facts import print_facts

        with open_console(out) as console:
            print_facts(console, table)
    elif file_format is AssessFormat.JSON:
        write_json(table.iter_rows(named=True), out)
    else:
        write_table(table, file_format.value, out)


@app.command()
def measures() -> None:
    """List the outcome measures: range, direction, the change that matters, licence."""
    from reliefpath.cli.render.table import grid
    from reliefpath.reference.measures import measures as all_measures

    rows = grid("id", "measure", "of", "range", "better", "MCID", "MDC", "unit", "licence")
    for id_, m in all_measures(knowledge()).items():
        top = "" if m.high is None else f"{m.high:g}"
        thresholds = (f"{t.value:g}" if t else "-" for t in (m.mcid, m.mdc))
        licence = "free" if m.licence.free else "licensed"
        rows.add_row(
            id_, m.name, m.construct, f"{m.low:g} to {top}", m.better, *thresholds, m.unit, licence
        )
    with open_console() as console:
        console.print(rows)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the care log.")],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same clinic.")] = 1,
    as_of: AsOf = None,
    file_format: Annotated[
        FolderFormat, typer.Option("--format", help="How to write it.")
    ] = FolderFormat.CSV,
    force: Annotated[bool, typer.Option("--force", help="Replace a care log in DIR.")] = False,
) -> None:
    """Write the care log of a simulated clinic, its dates relative to a day.

    **Example**

    - `reliefpath demo clinic/ --patients 60 && reliefpath assess clinic/`
    """
    from reliefpath.care_log.folder import FORMATS, write_folder
    from reliefpath.care_log.schema import TABLES
    from reliefpath.clock import machine_zone
    from reliefpath.simulation import demo_clinic

    present = [folder / f"{name}.{suffix}" for name in TABLES for suffix in FORMATS]
    present = [file for file in present if file.exists()]
    if present and not force:
        raise UsageError(f"`{folder}` already holds {present[0].name}; add `--force` to replace it")
    day = as_of_day(as_of, str(folder))
    day_of_it = day.date() if isinstance(day, datetime) else day
    care_log = demo_clinic(patients, seed, day_of_it, knowledge(), machine_zone())
    for file in present:
        file.unlink()
    write_folder(care_log, folder, file_format.value)
    typer.echo(
        f"Wrote {care_log.episodes.height:,} simulated episodes with {care_log.scores.height:,} "
        f"scores to {folder}. Next: reliefpath assess {folder} --as-of {day}"
    )


@app.command()
def schema(
    document: Annotated[Document, typer.Argument(help="Of what.")] = Document.ADVICE,
) -> None:
    """Print the JSON Schema of advice (`assess --format json`), a pathway, or a clinic's file."""
    if document is Document.PATHWAY:
        from reliefpath.pathway.model import Pathway

        typer.echo(json.dumps(Pathway.model_json_schema(), indent=2))
        return
    if document is Document.CLINIC_FILE:
        from reliefpath.knowledge import ClinicFile

        typer.echo(json.dumps(ClinicFile.model_json_schema(), indent=2))
        return
    from reliefpath.pathway.advice import advice_schema

    typer.echo(json.dumps(advice_schema(), indent=2))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _check_statuses(statuses: list[str] | None) -> None:
    from reliefpath.pathway.model import StatusName

    for name in statuses or ():
        if name not in set(StatusName):
            raise UsageError(f"unknown status `{name}`{nearest(name, StatusName)}")


def _write_advice(
    advice: pl.DataFrame, pathway: Pathway, file_format: AssessFormat, out: Path | None
) -> None:
    import polars as pl

    if file_format is AssessFormat.JSON:
        from reliefpath.pathway.advice import advice_of

        write_json((each.model_dump() for each in advice_of(advice, pathway)), out)
        return
    if file_format is AssessFormat.CSV:
        lists = [name for name, dtype in advice.schema.items() if dtype == pl.List(pl.String)]
        advice = advice.with_columns(pl.col(lists).list.join(" | "))
    write_table(advice, file_format.value, out)

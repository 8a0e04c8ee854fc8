"""The commands. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import json
import os
import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath import __version__
from reliefpath.errors import ContentError, ReliefPathError, UsageError, nearest
from reliefpath.terminal.output import console_on, open_console, write_json, write_table

if TYPE_CHECKING:
    import polars as pl

    from reliefpath.chart.care_log import CareLog
    from reliefpath.chart.folder import Reading
    from reliefpath.pathway.model import Pathway

SHOWN_PROBLEMS = 20
"""How many problems stop an assessment before it points to `reliefpath check`."""

app = typer.Typer(
    name="reliefpath",
    help="Runs a conservative-first pain clinic's strategy. It informs clinicians, who decide.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
pathway_app = typer.Typer(help="Check, show and compare pathways.", no_args_is_help=True)
app.add_typer(pathway_app, name="pathway")


class AssessFormat(StrEnum):
    """How advice is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class FolderFormat(StrEnum):
    """How a care log is written."""

    CSV = "csv"
    PARQUET = "parquet"


class Document(StrEnum):
    """What has a published JSON Schema."""

    ADVICE = "advice"
    PATHWAY = "pathway"


Source = Annotated[Path, typer.Argument(help="Folder with the care log as CSV or Parquet files.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="What had happened by then counts: a date, or a time with its zone.  [default: today]",
    ),
]
PathwayFile = Annotated[
    Path | None,
    typer.Option("--pathway", metavar="FILE", help="Pathway to use.  [default: relief-plus]"),
]
SkipBadRows = Annotated[
    bool,
    typer.Option("--skip-bad-rows", help="Leave bad rows out rather than refuse."),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a refusal is a message on stderr and an exit code, no traceback."""
    os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")  # whole tables, little latency
    try:
        app(arguments)
    except ContentError as e:
        for problem in e.problems[:SHOWN_PROBLEMS]:
            typer.echo(problem, err=True)
        if (more := len(e.problems) - SHOWN_PROBLEMS) > 0:
            typer.echo(f"... and {more} more; `reliefpath check` lists them all", err=True)
        sys.exit(e.exit_code)
    except ReliefPathError as e:
        typer.echo(f"reliefpath: {e}", err=True)
        sys.exit(e.exit_code)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as e:
        typer.echo(f"reliefpath: {e.strerror}: `{e.filename}`", err=True)
        sys.exit(UsageError.exit_code)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"reliefpath {__version__}")
        raise typer.Exit


@app.command()
def assess(
    source: Source,
    as_of: AsOf = None,
    pathway: PathwayFile = None,
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
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Show the worklist: the status, next step and reasons of every episode, most urgent first.

    **Examples**

    - `reliefpath assess clinic/`
    - `reliefpath assess clinic/ --as-of 2026-03-31 --status plateaued --status stalled`
    - `reliefpath assess clinic/ --format json | jq '.[] | select(.gate)'`
    - `reliefpath assess clinic/ --format parquet --out advice.parquet`
    """
    if workers is not None:  # both engines read these when they are first imported
        os.environ["POLARS_MAX_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = str(workers)
    if file_format is AssessFormat.PARQUET and out is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for reading on a screen; add `--out FILE`")
    day, chosen = _as_of(as_of), _pathway(pathway)
    _check_statuses(status)
    import polars as pl

    from reliefpath.pathway.assessment import assess as assess_care_log
    from reliefpath.terminal.progress import stages

    with stages(console_on(sys.stderr), total=5) as progress:
        progress("care log")
        care_log = _read(source, skip_bad_rows)
        advice = assess_care_log(care_log, chosen, day, progress=progress)
        if status:
            advice = advice.filter(pl.col("status").is_in(status))
        if top is not None:
            advice = advice.head(top)
        progress("writing")
        if file_format is not AssessFormat.TABLE:
            _write_advice(advice, chosen, file_format, out)
    if file_format is AssessFormat.TABLE:
        from reliefpath.terminal.worklist import print_worklist

        with open_console(out) as console:
            print_worklist(console, advice, chosen)


@app.command()
def explain(
    source: Source,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    as_of: AsOf = None,
    pathway: PathwayFile = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Tell one patient's story: the curve, every criterion, and what would change the answer.

    **Example**

    - `reliefpath explain clinic/ demo-0001`
    """
    day, chosen = _as_of(as_of), _pathway(pathway)
    care_log = _read(source, skip_bad_rows)
    known = care_log.episodes["episode"]
    if episode not in known:
        hint = nearest(episode, known.head(100_000))
        raise UsageError(f"no episode `{episode}` in `{source}`{hint}")
    import polars as pl

    from reliefpath.pathway.advice import Writer
    from reliefpath.pathway.assessment import assess as assess_care_log
    from reliefpath.terminal.story import print_story

    mine = care_log.only(episode)
    table = assess_care_log(mine, chosen, day).filter(pl.col("episode") == episode)
    if table.is_empty():
        raise UsageError(f"episode `{episode}` had not begun by {day}")
    with open_console() as console:
        print_story(console, mine, next(Writer(chosen).objects(table)), chosen, day)


@app.command()
def check(source: Source) -> None:
    """List every problem of a care log: file, line, column, value, and what was expected.

    Exits with 1 when there is a problem; warnings alone exit with 0.
    """
    reading = _inspect(source)
    for problem in reading.problems:
        typer.echo(problem)
    from reliefpath.chart.schema import TABLES

    counts = ", ".join(f"{reading.care_log.table(name).height:,} {name}" for name in TABLES)
    warnings = len(reading.problems) - len(reading.errors)
    found = f"{_count(len(reading.errors), 'problem')}, {_count(warnings, 'warning')}"
    typer.echo(f"{found}; good rows: {counts}")
    if reading.errors:
        raise typer.Exit(1)


@app.command()
def facts(
    source: Source,
    as_of: AsOf = None,
    pathway: PathwayFile = None,
    file_format: Annotated[
        AssessFormat, typer.Option("--format", help="How to write it.")
    ] = AssessFormat.CSV,
    out: Out = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Print the facts table: one row an episode, the columns that criteria ask about.

    `reliefpath pathway facts` says what each column means.
    """
    day, chosen = _as_of(as_of), _pathway(pathway)
    from reliefpath.pathway.facts import facts as facts_of

    table = facts_of(_read(source, skip_bad_rows), day, chosen.questions)
    if file_format is AssessFormat.TABLE:
        from rich.table import Table

        grid = Table(*table.columns, box=None, pad_edge=False)
        for row in table.iter_rows():
            grid.add_row(*("" if value is None else str(value) for value in row))
        with open_console(out) as console:
            console.print(grid)
    elif file_format is AssessFormat.JSON:
        write_json(table.iter_rows(named=True), out)
    else:
        write_table(table, file_format.value, out)


@app.command()
def measures() -> None:
    """List the outcome measures: range, direction, the change that matters, licence."""
    from rich.table import Table

    from reliefpath.measures import measures as all_measures

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("id", "measure", "of", "range", "better", "MCID", "MDC", "unit", "licence"):
        grid.add_column(name, no_wrap=name != "measure")
    for id_, m in all_measures().items():
        top = "" if m.high is None else f"{m.high:g}"
        thresholds = (f"{t.value:g}" if t else "-" for t in (m.mcid, m.mdc))
        licence = "free" if m.licence.free else "licensed"
        grid.add_row(
            id_, m.name, m.construct, f"{m.low:g} to {top}", m.better, *thresholds, m.unit, licence
        )
    with open_console() as console:
        console.print(grid)


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
    from reliefpath.chart.folder import FORMATS, write_folder
    from reliefpath.chart.schema import TABLES
    from reliefpath.virtual import demo_clinic

    present = [folder / f"{name}.{suffix}" for name in TABLES for suffix in FORMATS]
    present = [file for file in present if file.exists()]
    if present and not force:
        raise UsageError(f"`{folder}` already holds {present[0].name}; add `--force` to replace it")
    day = _as_of(as_of)
    care_log = demo_clinic(patients, seed, day.date() if isinstance(day, datetime) else day)
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
    """Print the JSON Schema of the advice (what `assess --format json` writes) or of a pathway."""
    if document is Document.PATHWAY:
        pathway_schema()
        return
    from reliefpath.pathway.advice import advice_schema

    typer.echo(json.dumps(advice_schema(), indent=2))


PathwayArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A pathway in YAML.")]


@pathway_app.command("check")
def pathway_check(file: PathwayArgument) -> None:
    """Check a pathway file; every problem is told with its line."""
    chosen = _pathway(file)
    unsigned = sorted(
        {source.cite for source in chosen.sources.values() if source.certainty.needs_signature}
    )
    typer.echo(
        f"{chosen.pathway} {chosen.version} is sound: {len(chosen.statuses)} statuses, "
        f"{len(chosen.steps)} steps, {len(chosen.criteria)} criteria, {len(chosen.notes)} notes."
    )
    if chosen.approved_by is None:
        typer.echo("Not signed off: `approved_by` is empty. These sources need a signature:")
        for cite in unsigned:
            typer.echo(f"  {cite}")


@pathway_app.command("show")
def pathway_show(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A pathway in YAML.")
    ] = None,
) -> None:
    """Print a pathway as text: every rule with its reason, source and certainty."""
    from reliefpath.pathway.page import pathway_markdown

    typer.echo(pathway_markdown(_pathway(file)))


@pathway_app.command("copy")
def pathway_copy(file: PathwayArgument) -> None:
    """Write the pathway as shipped to a new file, to change its numbers."""
    from reliefpath.pathway.model import default_file

    if file.exists():
        raise UsageError(f"`{file}` already exists")
    file.write_text(default_file().read_text("utf-8"), "utf-8")
    typer.echo(f"Wrote {file}. Change it, then: reliefpath pathway check {file}")


@pathway_app.command("schema")
def pathway_schema() -> None:
    """Print the JSON Schema of a pathway file."""
    from reliefpath.pathway.model import Pathway

    typer.echo(json.dumps(Pathway.model_json_schema(), indent=2))


@pathway_app.command("facts")
def pathway_facts() -> None:
    """List the facts that criteria may ask about: type, unit, meaning."""
    from reliefpath.pathway.facts import declaration

    for name, fact in declaration().facts.items():
        unit = f", {fact.unit}" if fact.unit else ""
        typer.echo(f"{name} ({fact.type}{unit})\n    {fact.meaning}")


@pathway_app.command("diff")
def pathway_diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="A pathway in YAML.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """Show which rules two pathways do not share."""
    from reliefpath.pathway.comparison import differences

    for line in differences(_pathway(before), _pathway(after)) or ["No difference."]:
        typer.echo(line)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _as_of(text: str | None) -> date | datetime:
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of {text!r}: expected a date, 2026-03-31, or a time with its zone"
        ) from None


def _pathway(file: Path | None) -> Pathway:
    from reliefpath.pathway.model import default_pathway, load_pathway

    return default_pathway() if file is None else load_pathway(file)


def _check_statuses(statuses: list[str] | None) -> None:
    from reliefpath.pathway.model import StatusName

    for name in statuses or ():
        if name not in set(StatusName):
            raise UsageError(f"unknown status `{name}`{nearest(name, StatusName)}")


def _inspect(source: Path) -> Reading:
    from reliefpath.chart.folder import inspect_folder

    return inspect_folder(source)


def _read(source: Path, skip_bad_rows: bool) -> CareLog:
    from reliefpath.chart.folder import read_folder

    # loading the compiled curve takes as long as reading 10,000 episodes: do both at once
    Thread(target=_load_curve).start()
    reading = read_folder(source, skip_bad_rows=skip_bad_rows)
    for problem in reading.problems[:SHOWN_PROBLEMS]:
        typer.echo(problem, err=True)
    if len(reading.problems) > SHOWN_PROBLEMS:
        typer.echo("... `reliefpath check` lists them all", err=True)
    return reading.care_log


def _load_curve() -> None:
    from reliefpath.recovery import recover

    recover([0], [], [], [], [])


def _write_advice(
    advice: pl.DataFrame, pathway: Pathway, file_format: AssessFormat, out: Path | None
) -> None:
    import polars as pl

    if file_format is AssessFormat.JSON:
        from reliefpath.pathway.advice import Writer

        write_json(Writer(pathway).objects(advice), out)
        return
    if file_format is AssessFormat.CSV:
        lists = [name for name, dtype in advice.schema.items() if dtype == pl.List(pl.String)]
        advice = advice.with_columns(pl.col(lists).list.join(" | "))
    write_table(advice, file_format.value, out)

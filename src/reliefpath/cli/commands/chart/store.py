"""The commands about a chart as a whole: what it takes in and gives out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument
from reliefpath.cli.options import FolderFormat, IgnoreColumn, KnownAt, moment
from reliefpath.cli.records import chart_of, shown, whoami
from reliefpath.cli.render.output import console_on, open_console
from reliefpath.errors import UsageError
from reliefpath.private_files import make_folder, write_file

app = typer.Typer()


@app.command()
def init(
    chart: ChartArgument,
    zone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The clinic's time zone, such as Europe/Madrid.  [default: this machine's]",
        ),
    ] = None,
) -> None:
    """Make a chart: a file with nothing to install, or the tables in an empty PostgreSQL database.

    **Examples**

    - `reliefpath chart init clinic.chart --zone Europe/Madrid`
    - `reliefpath chart init postgresql://me@server/clinic`
    """
    from reliefpath.care.charts import make_chart
    from reliefpath.clock import machine_zone, zone_of

    zone = zone_of(zone or machine_zone()).key
    make_chart(chart, zone, whoami())
    name = shown(chart)
    typer.echo(
        f"Made the chart {name}; its days are those of {zone}. "
        f"Next: reliefpath chart import {name} FOLDER"
    )


@app.command()
def zone(
    chart: ChartArgument,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Set it to this, such as Europe/Madrid."),
    ] = None,
    by: By = None,
) -> None:
    """Show the clinic's time zone, or set it: on which day everything on record was follows it."""
    from reliefpath.care.charts import set_zone

    opened = chart_of(chart)
    if name is not None:
        set_zone(opened, name, by or whoami())
    typer.echo(f"The days of {shown(chart)} are those of {opened.zone}; today is {opened.today}.")


@app.command("import")
def import_(
    chart: ChartArgument,
    source: Annotated[
        Path, typer.Argument(help="A folder with tables as CSV or Parquet, or one table's file.")
    ],
    corrections: Annotated[
        str | None,
        typer.Option(
            metavar="WHY", help="Rows that say otherwise than the chart correct it, for a reason."
        ),
    ] = None,
    ignore_column: IgnoreColumn = None,
    by: By = None,
) -> None:
    """Record a care log: all of it, or nothing where a row is bad or contradicts the chart.

    Rows that the chart knows are left alone, so that the same file twice changes nothing. After a
    crash the same command goes on where it was.

    **Examples**

    - `reliefpath chart import clinic.chart export/`
    - `reliefpath chart import clinic.chart scores.csv`
    """
    from reliefpath.care.charts import import_folder
    from reliefpath.cli.render.progress import counted

    with counted(console_on(sys.stderr)) as progress:
        done = import_folder(
            chart_of(chart),
            source,
            by or whoami(),
            corrections=corrections,
            ignored=ignore_column or (),
            progress=progress,
        )
    for problem in done.warnings:
        typer.echo(problem, err=True)
    typer.echo(
        f"{done.new:,} rows are new, {done.corrected:,} correct others, {done.known:,} were known."
    )


@app.command()
def export(
    chart: ChartArgument,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the care log.")],
    known_at: KnownAt = None,
    deidentified: Annotated[
        bool,
        typer.Option(
            "--deidentified",
            help="For research: no name, real date or free text, and nobody in a small group.",
        ),
    ] = False,
    file_format: Annotated[
        FolderFormat, typer.Option("--format", help="How to write it.")
    ] = FolderFormat.CSV,
    by: By = None,
) -> None:
    """Write the care log as it holds, or held, into a folder; a chart of it is the same again.

    A care log without its people comes with a README.txt that says what was done to it, and what
    that is not.
    """
    from reliefpath.care.audit import EXPORT, note
    from reliefpath.care_log.folder import write_folder

    _refuse_full(folder)
    opened = chart_of(chart)
    known = None if known_at is None else moment(known_at, "--known-at")
    note(opened, by or whoami(), EXPORT, to=str(folder), deidentified=deidentified)
    care_log = opened.care_log(known)
    if deidentified:
        from reliefpath.care_log.deidentify import deidentify

        care_log, report = deidentify(care_log)
        make_folder(folder)
        write_file(folder / "README.txt", report.text().encode())
        if report.rare:
            typer.echo("Few patients have these, which stay: " + ", ".join(report.rare), err=True)
    write_folder(care_log, folder, file_format.value)
    typer.echo(f"Wrote {care_log.episodes.height:,} episodes to {folder}.")


@app.command()
def stats(chart: ChartArgument) -> None:
    """Count what a chart holds: rows, versions, and what is left of a load that was broken off."""
    from reliefpath.cli.render.table import grid

    counts = chart_of(chart).counts()
    numbers = ("hold", "recorded", "corrections", "withdrawn", "waiting")
    rows = grid("table", *numbers, numbers=numbers)
    for name, row in counts.items():
        rows.add_row(name, *(f"{number:,}" for number in row))
    with open_console() as console:
        console.print(rows)


@app.command()
def forget(chart: ChartArgument) -> None:
    """Give up imports that were broken off; nothing of them is on record."""
    opened = chart_of(chart)
    waiting = opened.unfinished()
    for fingerprint in waiting:
        opened.forget(fingerprint)
    typer.echo(f"Gave up {len(waiting):,} imports with {sum(waiting.values()):,} rows.")


@app.command()
def upgrade(chart: ChartArgument) -> None:
    """Bring a chart that an older version wrote up to this one; make a backup first."""
    from reliefpath.care.charts import upgrade_chart

    before, after = upgrade_chart(chart, whoami())
    typer.echo(f"{shown(chart)} is of version {after}; it was {before}.")


def _refuse_full(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder")

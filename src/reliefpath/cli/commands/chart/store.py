"""The commands about a chart as a whole: what it takes in and gives out."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument, act_of
from reliefpath.cli.options import FolderFormat, IgnoreColumn, KnownAt, moment
from reliefpath.cli.records import chart_of, shown
from reliefpath.cli.render.output import console_on, open_console
from reliefpath.errors import CareLogError, Problem, UsageError
from reliefpath.private_files import make_folder, write_file

if TYPE_CHECKING:
    from reliefpath.care_log.folder import Reading
    from reliefpath.store.loading import Loaded

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
    from reliefpath.clock import machine_zone, zone_of
    from reliefpath.store.chart import create_chart

    zone = zone_of(zone or machine_zone()).key
    made = create_chart(chart)
    made.set_zone(zone, act_of("init"))
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
    opened = chart_of(chart)
    if name is not None:
        opened.set_zone(name, act_of("zone", by))
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
    from reliefpath.care_log.folder import inspect_folder
    from reliefpath.cli.render.progress import counted
    from reliefpath.clock import Moment

    into = chart_of(chart)
    today = Moment.of(into.today, into.zone)
    reading = inspect_folder(
        source,
        into.on_record,
        ignored=ignore_column or (),
        today=today,
        knowledge=into.knowledge,
    )
    if reading.errors:
        raise CareLogError(reading.problems)
    for problem in reading.problems:
        typer.echo(problem, err=True)
    act = act_of("import", by, corrections)
    with counted(console_on(sys.stderr)) as progress:
        loaded = into.load(
            reading.care_log,
            _fingerprint(reading),
            act,
            corrections=corrections is not None,
            progress=progress,
        )
    if loaded.contradictions:
        raise CareLogError(_contradictions(reading, loaded))
    new, corrected, known = (
        sum(counts.values()) for counts in (loaded.new, loaded.corrected, loaded.known)
    )
    typer.echo(f"{new:,} rows are new, {corrected:,} correct others, {known:,} were known.")


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
    from reliefpath.care_log.folder import write_folder

    _refuse_full(folder)
    opened = chart_of(chart)
    known = None if known_at is None else moment(known_at, "--known-at")
    opened.note(act_of("export", by), to=str(folder), deidentified=deidentified)
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
    from rich.table import Table

    counts = chart_of(chart).counts()
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("table")
    for name in ("hold", "recorded", "corrections", "withdrawn", "waiting"):
        grid.add_column(name, justify="right")
    for name, row in counts.items():
        grid.add_row(name, *(f"{number:,}" for number in row))
    with open_console() as console:
        console.print(grid)


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
    from reliefpath.store import migrations
    from reliefpath.store.chart import Chart
    from reliefpath.store.database import engine_of, url_of

    engine = engine_of(url_of(chart))
    before = migrations.version_of(engine)
    if before is None:
        raise UsageError(f"there is no chart in `{shown(chart)}`")
    migrations.upgrade(engine)
    Chart(engine).note(act_of("upgrade"), before=before, after=migrations.newest())
    typer.echo(f"{shown(chart)} is of version {migrations.newest()}; it was {before}.")


def _fingerprint(reading: Reading) -> str:
    """Tell a load by what its files hold."""
    found = sha256()
    for name, file in sorted(reading.files.items()):
        found.update(name.encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                found.update(block)
    return found.hexdigest()


def _contradictions(reading: Reading, loaded: Loaded) -> list[Problem]:
    from reliefpath.care_log.columns import Bad

    said = {
        False: "the chart says otherwise (row {}); if the file is right, add --corrections WHY",
        True: "was withdrawn from the chart (row {}); to record it anew, add --corrections WHY",
    }
    return reading.place(
        [
            (c.table, Bad(c.row, None, None, said[c.withdrawn].format(c.id)))
            for c in loaded.contradictions
        ]
    )


def _refuse_full(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder")

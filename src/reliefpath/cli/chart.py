"""The commands about a chart: what it takes in, gives out, and can prove."""

from __future__ import annotations

import sys
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.options import AsOf, KnownAt, Out, PathwayFile, PriorFile, as_of_day, moment
from reliefpath.cli.records import USER, chart_of, whoami
from reliefpath.errors import CareLogError, Problem, UsageError
from reliefpath.terminal.output import console_on, open_console, write_json, write_table

if TYPE_CHECKING:
    from reliefpath.chart.folder import Reading
    from reliefpath.chart.store.chart import Chart
    from reliefpath.chart.store.loading import Loaded
    from reliefpath.chart.store.writing import Act

app = typer.Typer(
    help="Keep the care log in a chart that never loses and never forgets.", no_args_is_help=True
)

ChartArgument = Annotated[
    str, typer.Argument(metavar="CHART", help="A chart's file, or a database URL.")
]
Patient = Annotated[str, typer.Argument(help="Which patient.")]
By = Annotated[
    str | None,
    typer.Option(envvar=USER, metavar="NAME", help="Who does it.  [default: the computer's user]"),
]
Why = Annotated[str, typer.Option(metavar="TEXT", help="Why, for whoever reads it later.")]
TableName = Annotated[str, typer.Argument(metavar="TABLE", help="Which table.")]
RowNumber = Annotated[
    int, typer.Argument(metavar="ROW", help="Which row; `reliefpath chart history` shows them.")
]


class LogFormat(StrEnum):
    """How the audit log is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class FolderFormat(StrEnum):
    """How a care log is written."""

    CSV = "csv"
    PARQUET = "parquet"


@app.command()
def init(chart: ChartArgument) -> None:
    """Make a chart: a file with nothing to install, or the tables in an empty PostgreSQL database.

    **Examples**

    - `reliefpath chart init clinic.chart`
    - `reliefpath chart init postgresql://me@server/clinic`
    """
    from reliefpath.chart.store.chart import create_chart

    create_chart(chart).note(_act("init"))
    typer.echo(f"Made the chart {chart}. Next: reliefpath chart import {chart} FOLDER")


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
    by: By = None,
) -> None:
    """Record a care log: all of it, or nothing where a row is bad or contradicts the chart.

    Rows that the chart knows are left alone, so that the same file twice changes nothing. After a
    crash the same command goes on where it was.

    **Examples**

    - `reliefpath chart import clinic.chart export/`
    - `reliefpath chart import clinic.chart scores.csv`
    """
    from reliefpath.chart.folder import inspect_folder
    from reliefpath.terminal.progress import counted

    into = chart_of(chart)
    reading = inspect_folder(source, into.on_record)
    if reading.errors:
        raise CareLogError(reading.problems)
    for problem in reading.problems:
        typer.echo(problem, err=True)
    act = _act("import", by, corrections)
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
    file_format: Annotated[
        FolderFormat, typer.Option("--format", help="How to write it.")
    ] = FolderFormat.CSV,
    by: By = None,
) -> None:
    """Write the care log as it holds, or held, into a folder; a chart of it is the same again."""
    from reliefpath.chart.folder import write_folder

    _refuse_full(folder)
    opened = chart_of(chart)
    known = None if known_at is None else moment(known_at, "--known-at")
    opened.note(_act("export", by), to=str(folder))
    care_log = opened.care_log(known)
    write_folder(care_log, folder, file_format.value)
    typer.echo(f"Wrote {care_log.episodes.height:,} episodes to {folder}.")


@app.command()
def backup(
    chart: ChartArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    by: By = None,
) -> None:
    """Copy the whole chart, as it is at one moment, into a file that is a chart itself.

    Others may read and write meanwhile. A chart on a server becomes a file, too, so that this also
    moves a clinic between the two.
    """
    from reliefpath.chart.store.chart import create_chart

    source = chart_of(chart)
    source.note(_act("backup", by), to=str(file))
    target = create_chart(str(file))
    _copy(source, target)
    typer.echo(f"Wrote {file}. {_proof(target)}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `chart backup` wrote.")],
    chart: Annotated[
        str, typer.Argument(metavar="CHART", help="The new chart: a file, or a database URL.")
    ],
    by: By = None,
) -> None:
    """Make a chart from a backup, and prove that it holds what was recorded."""
    from reliefpath.chart.store.chart import create_chart

    target = create_chart(chart)
    _copy(chart_of(str(file)), target)
    typer.echo(f"Restored {chart}. {_proof(target)}")
    target.note(_act("restore", by), source=str(file))


@app.command()
def verify(
    chart: ChartArgument,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="ENTRY:HASH",
            help="The end of the log, noted down elsewhere: proves that nothing was cut off.",
        ),
    ] = None,
) -> None:
    """Find any altered, missing or reordered entry, in the audit log and in the history.

    Exits with 1 when there is one.
    """
    found = chart_of(chart).verify(head)
    for wrong in found.wrong:
        typer.echo(wrong)
    if found.wrong:
        things = "1 thing is" if len(found.wrong) == 1 else f"{len(found.wrong):,} things are"
        typer.echo(f"{things} wrong in {chart}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"All {found.head.entry:,} entries and {found.rows:,} rows are as recorded.")
    typer.echo(f"The end of the log, to note down elsewhere: {found.head}")


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
def upgrade(chart: ChartArgument) -> None:
    """Bring a chart that an older version wrote up to this one; make a backup first."""
    from reliefpath.chart.store import migrations
    from reliefpath.chart.store.chart import Chart
    from reliefpath.chart.store.database import engine_of, url_of

    engine = engine_of(url_of(chart))
    before = migrations.version_of(engine)
    if before is None:
        raise UsageError(f"there is no chart in `{chart}`")
    migrations.upgrade(engine)
    Chart(engine).note(_act("upgrade"), before=before, after=migrations.newest())
    typer.echo(f"{chart} is of version {migrations.newest()}; it was {before}.")


@app.command()
def correct(
    chart: ChartArgument,
    table: TableName,
    row: RowNumber,
    values: Annotated[
        list[str], typer.Argument(metavar="COLUMN=VALUE...", help="An empty value is unknown.")
    ],
    why: Why,
    by: By = None,
) -> None:
    """Correct a row: a new one takes its place, and the old one is kept.

    **Example**

    - `reliefpath chart correct clinic.chart scores 17 value=4 --why "misread the form"`
    """
    pairs = [value.partition("=") for value in values]
    for column, equals, _ in pairs:
        if not equals:
            raise UsageError(f"`{column}`: expected COLUMN=VALUE")
    wanted = {column: value or None for column, _, value in pairs}
    entry = chart_of(chart).correct(table, row, wanted, _act("correct", by, why))
    typer.echo(f"Corrected, as entry {entry} of the audit log.")


@app.command()
def withdraw(
    chart: ChartArgument, table: TableName, row: RowNumber, why: Why, by: By = None
) -> None:
    """Say that a row was entered in error; what belongs to it alone goes with it, and all is kept.

    **Example**

    - `reliefpath chart withdraw clinic.chart episodes 12 --why "wrong patient"`
    """
    gone = chart_of(chart).withdraw(table, row, _act("withdraw", by, why))
    typer.echo("No longer hold: " + ", ".join(f"{name} {n:,}" for name, n in gone.items()) + ".")


@app.command()
def audit(
    chart: ChartArgument,
    patient: Annotated[
        str | None,
        typer.Option(help="Only who saw one patient's record, and who changed it."),
    ] = None,
    file_format: Annotated[
        LogFormat, typer.Option("--format", help="How to write it.")
    ] = LogFormat.TABLE,
    out: Out = None,
    by: By = None,
) -> None:
    """Print the audit log for an auditor, or one patient's access report.

    A look at the whole clinic is a look at each patient on record by then.
    """
    opened = chart_of(chart)
    opened.note(_act("view", by, patient=patient), command="chart audit")
    log = opened.log(patient)
    if file_format is LogFormat.JSON:
        write_json(log.iter_rows(named=True), out)
    elif file_format is LogFormat.CSV:
        write_table(log, "csv", out)
    else:
        from reliefpath.terminal.log import print_log

        with open_console(out) as console:
            print_log(console, log)


@app.command()
def decide(
    chart: ChartArgument,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    agree: Annotated[bool, typer.Option("--agree/--override", help="Follow the advice, or not.")],
    why: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; an override needs it.")
    ] = None,
    as_of: AsOf = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
    by: By = None,
) -> None:
    """Keep what a clinician made of the advice, with all that the advice rests on."""
    from reliefpath.pathway.decisions import AGREED, OVERRIDDEN, Basis, decide
    from reliefpath.pathway.model import default_file

    text = (default_file() if pathway is None else pathway).read_text("utf-8")
    basis = Basis(text, None if prior is None else prior.read_text("utf-8"))
    decision = AGREED if agree else OVERRIDDEN
    who = by or whoami()
    advice = decide(chart_of(chart), episode, decision, basis, as_of_day(as_of), who, why)
    typer.echo(f"Kept: {who} {decision} on {advice['status']}: {advice['next_step']}")


@app.command()
def replay(
    chart: ChartArgument,
    episode: Annotated[str | None, typer.Option(help="Only one episode's.")] = None,
) -> None:
    """Give every advice that was acted on again, from what was known then; report any difference.

    Exits with 1 when there is one.
    """
    from reliefpath.pathway.decisions import replay

    same = different = 0
    for found in replay(chart_of(chart), episode):
        same, different = (same, different + 1) if found.differences else (same + 1, different)
        for difference in found.differences:
            typer.echo(
                f"{found.episode}, {found.decision} at {found.decided_at} by ReliefPath "
                f"{found.software}: {difference}"
            )
    typer.echo(f"{same:,} of {same + different:,} are the same to the byte.")
    if different:
        raise typer.Exit(1)


def _act(
    action: str, by: str | None = None, reason: str | None = None, patient: str | None = None
) -> Act:
    from reliefpath.chart.store.writing import Act

    return Act(by or whoami(), action, reason, patient)


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
    from reliefpath.chart.columns import Bad

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


def _copy(source: Chart, target: Chart) -> None:
    """Copy, and prove it: the copy ends where the source ended, and verifies."""
    source.copy_to(target)
    found = target.verify(str(target.head()))
    if found.wrong:
        raise UsageError(
            "the chart copied is not as it was recorded: " + "; ".join(found.wrong[:5])
        )


def _proof(chart: Chart) -> str:
    return f"It verifies; the end of its log, to note down elsewhere: {chart.head()}"

"""The commands about single rows and people of a chart, and what was decided about them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument
from reliefpath.cli.options import AsOf, Out, PathwayFile, PriorFile, as_of_day
from reliefpath.cli.records import chart_of, whoami
from reliefpath.cli.render.output import open_console, output, write_json, write_table
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.care.charts import Chart
    from reliefpath.documents.record.record import Record

app = typer.Typer()

Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="Which patient.")]
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


@app.command()
def history(chart: ChartArgument, patient: Patient, by: By = None) -> None:
    """Show every row of one patient with its number, what became of it, and why."""
    from reliefpath.cli.render.history import print_history

    record = _record(chart_of(chart), patient, by, "chart history")
    with open_console() as console:
        print_history(console, record)


@app.command()
def record(
    chart: ChartArgument,
    patient: Patient,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write it: .html to read, or .json.")
    ],
    by: By = None,
) -> None:
    """Write one patient's whole record: every row with its history, and who looked at it.

    **Example**

    - `reliefpath chart record clinic.chart P0001 --out P0001.html`
    """
    from reliefpath.clock import zone_of
    from reliefpath.documents.record.page import record_html
    from reliefpath.documents.record.record import record_json

    if out.suffix not in (".html", ".json"):
        raise UsageError(f"`{out}`: expected a name that ends in .html or .json")
    opened = chart_of(chart)
    record = _record(opened, patient, by, "chart record")
    html = out.suffix == ".html"
    text = record_html(record, zone_of(opened.zone)) if html else record_json(record)
    with output(out) as stream:
        stream.write(text.encode())
    typer.echo(f"Wrote {out}.")


@app.command("copy")
def copy_(
    chart: ChartArgument,
    patient: Patient,
    out: Annotated[Path, typer.Option(metavar="FILE.zip", help="Where to write it.")],
    to: Annotated[str, typer.Option(metavar="TEXT", help="Who gets it.")],
    why: Why,
    checked: Annotated[
        str,
        typer.Option(
            metavar="FINGERPRINT",
            help="Somebody has read the free texts for what they tell of other people; without it "
            "they are shown, with their fingerprint.",
        ),
    ] = "",
    by: By = None,
) -> None:
    """Give a patient a copy of their own record: a ZIP with a page to read and the tables as CSV.

    The audit log tells who gave it, to whom and why.

    **Example**

    - `reliefpath chart copy clinic.chart P0001 --out P0001.zip --to "the patient" --why "asked"`
    """
    from reliefpath.documents.record.patient_copy import CopyRequest, copy_record, free_texts
    from reliefpath.documents.record.record import record_of

    opened, who = chart_of(chart), by or whoami()
    free = free_texts(record_of(opened, patient))
    if free.texts and checked != free.fingerprint:
        shown_texts = free_texts(_record(opened, patient, who, "chart copy"))
        for about, text in shown_texts.texts:
            typer.echo(f"{about}: {text}")
        raise UsageError(
            "nothing was written: read the texts above for what they tell of other people; to give "
            f"the copy with them, add --checked {shown_texts.fingerprint}"
        )
    request = CopyRequest(to=to, why=why, checked=free.fingerprint)
    content = copy_record(opened, patient, request, who, "chart copy")
    with output(out) as stream:
        stream.write(content)
    typer.echo(f"Wrote {out}.")


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
    from reliefpath.care.correcting import correct_row

    entry = correct_row(chart_of(chart), table, row, wanted, by or whoami(), why)
    typer.echo(f"Corrected, as entry {entry} of the audit log.")


@app.command()
def withdraw(
    chart: ChartArgument, table: TableName, row: RowNumber, why: Why, by: By = None
) -> None:
    """Say that a row was entered in error; what belongs to it alone goes with it, and all is kept.

    **Example**

    - `reliefpath chart withdraw clinic.chart episodes 12 --why "wrong patient"`
    """
    from reliefpath.care.correcting import withdraw_row

    gone = withdraw_row(chart_of(chart), table, row, by or whoami(), why)
    typer.echo("No longer hold: " + ", ".join(f"{name} {n:,}" for name, n in gone.items()) + ".")


@app.command()
def term(
    chart: ChartArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="`medicine` or `allergy`.")],
    words: Annotated[str, typer.Argument(metavar="WORDS", help="The words on record.")],
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="What they are; `no-rule` bears on nothing.")
    ],
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    by: By = None,
) -> None:
    """Say once what a medicine or an allergen in words is; it is read so from then on.

    Said anew, it corrects what was said before; the code `not-understood` takes it back.

    **Example**

    - `reliefpath chart term clinic.chart medicine "Sintrón 4" other-anticoagulant`
    """
    from reliefpath.care.terms import say_what_words_are

    say_what_words_are(chart_of(chart), kind, words, code, by or whoami(), why)
    typer.echo(f"From now on the {kind} {words!r} is read as `{code}`.")


@app.command()
def terms(chart: ChartArgument) -> None:
    """List the words that nobody understands yet, and what was said that others are."""
    from reliefpath.care.terms import questions_of, terms_of
    from reliefpath.cli.render.table import grid

    opened = chart_of(chart)
    rows = grid("kind", "words", "is", "patients", "said by")
    for asked in questions_of(opened):
        rows.add_row(asked.kind, asked.words, "not understood", f"{asked.patients:,}", "")
    for said in terms_of(opened):
        rows.add_row(said.kind, said.words, said.code, "", f"{said.by}, {said.recorded_at[:10]}")
    with open_console() as console:
        console.print(rows)


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
    from reliefpath.care.audit import note

    opened = chart_of(chart)
    note(opened, by or whoami(), patient=patient, command="chart audit")
    log = opened.log(patient)
    if file_format is LogFormat.JSON:
        write_json(log.iter_rows(named=True), out)
    elif file_format is LogFormat.CSV:
        write_table(log, "csv", out)
    else:
        from reliefpath.cli.render.log import print_log

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
    from reliefpath.care.decisions import AGREED, OVERRIDDEN, Basis, decide
    from reliefpath.pathway.model import default_file

    text = (default_file() if pathway is None else pathway).read_text("utf-8")
    basis = Basis(text, None if prior is None else prior.read_text("utf-8"))
    decision = AGREED if agree else OVERRIDDEN
    who = by or whoami()
    advice = decide(chart_of(chart), episode, decision, basis, as_of_day(as_of, chart), who, why)
    typer.echo(f"Kept: {who} {decision} on {advice.status}: {advice.next_step}")


@app.command()
def replay(
    chart: ChartArgument,
    episode: Annotated[str | None, typer.Option(help="Only one episode's.")] = None,
) -> None:
    """Give every advice that was acted on again, from what was known then; report any difference.

    Exits with 1 when there is one.
    """
    from reliefpath.care.decisions import replay

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


def _record(chart: Chart, patient: str, by: str | None, command: str) -> Record:
    """Return a patient's record, this look included."""
    from reliefpath.care.audit import note
    from reliefpath.documents.record.record import record_of

    record_of(chart, patient)  # whoever asks for nobody has not looked
    note(chart, by or whoami(), patient=patient, command=command)
    return record_of(chart, patient)

"""The commands that copy a chart and prove that it holds what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument
from reliefpath.cli.options import AccountsPlace, Heads, place_of
from reliefpath.cli.records import chart_of, shown, whoami
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.care.charts import Chart
    from reliefpath.care.custody import Custody, Proven

app = typer.Typer()
HOLDS = (
    "It holds all that was recorded until {until}, with its history, its audit log, and the "
    "pathways of advice that was acted on."
)


@app.command()
def backup(
    chart: ChartArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    heads: Heads = None,
    by: By = None,
) -> None:
    """Copy the whole chart, as it is at one moment, into a file that is a chart itself.

    Others may read and write meanwhile. A chart on a server becomes a file, too, so that this also
    moves a clinic between the two. Accounts are not in it: `account copy`, or *Backups* of the web
    application. Exits with 1 where the chart that was copied is damaged or lost its end.
    """
    from reliefpath.care.custody import copy_to_file

    source = chart_of(chart)
    custody = _custody(source, heads)
    wrong = custody.lost()
    proven = copy_to_file(source, file, by or whoami())
    typer.echo(
        f"Wrote {file}. {HOLDS.format(until=proven.head.at)} Not in it: accounts, the log of "
        "sign-ins and addresses for reminders. Copy those, too: "
        f"{_copy_accounts(chart, file)}"
    )
    typer.echo(_proof(proven))
    for said in proven.source.unchecked:
        typer.echo(f"Not checked: {said}", err=True)
    wrong += _damaged(proven, chart)
    for line in wrong:
        typer.echo(line, err=True)
    if wrong:
        raise typer.Exit(1)
    custody.note_heads()


@app.command("restore")
def restore_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `chart backup` wrote.")],
    chart: Annotated[
        str, typer.Argument(metavar="CHART", help="The new chart: a file, or a database URL.")
    ],
    by: By = None,
) -> None:
    """Make a chart from a backup, and prove that it holds what was recorded.

    It says what else a clinic needs that is not in a backup of its chart.
    """
    from reliefpath.care.custody import restore

    proven = restore(file, chart, by or whoami())
    typer.echo(f"Restored {shown(chart)}. {_proof(proven)}")
    for line in _brought_back(file, shown(chart), proven.head.at):
        typer.echo(line)
    for wrong in _damaged(proven, str(file)):
        typer.echo(wrong, err=True)


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
    heads: Heads = None,
    accounts: AccountsPlace = None,
) -> None:
    """Find any altered, missing or reordered entry, and any damage of the database below.

    It checks the audit log, the history, the database itself, and the accounts beside the chart
    or where --accounts says. Exits with 1 when anything is wrong.
    """
    opened = chart_of(chart)
    custody = _custody(opened, heads, chart, accounts)
    found = opened.verify(head)
    wrong, unchecked, told = list(found.wrong), list(found.unchecked), []
    if custody.accounts is None and "://" in chart:
        unchecked.append("accounts: say where they are: --accounts PLACE")
    if custody.accounts is not None:
        sign_ins = custody.accounts.log.verify()
        wrong += [f"accounts: {said}" for said in sign_ins.wrong]
        unchecked += [f"accounts: {said}" for said in sign_ins.unchecked]
        told.append(f"All {sign_ins.rows:,} entries of the log of sign-ins are as recorded.")
    wrong += custody.lost()
    for line in (*wrong, *custody.open_to_others()):
        typer.echo(line)
    for said in unchecked:
        typer.echo(f"Not checked: {said}", err=True)
    if wrong:
        things = "1 thing is" if len(wrong) == 1 else f"{len(wrong):,} things are"
        typer.echo(f"{things} wrong in {shown(chart)}.", err=True)
        if found.damage_alone:
            typer.echo(_how_to_mend(chart), err=True)
        raise typer.Exit(1)
    typer.echo(f"All {found.head.entry:,} entries and {found.rows:,} rows are as recorded.")
    for line in told:
        typer.echo(line)
    typer.echo(f"The end of the log, to note down elsewhere: {found.head}")
    custody.note_heads()


def _custody(
    opened: Chart, heads: Path | None, chart: str | None = None, accounts: str | None = None
) -> Custody:
    """Return the custody of a chart and, if it is named, of the accounts where they should be."""
    from reliefpath.care.custody import Custody, accounts_of

    if chart is None or (accounts is None and "://" in chart):
        return Custody(opened, heads=heads)
    found = accounts_of(place_of(chart, accounts))
    if accounts is not None and found is None:
        raise UsageError(f"there are no accounts `{accounts}`")
    return Custody(opened, found, heads)


def _proof(proven: Proven) -> str:
    return f"It verifies; the end of its log, to note down elsewhere: {proven.head}"


def _brought_back(file: Path, chart: str, until: str) -> Iterator[str]:
    """Say what a backup of a chart brings back, and what it does not."""
    yield HOLDS.format(until=until)
    beside = Path(f"{file}.accounts")
    where = file if beside.is_file() else "BACKUP"
    yield (
        "Not in it: accounts, the log of sign-ins and addresses for reminders. Bring them back "
        f"with: reliefpath account copy {where} {chart}.accounts"
        + ("" if beside.is_file() else f" (there is no {beside.name} beside it)")
    )
    yield (
        "Not in it either: the pathway in force, the clinic's own file, a learned prior, "
        "certificates, and the secrets of the environment. Links to check in open with the "
        "RELIEFPATH_SECRET that signed them."
    )


def _copy_accounts(chart: str, file: Path) -> str:
    """Return how the accounts of a chart are copied beside its backup."""
    where = " --accounts FILE-OR-URL" if "://" in chart else ""
    return f"reliefpath account copy {shown(chart)} {file}.accounts{where}"


def _damaged(proven: Proven, source: str) -> list[str]:
    wrong = list(proven.source.wrong)
    if wrong:
        wrong.append(f"{shown(source)} is damaged, and {proven.place}, made from it, is not.")
    return wrong


def _how_to_mend(chart: str) -> str:
    name = shown(chart)
    return (
        "Every row is as it was recorded, but questions may be answered without some of them. Stop "
        f"the server, make a copy, whose indexes are new: reliefpath chart backup {name} "
        "FILE, put it in the place of the chart, and look after the disk."
    )

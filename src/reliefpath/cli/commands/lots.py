"""The command that tells who got a lot, for a recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument
from reliefpath.cli.records import sound_chart, whoami

if TYPE_CHECKING:
    from reliefpath.care.lots import Recipient

app = typer.Typer()


@app.command()
def lots(
    chart: ChartArgument,
    lot: Annotated[str, typer.Argument(metavar="LOT", help="The lot, as it is on the vial.")],
    by: By = None,
) -> None:
    """Tell who got a lot: patient, day, what and where, and who recorded it, a line each.

    Case, spaces and dashes are not told apart. Everybody on record counts, also whose care has
    ended; what was corrected or withdrawn since is told as such. The audit log keeps who asked,
    and whom it showed. Exits with 1 where nobody is found.

    **Example**

    - `reliefpath lots clinic.chart A-123`
    """
    from reliefpath.care.lots import search_lot

    found = search_lot(sound_chart(chart), lot, by or whoami(), command="lots")
    for each in found.recipients:
        typer.echo(_line(each))
    if not found.recipients:
        typer.echo(f"No injection of lot {lot} is on record.")
    if found.similar:
        typer.echo(f"Written much like it: {', '.join(found.similar)}", err=True)
    if found.without_lot:
        typer.echo(
            f"Of {found.without_lot} injected on record no lot is told; each may be of this one.",
            err=True,
        )
    if not found.recipients:
        raise typer.Exit(1)


def _line(each: Recipient) -> str:
    amount = "" if each.amount is None else f" {each.amount:g} {each.unit}"
    who = " ".join(filter(None, (each.patient, each.name)))
    born = f", born {each.birth_date}" if each.birth_date else ""
    where = " ".join(filter(None, (each.muscle, each.side))) or "muscle not on record"
    became = f" ({each.became})" if each.became else ""
    return (
        f"{each.day} {who}{born}, {each.episode}: {each.agent or 'agent not on record'}{amount}, "
        f"{where}, lot {each.lot}, recorded by {each.by}{became}"
    )

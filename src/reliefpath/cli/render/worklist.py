"""The worklist: everyone who is followed, most urgent first."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.text import Text

from reliefpath.cli.render.table import grid
from reliefpath.pathway.assessment import GATE, NEXT_STEP, STATUS
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.wording import GATES

STYLES = {
    "referred": "bold white on red",
    "worsening": "bold red",
    "recurred": "red",
    "plateaued": "bold yellow",
    "stalled": "yellow",
    "gathering": "blue",
    "recovering": "cyan",
    "recovered": "green",
    "lasting": "bold green",
}
"""Only a help to the eye: the status stands in words beside it."""


def print_worklist(console: Console, advice: pl.DataFrame, pathway: Pathway) -> None:
    """Print one line an episode, and how many there are of each status."""
    names = ("status", "episode", "region", "better", "weeks", "gate", "next step")
    table = grid(*names, numbers=("better", "weeks"))
    for row in advice.iter_rows(named=True):
        table.add_row(
            Text(row[STATUS], STYLES[row[STATUS]]),
            row["episode"],
            row["region"],
            improvement_text(row),
            f"{row['weeks_in_care']:.0f}",
            GATES[row[GATE]],
            row[NEXT_STEP],
        )
    console.print(table)
    counts = advice[STATUS].value_counts(sort=True)
    told = ", ".join(
        f"{n} {status}"
        for status, n in counts.sort("count", STATUS, descending=[True, False]).iter_rows()
    )
    console.print(f"\n{advice.height} episodes: {told}." if advice.height else "\nNo episode.")
    console.print(basis(pathway), style="dim")


def basis(pathway: Pathway) -> str:
    """Return by which pathway the advice was given, and who signed it off."""
    signed = (
        f"signed off by {pathway.approved_by}"
        if pathway.approved_by
        else "not signed off by a medical director"
    )
    return (
        f"By {pathway.pathway} {pathway.edition}, {signed}. "
        "It informs a clinician, who decides; `reliefpath explain` shows the reasons."
    )


def improvement_text(row: dict[str, float | None]) -> str:
    """Return `83 % (70-96)`, or a dash where improvement is undefined."""
    estimate, low, high = (row[f"improvement{end}"] for end in ("", "_low", "_high"))
    if estimate is None or low is None or high is None:
        return "-"
    now, least, most = (round(100 * share) for share in (estimate, low, high))
    return f"{now} % ({least} to {most})"

"""An exercise programme in characters: what to do, why, what is not served, what was changed."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reliefpath.reference.therapies.exercise import Dose, Programme


def print_programme(console: Console, programme: Programme) -> None:
    """Print a programme for a clinician, each exercise with its dose, reason and sources."""
    console.print(
        Text(
            f"{len(programme.items)} exercises, {programme.minutes:.0f} of "
            f"{programme.need.minutes:g} minutes a day",
            "bold",
        )
    )
    for note in programme.notes:
        console.print(Text(f"! {note}", "yellow"))
    for number, item in enumerate(programme.items, 1):
        console.print()
        side = f", {item.sides}" if item.sides else ""
        console.print(Text(f"{number}. {item.row.name}{side}: {dose_text(item.dose)}", "bold"))
        console.print(f"    {item.exercise}. {item.because}")
        for source in item.sources:
            console.print(Text(f"    {source}", "dim"))
    for left in programme.left_out:
        console.print()
        console.print(Text(f"Not served: {left.what}", "yellow"))
        console.print(f"    {left.because}")
    for change in programme.changes:
        console.print()
        what = "" if change.exercise is None else f"{change.exercise}: "
        console.print(Text(f"Changed by {change.rule}: {what}{change.did}", "cyan"))
        console.print(f"    {change.because}")
        for source in change.source:
            console.print(Text(f"    {source}", "dim"))
    console.print()
    console.print(Text("It informs a clinician, who decides. Not medical advice.", "dim"))


def dose_text(dose: Dose) -> str:
    """Return a dose in words."""
    if dose.minutes is not None:
        much = f"{dose.minutes} minutes"
    elif dose.seconds is not None:
        much = f"{dose.sets} × {dose.seconds} s"
    else:
        much = f"{dose.sets} × {dose.repetitions}"
    return f"{much}, {dose.per_week} days a week"

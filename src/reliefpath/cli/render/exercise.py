"""An exercise programme in characters: what to do, why, what is not served, what was changed."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reliefpath.care.programmes import SignedProgramme
from reliefpath.reference.therapies.exercise import Programme


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
        console.print(Text(f"{number}. {item.row.name}{side}: {item.dose}", "bold"))
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


def print_versions(console: Console, versions: list[SignedProgramme]) -> None:
    """Print the versions of a signed programme, the latest first, each with what it changed."""
    for version in versions:
        head = f"Version {version.number}, row {version.row}: signed by {version.by}, {version.day}"
        if version.withdrawn is not None:
            who, why = version.withdrawn
            console.print(Text(f"{head}; withdrawn by {who}, because: {why}", "dim"))
            continue
        console.print(Text(head, "bold"))
        if version.programme is None:
            console.print(Text(f"! It cannot be written any more: {version.unreadable}", "yellow"))
            continue
        for number, item in enumerate(version.programme.items, 1):
            side = f", {item.sides}" if item.sides else ""
            console.print(f"{number}. {item.row.name}{side}: {item.dose}")
        for id_ in version.acknowledged:
            console.print(Text(f"    weighed: {id_}", "yellow"))
        for text in version.changed:
            console.print(Text(f"    changed: {text}", "cyan"))
        console.print()

"""A planned injection in characters: what it is, and everything that was looked at."""

from __future__ import annotations

from datetime import date

from rich.console import Console
from rich.text import Text

from reliefpath.reference.therapies.injection import Checked, Plan, Result, Verdict

STYLES = {
    Result.READY: "bold green",
    Result.NEEDS_A_DECISION: "bold yellow",
    Result.BLOCKED: "bold red",
}
MARKS = {
    Verdict.BLOCKED: ("✘", "red"),
    Verdict.UNKNOWN: ("?", "red"),
    Verdict.DECISION: ("!", "yellow"),
    Verdict.UNCERTAIN: ("~", "dim"),
    Verdict.FINE: ("✔", "green"),
}


def print_result(console: Console, plan: Checked, on: date) -> None:
    """Print what a plan is, and of which day."""
    console.print(Text(f"{plan.result.capitalize()}, {on}", STYLES[plan.result]))


def print_plan(console: Console, plan: Plan) -> None:
    """Print a plan, the worst first, each number with its arithmetic and its source."""
    print_result(console, plan, plan.on)
    for site in plan.sites:
        portions = " + ".join(
            f"{p.agent} {p.concentration:g} {p.unit} {p.volume_ml:g} mL ({p.mg:.4g} mg)"
            for p in site.portions
        )
        console.print(f"  {site.muscle} {site.side}: {portions}")
    print_checks(console, plan)
    for thing in plan.at_hand:
        console.print()
        console.print(Text(f"At hand: {thing}"))
    print_end(console, plan)


def print_checks(console: Console, plan: Checked) -> None:
    """Print everything that was looked at, each with its arithmetic and its sources."""
    for check in plan.checks:
        mark, style = MARKS[check.verdict]
        known = " (acknowledged)" if check.id in plan.acknowledged else ""
        console.print()
        console.print(Text(f"{mark} {check.id}{known}", style))
        console.print(Text(f"    {check.says}"))
        if check.arithmetic:
            console.print(Text(f"    {check.arithmetic}"))
        for source in check.source:
            console.print(Text(f"    {source}", "dim"))


def print_end(console: Console, plan: Checked) -> None:
    """Print what is left to be weighed, and who decides."""
    if plan.open_decisions:
        console.print()
        named = " ".join(f"--acknowledge {id_}" for id_ in plan.open_decisions)
        console.print(f"To weigh, and to acknowledge by name: {named}")
    console.print()
    console.print(Text("It informs a clinician, who decides. Not medical advice.", "dim"))

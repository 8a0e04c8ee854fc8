"""One patient's story: who, how it went, what is next, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.text import Text

from reliefpath.care.tried import tried
from reliefpath.care_log.log import CareLog
from reliefpath.cli.render.curve import draw
from reliefpath.cli.render.worklist import STYLES, basis, improvement_text
from reliefpath.pathway.advice import Advice
from reliefpath.pathway.assessment import not_applying
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.recovery_course import RecoveryCourse, course_of_episode
from reliefpath.pathway.turning import turns
from reliefpath.pathway.wording import GATES, fact_in_words
from reliefpath.recovery import Priors

MARKS = {True: ("✔", "green"), False: ("✘", "red"), None: ("?", "yellow")}
COLUMNS, AHEAD = 64, 6
"""Width of the chart in characters, and how many weeks it looks ahead."""


def print_story(
    console: Console,
    care_log: CareLog,
    advice: Advice,
    pathway: Pathway,
    as_of: date,
    priors: Priors | None = None,
) -> None:
    """Print the story of the episode that an advice is about."""
    episode = care_log.episodes.row(by_predicate=pl.col("episode") == advice.episode, named=True)
    facts = advice.facts
    _headline(console, care_log, episode, advice, as_of)
    measure = advice.improvement.measure
    if measure is not None and advice.improvement.estimate is not None:
        asked = pathway.targets, priors
        course = course_of_episode(care_log, advice.episode, measure, as_of, *asked)
        console.print()
        for line in [] if course is None else _chart(course):
            console.print(line, highlight=False)
    _numbers(console, facts, as_of)
    _ledger(console, care_log, episode, as_of)
    _gate(console, advice, pathway)
    _list(console, "What would change the answer", advice.would_change)
    _list(console, "Notes", advice.notes)
    console.print()
    console.print(basis(pathway), style="dim")


def _headline(
    console: Console,
    care_log: CareLog,
    episode: dict[str, Any],
    advice: Advice,
    as_of: date,
) -> None:
    person = care_log.patients.row(by_predicate=pl.col("patient") == episode["patient"], named=True)
    name = person["name"] or person["patient"]
    complaint = f", “{episode['complaint']}”" if episode["complaint"] else ""
    side = f"{episode['region']}{complaint}, since {episode['started_on']}"
    console.print(Text(f"{advice.episode}  {name}", "bold"), Text(side), highlight=False)
    status = Text(advice.status, STYLES[advice.status])
    console.print(
        "As of", str(as_of), status, f"gate to the injection {GATES[advice.gate]}", highlight=False
    )
    console.print(Text("Next  ", "bold") + Text(advice.next_step))


def _chart(course: RecoveryCourse) -> Iterator[str]:
    at = np.linspace(0.0, course.weeks[-1] + AHEAD, COLUMNS)
    scale = course.scale
    yield f"  {scale.name}; ● score, ─ curve, ░ its 90 % band, · the window; {AHEAD} weeks ahead"
    limits = scale.low, scale.low + course.scale_range
    yield from draw(course.weeks, course.scores, at, course.curve(at), course.window, limits)


def _numbers(console: Console, facts: dict[str, Any], as_of: date) -> None:
    def share(fact: str) -> str:
        return fact_in_words(fact, facts[fact])

    def number(fact: str) -> str:
        return "unknown" if facts[fact] is None else f"{facts[fact]:z.1f}".removesuffix(".0")

    console.print()
    scores = f"{facts['measure'] or 'no measure'} {number('baseline')} at first"
    heading = f"{improvement_text(facts)}, heading to {share('level_ahead')}"
    lines = {
        "Improvement": f"{heading}; {scores}, {number('current')} now",
        "Level": f"{share('p_level')} sure{_clear(facts)}",
        "Still to come": f"{number('expected_gain')} on {facts['measure']} in {AHEAD} weeks",
        "In the window": f"{share('p_window')} sure",
        "Own estimate": share("own_estimate"),
        "Function": f"{share('function_improvement')} better",
    }
    if facts["second_measure"]:
        lines["Beside it"] = f"{share('second_improvement')} on {facts['second_measure']} alone"
    if facts["injection_relief"] is not None:
        lines["Injection"] = _relief(facts, share, number)
    if turned := "; ".join(turns(facts, as_of)):
        lines["Turned"] = turned
    for label, text in lines.items():
        console.print(f"  {label:<14} {text}", highlight=False)


def _relief(
    facts: dict[str, Any], share: Callable[[str], str], number: Callable[[str], str]
) -> str:
    """What the latest injection brought, and what of it may pass."""
    text = f"relieved {share('injection_relief')} at best, {share('injection_relief_now')} now"
    if facts["injection_relief_weeks"] is not None:
        text += f"; by half for {number('injection_relief_weeks')} weeks"
    if facts["injection_effect"]:
        text += f"; about {number('injection_effect')} of it is its own and passes"
    return text


def _clear(facts: dict[str, Any]) -> str:
    """When it is expected to be clear whether the course is level, where it is not."""
    weeks = facts["look_again_weeks"]
    if facts["p_level"] is None or weeks == 0:
        return ""
    if weeks is None:
        return "; not to be settled soon"
    return f"; a check-in a week is expected to settle it in {weeks:.0f} weeks"


def _ledger(console: Console, care_log: CareLog, episode: dict[str, Any], as_of: date) -> None:
    """What was tried, how often, how well it was followed, and what it brought."""
    rows = tried(care_log, episode["episode"], as_of)
    if rows.is_empty():
        return
    console.print("\nWhat was tried", style="bold")
    for row in rows.iter_rows(named=True):
        more = [
            f"adherence {row['adherence']:.0%}" if row["adherence"] is not None else "",
            f"relief {row['response']:.0%}" if row["response"] is not None else "",
            f"adverse: {row['adverse']}" if row["adverse"] else "",
        ]
        text = "; ".join([_days(row), *filter(None, more)])
        console.print(f"  {row['therapy']:<14} {text.replace('%', ' %')}", highlight=False)


def _days(row: dict[str, Any]) -> str:
    if row["days"] == 1:
        return f"once, {row['first']}"
    return f"{row['days']} times, {row['first']} to {row['last']}"


def _gate(console: Console, advice: Advice, pathway: Pathway) -> None:
    step, idle = None, not_applying(pathway, advice.facts)
    for criterion in advice.criteria:
        if criterion.step != step:
            step = criterion.step
            console.print(f"\n{pathway.step_names[step]}", style="bold")
        mark, style = MARKS[criterion.answer]
        label, values = pathway.label(criterion.id), "does not apply"
        if criterion.id in idle:
            mark, style = "–", "dim"
        else:
            values = ", ".join(f"{name}: {value}" for name, value in criterion.facts_in_words())
        text = Text(f"  {mark} ", style) + Text(f"{label} ({values})")
        console.print(text, highlight=False)
        if criterion.answer is not True:
            console.print(
                Text(
                    f"      {criterion.to_do}\n      {criterion.because} "
                    f"({'; '.join(criterion.source)})",
                    "dim",
                ),
                highlight=False,
            )


def _list(console: Console, title: str, texts: list[str]) -> None:
    if texts:
        console.print(f"\n{title}", style="bold")
        for text in texts:
            console.print(Text(f"  • {text}"), highlight=False)

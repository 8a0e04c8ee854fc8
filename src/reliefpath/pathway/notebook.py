"""How a notebook shows a recovery course and an advice: HTML, the curve in it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from reliefpath.pathway.assessment import not_applying
from reliefpath.pathway.wording import GATES
from reliefpath.recovery.plot import svg

if TYPE_CHECKING:
    from reliefpath.pathway.advice import Advice
    from reliefpath.pathway.model import Pathway
    from reliefpath.pathway.recovery_course import RecoveryCourse

MARKS: dict[bool | None, str] = {True: "✔ yes", False: "✘ no", None: "? unknown"}
CAPTION = (
    "● score, ─ curve in its 90 % band, lighter where the next scores are expected "
    "with 90 %, green the window"
)


def course_html(course: RecoveryCourse) -> Markup:
    """Return the curve of a recovery course, and what it says."""
    return Markup("<div>{}<pre>{}</pre></div>").format(_figure(course), course.summary())


def advice_html(advice: Advice, course: RecoveryCourse | None, pathway: Pathway | None) -> Markup:
    """Return an advice: status, next step and gate, the curve, the criteria, notes.

    Without the pathway, such as of an advice from a file, criteria and steps go by their ids, and
    those that do not apply are not set apart.
    """
    idle = set() if pathway is None else not_applying(pathway, advice.facts)
    asked = [answer for answer in advice.criteria if answer.id not in idle]
    labels = {c.id: c.id if pathway is None else pathway.label(c.id) for c in advice.criteria}
    steps = {} if pathway is None else pathway.step_names
    rows = [
        (steps.get(a.step, a.step), labels[a.id], MARKS[a.answer], a.to_do or "")
        for a in asked
        if not a.answer
    ]
    return Markup("<div>{}{}{}{}{}{}<p>{}</p></div>").format(
        _heading(advice),
        "" if course is None else _figure(course),
        _table(rows),
        _folded("Answered yes", [labels[answer.id] for answer in asked if answer.answer]),
        _folded("Does not apply", [label for id_, label in labels.items() if id_ in idle]),
        _notes(advice.notes),
        f"{advice.pathway.name} {advice.pathway.version}, "
        f"{advice.pathway.approved_by or 'not signed off'}. It informs a clinician, who decides.",
    )


def _heading(advice: Advice) -> Markup:
    i = advice.improvement
    better = "improvement unknown"
    if i.estimate is not None and i.low is not None and i.high is not None:
        better = f"{100 * i.estimate:.0f} % improved ({100 * i.low:.0f} to {100 * i.high:.0f})"
    return Markup("<p><b>{}</b> as of {}: <b>{}</b>, {}; gate {}<br>Next: {}</p>").format(
        advice.episode, advice.as_of, advice.status, better, GATES[advice.gate], advice.next_step
    )


def _table(criteria: Sequence[tuple[str, ...]]) -> Markup:
    """The criteria that are not met, a row each."""
    if not criteria:
        return Markup()
    cell = Markup('<td style="text-align:left">{}</td>')
    rows = [("step", "criterion", "answer", "to do"), *criteria]
    lines = (Markup("<tr>{}</tr>").format(Markup().join(map(cell.format, row))) for row in rows)
    return Markup("<table>{}</table>").format(Markup().join(lines))


def _folded(title: str, labels: list[str]) -> Markup:
    if not labels:
        return Markup()
    text = Markup("<details><summary>{}</summary>{}</details>")
    return text.format(title, "; ".join(labels))


def _figure(course: RecoveryCourse) -> Markup:
    said = (
        f"Recovery curve on {course.scale.name}: {len(course.scores)} scores, from "
        f"{course.scores[0]:g} at first to {course.scores[-1]:g} at last; {course.told}."
    )
    return Markup(
        '<figure style="margin:0"><div role="img" aria-label="{}">{}</div>'
        "<figcaption>{}</figcaption></figure>"
    ).format(said, Markup(svg(course.chart())), CAPTION)  # noqa: S704 - drawn here, from numbers


def _notes(notes: list[str]) -> Markup:
    items = Markup().join(map(Markup("<li>{}</li>").format, notes))
    return Markup("<p>Notes</p><ul>{}</ul>").format(items) if notes else Markup()

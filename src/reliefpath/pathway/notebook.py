"""How a notebook shows a recovery course and an advice: HTML, the curve in it as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from reliefpath.pathway.wording import GATES
from reliefpath.recovery.plot import svg

if TYPE_CHECKING:
    from reliefpath.pathway.advice import Advice, Answer
    from reliefpath.pathway.recovery_course import RecoveryCourse

MARKS: dict[bool | None, str] = {True: "✔ yes", False: "✘ no", None: "? unknown"}
CAPTION = (
    "● score, ─ curve in its 90 % band, lighter where the next scores are expected "
    "with 90 %, green the window"
)


def course_html(course: RecoveryCourse) -> Markup:
    """Return the curve of a recovery course, and what it says."""
    return Markup("<div>{}<pre>{}</pre></div>").format(_figure(course), course.summary())


def advice_html(advice: Advice, course: RecoveryCourse | None) -> Markup:
    """Return an advice: status, next step and gate, the curve, the criteria, notes."""
    met = [answer.id for answer in advice.criteria if answer.answer]
    return Markup("<div>{}{}{}{}{}<p>{}</p></div>").format(
        _heading(advice),
        "" if course is None else _figure(course),
        _table([answer for answer in advice.criteria if not answer.answer]),
        Markup("<details><summary>Answered yes</summary>{}</details>").format(", ".join(met)),
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


def _table(answers: list[Answer]) -> Markup:
    """The criteria that are not met, a row each."""
    if not answers:
        return Markup()
    rows = [("step", "criterion", "answer", "to do")]
    rows += [(a.step, a.id, MARKS[a.answer], a.to_do or "") for a in answers]
    cell = Markup('<td style="text-align:left">{}</td>')
    lines = (Markup("<tr>{}</tr>").format(Markup().join(map(cell.format, row))) for row in rows)
    return Markup("<table>{}</table>").format(Markup().join(lines))


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

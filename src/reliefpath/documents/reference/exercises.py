"""The documentation page of exercises, doses and rules, written from the catalogues."""

from __future__ import annotations

from reliefpath.documents.reference.markdown import cited, source_table, table
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.exercise.catalogue import (
    Bounds,
    DoseRange,
    ExerciseRules,
    exercise_catalogue,
    exercise_rules,
)


def exercises_markdown() -> str:
    """Return the page as Markdown."""
    known, rules = exercise_catalogue(SHIPPED), exercise_rules(SHIPPED)
    exercises = table(
        ("exercise", "name", "kind", "muscles", "needs", "harder", "source"),
        (
            (
                f"`{key}`",
                row.name + (", one side" if row.sided else ""),
                row.kind,
                ", ".join(row.muscles),
                ", ".join(row.equipment),
                row.harder or "",
                cited(row.source, known.sources),
            )
            for key, row in known.exercises.items()
        ),
    )
    doses = table(
        ("kind", "from the least to the most", "source"),
        (
            (key, _dose(row), "; ".join(cited(n, known.sources) for n in row.citations().values()))
            for key, row in known.doses.items()
        ),
    )
    why_not = table(
        ("muscle", "because", "source"),
        (
            (key, row.because, cited(row.source, known.sources))
            for key, row in known.not_exercised.items()
        ),
    )
    begins = table(
        ("irritability", "kinds", "begins at step", "because", "source"),
        (
            (
                key,
                ", ".join(row.kinds),
                str(row.step),
                row.because,
                cited(row.source, rules.sources),
            )
            for key, row in rules.irritability.items()
        ),
    )
    changes = table(
        ("rule", "holds when", "then", "because", "source"),
        (
            (
                f"`{key}`",
                ", ".join(f"{fact} {_bounds(bounds)}" for fact, bounds in row.when.items()),
                row.change + (f", at most {row.at_most}" if row.at_most else ""),
                row.because,
                cited(row.source, rules.sources),
            )
            for key, row in rules.rules.items()
        ),
    )
    reminders = table(
        ("says", "source"),
        ((row.says, cited(row.source, rules.sources)) for row in rules.reminders.values()),
    )
    return f"""# Exercises

How they are chosen and changed: [Plan exercise](../exercise.md).

## Exercises

{exercises}
## Doses

How often comes from [the therapy's course](therapies.md).

{doses}
## Not exercised

{why_not}
## How a programme begins

{begins}
## What changes it

{changes}
## After a needle

{_after_needle(rules)}
## What the patient is told besides

{reminders}
## Sources

{source_table({**known.sources, **rules.sources})}"""


def _after_needle(rules: ExerciseRules) -> str:
    row = rules.after_needle
    return table(
        ("after", "no heavy load", "which is", "exercise again on day", "because", "source"),
        (
            (
                ", ".join(row.therapies),
                f"{row.hours[0]} to {row.hours[1]} hours",
                ", ".join(row.kinds),
                f"{row.begins_on_day[0]} or {row.begins_on_day[1]}",
                row.because,
                cited(row.source, rules.sources),
            ),
        ),
    )


def _dose(row: DoseRange) -> str:
    spans = ((name, getattr(row, name)) for name in ("sets", "repetitions", "seconds", "minutes"))
    return ", ".join(f"{name} {span[0]} to {span[1]}" for name, span in spans if span)


def _bounds(bounds: Bounds) -> str:
    held = bounds.model_dump(exclude_none=True).items()
    return " and ".join(f"{name} {value:g}" for name, value in held)

"""The pathway and the data dictionary as Markdown: every rule with its reason and source."""

from __future__ import annotations

from collections.abc import Iterator

from reliefpath.documents.reference.markdown import cited, one_line, source_table, table
from reliefpath.pathway.facts import declaration
from reliefpath.pathway.model import Criterion, Pathway
from reliefpath.pathway.parameters import Rule


def pathway_markdown(pathway: Pathway) -> str:
    """Return the whole pathway as text."""
    return "\n".join(_pathway(pathway)).rstrip() + "\n"


def _pathway(p: Pathway) -> Iterator[str]:
    yield f"# {p.title}\n"
    signed = f"Signed off by {p.approved_by}" if p.approved_by else "**Not signed off**"
    yield f"`{p.pathway}` {p.version}. Owner: {p.owner}. {signed}.\n"
    yield f"{one_line(p.about)}\n"
    low, high = p.recovery.window
    yield "## Recovery\n"
    yield (
        f"The window is {100 * low:g} to {100 * high:g} % improved; "
        f"recovered is {100 * p.recovery.recovered:g} %; "
        f"a plateau looks {p.recovery.horizon_weeks:g} weeks ahead. {_why(p, p.recovery)}\n"
    )
    if (t := p.trial) is not None:
        yield "## Trial of conservative care\n"
        yield (
            f"A gap of more than {t.gap_weeks:g} weeks ends a course; lately is {t.lately_weeks:g} "
            f"weeks back; sessions of dry needling count {t.needling_days_apart} days apart. "
            f"{_why(p, t)}\n"
        )
    if p.parameters:
        yield "## Parameters\n"
        yield "Numbers that stand once, and that rules and texts refer to by name.\n"
        yield table(
            ["parameter", "is", "because", "source"],
            (
                (
                    f"`{name}`",
                    f"{value.label}: {value.told(None)}",
                    row.because,
                    cited(row.source, p.sources),
                )
                for name, row in p.parameters.items()
                for value in (p.values[name],)
            ),
        )
    yield "## Statuses\n"
    yield "The first that holds is the episode's.\n"
    yield table(
        ["status", "when", "next step", "because", "source"],
        (
            (
                f"**{name}**",
                f"`{one_line(s.when)}`" if s.when else "every episode that is left",
                s.next,
                s.because,
                cited(s.source, p.sources),
            )
            for name, s in p.statuses.items()
        ),
    )
    yield "## Steps\n"
    yield "From least to most invasive; a step's gate is its criteria and those before it.\n"
    for step in p.steps.values():
        yield f"### {step.name}\n"
        yield f"{_why(p, step)}\n"
        yield from _criteria(p, step.criteria)
    yield f"## {p.follow_up.name}\n"
    yield f"{_why(p, p.follow_up)}\n"
    yield from _criteria(p, p.follow_up.criteria)
    yield "## Notes\n"
    yield table(
        ["note", "for", "when", "says", "because", "source"],
        (
            (
                f"`{name}`",
                ", ".join(n.statuses) or "every status",
                f"`{one_line(n.when)}`",
                n.say,
                n.because,
                cited(n.source, p.sources),
            )
            for name, n in p.notes.items()
        ),
    )
    yield "## Sources\n"
    yield source_table(p.sources)


def _criteria(p: Pathway, criteria: dict[str, Criterion]) -> Iterator[str]:
    yield table(
        ["criterion", "requires", "if no", "if unknown", "because", "source"],
        (
            (
                f"`{id_}`",
                f"`{one_line(c.require)}`",
                c.if_no,
                c.if_unknown,
                c.because,
                cited(c.source, p.sources),
            )
            for id_, c in criteria.items()
        ),
    )


def _why(p: Pathway, rule: Rule) -> str:
    return f"{one_line(rule.because)} ({cited(rule.source, p.sources)})"


def facts_markdown() -> str:
    """Return the data dictionary of the facts table."""
    declared = declaration()
    lines = [
        "# Facts\n",
        "One row an episode. A fact that is not known is null, never a default.\n",
        table(
            ["fact", "type", "unit", "meaning", "source"],
            (
                (f"`{name}`", f.type, f.unit or "", f.meaning, cited(f.source, declared.sources))
                for name, f in declared.facts.items()
            ),
        ),
        "## Sources\n",
        source_table(declared.sources),
    ]
    return "\n".join(lines).rstrip() + "\n"

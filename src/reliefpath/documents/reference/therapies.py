"""The documentation page of therapies, agents, units and findings, written from the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from reliefpath.documents.reference.markdown import cited, source_table, table
from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import Source
from reliefpath.reference.therapies.catalogue import Course, Span, therapy_catalogue
from reliefpath.reference.therapies.findings import FindingKind, finding_catalogue
from reliefpath.reference.therapies.injectables import Agent, agent_catalogue, unit_catalogue
from reliefpath.reference.therapies.injection.adverse_effects import adverse_effects


def therapies_markdown() -> str:
    """Return the page as Markdown."""
    sources = {
        **therapy_catalogue(SHIPPED).sources,
        **agent_catalogue(SHIPPED).sources,
        **unit_catalogue().sources,
        **finding_catalogue(SHIPPED).sources,
        **adverse_effects().sources,
    }
    findings = "\n".join(
        f"### `{key}`\n\n{kind.meaning}.{_validity(kind, sources)}\n\n{_codes(kind, sources)}"
        for key, kind in finding_catalogue(SHIPPED).kinds.items()
    )
    return f"""# Therapies, agents and findings

## Therapies

From least (0) to most invasive (10).

{_therapies(sources)}
## Agents

What is injected. Maxima are of plain anaesthetic, and the shares of several anaesthetics add up.

{_agents(sources)}
## Units

{_units(sources)}
## Findings

What is known about a person, and what it bars. A kind with the code `screened` must have been
asked about: without it, silence is unknown, not safe. What is in words that no code and no other
name below says is kept as `not-understood` where its kind has that code, and refused elsewhere.

{findings}
## Adverse effects

What went wrong at a treatment, in the words of its `adverse_effect`. Before the next needle all but
the usual is asked about by name, and so are words that are none of these.

{_adverse_effects(sources)}
## Sources

{source_table(sources)}"""


def _therapies(sources: Mapping[str, Source]) -> str:
    return table(
        ("therapy", "name", "family", "invasiveness", "course", "evidence", "against", "source"),
        (
            (
                f"`{key}`",
                row.name,
                row.family + (f", counts as `{row.counts_as}`" if row.counts_as else ""),
                str(row.invasiveness),
                f"{_course(row.course)} Source: {cited(row.course.source, sources)}",
                row.evidence,
                row.against,
                cited(row.source, sources),
            )
            for key, row in therapy_catalogue(SHIPPED).therapies.items()
        ),
    )


def _course(course: Course) -> str:
    """Return a course in words, without what its sources leave open."""
    numbers = {
        "Sessions a week": _span(course.sessions_per_week),
        "Minutes a session": _span(course.session_minutes),
        "Sessions": _span(course.sessions),
        "Weeks": _span(course.weeks),
        "Fair trial, weeks": _number(course.adequate_weeks),
        "Fair trial, sessions": _number(course.adequate_sessions),
        "Judged after weeks": ", ".join(map(_number, course.reassess_weeks)),
        "Most sessions in twelve months": _number(course.sessions_per_year),
    }
    return ". ".join([course.dose, *(f"{what}: {n}" for what, n in numbers.items() if n)]) + "."


def _agents(sources: Mapping[str, Source]) -> str:
    return table(
        (
            "agent",
            "name",
            "kind",
            "strengths, %",
            "maximum, mg/kg",
            "maximum, mg",
            "maximum in 24 hours, mg",
            "counts for, hours",
            "mg of triamcinolone per mg",
            "common in a session, mg",
            "note",
            "also called",
            "source",
        ),
        (
            (
                f"`{key}`",
                row.name,
                row.kind,
                ", ".join(map(_number, row.concentrations_percent)),
                _number(row.max_mg_per_kg),
                _number(row.max_mg),
                _number(row.max_mg_24h),
                _number(row.acts_hours),
                _number(row.triamcinolone_equivalent),
                _span(row.session_mg),
                row.note,
                ", ".join(row.synonyms),
                _agent_sources(row, sources),
            )
            for key, row in agent_catalogue(SHIPPED).agents.items()
        ),
    )


def _agent_sources(agent: Agent, sources: Mapping[str, Source]) -> str:
    apart = (f"`{name}`: {cited(ids, sources)}" for name, ids in agent.source_of.items())
    return "; ".join([cited(agent.source, sources), *apart])


def _units(sources: Mapping[str, Source]) -> str:
    units = unit_catalogue().units
    bases = {row.dimension: row.name for row in units.values() if row.factor == 1}
    return table(
        ("unit", "name", "dimension", "is", "source"),
        (
            (
                f"`{key}`",
                row.name,
                row.dimension,
                f"{row.factor:.10g} {bases[row.dimension]}",
                cited(row.source, sources),
            )
            for key, row in units.items()
        ),
    )


def _validity(kind: FindingKind, sources: Mapping[str, Source]) -> str:
    """For how long an answer is believed."""
    days = kind.valid_days
    if days is None:
        return ""
    limits = {"gate": days.worklist, "plan": days.plan}
    told = [f"{limit} days for the {of}" for of, limit in limits.items() if limit is not None]
    cites = cited(days.source, sources)
    return f" An answer that permits something is believed for {' and '.join(told)} ({cites})."


def _codes(kind: FindingKind, sources: Mapping[str, Source]) -> str:
    return table(
        ("code", "name", "bars", "because", "also called", "source"),
        (
            (
                f"`{key}`",
                row.name,
                ", ".join(row.bars) or "nothing",
                row.means(),
                ", ".join(row.synonyms),
                cited(row.source, sources),
            )
            for key, row in kind.codes.items()
        ),
    )


def _adverse_effects(sources: Mapping[str, Source]) -> str:
    return table(
        ("id", "name", "words that begin with", "asked", "source"),
        (
            (
                f"`{key}`",
                row.name,
                ", ".join((*row.words, *row.texts)),
                "nothing" if row.usual else row.ask,
                cited(row.source, sources),
            )
            for key, row in adverse_effects().effects.items()
        ),
    )


def _span(span: Span | None) -> str:
    if span is None:
        return ""
    low, high = span
    if high is None:
        return f"{low:g} or more"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.4g}"

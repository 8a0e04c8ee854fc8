"""The reference page of the outcome measures, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from reliefpath.knowledge import SHIPPED
from reliefpath.knowledge.catalogue import Row, cited_rows
from reliefpath.reference.measures.catalogue import Measure, Threshold, measures, sources


def measures_markdown() -> str:
    """Return one overview table and a section a measure, ready for the documentation."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield "# Outcome measures"
    yield ""
    yield "Every number carries its source and how sure that source is."
    yield ""
    yield "| id | measure | construct | range | unit | better | MCID | MDC | free |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for id_, m in measures(SHIPPED).items():
        free = "yes" if m.licence.free else "no"
        mcid, mdc = (f"{t.value:g}" if t else "–" for t in (m.mcid, m.mdc))
        yield (
            f"| [`{id_}`](#measure-{id_}) | {m.name} | {m.construct} | {_range(m)} | {m.unit} "
            f"| {m.better} | {mcid} | {mdc} | {free} |"
        )
    for id_, m in measures(SHIPPED).items():
        yield from _section(id_, m)
    yield from _sources()


def _section(id_: str, m: Measure) -> Iterator[str]:
    yield f"\n(measure-{id_})=\n## {m.name}\n"
    yield f"{m.about}."
    yield ""
    yield f"- Code: `{id_}`"
    yield f"- Measures: {m.construct}, {_range(m)} ({m.unit}); {m.better} is better"
    yield f"- Well: {_well(m)}"
    yield f"- Items: {_items(m)}"
    yield f"- Rule ({m.scoring.version}): {m.scoring.rule} {_cited(m.scoring)}"
    if m.scoring.missing:
        missing = m.scoring.missing
        yield f"- Missing items, at most {missing.allowed}: {missing.then} {_cited(missing)}"
    yield from _threshold("Smallest change that matters (MCID)", m.mcid)
    yield from _threshold("Smallest detectable change (MDC)", m.mdc)
    if m.bands:
        bands = ", ".join(f"from {start:g} {name}" for start, name in m.bands.starts.items())
        yield f"- Bands: {bands} {_cited(m.bands)}"
    yield f"- Licence: {m.licence.terms}; owner: {m.licence.owner} {_cited(m.licence)}"
    for loinc in m.loinc:
        legacy = ", legacy" if loinc.legacy else ""
        note = f" {loinc.note}." if loinc.note else ""
        yield f"- LOINC {loinc.code}: {loinc.display} ({loinc.use}{legacy}).{note} {_cited(loinc)}"
    if m.note:
        yield f"- Note: {m.note}"
    yield f"- Read: {_cited(m)}"


def _threshold(label: str, threshold: Threshold | None) -> Iterator[str]:
    if threshold is None:
        yield f"- {label}: none found"
        return
    at = f" at {threshold.confidence:.0%} confidence" if threshold.confidence else ""
    note = f". {threshold.note}" if threshold.note else ""
    yield f"- {label}: {threshold.value:g} ({threshold.unit}){at}{note} {_cited(threshold)}"
    if threshold.percent:
        share = threshold.percent
        yield f"- {label}, as a share: {share.value:g} % of the baseline {_cited(share)}"


def _sources() -> Iterator[str]:
    yield "\n## Sources\n"
    named = {
        source
        for m in measures(SHIPPED).values()
        for _, row in cited_rows(m)
        for source in row.source
    }
    for id_, source in sources(SHIPPED).items():
        if id_ in named:
            cite = f"[{source.cite}]({source.url})" if source.url else source.cite
            yield f"- `{id_}`: {cite} — {source.certainty}"


def _cited(row: Row) -> str:
    """The sources of a row, each with its certainty."""
    return "(" + "; ".join(f"`{s}`, {sources(SHIPPED)[s].certainty}" for s in row.source) + ")"


def _range(m: Measure) -> str:
    return f"{m.low:g} and up" if m.high is None else f"{m.low:g} to {m.high:g}"


def _well(m: Measure) -> str:
    if m.retrospective:
        return "none; the score is already a change, so it carries no recovery curve"
    return "none known, so it carries no recovery curve" if m.well is None else f"{m.well:g}"


def _items(m: Measure) -> str:
    if m.items is None:
        return "none; only the total is entered"
    each = f"from {m.items.low:g}" + ("" if m.items.high is None else f" to {m.items.high:g}")
    if m.items.named_by_patient:
        return f"{m.items.fewest} to {m.items.most} activities that the patient names, each {each}"
    if m.items.labels:
        labels = ", ".join(f"`{id_}` {label}" for id_, label in m.items.labels.items())
        return f"{labels}; each {each}"
    return f"`1` to `{m.items.most}`, each {each}"

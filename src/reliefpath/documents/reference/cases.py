"""Patients written down by hand, as a page of the reference documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reliefpath.documents.reference.markdown import one_line, table
from reliefpath.pathway.cases.reading import (
    DAY_ONE,
    WEEK,
    Chapter,
    Entry,
    Episode,
    Vignette,
    blocks,
    inside,
    used,
)


def cases_markdown(chapters: Iterable[Chapter]) -> str:
    """Return the building blocks and some chapters as a page."""
    return "\n".join(_pages(chapters)).rstrip() + "\n"


def _pages(chapters: Iterable[Chapter]) -> Iterator[str]:
    yield "# Golden patients\n"
    yield (
        "Each is a test: what the pathway says of this patient is what is written here. Times are "
        "weeks since care began.\n"
    )
    yield "## Building blocks\n"
    yield "What vignettes share, by name; a block may hold others.\n"
    rows = ([f"`{n}`", b.about, ", ".join(f"`{i}`" for i in b.with_)] for n, b in blocks().items())
    yield table(["block", "what it is", "holds"], rows)
    for chapter in chapters:
        yield f"## {chapter.chapter}\n"
        yield f"{one_line(chapter.about)}\n"
        for vignette in chapter.vignettes:
            yield f"### {vignette.title}\n"
            yield f"{one_line(vignette.story)}\n"
            yield from _told(vignette, vignette)
            if vignette.other:
                yield f"The patient's other episode, {vignette.other.region}:\n"
                yield from _told(vignette, vignette.other)
            yield "\n".join(f"- {line}" for line in _expected(vignette)) + "\n"


def _told(vignette: Vignette, episode: Episode) -> Iterator[str]:
    """The scores as a table, and a line for all that was done or known."""
    series: dict[str, dict[float, float]] = {}
    for part in [*(blocks()[name] for name in used(episode)), episode]:
        for measure, values in part.scores.items():
            for time, value in values.items():
                since = vignette.moment(time, episode.begins) - DAY_ONE
                series.setdefault(measure, {})[since / WEEK] = value
    weeks = sorted({week for values in series.values() for week in values})
    if weeks:
        rows = ([m, *(f"{v[w]:g}" if w in v else "" for w in weeks)] for m, v in series.items())
        yield table(["week", *(f"{week:.3g}" for week in weeks)], rows)
    lines = [one_line(blocks()[name].about) for name in _whole(episode.with_, episode.without)]
    lines += [
        f"{', '.join(map(_when, entry.at)).capitalize()}: {', '.join(_words(entry))}."
        for entry in (*episode.treatments, *episode.exams, *episode.findings)
    ]
    if lines:
        yield "\n".join(f"- {line}" for line in lines) + "\n"


def _whole(names: tuple[str, ...], without: tuple[str, ...]) -> Iterator[str]:
    """The largest blocks among `names` of which nothing is left out."""
    for name in names:
        if not set(inside((name,))) & set(without):
            yield name
        elif name not in without:
            yield from _whole(blocks()[name].with_, without)


def _when(time: str) -> str:
    number, _, rest = time.partition(" ")
    unit = "day" if number.endswith("d") else "week"
    if time == "now":
        return time
    if rest == "ago":
        return f"{number.removesuffix('d')} {unit}s ago"
    return f"weeks {time}" if rest else f"{unit} {number.removesuffix('d')}"


def _words(entry: Entry) -> Iterator[str]:
    """The columns of a row as a reader would say them."""
    columns = dict(entry.__pydantic_extra__)
    if "amount" in columns:
        columns["amount"] = f"{columns['amount']:g} {columns.pop('unit')}"
    for name, value in columns.items():
        label = name.replace("_", " ")
        if isinstance(value, bool):
            yield label if value else f"no {label}"
        else:
            yield f"{value}" if isinstance(value, str) else f"{label} {value:g}"
    if entry.until is not None:
        yield f"until {_when(entry.until)}"


def _expected(vignette: Vignette) -> Iterator[str]:
    expect = vignette.expect
    status = "" if expect.status is None else f"**{expect.status}**, "
    yield f"In week {vignette.as_of:.3g}: {status}gate {expect.gate}"
    listed = {"stopped by": expect.stopped_by, "unknown": expect.unknown, "due": expect.due}
    for name, ids in listed.items():
        if ids:
            yield f"{name}: " + ", ".join(f"`{id_}`" for id_ in ids)
    if expect.next:
        yield f"next step: “{expect.next.rstrip('.')} …”"
    if expect.notes:
        yield "notes: " + ", ".join(f"`{note}`" for note in expect.notes)

"""Golden patients: read from `vignettes/*.yaml`, one file a chapter, and turned into care logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import BeforeValidator, ConfigDict, Field

from reliefpath.chart.care_log import CareLog, assemble
from reliefpath.errors import KnowledgeError
from reliefpath.knowledge import Record, read_record
from reliefpath.markdown import one_line, table

FOLDER = Path(__file__).parent / "vignettes"
BLOCKS = "building-blocks.yaml"
DAY_ONE = datetime(2024, 1, 1, tzinfo=UTC)
"""When every vignette's care begins; only spans of time matter."""

Text = Annotated[str, BeforeValidator(str)]
"""A time: weeks since care began (`8`, `8.5`), days since (`60d`), `now`, `1 ago`, `29d ago`, or
every week of a span (`1 to 16`, `3 to now`)."""
Times = Annotated[tuple[Text, ...], BeforeValidator(lambda v: v if isinstance(v, list) else [v])]
Value = bool | int | float | str
Scores = dict[str, dict[Text, float]]


class Entry(Record):
    """Rows of a care-log table: the same row at each time; further keys are its columns."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Value]

    at: Times
    until: Text | None = None


class Block(Record):
    """Something done or known, under a name that vignettes share."""

    about: str = ""
    with_: tuple[str, ...] = Field(default=(), alias="with", description="Blocks inside it")
    scores: Scores = Field(default_factory=dict)
    treatments: tuple[Entry, ...] = ()
    exams: tuple[Entry, ...] = ()
    findings: tuple[Entry, ...] = ()


class Episode(Block):
    """What happened in one episode of the patient."""

    without: tuple[str, ...] = Field(default=(), description="Blocks left out of those in `with`")
    begins: float = Field(default=0, description="When, in weeks since the main episode began")
    ended: Text | None = None
    region: str = "neck"
    primary_measure: str | None = None


class Expected(Record):
    """What the pathway ought to say."""

    status: str
    gate: Literal["open", "closed", "unknown"]
    stopped_by: tuple[str, ...] = Field(default=(), description="Criteria of the gate answered no")
    unknown: tuple[str, ...] = Field(default=(), description="Criteria that cannot be answered")
    due: tuple[str, ...] = Field(default=(), description="Every check-in that is due")
    next: str | None = Field(default=None, description="How the next step begins")
    notes: tuple[str, ...] | None = Field(default=None, description="Every note shown")
    facts: dict[str, Value | None] = Field(default_factory=dict)


class Vignette(Episode):
    """One patient at one moment, and the advice that a good clinician would expect."""

    title: str
    story: str
    other: Episode | None = Field(default=None, description="The patient's other episode")
    as_of: float
    expect: Expected

    @property
    def day(self) -> date:
        """The date for which advice is asked."""
        return self.moment("now").date()

    def moment(self, time: str, begins: float = 0) -> datetime:
        """Return the moment of `time` in an episode that began `begins` weeks after care did."""
        number, _, ago = time.partition(" ")
        if number == "now":
            return DAY_ONE + _span(str(self.as_of))
        if ago:
            return self.moment("now") - _span(number)
        return DAY_ONE + _span(str(begins)) + _span(number)

    def moments(self, times: tuple[str, ...], begins: float = 0) -> Iterator[datetime]:
        """Yield the moments of `times`, a span such as `1 to 16` as one a week."""
        for time in times:
            first, _, last = time.partition(" to ")
            at = self.moment(first, begins)
            yield at
            while last and (at := at + timedelta(weeks=1)) <= self.moment(last, begins):
                yield at

    def care_log(self) -> CareLog:
        """Return the patient's care log; the episode asked about bears the vignette's title.

        Raises:
            AssertionError: the vignette breaks the care log's schema.
        """
        episodes: dict[str, Episode] = {self.title: self}
        if self.other:
            episodes[f"{self.title}, the other episode"] = self.other
        rows: dict[str, list[dict[str, object]]] = defaultdict(list)
        rows["patients"] = [{"patient": self.title}]
        rows["episodes"] = [
            {
                "episode": name,
                "patient": self.title,
                "region": episode.region,
                "started_on": self.moment("0", episode.begins).date(),
                "ended_on": self.moment(episode.ended).date() if episode.ended else None,
                "primary_measure": episode.primary_measure,
            }
            for name, episode in episodes.items()
        ]
        for name, episode in episodes.items():
            for kind, row in self._rows(episode):
                key = {"patient": self.title} if kind == "findings" else {"episode": name}
                rows[kind].append(key | row)
        frames = {k: pl.DataFrame(r, infer_schema_length=None) for k, r in rows.items()}
        log, refused = assemble(frames)
        assert not refused, f"{self.title}: {refused}"
        return log

    def _rows(self, episode: Episode) -> Iterator[tuple[str, dict[str, object]]]:
        for block in [*(blocks()[name] for name in used(episode)), episode]:
            for measure, series in block.scores.items():
                for time, value in series.items():
                    at = self.moment(time, episode.begins)
                    yield "scores", {"at": at, "measure": measure, "value": value}
            for kind in ("treatments", "exams", "findings"):
                for entry in getattr(block, kind):
                    columns = dict(entry.__pydantic_extra__)
                    if entry.until is not None:
                        columns["until"] = self.moment(entry.until, episode.begins).date()
                    for at in self.moments(entry.at, episode.begins):
                        yield kind, {"at": at, **columns}


class Chapter(Record):
    """One file of vignettes."""

    chapter: str
    about: str
    vignettes: tuple[Vignette, ...]


class Blocks(Record):
    """The file of building blocks."""

    blocks: dict[str, Block]


@cache
def blocks() -> dict[str, Block]:
    """Return the building blocks by name."""
    return read_record(FOLDER / BLOCKS, Blocks, KnowledgeError).blocks


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return the chapters in the order of their files' names."""
    files = sorted(file for file in FOLDER.glob("*.yaml") if file.name != BLOCKS)
    return tuple(read_record(file, Chapter, KnowledgeError) for file in files)


def used(episode: Episode) -> list[str]:
    """Return the names of the blocks that make up an episode, those inside others included."""
    return list(dict.fromkeys(_inside(episode.with_, episode.without)))


def _inside(names: tuple[str, ...], without: tuple[str, ...] = ()) -> Iterator[str]:
    for name in names:
        if name not in without:
            yield name
            yield from _inside(blocks()[name].with_, without)


def _span(text: str) -> timedelta:
    number = float(text.removesuffix("d"))
    days = number if text.endswith("d") else number * 7
    return timedelta(days=round(days, 6))


def vignettes_markdown() -> str:
    """Return the vignettes as a chapter of the reference documentation."""
    return "\n".join(_pages()).rstrip() + "\n"


def _pages() -> Iterator[str]:
    yield "# Golden patients\n"
    yield (
        "Each is a test: what the pathway says of this patient is what is written here. Times are "
        "weeks since care began.\n"
    )
    yield "## Building blocks\n"
    yield "What vignettes share, by name; a block may hold others.\n"
    rows = ([f"`{n}`", b.about, ", ".join(f"`{i}`" for i in b.with_)] for n, b in blocks().items())
    yield table(["block", "what it is", "holds"], rows)
    for chapter in chapters():
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
                series.setdefault(measure, {})[since / timedelta(weeks=1)] = value
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
        if not set(_inside((name,))) & set(without):
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
    yield f"In week {vignette.as_of:.3g}: **{expect.status}**, gate {expect.gate}"
    listed = {"stopped by": expect.stopped_by, "unknown": expect.unknown, "due": expect.due}
    for name, ids in listed.items():
        if ids:
            yield f"{name}: " + ", ".join(f"`{id_}`" for id_ in ids)
    if expect.next:
        yield f"next step: “{expect.next.rstrip('.')} …”"
    if expect.notes:
        yield "notes: " + ", ".join(f"`{note}`" for note in expect.notes)

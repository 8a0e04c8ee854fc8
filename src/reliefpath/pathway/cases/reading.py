"""Patients written down by hand: read from YAML, one file a chapter, and turned into care logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import BeforeValidator, ConfigDict, Field

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.errors import KnowledgeError
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import Record, read_record

BLOCKS = "building-blocks.yaml"
WEEK = timedelta(weeks=1)
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
    end_reason: str | None = None
    region: str = "neck"
    other_regions: str | None = None
    side: str | None = None
    primary_measure: str | None = None


class Expected(Record):
    """What the pathway ought to say."""

    status: str | None = None
    gate: Literal["open", "closed", "unknown", "not open"]
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
    died: Text | None = None
    absent: tuple[str, ...] = Field(default=(), description="Tables that nobody handed in")
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
            while last and (at := at + WEEK) <= self.moment(last, begins):
                yield at

    def care_log(self, knowledge: Knowledge) -> CareLog:
        """Return the patient's care log; the episode asked about bears the vignette's title.

        Raises:
            AssertionError: the vignette breaks the care log's schema.
        """
        episodes: dict[str, Episode] = {self.title: self}
        if self.other:
            episodes[f"{self.title}, the other episode"] = self.other
        rows: dict[str, list[dict[str, object]]] = defaultdict(list)
        died = None if self.died is None else self.moment(self.died).date()
        rows["patients"] = [{"patient": self.title, "died_on": died}]
        rows["episodes"] = [
            {
                "episode": name,
                "patient": self.title,
                "region": episode.region,
                "started_on": self.moment("0", episode.begins).date(),
                "ended_on": self.moment(episode.ended).date() if episode.ended else None,
                "primary_measure": episode.primary_measure,
                "end_reason": episode.end_reason,
                "other_regions": episode.other_regions,
                "side": episode.side,
            }
            for name, episode in episodes.items()
        ]
        for name, episode in episodes.items():
            for kind, row in self._rows(episode):
                key = {"patient": self.title} if kind == "findings" else {"episode": name}
                rows[kind].append(key | row)
        frames = {k: pl.DataFrame(r, infer_schema_length=None) for k, r in rows.items()}
        log, bad = assemble(frames, knowledge)
        refused = [(name, b) for name, b in bad if not b.warning]
        assert not refused, f"{self.title}: {refused}"
        return replace(log, absent=frozenset(self.absent))

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
    return read_record(files(__package__) / BLOCKS, Blocks, KnowledgeError).blocks


def read_chapter(file: Traversable | Path) -> Chapter:
    """Return the patients of a file.

    Raises:
        KnowledgeError: the file says something that no patient can be made of.
    """
    return read_record(file, Chapter, KnowledgeError)


def used(episode: Episode) -> list[str]:
    """Return the names of the blocks that make up an episode, those inside others included."""
    return list(dict.fromkeys(inside(episode.with_, episode.without)))


def inside(names: tuple[str, ...], without: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the names of blocks and of those inside them, but those left out."""
    for name in names:
        if name not in without:
            yield name
            yield from inside(blocks()[name].with_, without)


def _span(text: str) -> timedelta:
    number = float(text.removesuffix("d"))
    days = number if text.endswith("d") else number * 7
    return timedelta(days=round(days, 6))

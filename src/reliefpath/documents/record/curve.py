"""A measure's scores over time as a small picture, drawn where a page can show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from reliefpath.care_log.schema import SCORES
from reliefpath.documents.printing import day_text
from reliefpath.documents.record.words import Row
from reliefpath.knowledge import Knowledge
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.measures.picture import Frame, line
from reliefpath.reference.measures.totals import totals
from reliefpath.store.frames import to_typed

FRAME = Frame(640, 200, 40, 24, 16, 28)


@dataclass(frozen=True)
class Dot:
    """A score in its place."""

    x: float
    y: float
    value: str
    day: str


@dataclass(frozen=True)
class Curve:
    """The scores of a measure, by time."""

    measure: Measure
    dots: tuple[Dot, ...]
    low: str
    high: str

    @property
    def line(self) -> str:
        """The line through the dots, as SVG has it."""
        return line((dot.x, dot.y) for dot in self.dots)

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        first, last, unit = self.dots[0], self.dots[-1], self.measure.unit
        better = f"{self.measure.better} is better"
        return (
            f"{self.measure.name}: {first.value} {unit} on {first.day}, {last.value} {unit} on "
            f"{last.day}, {len(self.dots)} scores; {better}."
        )


def curves(rows: Iterable[Row], knowledge: Knowledge) -> list[Curve]:
    """Return a curve of each measure that has two scores or more in these rows of `scores`."""
    stored = [{**row, "at": _stored(row["at"])} for row in rows]
    schema = {c.name: pl.Float64 if c.name == "value" else pl.String for c in SCORES.columns}
    typed = to_typed(pl.DataFrame(stored, schema=schema), SCORES)
    scores = totals(typed, knowledge).sort("at")
    found = []
    for name, measure in measures(knowledge).items():
        mine = scores.filter(measure=name)
        if mine["at"].n_unique() > 1:
            found.append(_curve(measure, mine["at"].to_list(), mine["value"].to_list()))
    return found


def _stored(at: str) -> str:
    moment = datetime.fromisoformat(at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _curve(measure: Measure, at: list[datetime], values: list[float]) -> Curve:
    low, high = measure.low, measure.high or max(*values, measure.low + 1)
    places = FRAME.places(at, values, low, high)
    dots = [
        Dot(x, y, f"{value:.3g}", day_text(moment.date()))
        for (x, y), moment, value in zip(places, at, values, strict=True)
    ]
    return Curve(measure, tuple(dots), f"{low:g}", f"{high:g}")

"""A patient's own curve as a small picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from reliefpath.care.check_in.words import words
from reliefpath.care_log.log import CareLog
from reliefpath.clock import wall
from reliefpath.knowledge.languages import Speech
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.measures.picture import Frame, line
from reliefpath.reference.measures.totals import totals

FRAME = Frame(340, 170, 34, 12, 14, 28)


@dataclass(frozen=True)
class Curve:
    """A measure's scores, each a dot in its place."""

    title: str
    summary: str
    dots: tuple[tuple[float, float], ...]
    high: str
    low: str
    first: str
    last: str

    @property
    def line(self) -> str:
        """The line through the dots, as SVG has it."""
        return line(self.dots)


def curves(care_log: CareLog, episode: str, say: Speech) -> list[Curve]:
    """Return a curve of each measure that the patient was asked on two days or more."""
    mine = care_log.scores.filter(pl.col("episode") == episode)
    dated = mine.with_columns(wall(pl.col("at"), care_log.zone))
    scores = totals(dated, care_log.knowledge).sort("at")
    known = measures(care_log.knowledge)
    return [
        _curve(known[name], say(title), mine["at"].to_list(), mine["value"].to_list(), say)
        for name, title in words().curves.items()
        if (mine := scores.filter(measure=name))["at"].dt.date().n_unique() > 1
    ]


def _curve(
    measure: Measure, title: str, at: list[datetime], values: list[float], say: Speech
) -> Curve:
    assert measure.high is not None
    dots = tuple(FRAME.places(at, values, measure.low, measure.high))
    first, last = say.day(at[0].date()), say.day(at[-1].date())
    better = "Lower is better." if measure.better == "lower" else "Higher is better."
    summary = say(
        "{then} on {first}, {now} on {last}.",
        then=f"{values[0]:.3g}",
        first=first,
        now=f"{values[-1]:.3g}",
        last=last,
    )
    marks = f"{measure.high:g}", f"{measure.low:g}"
    return Curve(title, f"{summary} {say(better)}", dots, *marks, first, last)

"""Advice as objects: the shape in which every surface shows it, and its published JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from textwrap import shorten
from typing import Any

import polars as pl
from pydantic import Field, PrivateAttr

from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.knowledge.catalogue import Record
from reliefpath.pathway.assessment import (
    AS_OF,
    GATE,
    NEXT_STEP,
    NOTES,
    WOULD_CHANGE,
    assess,
    question,
    todo_texts,
)
from reliefpath.pathway.facts import schema
from reliefpath.pathway.facts.declared import STATUS
from reliefpath.pathway.model import Pathway, StatusName
from reliefpath.pathway.notebook import advice_html
from reliefpath.pathway.recovery_course import RecoveryCourse, course_of_episode
from reliefpath.pathway.wording import GATES, fact_in_words, label_of
from reliefpath.recovery import Priors

Value = float | int | bool | str | None


class Improvement(Record):
    """How much better, on the episode's measure."""

    measure: str | None = Field(description="Id of the outcome measure")
    baseline: float | None = Field(description="First score, in the measure's unit")
    current: float | None = Field(description="Latest score, in the measure's unit")
    estimate: float | None = Field(description="Improvement, 1 is well; null where undefined")
    low: float | None = Field(description="Lower end of its 90 % interval")
    high: float | None = Field(description="Upper end of its 90 % interval")


class Answer(Record):
    """One criterion, answered."""

    id: str
    step: str = Field(description="The step it guards")
    answer: bool | None = Field(description="Null is unknown, which never opens a gate")
    value: dict[str, Value] = Field(description="The facts behind the answer")
    to_do: str | None = Field(description="What would change it; null where the answer is yes")
    because: str
    source: list[str] = Field(description="Each with how sure it is")

    def facts_in_words(self) -> list[tuple[str, str]]:
        """Return the facts behind it, each by its label and as a page tells it."""
        nothing = "none" if self.answer else "unknown"
        facts = self.value.items()
        return [(label_of(fact), fact_in_words(fact, value, nothing)) for fact, value in facts]


class PathwayName(Record):
    """The pathway that gave the advice."""

    name: str
    version: str = Field(description="After a `+` stands the clinic's own file that was in force")
    approved_by: str | None = Field(description="Who signed it off; null until someone did")


class Advice(Record):
    """What the pathway says of one episode; a clinician decides."""

    episode: str
    patient: str
    as_of: str = Field(description="What had happened by then was known")
    status: StatusName
    next_step: str
    gate: bool | None = Field(description="Whether the most invasive step is open")
    improvement: Improvement
    p_plateau: float | None
    p_window: float | None
    expected_gain: float | None = Field(description="Over the horizon, in the measure's unit")
    criteria: list[Answer]
    would_change: list[str] = Field(description="What would change the answer")
    notes: list[str]
    facts: dict[str, Value]
    pathway: PathwayName
    _course: RecoveryCourse | None = PrivateAttr(None)
    _protocol: Pathway | None = PrivateAttr(None)

    @property
    def course(self) -> RecoveryCourse | None:
        """The recovery course of its measure, where `explain` gave it and a curve can follow."""
        return self._course

    def number(self, fact: str) -> float | None:
        """Return a fact that is a number, in the unit that `reliefpath facts` gives; None unknown.

        Raises:
            TypeError: the fact is a word, or a yes or no.
        """
        value = self.facts[fact]
        if isinstance(value, bool | str):
            raise TypeError(f"the fact `{fact}` is no number: {value!r}")
        return value

    def to_frame(self) -> pl.DataFrame:
        """Return the criteria, one a row: `step`, `criterion`, `answer` and `to_do`."""
        rows = [(a.step, a.id, a.answer, a.to_do) for a in self.criteria]
        columns = {"step": pl.String, "criterion": pl.String, "answer": pl.Boolean}
        return pl.DataFrame(rows, {**columns, "to_do": pl.String}, orient="row")

    def __repr__(self) -> str:
        then = shorten(self.next_step, 60, placeholder=" ...")
        return f"<Advice: {self.episode}, {self.status}; gate {GATES[self.gate]}; next: {then}>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return str(advice_html(self, self.course, self._protocol))


def explain(
    care_log: CareLog,
    episode: str,
    pathway: Pathway,
    as_of: date | datetime,
    priors: Priors | None = None,
) -> Advice:
    """Return what the pathway says of one episode: status, next step, every criterion, the curve.

    It is the row that `assess` gives for the episode, as an object; a notebook shows it whole.

    Args:
        care_log: The clinic's records, or the patient's alone.
        episode: Which episode.
        pathway: The protocol to go by.
        as_of: What had happened by the end of this day, or by this moment, counts.
        priors: What is known of recovery before the first score; from the literature by default.

    Raises:
        UsageError: The episode is not on record or had not begun by `as_of`, `as_of` is a moment
            without a zone, or the care log was read with another clinic's file than the pathway.
    """
    mine = care_log.only(episode)
    advice = assess_episode(mine, episode, pathway, as_of, priors)
    advice._protocol = pathway
    if (measure := advice.improvement.measure) is not None:
        asked = pathway.targets, priors
        advice._course = course_of_episode(mine, episode, measure, as_of, *asked)
    return advice


def assess_episode(
    care_log: CareLog,
    episode: str,
    pathway: Pathway,
    as_of: date | datetime,
    priors: Priors | None = None,
) -> Advice:
    """Return the advice on one episode; see `explain`, which draws its curve too.

    Raises:
        UsageError: as for `explain`.
    """
    table = assess(care_log, pathway, as_of, priors).filter(pl.col("episode") == episode)
    if table.is_empty():
        known = episode in care_log.episodes["episode"]
        why = f"had not begun by {as_of}" if known else "is not on record"
        raise UsageError(f"episode `{episode}` {why}")
    return next(advice_of(table, pathway))


def advice_of(table: pl.DataFrame, pathway: Pathway) -> Iterator[Advice]:
    """Yield the rows of an advice table that `assess` gave, as objects."""
    to_do = table.select(todo_texts(pathway, pathway.criteria))
    version = PathwayName(
        name=pathway.pathway, version=pathway.edition, approved_by=pathway.approved_by
    )
    for row, texts in zip(table.iter_rows(named=True), to_do.iter_rows(named=True), strict=True):
        yield Advice(
            episode=row["episode"],
            patient=row["patient"],
            as_of=row[AS_OF],
            status=row[STATUS],
            next_step=row[NEXT_STEP],
            gate=row[GATE],
            improvement=Improvement(
                measure=row["measure"],
                baseline=row["baseline"],
                current=row["current"],
                estimate=row["improvement"],
                low=row["improvement_low"],
                high=row["improvement_high"],
            ),
            p_plateau=row["p_plateau"],
            p_window=row["p_window"],
            expected_gain=row["expected_gain"],
            criteria=[
                Answer(
                    id=id_,
                    step=step,
                    answer=row[id_],
                    value={fact: row[fact] for fact in facts},
                    to_do=texts[id_],
                    because=because,
                    source=source,
                )
                for id_, step, facts, because, source in _criteria(pathway)
            ],
            would_change=row[WOULD_CHANGE],
            notes=row[NOTES],
            facts={fact: row[fact] for fact in schema()},
            pathway=version,
        )


@lru_cache(maxsize=8)
def _criteria(pathway: Pathway) -> list[tuple[str, str, tuple[str, ...], str, list[str]]]:
    """Of each criterion what is the same for all: id, step, facts, because, source."""
    return [
        (
            id_,
            step,
            tuple(dict.fromkeys((*question(c.require).facts, *c.shows))),
            " ".join(c.because.split()),
            pathway.cite(c),
        )
        for id_, (step, c) in pathway.criteria.items()
    ]


def advice_schema() -> dict[str, Any]:
    """Return the JSON Schema of the list that `reliefpath assess --format json` prints."""
    from pydantic import TypeAdapter

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ReliefPath advice",
        **TypeAdapter(list[Advice]).json_schema(),
    }

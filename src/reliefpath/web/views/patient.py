"""What the page of an episode shows: worked out once for each state of its patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reliefpath.care.clinic_chart import Care
from reliefpath.care.patients import PatientState
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.pathway.advice import Advice
from reliefpath.pathway.turning import turns
from reliefpath.reference.measures import measures
from reliefpath.web.views.body import BodyMap, body_map
from reliefpath.web.views.charts import Layer, Look, spec
from reliefpath.web.views.course import Course, course_of, measures_of
from reliefpath.web.views.gate import Rung, checklist
from reliefpath.web.views.ledger import Row, findings, latest_exam, tried_named
from reliefpath.web.workers.drawing import picture


@dataclass(frozen=True)
class PatientView:
    """What is shown of an episode.

    Attributes:
        about: Who it is about; see `head`.
        advice: The advice on it.
        turns: What a course that turned is said to do.
        drawn: The measures that carry a curve, each with its name, those scored most often first.
        rungs: The gate, step by step.
        tried, exam, body, findings: What is on record, as its part of the page tells it.
    """

    about: Row
    advice: Advice
    turns: tuple[str, ...]
    drawn: dict[str, str]
    rungs: list[Rung]
    tried: list[Row]
    exam: tuple[date, list[Row]] | None
    body: BodyMap
    findings: list[Row]

    @property
    def measure(self) -> str | None:
        """The measure whose curve is shown unless another is chosen; None where none has one."""
        first = self.advice.improvement.measure
        return first if first in self.drawn else next(iter(self.drawn), None)


def view_of(care: Care, state: PatientState, episode: str) -> PatientView:
    """Return what is shown of an episode."""

    def look() -> PatientView:
        care_log, today = state.care_log, state.day
        advice, about = care.advice(state, episode), head(care_log, episode, today)
        exam = latest_exam(care_log, episode, today)
        known = measures(care.knowledge)
        return PatientView(
            about=about,
            advice=advice,
            turns=tuple(turns(advice.facts, today)),
            drawn={name: known[name].name for name in measures_of(care_log, episode, today)},
            rungs=checklist(advice, care.pathway),
            tried=tried_named(care_log, episode, today),
            exam=exam,
            body=body_map(care_log, about, exam, today),
            findings=findings(care_log, about, today),
        )

    return state.once(("view", episode), look)


def course_in(care: Care, state: PatientState, episode: str, measure: str) -> Course | None:
    """Return the course of an episode on a measure, or None where it has no curve."""
    view = view_of(care, state, episode)
    if measure not in view.drawn:
        return None

    def follow() -> Course | None:
        asked = measure, care.pathway, state.day, care.priors
        return course_of(state.care_log, view.about, *asked)

    return state.once(("course", episode, measure), follow)


def curve_of(care: Care, state: PatientState, episode: str, measure: str, look: Look) -> Layer:
    """Return the recovery curve of an episode on a measure, as a Vega-Lite chart.

    Raises:
        UsageError: it has none.
    """
    course = course_in(care, state, episode, measure)
    if course is None:
        raise UsageError(f"`{episode}` has no curve on `{measure}`")
    return spec(course, care.pathway, look)


def picture_of(care: Care, state: PatientState, episode: str, measure: str, look: Look) -> str:
    """Return the same as SVG, drawn once for each look.

    Raises:
        UsageError: it has none.
    """
    curve = episode, measure, look
    return state.once(("picture", *curve), lambda: picture(curve_of(care, state, *curve)))


def head(care_log: CareLog, episode: str, today: date) -> dict[str, Any]:
    """Return who an episode is about: its own columns, with the person's name and age."""
    about = care_log.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
    whose = pl.col("patient") == about["patient"]
    person = care_log.patients.row(by_predicate=whose, named=True)
    born, age = person["birth_date"], None
    if born is not None:
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {**about, "name": person["name"] or about["patient"], "age": age}

"""What the page of an episode shows: worked out once for each state of its patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reliefpath.care.alerts import standing_alerts
from reliefpath.care.clinic_chart import Care
from reliefpath.care.patients import PatientState
from reliefpath.care.visits import next_visit, noted
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.pathway.advice import Advice, assess_episode
from reliefpath.pathway.facts import Combine
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.turning import turns
from reliefpath.reference.measures import measures
from reliefpath.web.views.body import BodyMap, body_map
from reliefpath.web.views.charts import Layer, Look, spec
from reliefpath.web.views.course import Course, course_of, measures_of
from reliefpath.web.views.earlier import RelatedEpisode, related_episodes
from reliefpath.web.views.gate import Line, Rung, checklist
from reliefpath.web.views.ledger import Row, findings, latest_exam, tried_named
from reliefpath.web.workers.drawing import picture

NOTES = 5
"""How many of the latest notes are shown."""


@dataclass(frozen=True)
class PatientView:
    """What is shown of an episode.

    Attributes:
        about: Who it is about; see `head`.
        advice: The advice on it.
        turns: What a course that turned is said to do.
        pooled: The measures that the improvement is of, where it is of more than one.
        courses: The measures that carry a curve, those scored most often first; where no score
            tells of one, None.
        rungs: The gate, step by step.
        tried, exam, body, findings, notes: What is on record, as its part of the page tells it.
        related: The episodes before and after it that may be of the same complaint.
    """

    about: Row
    advice: Advice
    turns: tuple[str, ...]
    pooled: tuple[str, ...]
    courses: dict[str, Course | None]
    rungs: list[Rung]
    tried: list[Row]
    exam: tuple[date, list[Row]] | None
    body: BodyMap
    findings: list[Row]
    related: list[RelatedEpisode]
    notes: list[Row]

    @property
    def unmet(self) -> list[Line]:
        """What is open before the gate, the least invasive step first."""
        return [line for rung in self.rungs for line in rung.open]

    @property
    def measure(self) -> str | None:
        """The measure whose curve is shown unless another is chosen; None where none has one."""
        first = self.advice.improvement.measure
        return first if first in self.courses else next(iter(self.courses), None)


def view_of(care: Care, state: PatientState, episode: str) -> PatientView:
    """Return what is shown of an episode."""
    return care.work_out(state, look_into, episode)


def look_into(care: Care, state: PatientState, episode: str) -> PatientView:
    """Work out what is shown of an episode."""
    care_log, today, asked = state.care_log, state.day, (care.pathway, state.day, care.priors)
    advice = assess_episode(care_log, episode, *asked)
    about, exam = head(care_log, episode, today), latest_exam(care_log, episode, today)
    drawn = measures_of(care_log, episode, today)
    return PatientView(
        about=about,
        advice=advice,
        turns=tuple(turns(advice.facts, today)),
        pooled=_pooled(advice, care.pathway),
        courses={name: course_of(care_log, about, name, *asked) for name in drawn},
        rungs=checklist(advice, care.pathway),
        tried=tried_named(care_log, episode, today),
        exam=exam,
        body=body_map(care_log, about, exam, today),
        findings=findings(care_log, about, today),
        related=related_episodes(care_log, episode, *asked),
        notes=noted(care_log, episode).head(NOTES).to_dicts(),
    )


def _pooled(advice: Advice, pathway: Pathway) -> tuple[str, ...]:
    facts = advice.facts
    if pathway.recovery.combine is not Combine.POOLED or facts["second_improvement"] is None:
        return ()
    known = measures(pathway.knowledge)
    return tuple(known[str(facts[name])].name for name in ("measure", "second_measure"))


def curve_of(care: Care, state: PatientState, episode: str, measure: str, look: Look) -> Layer:
    """Return the recovery curve of an episode on a measure, as a Vega-Lite chart.

    Raises:
        UsageError: it has none.
    """
    course = view_of(care, state, episode).courses.get(measure)
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
    """Return who an episode is about: its own columns, with the person's `name`, `birth_date` and
    `age`, the `week` of care that it is in, `alerts`, and the `next_visit`, or when they died.
    """
    about = care_log.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
    whose = pl.col("patient") == about["patient"]
    person = care_log.patients.row(by_predicate=whose, named=True)
    born, age = person["birth_date"], None
    if born is not None:
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {
        **about,
        "name": person["name"] or about["patient"],
        "birth_date": born,
        "age": age,
        "died_on": person["died_on"],
        "next_visit": next_visit(care_log, episode, today),
        "week": ((about["ended_on"] or today) - about["started_on"]).days // 7 + 1,
        "alerts": standing_alerts(care_log, today).filter(whose).to_dicts(),
    }

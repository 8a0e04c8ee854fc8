"""The course of one episode on one measure: scores, the curve behind them, what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.care_log.log import CareLog
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.recovery_course import course_of_episode, weeks_since
from reliefpath.recovery import Priors
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.measures.totals import totals
from reliefpath.reference.therapies import Family, agents, counted_as, therapies

AHEAD = 6
"""Weeks that the chart looks ahead."""
STEPS_A_WEEK = 2
DAYS = 7
INJECTION = "injection"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """A therapy given on a day.

    Attributes:
        week: Weeks since care began.
        day: The day.
        name: What it is called.
        family: What sort of therapy it is; that of an injection for all that counts as one.
        sites: The rows on record of it, a site each, with the names of `muscle` and `agent`.
    """

    week: float
    day: date
    name: str
    family: Family
    sites: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Course:
    """Scores with the curve behind them, in the measure's own unit; weeks count from care's begin.

    Attributes:
        measure: What was scored.
        begun: The day on which care began.
        now: The week of the day that is asked about.
        weeks: The week of each score.
        values: The scores.
        days: The day of each score.
        at: The weeks of the curve.
        curve: Its lower end, middle and upper end at each of them; 90 % lie between the ends.
        with_injection: The middle with what an injection takes off for a while; None without one.
        ahead: The weeks of the forecast.
        expected: The lower end, middle and upper end of scores at each of them.
        window: The scores between which the window lies.
        treatments: What was given, a therapy a day.
    """

    measure: Measure
    begun: date
    now: float
    weeks: Floats
    values: Floats
    days: tuple[date, ...]
    at: Floats
    curve: tuple[Floats, Floats, Floats]
    with_injection: Floats | None
    ahead: Floats
    expected: tuple[Floats, Floats, Floats]
    window: tuple[float, float]
    treatments: tuple[Given, ...]

    @cached_property
    def words(self) -> str:
        """What the chart shows, said."""
        low, middle, high = (float(end[-1]) for end in self.expected)
        least, most = sorted(self.window)
        injected = " What the injection takes off for a while is drawn apart."
        return (
            f"Recovery curve on {self.measure.name} over {self.weeks[-1]:.0f} weeks: "
            f"{len(self.values)} scores from {self.values[0]:g} at first to {self.values[-1]:g} "
            f"at last, where {self.measure.well:g} is well. The window lies between {least:.1f} "
            f"and {most:.1f}. In {AHEAD} weeks a score of {middle:.1f} is expected, with 90 % "
            f"certainty between {min(low, high):.1f} and {max(low, high):.1f}."
            + ("" if self.with_injection is None else injected)
        )

    @property
    def scored(self) -> list[tuple[date, float]]:
        """The scores with their days, the latest first."""
        return list(zip(self.days, self.values.tolist(), strict=True))[::-1]

    @property
    def told(self) -> list[tuple[int, float, float, float]]:
        """The forecast: weeks from now, the least, the middle and the most of a score."""
        rows = zip(*(end.tolist() for end in self.expected), strict=True)
        told = ((week, sorted(row)) for week, row in enumerate(rows))
        return [(week, low, middle, high) for week, (low, middle, high) in told if week]


def measures_of(care_log: CareLog, episode: str, as_of: date) -> list[str]:
    """Return the measures of an episode that carry a curve, those scored most often first."""
    rows = care_log.moment(as_of).before(care_log.scores.filter(episode=episode))
    counts = rows["measure"].value_counts().sort("count", "measure", descending=[True, False])
    known = measures(care_log.knowledge)
    drawn = (name for name in counts["measure"] if known[name].well is not None)
    return [name for name in drawn if known[name].scale_range is not None]


def course_of(
    care_log: CareLog,
    episode: dict[str, Any],
    name: str,
    pathway: Pathway,
    as_of: date,
    priors: Priors | None = None,
) -> Course | None:
    """Return the course of an episode on a measure, or None where no score tells of it."""
    asked = as_of, pathway.targets, priors
    found = course_of_episode(care_log, episode["episode"], name, *asked)
    if found is None:
        return None
    knowledge, moment, begun = care_log.knowledge, care_log.moment(as_of), episode["started_on"]
    scored = care_log.scores.filter(episode=episode["episode"], measure=name)
    scores = totals(moment.before(scored), knowledge).sort("at")
    given = moment.before(care_log.given.filter(episode=episode["episode"])).sort("at")
    weeks = _weeks(scores["at"], begun)
    now = max((as_of - begun).days / DAYS, float(weeks[-1]))
    at = np.union1d(np.linspace(0.0, now + AHEAD, round((now + AHEAD) * STEPS_A_WEEK) + 1), now)
    ahead = now + np.arange(AHEAD + 1.0)
    return Course(
        measure=found.scale,
        begun=begun,
        now=now,
        weeks=weeks,
        values=scores["value"].to_numpy(),
        days=tuple(scores["at"].dt.date()),
        at=at,
        curve=found.curve(at),
        with_injection=found.curve(at, injected=True)[1] if found.injections else None,
        ahead=ahead,
        expected=found.expected(ahead),
        window=found.window,
        treatments=_given(given, begun, knowledge),
    )


def _given(rows: pl.DataFrame, begun: date, knowledge: Knowledge) -> tuple[Given, ...]:
    known, injections = therapies(knowledge), counted_as(knowledge, INJECTION)
    names = {
        column: {id_: row.name for id_, row in catalogue.items()}
        for column, catalogue in (("muscle", muscles(knowledge)), ("agent", agents(knowledge)))
    }
    dated = rows.with_columns(
        *(pl.col(column).replace(called) for column, called in names.items()),
        day=pl.col("at").dt.date(),
        week=_weeks(rows["at"], begun),
    )
    days = dated.group_by("day", "therapy", maintain_order=True)
    return tuple(
        Given(
            mine["week"][0],
            mine["day"][0],
            known[therapy].name,
            Family.INJECTION if therapy in injections else known[therapy].family,
            tuple(mine.to_dicts()),
        )
        for (_, therapy), mine in days
    )


def _weeks(at: pl.Series, begun: date) -> Floats:
    """Weeks since care began; what is from before counts as of its first day."""
    return weeks_since(begun, at).clip(0)

"""From a patient's record to an exercise programme: the latest exam, and the check-ins since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from reliefpath.care.planning.exercise_reports import check_ins
from reliefpath.care_log.log import CareLog
from reliefpath.clock import Moment
from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.facts import facts
from reliefpath.reference.anatomy import trigger_point
from reliefpath.reference.therapies import counted_as
from reliefpath.reference.therapies.exercise import (
    Active,
    CheckIn,
    Goal,
    Irritability,
    Need,
    Programme,
    after_needle,
    exercise_rules,
    next_programme,
    programme,
)

MINUTES = 20.0
"""A day, unless a clinician says otherwise."""
NO_EXAM = "No exam is on record: the programme is for the region alone."
NO_ACTIVE = "The latest exam found no active trigger point: the programme is for the region alone."
NOT_SCREENED = (
    "Red flags have not been asked about since the episode began: ask before handing out."
)
NOT_READ = (
    "Rows of this record were refused, or name what no catalogue knows: the programme may lack "
    "what they say. `reliefpath check` lists them."
)


@dataclass(frozen=True)
class Situation:
    """What bears on an exercise programme: the person and the complaint, as the record has them."""

    care_log: CareLog
    episode: str
    moment: Moment
    need: Need
    examined_on: date | None
    red_flags: str | None
    """Those that are active, in words."""
    screened: bool
    """Whether red flags have been asked about since the episode began."""
    notes: tuple[str, ...]
    """What a clinician must know of the record."""

    @property
    def refusal(self) -> str | None:
        """Why there is no programme at all, if that is so."""
        if self.red_flags is None:
            return None
        return f"no exercise programme while a red flag is active: {self.red_flags}"

    def check_ins(self, since: date | datetime | None) -> list[CheckIn]:
        """Return what was reported since a day or a moment; see `check_ins`."""
        return check_ins(self.care_log, self.episode, self.moment, since)

    def fit(self, programme: Programme) -> Programme:
        """Return a programme with what the day asks for: rest after a needle, and the notes."""
        treated = self.moment.before(self.care_log.only(self.episode).given)
        if (needled := last_needle(treated, self.care_log.knowledge)) is not None:
            programme = after_needle(programme, needled, self.moment.day)
        return replace(programme, notes=self.notes)


def situation_of(
    care_log: CareLog,
    episode: str,
    as_of: date | datetime,
    *,
    equipment: Iterable[str] = (),
    minutes: float = MINUTES,
    irritability: Irritability = Irritability.MEDIUM,
    goal: Goal = Goal.RELIEF,
) -> Situation:
    """Return what bears on an exercise programme.

    Args:
        care_log: what concerns the patient.
        episode: the complaint that is exercised for.
        as_of: what had happened by then counts.
        equipment: what is at hand.
        minutes: how long a day.
        irritability: how easily pain is stirred up.
        goal: what comes first.

    Raises:
        UsageError: the episode is not there or has not begun, or what is at hand is unknown.
    """
    moment = care_log.moment(as_of)
    known = facts(care_log.only(episode), as_of).filter(pl.col("episode") == episode)
    if known.is_empty():
        raise UsageError(f"episode `{episode}` is not on record, or had not begun by {as_of}")
    row = known.row(0, named=True)
    exams = moment.before(care_log.exams.filter(episode=episode)).with_columns(
        day=pl.col("at").dt.date()
    )
    latest = exams.filter(pl.col("day") == pl.col("day").max())
    active = latest.filter(pl.sql_expr(trigger_point().active.rule)).sort("muscle", "side")
    need = Need(
        care_log.knowledge,
        tuple(dict.fromkeys(Active(*place) for place in active["muscle", "side"].iter_rows())),
        row["region"],
        irritability,
        goal,
        frozenset(equipment),
        minutes,
    )
    notes = (
        *([NO_EXAM] if latest.is_empty() else [NO_ACTIVE] if active.is_empty() else []),
        *([NOT_SCREENED] if row["red_flag"] is None else []),
        *([] if row["record_complete"] else [NOT_READ]),
    )
    return Situation(
        care_log,
        episode,
        moment,
        need,
        None if latest.is_empty() else latest["day"][0],
        row["red_flags"] if row["red_flag"] else None,
        row["red_flag"] is not None,
        notes,
    )


def programme_for(
    care_log: CareLog, episode: str, as_of: date | datetime, **settings: Any
) -> Programme:
    """Return the programme for the latest exam, changed by the check-ins since.

    Raises:
        UsageError: a red flag is active, or `situation_of`, which has the arguments, refuses it.
    """
    return proposed(situation_of(care_log, episode, as_of, **settings))


def proposed(here: Situation) -> Programme:
    """Return the programme that the software proposes.

    Raises:
        UsageError: a red flag is active.
    """
    if here.refusal is not None:
        raise UsageError(here.refusal)
    return here.fit(next_programme(programme(here.need), here.check_ins(here.examined_on)))


def last_needle(treatments: pl.DataFrame, knowledge: Knowledge) -> date | None:
    """Return the day on which somebody was last needled or injected, among their treatments."""
    therapies = exercise_rules(knowledge).after_needle.therapies
    needles = {name for therapy in therapies for name in counted_as(knowledge, therapy)}
    given = treatments.filter(pl.col("therapy").is_in(needles))
    last: date | None = given.select(pl.col("at").dt.date().max()).item()
    return last

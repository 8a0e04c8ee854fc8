"""From a patient's record to an exercise programme: the latest exam, and the check-ins since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import polars as pl

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

EXERCISE, PAIN = "exercise", "nrs"
NO_EXAM = "No exam is on record: the programme is for the region alone."
NO_ACTIVE = "The latest exam found no active trigger point: the programme is for the region alone."
NOT_SCREENED = (
    "Red flags have not been asked about since the episode began: ask before handing out."
)
NOT_READ = (
    "Rows of this record were refused, or name what no catalogue knows: the programme may lack "
    "what they say. `reliefpath check` lists them."
)


def programme_for(
    care_log: CareLog,
    episode: str,
    as_of: date | datetime,
    *,
    equipment: Iterable[str] = (),
    minutes: float = 20,
    irritability: Irritability = Irritability.MEDIUM,
    goal: Goal = Goal.RELIEF,
) -> Programme:
    """Return the programme for the latest exam, changed by the check-ins since.

    Args:
        care_log: what concerns the patient.
        episode: the complaint that is exercised for.
        as_of: what had happened by then counts.
        equipment: what is at hand.
        minutes: how long a day.
        irritability: how easily pain is stirred up.
        goal: what comes first.

    Raises:
        UsageError: the episode is not there or has not begun, a red flag is active, or what is at
            hand is unknown.
    """
    moment = care_log.moment(as_of)
    known = facts(care_log.only(episode), as_of).filter(pl.col("episode") == episode)
    if known.is_empty():
        raise UsageError(f"episode `{episode}` is not on record, or had not begun by {as_of}")
    row = known.row(0, named=True)
    if row["red_flag"]:
        raise UsageError(f"no exercise programme while a red flag is active: {row['red_flags']}")
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
    since = None if latest.is_empty() else latest["day"][0]
    found = next_programme(programme(need), check_ins(care_log, episode, moment, since))
    treated = moment.before(care_log.only(episode).given)
    if (needled := last_needle(treated, care_log.knowledge)) is not None:
        found = after_needle(found, needled, moment.day)
    notes = [
        *([NO_EXAM] if latest.is_empty() else [NO_ACTIVE] if active.is_empty() else []),
        *([NOT_SCREENED] if row["red_flag"] is None else []),
        *([] if row["record_complete"] else [NOT_READ]),
    ]
    return replace(found, notes=tuple(notes))


def last_needle(treatments: pl.DataFrame, knowledge: Knowledge) -> date | None:
    """Return the day on which somebody was last needled or injected, among their treatments."""
    therapies = exercise_rules(knowledge).after_needle.therapies
    needles = {name for therapy in therapies for name in counted_as(knowledge, therapy)}
    given = treatments.filter(pl.col("therapy").is_in(needles))
    last: date | None = given.select(pl.col("at").dt.date().max()).item()
    return last


def check_ins(care_log: CareLog, episode: str, moment: Moment, since: date | None) -> list[CheckIn]:
    """Return what was reported of exercise and pain, a day each, the pain at the exam first.

    The care log has no row that says how long a flare lasted: that stays unknown.
    """
    days: dict[date, CheckIn] = {}
    scores = moment.before(care_log.scores.filter(episode=episode, measure=PAIN)).filter(
        pl.col("item").is_null()
    )
    done = moment.before(care_log.given.filter(episode=episode)).filter(
        pl.col("therapy").is_in(counted_as(care_log.knowledge, EXERCISE))
    )
    for at, value in scores.sort("at", "value")["at", "value"].iter_rows():
        days[at.date()] = replace(days.get(at.date(), CheckIn(at.date())), pain=value)
    for at, share, harm in done.sort("at", "adherence")[
        "at", "adherence", "adverse_effect"
    ].iter_rows():
        day = days.get(at.date(), CheckIn(at.date()))
        shares = [s for s in (day.adherence, share) if s is not None]
        days[at.date()] = replace(
            day,
            adherence=min(shares, default=None),
            adverse_effect=day.adverse_effect or (harm is not None) or None,
        )
    ordered = [days[on] for on in sorted(days)]
    if since is None:
        return ordered
    before = [c for c in ordered if c.on <= since and c.pain is not None][-1:]
    start = [CheckIn(c.on, pain=c.pain) for c in before]
    return [*start, *(c for c in ordered if c.on > since)]

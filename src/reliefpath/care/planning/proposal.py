"""What a plan of an injection begins with: what the record and the clinic's own file suggest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reliefpath.care.planning.person import latest_exams
from reliefpath.care_log.log import CareLog
from reliefpath.reference.therapies.injectables import UsualSite, usual_agent
from reliefpath.reference.therapies.injection import Place
from reliefpath.reference.therapies.injection.intervals import INJECTION
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.reference.therapies.injection.person import BOTH
from reliefpath.reference.therapies.injection.places import WEEK, latest_examined
from reliefpath.reference.therapies.injection.plan import SIDES


@dataclass(frozen=True)
class Proposal:
    """Where and with what to inject; a dose of last time is no part of it."""

    examined_on: date | None
    """The day of the complaint's latest exam; None without one."""
    is_outdated: bool
    """Whether that exam is too old to go by, so that no place is proposed."""
    places: tuple[Place, ...]
    """Where that exam found an active trigger point that no later one denies."""
    agent: str | None
    """The clinic's usual one; None where its own file names none."""
    usual: UsualSite | None
    before: tuple[dict[str, Any], ...]
    """What was injected last in this patient, for whichever complaint."""


def propose(care_log: CareLog, episode: str, on: date) -> Proposal:
    """Return what a plan of an injection begins with.

    Args:
        care_log: what concerns the patient, every episode of theirs.
        episode: which complaint is to be injected.
        on: the day of the plan.
    """
    exams = care_log.moment(on).before(care_log.exams.filter(episode=episode))
    examined_on: date | None = exams.select(pl.col("at").dt.date().max()).item()
    limit = injection_limits(care_log.knowledge).limits["exam-age"]
    is_outdated = examined_on is not None and limit.broken((on - examined_on).days / WEEK)
    day = pl.col("at").dt.date()
    latest = exams.filter(day == day.max())
    agent, usual = usual_agent(care_log.knowledge) or (None, None)
    return Proposal(
        examined_on,
        is_outdated,
        () if is_outdated else tuple(_active(care_log, latest, on)),
        agent,
        usual,
        tuple(_before(care_log, on)),
    )


def _active(care_log: CareLog, exam: pl.DataFrame, on: date) -> Iterator[Place]:
    """The places of an exam that hold an active trigger point, as the plan itself will judge."""
    latest = list(latest_exams(care_log, care_log.moment(on)))
    places: dict[Place, None] = {}
    for muscle, side in exam.sort("muscle", "side")["muscle", "side"].iter_rows():
        places |= dict.fromkeys((muscle, each) for each in (SIDES if side == BOTH else (side,)))
    for place in places:
        found = latest_examined(place, latest)
        if found is not None and found.active:
            yield place


def _before(care_log: CareLog, on: date) -> Iterator[dict[str, Any]]:
    """The rows of the latest day with an injection, each with its day at the clinic."""
    rows = care_log.moment(on).before(care_log.given.filter(therapy=INJECTION))
    rows = rows.with_columns(day=pl.col("at").dt.date())
    yield from rows.filter(pl.col("day") == pl.col("day").max()).iter_rows(named=True)

"""From a patient's record to a planned session of dry needling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from reliefpath.chart.care_log import CareLog
from reliefpath.pathway.assessment import assess_episode
from reliefpath.pathway.injection import person_on
from reliefpath.pathway.model import Pathway
from reliefpath.therapies.needling import Course, NeedlingPlan, Place, plan_needling


def needling_for(
    care_log: CareLog,
    episode: str,
    places: Sequence[Place],
    pathway: Pathway,
    as_of: date | datetime,
    acknowledged: Iterable[str] = (),
) -> NeedlingPlan:
    """Plan a session for the patient of an episode; see `plan_needling`.

    Raises:
        UsageError: the episode is not there or has not begun, or the plan makes no sense.
    """
    row = assess_episode(care_log, episode, pathway, as_of).row(0, named=True)
    names = ("dry_needling_sessions", "dry_needling_response", "dry_needling_gain")
    course = Course(*(row[name] for name in names))
    return plan_needling(
        places, person_on(care_log, row, care_log.moment(as_of)), course, acknowledged
    )

"""From a patient's record to a planned session of dry needling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from reliefpath.care.planning.person import Needle, person_on
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.assessment import assess_episode
from reliefpath.pathway.model import Pathway
from reliefpath.reference.therapies.injection import Place
from reliefpath.reference.therapies.needling import Course, NeedlingPlan, plan_needling


def needling_for(
    care_log: CareLog,
    episode: str,
    places: Sequence[Place],
    pathway: Pathway,
    as_of: date | datetime,
    acknowledged: Iterable[str] = (),
    *,
    nothing_new: bool = False,
) -> NeedlingPlan:
    """Plan a session for the patient of an episode; see `plan_needling` and `plan_for`.

    Raises:
        UsageError: the episode is not there or has not begun, or the plan makes no sense.
    """
    advice = assess_episode(care_log, episode, pathway, as_of)
    row = advice.row(0, named=True)
    person = person_on(care_log, advice, pathway, as_of, Needle.NEEDLING, nothing_new=nothing_new)
    names = ("dry_needling_sessions", "dry_needling_response", "dry_needling_gain")
    return plan_needling(places, person, Course(*(row[name] for name in names)), acknowledged)

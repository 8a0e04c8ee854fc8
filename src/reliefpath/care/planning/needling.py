"""From a patient's record to a planned session of dry needling."""

from __future__ import annotations

from datetime import date, datetime

from reliefpath.care.planning.person import Needle, person_on
from reliefpath.care.request import Request
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.advice import assess_episode
from reliefpath.pathway.model import Pathway
from reliefpath.reference.therapies.injection import Place
from reliefpath.reference.therapies.needling import Course, NeedlingPlan, plan_needling

COURSE = ("dry_needling_sessions", "dry_needling_response", "dry_needling_gain")


class NeedlingRequest(Request):
    """A session of dry needling that is planned, or was given.

    Attributes:
        episode: The complaint that is needled.
        places: The muscles, each with its side.
        at: The day of the session, or its moment; what had happened before counts.
        nothing_new: What was asked about before was asked about again, and nothing is new.
        acknowledged: Ids of decisions that a clinician has weighed.
    """

    episode: str
    places: tuple[Place, ...]
    at: date | datetime
    nothing_new: bool = False
    acknowledged: tuple[str, ...] = ()


def needling_for(care_log: CareLog, request: NeedlingRequest, pathway: Pathway) -> NeedlingPlan:
    """Plan a session for the patient of an episode; see `plan_needling` and `plan_for`.

    Raises:
        UsageError: the episode is not there or has not begun, or the plan makes no sense.
    """
    advice = assess_episode(care_log, request.episode, pathway, request.at)
    person = person_on(
        *(care_log, advice, pathway, request.at, Needle.NEEDLING), nothing_new=request.nothing_new
    )
    course = Course(*(advice.number(name) for name in COURSE))
    return plan_needling(request.places, person, course, request.acknowledged)

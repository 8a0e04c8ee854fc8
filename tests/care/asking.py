"""Plans by the pathway as shipped, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from reliefpath.care.planning.injection import InjectionRequest, plan_for
from reliefpath.care.planning.needling import NeedlingRequest, needling_for
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.model import load_pathway
from reliefpath.reference.therapies.injection import Place, Plan, Site
from reliefpath.reference.therapies.needling import NeedlingPlan


def plan_of(
    care_log: CareLog, episode: str, sites: Sequence[Site], at: date | datetime, **more: Any
) -> Plan:
    """The plan of an injection."""
    request = InjectionRequest(episode=episode, sites=tuple(sites), at=at, **more)
    return plan_for(care_log, request, load_pathway())


def needling_of(
    care_log: CareLog, episode: str, places: Sequence[Place], at: date | datetime, **more: Any
) -> NeedlingPlan:
    """The plan of a session of dry needling."""
    request = NeedlingRequest(episode=episode, places=tuple(places), at=at, **more)
    return needling_for(care_log, request, load_pathway())

"""From a patient's record to the planner: who it is, what was given, what a payer asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from reliefpath.care.planning.claim import coverage_of
from reliefpath.care.planning.given import Session, injection_rows, without_session
from reliefpath.care.planning.person import Needle, person_on
from reliefpath.care.request import Request
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.advice import assess_episode
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.reference.therapies.injection import Plan, Site, plan_injection
from reliefpath.reference.therapies.injection.planner import refuse_nonsense


class InjectionRequest(Request):
    """An injection that is planned, or was given: what is injected where, and what is told of it.

    Attributes:
        episode: The complaint that is injected.
        sites: What is to be injected where.
        at: The day of the injection, or its moment; what had happened before counts.
        weight_kg: Measured now; by default the last one on record that is recent enough.
        height_cm: For the body mass index, where it is known.
        payer: A policy of `coverage.yaml`; by default the episode's payer, or every policy.
        steroid_reason: Why a corticosteroid, if one is planned.
        nothing_new: What was asked about before was asked about again, and nothing is new.
        acknowledged: Ids of decisions that a clinician has weighed.
    """

    episode: str
    sites: tuple[Site, ...]
    at: date | datetime
    weight_kg: float | None = None
    height_cm: float | None = None
    payer: str | None = None
    steroid_reason: str | None = None
    nothing_new: bool = False
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedInjection:
    """A plan, and the record that it was made on."""

    plan: Plan
    care_log: CareLog
    given: pl.DataFrame
    """The rows of the session itself, where it is on record and was left out of account."""


def plan_for(
    care_log: CareLog, request: InjectionRequest, pathway: Pathway, priors: Priors | None = None
) -> Plan:
    """Plan an injection for the patient of an episode.

    Args:
        care_log: what concerns the patient, every episode of theirs.
        request: what is planned.
        pathway: whose gate is asked.
        priors: what recovery is expected to look like.

    Raises:
        UsageError: the episode is not there or has not begun, or the plan makes no sense.
    """
    refuse_nonsense(request.sites, care_log.knowledge)
    advice = assess_episode(care_log, request.episode, pathway, request.at, priors)
    person = person_on(
        *(care_log, advice, pathway, request.at, Needle.INJECTION),
        weight_kg=request.weight_kg,
        height_cm=request.height_cm,
        nothing_new=request.nothing_new,
    )
    return plan_injection(
        request.sites,
        person,
        coverage=coverage_of(care_log, advice, person, request.sites, request.payer),
        steroid_reason=request.steroid_reason,
        acknowledged=request.acknowledged,
    )


def plan_again(
    care_log: CareLog, request: InjectionRequest, pathway: Pathway, priors: Priors | None = None
) -> PlannedInjection:
    """Plan an injection as it was before it was given, if it is on record exactly as it is asked.

    Its own rows would count as another session otherwise; the rest is as for `plan_for`.
    """
    rows = injection_rows(request.sites, Session(request.episode, request.at))
    before, given = without_session(care_log, rows)
    return PlannedInjection(plan_for(before, request, pathway, priors), before, given)

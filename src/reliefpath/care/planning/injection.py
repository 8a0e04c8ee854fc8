"""From a patient's record to the planner: who it is, what was given, what a payer asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from reliefpath.care.planning.claim import coverage_of
from reliefpath.care.planning.given import Session, injection_rows, without_session
from reliefpath.care.planning.person import CONSENT, WEIGHT, Needle, person_on, renewed_rows
from reliefpath.care.planning.recording import Recording
from reliefpath.care.planning.vials import Vial, vial_checks
from reliefpath.care.request import Request
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import FINDINGS
from reliefpath.clock import instant_of
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
        weight_kg: Measured now, and recorded with the injection; by default the last one on
            record that is recent enough.
        height_cm: For the body mass index, where it is known.
        payer: A policy of `coverage.yaml`; by default the episode's payer, or every policy.
        steroid_reason: Why a corticosteroid, if one is planned.
        agrees: The patient, informed, agrees to this injection; recorded with it.
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
    agrees: bool = False
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
    care_log = _as_agreed(care_log, request)
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
    before, given = without_session(_as_agreed(care_log, request), rows)
    return PlannedInjection(plan_for(before, request, pathway, priors), before, given)


def recording_of(
    care_log: CareLog,
    request: InjectionRequest,
    plan: Plan,
    session: Session,
    vials: Sequence[Vial],
    seen: int,
) -> Recording:
    """Return a planned injection on its way into the chart, with what was asked and measured.

    Args:
        care_log: the patient's record, on which it was planned.
        request: what was planned.
        plan: what was made of it.
        session: what only whoever gives it can tell; its lots are those of the vials.
        vials: what was read off the vials.
        seen: the last entry of the audit log before the record was read.

    Raises:
        UsageError: a vial is told of an agent that is not planned.
    """
    checks = vial_checks(vials, plan.sites, plan.on, care_log.knowledge)
    lots = {vial.agent: vial.lot for vial in vials if vial.lot}
    answers = [
        renewed_rows(plan, care_log.patients["patient"][0], request.at),
        _findings(care_log, request, [*_consent(request), *_weight(request)]),
    ]
    return Recording(
        injection_rows(plan.sites, replace(session, lots=lots)),
        care_log,
        seen,
        plan,
        pl.concat(answers),
        vials=tuple(vials),
        vial_checks=tuple(checks),
    )


def _as_agreed(care_log: CareLog, request: InjectionRequest) -> CareLog:
    """The record with the consent that is given with this very injection."""
    agreed = _findings(care_log, request, _consent(request))
    return replace(care_log, findings=pl.concat([care_log.findings, agreed]))


def _consent(request: InjectionRequest) -> list[dict[str, Any]]:
    agreed = {"kind": CONSENT, "code": Needle.INJECTION, "episode": request.episode}
    return [agreed] if request.agrees else []


def _weight(request: InjectionRequest) -> list[dict[str, Any]]:
    measured = {"kind": WEIGHT, "code": "body-weight", "value": request.weight_kg, "unit": "kg"}
    return [measured] if request.weight_kg is not None else []


def _findings(
    care_log: CareLog, request: InjectionRequest, rows: list[dict[str, Any]]
) -> pl.DataFrame:
    shared = {"patient": care_log.patients["patient"][0], "at": instant_of(request.at)}
    return pl.DataFrame([{**shared, **row} for row in rows], FINDINGS.schema)

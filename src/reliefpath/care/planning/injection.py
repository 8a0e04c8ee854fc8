"""From a patient's record to the planner: who it is, what was given, what a payer asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from reliefpath.care.planning.claim import coverage_of
from reliefpath.care.planning.person import Needle, person_on
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.assessment import assess_episode
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors
from reliefpath.reference.therapies.injection import Plan, Site, plan_injection
from reliefpath.reference.therapies.injection.planner import refuse_nonsense


def plan_for(
    care_log: CareLog,
    episode: str,
    sites: Sequence[Site],
    pathway: Pathway,
    as_of: date | datetime,
    *,
    priors: Priors | None = None,
    weight_kg: float | None = None,
    height_cm: float | None = None,
    payer: str | None = None,
    steroid_reason: str | None = None,
    nothing_new: bool = False,
    acknowledged: Iterable[str] = (),
) -> Plan:
    """Plan an injection for the patient of an episode.

    Args:
        care_log: what concerns the patient, every episode of theirs.
        episode: the complaint that is injected.
        sites: what is to be injected where.
        pathway: whose gate is asked.
        as_of: the day of the injection, or its moment; what had happened before counts.
        priors: what recovery is expected to look like.
        weight_kg: measured now; by default the last one on record that is recent enough.
        height_cm: for the body mass index, where it is known.
        payer: a policy of `coverage.yaml`; by default the episode's payer, or every policy.
        steroid_reason: why a corticosteroid, if one is planned.
        nothing_new: what was asked about before was asked about again, and nothing is new.
        acknowledged: ids of decisions that a clinician has weighed.

    Raises:
        UsageError: the episode is not there or has not begun, or the plan makes no sense.
    """
    refuse_nonsense(sites, care_log.knowledge)
    advice = assess_episode(care_log, episode, pathway, as_of, priors)
    row = advice.row(0, named=True)
    person = person_on(
        *(care_log, advice, pathway, as_of, Needle.INJECTION),
        weight_kg=weight_kg,
        height_cm=height_cm,
        nothing_new=nothing_new,
    )
    return plan_injection(
        sites,
        person,
        coverage=coverage_of(care_log, row, person, sites, payer),
        steroid_reason=steroid_reason,
        acknowledged=acknowledged,
    )

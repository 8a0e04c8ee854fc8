"""The planner: every check of a planned injection, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge, told_changes
from reliefpath.reference.therapies.coverage import (
    ANSWERS,
    PAYER,
    POLICY,
    Asked,
    coverage_catalogue,
)
from reliefpath.reference.therapies.injectables import AgentKind
from reliefpath.reference.therapies.injection.doses import anaesthetic_dose, dose_checks
from reliefpath.reference.therapies.injection.intervals import session_checks, steroid_checks
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.reference.therapies.injection.person import Person
from reliefpath.reference.therapies.injection.plan import Check, Plan, Site, Verdict, weighed
from reliefpath.reference.therapies.injection.rescue import rescue_doses, rescue_source
from reliefpath.reference.therapies.injection.safety import person_checks, site_checks, uses
from reliefpath.reference.therapies.injection.session import held_checks


def plan_injection(
    sites: Sequence[Site],
    person: Person,
    *,
    coverage: Iterable[Asked] = (),
    steroid_reason: str | None = None,
    acknowledged: Iterable[str] = (),
) -> Plan:
    """Return a plan with everything that was looked at.

    Args:
        sites: what is to be injected where.
        person: what is known of the person on that day.
        coverage: what the payer asks; what is not met is a decision, never a barrier, and what is
            uncertain is told.
        steroid_reason: why a corticosteroid, if one is planned.
        acknowledged: ids of decisions that a clinician has weighed.

    Raises:
        UsageError: nothing is planned, or what makes no sense, or something is acknowledged that
            is no decision of it.
    """
    knowledge, asked = person.knowledge, tuple(coverage)
    refuse_nonsense(sites, knowledge)
    checks = [
        *person_checks(sites, person, steroid_reason),
        *site_checks(sites, person),
        *dose_checks(sites, person),
        *held_checks(sites, person),
        *steroid_checks(sites, person),
        *session_checks(sites, person),
        *(_covered(each, knowledge) for each in asked),
    ]
    found, known = weighed(checks, acknowledged)
    reason = steroid_reason if uses(sites, AgentKind.CORTICOSTEROID, knowledge) else None
    at_hand = tuple(_at_hand(sites, person))
    return Plan(
        on=person.on,
        sites=tuple(sites),
        checks=found,
        acknowledged=known,
        steroid_reason=reason,
        at_hand=at_hand,
        dose=anaesthetic_dose((p for site in sites for p in site.portions), person),
        coverage=asked,
        renewed=person.renewed,
    )


def refuse_nonsense(sites: Sequence[Site], knowledge: Knowledge) -> None:
    """Refuse what cannot be planned: nothing, what no catalogue knows, numbers that are none.

    Raises:
        UsageError: there is such.
    """
    if not sites:
        raise UsageError("nothing is planned: name at least one site")
    for site in sites:
        site.refuse_nonsense(knowledge)


def _covered(asked: Asked, knowledge: Knowledge) -> Check:
    """What is uncertain is told, and no letter goes out until a clinician has answered it.

    Whether what another payer asks will matter is uncertain, too.
    """
    verdict = Verdict.FINE if asked.met else Verdict.UNCERTAIN
    if asked.of_this_payer and asked.met is False:
        verdict = Verdict.DECISION
    says = asked.says
    if asked.payer != PAYER:
        whose = "asks" if asked.of_this_payer else "would ask"
        says = f"{asked.payer} {whose}: {asked.says}: {ANSWERS[asked.met]}"
        if asked.id == POLICY:
            says = f"{asked.payer}: {asked.says}"
    catalogue = coverage_catalogue(knowledge)
    rows = [catalogue.coverage[name] for name in asked.policies]
    own = dict.fromkeys(change for row in rows for change in told_changes(catalogue, row))
    return Check(f"coverage-{asked.payer}-{asked.id}", verdict, says, source=tuple(own))


def _at_hand(sites: Sequence[Site], person: Person) -> Iterable[str]:
    if uses(sites, AgentKind.LOCAL_ANAESTHETIC, person.knowledge) and person.weight_kg is not None:
        limits = injection_limits(person.knowledge)
        yield from rescue_doses(limits.rescue, person.weight_kg)
        yield f"Doses after {rescue_source(limits)}"

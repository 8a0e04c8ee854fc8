"""The planner: every check of a planned injection, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reliefpath.errors import UsageError
from reliefpath.overrides import told_changes
from reliefpath.therapies.coverage import Asked, coverage_catalogue
from reliefpath.therapies.injectables import AgentKind
from reliefpath.therapies.injection.doses import cited, dose_checks
from reliefpath.therapies.injection.intervals import session_checks, steroid_checks
from reliefpath.therapies.injection.limits import injection_limits
from reliefpath.therapies.injection.plan import Check, Person, Plan, Site, Verdict, weighed
from reliefpath.therapies.injection.safety import person_checks, site_checks, uses


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
        coverage: what the payer asks; what is not met is a decision, never a barrier.
        steroid_reason: why a corticosteroid, if one is planned.
        acknowledged: ids of decisions that a clinician has weighed.

    Raises:
        UsageError: nothing is planned, or something is acknowledged that is no decision of it.
    """
    if not sites:
        raise UsageError("nothing is planned: name at least one site")
    asked = tuple(coverage)
    checks = [
        *person_checks(sites, person, steroid_reason),
        *site_checks(sites),
        *dose_checks(sites, person),
        *steroid_checks(sites, person),
        *session_checks(sites, person),
        *map(_covered, asked),
    ]
    found, known = weighed(checks, acknowledged)
    reason = steroid_reason if uses(sites, AgentKind.CORTICOSTEROID) else None
    at_hand = tuple(_at_hand(sites, person))
    return Plan(person.on, tuple(sites), found, known, reason, at_hand, asked)


def _covered(asked: Asked) -> Check:
    verdict = Verdict.FINE if asked.met else Verdict.DECISION
    answer = {True: "met", False: "not met", None: "unknown"}[asked.met]
    id_ = f"coverage-{asked.payer}-{asked.id}"
    catalogue = coverage_catalogue()
    own = told_changes(catalogue, catalogue.coverage[asked.payer])
    return Check(id_, verdict, f"{asked.payer} asks: {asked.says}: {answer}", source=own)


def _at_hand(sites: Sequence[Site], person: Person) -> Iterable[str]:
    if uses(sites, AgentKind.LOCAL_ANAESTHETIC) and person.weight_kg is not None:
        rescue = injection_limits().rescue
        source = "; ".join(cited(injection_limits(), rescue.source))
        bolus = f"{rescue.bolus_ml(person.weight_kg):.3g} mL"
        strength = f"{rescue.concentration_percent:g} percent"
        yield f"Lipid emulsion {strength}, first bolus {bolus} ({source})"

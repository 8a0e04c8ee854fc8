"""Checks of the person and the sites: what bars it, what was not asked, where the lung is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date

from reliefpath.errors import is_reason
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies.findings import (
    Finding,
    Restriction,
    finding_catalogue,
    finding_kinds,
)
from reliefpath.reference.therapies.injectables import AgentKind, agent_catalogue
from reliefpath.reference.therapies.injection.adverse_effects import adverse_effect_checks
from reliefpath.reference.therapies.injection.doses import cited, limit_check
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.reference.therapies.injection.person import Person, Standing
from reliefpath.reference.therapies.injection.places import PREGNANCY, Place, place_checks
from reliefpath.reference.therapies.injection.plan import Check, Site, Verdict

SALINE = "saline"
CONSENT, CONSENTED, REFUSED = "consent", "injection", "injection-refused"
GUARDIAN, ASSENT = "guardian", "assent"
SCREENING_IS_OLD = "screening-is-old"


def person_checks(sites: Sequence[Site], person: Person, reason: str | None) -> Iterator[Check]:
    """Yield the checks of what is known of the person, and of what is not."""
    kinds = {portion.kind(person.knowledge) for site in sites for portion in site.portions}
    has_steroid = AgentKind.CORTICOSTEROID in kinds
    places = [(site.muscle, site.side) for site in sites]
    yield from known_checks(person, places, lambda row: _verdict(row, kinds), kinds)
    yield from _consent(person)
    if has_steroid:
        catalogue = injection_limits(person.knowledge)
        rule = catalogue.steroid_reason
        stated = is_reason(reason)
        verdict = Verdict.FINE if stated else Verdict.BLOCKED
        says = (
            f"Reason for a steroid: {reason}"
            if stated
            else "A steroid needs a stated reason, in words"
        )
        yield Check(
            "steroid-reason",
            verdict,
            f"{says}. {rule.because}",
            None,
            cited(catalogue, rule.source),
        )
    yield from _gate(person)


def _gate(person: Person) -> Iterator[Check]:
    """Each thing for which the gate is not open, to be weighed by its own name."""
    if person.gate is True:
        return
    state = "closed" if person.gate is False else "unknown"
    for unmet in person.unmet:
        yield Check(f"gate-{unmet.id}", Verdict.DECISION, f"The gate is {state}. {unmet.says}")
    if not person.unmet:
        says = f"The pathway's gate to the injection is {state}."
        yield Check("gate", Verdict.DECISION, says)


def known_checks(
    person: Person,
    places: Sequence[Place],
    verdict_of: Callable[[Finding], Verdict | None],
    kinds: Set[AgentKind] = frozenset(),
) -> Iterator[Check]:
    """Yield the checks of what was asked and found; a finding stands in the way as told.

    What it says names none but the kinds of agent that are planned.
    """
    yield from _not_asked(person)
    yield from _standing(person, places, verdict_of, kinds)
    yield from adverse_effect_checks(person.adverse_events)
    yield from _age(person)
    if person.missing:
        gaps = ", ".join(person.missing)
        says = f"Not all of the record was read: {gaps}. It may hold what bars a needle."
        yield Check("record-incomplete", Verdict.UNKNOWN, says)
    if person.sex != "male" and not any(f.kind == PREGNANCY for f in person.findings):
        last = person.outdated.get(PREGNANCY)
        says = "Pregnancy is not on record either way: ask, where it may be."
        if last is not None:
            says = f"Pregnancy was last asked about on {last}: ask again, where it may be."
        yield Check("pregnancy-not-asked", Verdict.DECISION, says)


def _age(person: Person) -> Iterator[Check]:
    if person.age is None:
        yield Check("age", Verdict.UNKNOWN, "The age is not known: record the birth date.")
        return
    limits = injection_limits(person.knowledge)
    yield limit_check(limits, "age", person.age)
    rule = limits.young
    is_young = rule.below_age is not None and person.age < rule.below_age
    for code, who in ((GUARDIAN, "a guardian's consent"), (ASSENT, "the patient's own assent")):
        refused = person.has(CONSENT, [f"{code}-refused"])
        if is_young or refused:
            given = bool(person.has(CONSENT, [code]))
            verdict = Verdict.FINE if given else Verdict.UNKNOWN
            state = "on record" if given else "not on record"
            if refused:
                verdict, state = Verdict.BLOCKED, "refused"
            says = f"{who.capitalize()} is {state}. {rule.because}"
            yield Check(f"consent-{code}", verdict, says, None, cited(limits, rule.source))


def site_checks(sites: Sequence[Site], person: Person) -> Iterator[Check]:
    """Yield the checks of where is injected, and of agents that are not planned here."""
    yield from place_checks([(site.muscle, site.side) for site in sites], person)
    for agent in dict.fromkeys(p.agent for s in sites for p in s.portions):
        yield from _agent(agent, person.knowledge)


def uses(sites: Sequence[Site], kind: AgentKind, knowledge: Knowledge) -> bool:
    """Return whether an agent of a kind is planned."""
    return any(portion.kind(knowledge) is kind for site in sites for portion in site.portions)


def _agent(agent: str, knowledge: Knowledge) -> Iterator[Check]:
    limits, catalogue = injection_limits(knowledge), agent_catalogue(knowledge)
    row = catalogue.agents[agent]
    if agent in limits.barred_agents.agents:
        rule = limits.barred_agents
        yield Check(
            f"agent-{agent}", Verdict.BLOCKED, rule.because, None, cited(limits, rule.source)
        )
    elif row.kind is AgentKind.OTHER and agent != SALINE:
        source = tuple(str(catalogue.sources[name]) for name in row.source)
        yield Check(f"agent-{agent}", Verdict.DECISION, f"{row.name}: {row.note}", None, source)


def _not_asked(person: Person) -> Iterator[Check]:
    kinds = finding_kinds(person.knowledge)
    asked = [name for name, kind in kinds.items() if kind.screening]
    old = [name for name in asked if name not in person.screened and name in person.outdated]
    for name in asked:
        if name not in person.screened and name not in old:
            yield Check(
                f"{name}-not-asked",
                Verdict.UNKNOWN,
                f"{kinds[name].meaning}: never asked about. Ask, and record the "
                "answer, also that there is nothing.",
            )
    if old:
        told = _kinds_and_days({name: person.outdated[name] for name in old})
        says = f"Last asked about: {told}. Ask again, and say what is new, or that nothing is."
        yield Check(SCREENING_IS_OLD, Verdict.UNKNOWN, says)
    if person.renewed:
        told = _kinds_and_days(person.renewed)
        yield Check("nothing-new", Verdict.FINE, f"Asked again, and nothing is new: {told}.")


def _kinds_and_days(days: Mapping[str, date]) -> str:
    return ", ".join(f"{kind.replace('-', ' ')} since {day}" for kind, day in days.items())


def _standing(
    person: Person,
    places: Sequence[Place],
    verdict_of: Callable[[Finding], Verdict | None],
    kinds: Set[AgentKind],
) -> Iterator[Check]:
    knowledge, catalogue = person.knowledge, finding_catalogue(person.knowledge)
    found: dict[Standing, set[str]] = {}
    for finding in person.findings:
        words = found.setdefault(replace(finding, words=None), set())
        words |= {finding.words} if finding.words else set()
    for finding, words in found.items():
        row = catalogue.kinds[finding.kind].codes[finding.code]
        verdict = Verdict.UNKNOWN if Restriction.UNKNOWN in row.bars else verdict_of(row)
        if verdict is not None:
            source = tuple(str(catalogue.sources[name]) for name in row.source)
            name = f"{row.name} ({', '.join(sorted(words))})" if words else row.name
            id_, says = f"{finding.kind}-{finding.code}", f"{name}: {row.means(kinds)}"
            if finding.is_local(knowledge):
                id_, where = f"{id_}-{finding.place}", finding.place.replace("-", " ")
                says = f"{name}, {where}: {row.means(kinds)}"
                if not any(finding.is_at(*place, knowledge) for place in places):
                    near = any(finding.is_near(*place, knowledge) for place in places)
                    verdict = Verdict.DECISION if near else Verdict.FINE
                    says += " Nothing is planned there"
                    says += ", but close to it." if near else "."
            yield Check(id_, verdict, says, None, source)


def _verdict(row: Finding, kinds: Set[AgentKind]) -> Verdict | None:
    if {Restriction.RED_FLAG, Restriction.CONTRAINDICATION} & set(row.bars):
        return Verdict.BLOCKED
    if Restriction.STEROID_CONTRAINDICATION in row.bars and AgentKind.CORTICOSTEROID in kinds:
        return Verdict.BLOCKED
    if not {
        Restriction.CAUTION,
        Restriction.ANTICOAGULANT,
        Restriction.NEEDLING_CONTRAINDICATION,
    } & set(row.bars):
        return None
    return Verdict.DECISION if row.is_weighed_with(kinds) else None


def _consent(person: Person) -> Iterator[Check]:
    if person.has(CONSENT, [REFUSED]):
        yield Check("consent", Verdict.BLOCKED, "The patient has refused the injection.")
    elif person.has(CONSENT, [CONSENTED]):
        yield Check("consent", Verdict.FINE, "The patient has consented to the injection.")
    else:
        yield Check(
            "consent",
            Verdict.UNKNOWN,
            f"{old_consent(person)}: inform the patient, and record the answer.",
        )


def old_consent(person: Person) -> str:
    """Return what is so of a consent that is not there, or no longer counts."""
    last = person.outdated.get(CONSENT)
    if last is None:
        return "No consent on record"
    return f"The consent of {last} was to an earlier needle, or is too old"

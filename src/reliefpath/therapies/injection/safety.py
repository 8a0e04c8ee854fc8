"""Checks of the person and the sites: what bars it, what was not asked, where the lung is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from reliefpath.anatomy import muscle_catalogue
from reliefpath.therapies.findings import Bar, Finding, finding_catalogue, finding_kinds
from reliefpath.therapies.injectables import AgentKind, agent_catalogue, agents
from reliefpath.therapies.injection.doses import cited, limit_check
from reliefpath.therapies.injection.limits import injection_limits
from reliefpath.therapies.injection.plan import SIDES, Check, Person, Site, Standing, Verdict

SALINE = "saline"
CONSENT, CONSENTED, REFUSED = "consent", "injection", "injection-refused"
PREGNANCY = "pregnancy"


def person_checks(sites: Sequence[Site], person: Person, reason: str | None) -> Iterator[Check]:
    """Yield the checks of what is known of the person, and of what is not."""
    has_steroid = uses(sites, AgentKind.CORTICOSTEROID)
    yield from known_checks(person, lambda row: _verdict(row, has_steroid))
    yield from _consent(person)
    if has_steroid:
        catalogue = injection_limits()
        rule = catalogue.steroid_reason
        verdict = Verdict.FINE if reason else Verdict.BLOCKED
        says = f"Reason for a steroid: {reason}" if reason else "A steroid needs a stated reason"
        yield Check(
            "steroid-reason",
            verdict,
            f"{says}. {rule.because}",
            None,
            cited(catalogue, rule.source),
        )
    if person.gate is not True:
        state = "closed" if person.gate is False else "unknown"
        open_by = f" What would open it: {' '.join(person.would_open)}" if person.would_open else ""
        yield Check(
            "gate",
            Verdict.DECISION,
            f"The pathway's gate to the injection is {state}.{open_by}",
        )


def known_checks(
    person: Person, verdict_of: Callable[[Finding], Verdict | None]
) -> Iterator[Check]:
    """Yield the checks of what was asked and found; a finding stands in the way as told."""
    yield from _not_asked(person)
    yield from _standing(person, verdict_of)
    if person.age is None:
        yield Check("age", Verdict.UNKNOWN, "The age is not known: record the birth date.")
    else:
        yield limit_check("age", person.age)
    if person.sex != "male" and not any(f.kind == PREGNANCY for f in person.findings):
        yield Check(
            "pregnancy-not-asked",
            Verdict.DECISION,
            "Pregnancy is not on record either way: ask, where it may be.",
        )


def site_checks(sites: Sequence[Site]) -> Iterator[Check]:
    """Yield the checks of where is injected, and of agents that are not planned here."""
    yield from place_checks([(site.muscle, site.side) for site in sites])
    for agent in dict.fromkeys(p.agent for s in sites for p in s.portions):
        yield from _agent(agent)


def place_checks(places: Sequence[tuple[str, str]]) -> Iterator[Check]:
    """Yield the checks of where a needle goes, by muscle and side."""
    catalogue, anatomy = injection_limits(), muscle_catalogue()
    named = dict.fromkeys(muscle for muscle, _ in places)
    for muscle in (m for m in named if m in catalogue.barred_muscles.muscles):
        rule = catalogue.barred_muscles
        says = f"{anatomy.muscles[muscle].name}: {rule.because}"
        yield Check(f"muscle-{muscle}", Verdict.BLOCKED, says, None, cited(catalogue, rule.source))
    for muscle in named:
        row = anatomy.muscles[muscle]
        risk = ("", "Beside the lung. ", "Over the lung. ")[row.pneumothorax]
        source = tuple(str(anatomy.sources[name]) for name in row.source)
        verdict = Verdict.DECISION if row.pneumothorax else Verdict.FINE
        yield Check(f"hazard-{muscle}", verdict, f"{row.name}: {risk}{row.hazards}", None, source)
    by_lung = {side for muscle, side in places if anatomy.muscles[muscle].pneumothorax}
    if by_lung == set(SIDES):
        rule = catalogue.one_side
        yield Check("one-side", Verdict.BLOCKED, rule.because, None, cited(catalogue, rule.source))


def uses(sites: Sequence[Site], kind: AgentKind) -> bool:
    """Return whether an agent of a kind is planned."""
    return any(portion.kind is kind for site in sites for portion in site.portions)


def _agent(agent: str) -> Iterator[Check]:
    limits, catalogue, row = injection_limits(), agent_catalogue(), agents()[agent]
    if agent in limits.barred_agents.agents:
        rule = limits.barred_agents
        yield Check(
            f"agent-{agent}", Verdict.BLOCKED, rule.because, None, cited(limits, rule.source)
        )
    elif row.kind is AgentKind.OTHER and agent != SALINE:
        source = tuple(str(catalogue.sources[name]) for name in row.source)
        yield Check(f"agent-{agent}", Verdict.DECISION, f"{row.name}: {row.note}", None, source)


def _not_asked(person: Person) -> Iterator[Check]:
    for name, kind in finding_kinds().items():
        if kind.screening and name not in person.screened:
            yield Check(
                f"{name}-not-asked",
                Verdict.UNKNOWN,
                f"{kind.meaning}: not asked about since the episode began. Ask, and record it as "
                f"`{name}` `screened`.",
            )


def _standing(person: Person, verdict_of: Callable[[Finding], Verdict | None]) -> Iterator[Check]:
    for finding in dict.fromkeys(person.findings):
        row = finding_kinds()[finding.kind].codes[finding.code]
        if verdict := verdict_of(row):
            source = tuple(str(finding_catalogue().sources[name]) for name in row.source)
            yield Check(_id(finding), verdict, f"{row.name}: {row.because}", None, source)


def _verdict(row: Finding, has_steroid: bool) -> Verdict | None:
    if {Bar.RED_FLAG, Bar.CONTRAINDICATION} & set(row.bars):
        return Verdict.BLOCKED
    if Bar.STEROID_CONTRAINDICATION in row.bars and has_steroid:
        return Verdict.BLOCKED
    weighed = {Bar.CAUTION, Bar.ANTICOAGULANT, Bar.NEEDLING_CONTRAINDICATION}
    return Verdict.DECISION if weighed & set(row.bars) else None


def _id(finding: Standing) -> str:
    return f"{finding.kind}-{finding.code}"


def _consent(person: Person) -> Iterator[Check]:
    if person.has(CONSENT, [REFUSED]):
        yield Check("consent", Verdict.BLOCKED, "The patient has refused the injection.")
    elif person.has(CONSENT, [CONSENTED]):
        yield Check("consent", Verdict.FINE, "The patient has consented to the injection.")
    else:
        yield Check(
            "consent",
            Verdict.UNKNOWN,
            "No consent on record: inform the patient, and record `consent` `injection`.",
        )

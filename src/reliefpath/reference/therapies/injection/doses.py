"""Checks of the doses: each agent's, all anaesthetics together, the steroid, and slips of unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reliefpath.knowledge import Knowledge, told_changes
from reliefpath.reference.therapies.catalogue import therapies
from reliefpath.reference.therapies.injectables import Agent, AgentKind, agent_catalogue, agents
from reliefpath.reference.therapies.injection.limits import InjectionLimits, Limit, injection_limits
from reliefpath.reference.therapies.injection.person import Given, Person
from reliefpath.reference.therapies.injection.plan import (
    MG_PER_ML_IN_A_PERCENT,
    AnaestheticDose,
    Check,
    Portion,
    Site,
    Verdict,
)

INJECTION = "injection"
DAY_HOURS = 24.0
ROUNDING = 1e-9
SAME = 0.01
"""Doses that differ by less than this share are the same."""
TENFOLD = (0.1, 10.0)


def anaesthetic_dose(portions: Iterable[Portion], person: Person) -> AnaestheticDose | None:
    """Return the anaesthetic of a plan as a share of its maximum; None where none is planned."""
    knowledge, limits = person.knowledge, injection_limits(person.knowledge).limits
    planned = [p for p in portions if p.kind(knowledge) is AgentKind.LOCAL_ANAESTHETIC]
    if not planned:
        return None
    mg: dict[str, float] = {}
    for portion in planned:
        mg[portion.agent] = mg.get(portion.agent, 0.0) + portion.mg
    acting = tuple(given for given in person.history if _still_acts(given, person))
    frail = limits["anaesthetic-frail"]
    names = ("anaesthetic-share", *(["anaesthetic-frail"] if _holds(frail, person) else []))
    allowed = min(limits[name].most or 0.0 for name in names)
    most: dict[str, float] = {}
    share = None
    if person.weight_kg is not None:
        used = dict.fromkeys([*mg, *(given.agent for given in acting if given.agent)])
        most = {agent: _most_mg(agent, person.weight_kg, knowledge) for agent in used}
        if all(given.mg is not None and given.agent is not None for given in acting):
            before = sum((given.mg or 0.0) / most[str(given.agent)] for given in acting)
            share = before + sum(dose / most[agent] for agent, dose in mg.items())
    return AnaestheticDose(mg, most, share, allowed, person.weight_kg, acting)


def _most_mg(agent: str, weight_kg: float, knowledge: Knowledge) -> float:
    row = agents(knowledge)[agent]
    return min((row.max_mg_per_kg or 0.0) * weight_kg, row.max_mg or 0.0)


def dose_checks(sites: Sequence[Site], person: Person) -> Iterator[Check]:
    """Yield the checks of what is injected and how much."""
    portions = [portion for site in sites for portion in site.portions]
    yield from _slips(portions, person.knowledge)
    yield from _anaesthetic(portions, person)


def limit_check(
    limits: InjectionLimits,
    id_: str,
    value: float,
    arithmetic: str | None = None,
    rests_on: Sequence[str] = (),
) -> Check:
    """Return the check of one number against the limit of its name.

    `rests_on` are further sources, of the arithmetic.
    """
    limit = limits.limits[id_]
    broken = limit.broken(value)
    bounds = [] if limit.least is None else [f"at least {limit.least:g}"]
    bounds += [] if limit.most is None else [f"at most {limit.most:g}"]
    says = f"{limit.name}: {value:.3g} {limit.unit}, {' and '.join(bounds)}"
    if broken:
        says += f". {limit.because}"
    verdict = Verdict(limit.over) if broken else Verdict.FINE
    return Check(id_, verdict, says, arithmetic, (*cited(limits, limit.source), *rests_on))


def cited(catalogue: InjectionLimits, names: Sequence[str]) -> tuple[str, ...]:
    """Return sources, each with how sure it is."""
    return tuple(str(catalogue.sources[name]) for name in names)


def changed_agents(knowledge: Knowledge, used: Iterable[str]) -> tuple[str, ...]:
    """Return what the clinic's own file says of agents, as sources."""
    catalogue = agent_catalogue(knowledge)
    rows = [catalogue.agents[agent] for agent in dict.fromkeys(used)]
    return tuple(told for row in rows for told in told_changes(catalogue, row))


def steroid_mg(portions: Sequence[Portion], knowledge: Knowledge) -> float:
    """Return all corticosteroid as milligrams of triamcinolone."""
    return sum(p.mg * (p.row(knowledge).triamcinolone_equivalent or 0.0) for p in portions)


def steroid_arithmetic(portions: Sequence[Portion], knowledge: Knowledge) -> str:
    """Return how `steroid_mg` comes about."""
    factors = [(p, p.row(knowledge).triamcinolone_equivalent) for p in portions]
    parts = [f"{p.agent} {p.mg:g} mg × {each:.3g}" for p, each in factors if each is not None]
    return f"{' + '.join(parts)} = {steroid_mg(portions, knowledge):.3g} mg of triamcinolone"


def _slips(portions: Sequence[Portion], knowledge: Knowledge) -> Iterator[Check]:
    catalogue = agent_catalogue(knowledge)
    for portion in dict.fromkeys(portions):
        row = portion.row(knowledge)
        source = tuple(str(catalogue.sources[name]) for name in row.source)
        dose = f"{_strength(portion)} × {portion.volume_ml:g} mL = {portion.mg:.4g} mg"
        if portion.stated_mg is not None:
            off = abs(portion.stated_mg - portion.mg) > SAME * portion.mg
            says = f"{row.name}: {portion.stated_mg:g} mg was said"
            says += f", but it is {portion.mg:.4g} mg" if off else ", and it is"
            verdict = Verdict.BLOCKED if off else Verdict.FINE
            yield Check(f"stated-dose-{portion.agent}", verdict, says, dose)
        percent = portion.mg_per_ml / MG_PER_ML_IN_A_PERCENT
        if row.concentrations_percent and percent > max(row.concentrations_percent) * (1 + SAME):
            yield Check(
                f"strength-{portion.agent}",
                Verdict.BLOCKED,
                f"{row.name} of {percent:g} percent is not sold; the strongest is "
                f"{max(row.concentrations_percent):g} percent{_meant(portion, row)}",
                dose,
                source,
            )
        elif row.usual_percent is not None:
            low, high = row.usual_percent
            usual = low * (1 - SAME) <= percent <= high * (1 + SAME)
            says = f"{row.name} of {percent:g} percent; usual is {low:g} to {high:g} percent"
            if not usual:
                says += f"{_meant(portion, row)}. {row.note}"
            verdict = Verdict.FINE if usual else Verdict.DECISION
            yield Check(f"strength-{portion.agent}", verdict, says, dose, source)
        elif row.session_mg is not None:
            low, high = row.session_mg
            total = sum(p.mg for p in portions if p.agent == portion.agent)
            usual = low <= total <= high
            says = f"{row.name}: {total:.4g} mg in all; usual is {low:g} to {high:g} mg"
            yield Check(
                f"usual-dose-{portion.agent}",
                Verdict.FINE if usual else Verdict.DECISION,
                says if usual else f"{says}. Is the unit right?",
                dose,
                source,
            )


def _strength(portion: Portion) -> str:
    if portion.unit == "percent":
        return f"{portion.agent} {portion.concentration:g} percent = {portion.mg_per_ml:g} mg/mL"
    return f"{portion.agent} {portion.concentration:g} mg/mL"


def _meant(portion: Portion, row: Agent) -> str:
    """What a number that fits no strength may have been meant as."""
    sold = row.concentrations_percent
    number = portion.concentration
    other = number / MG_PER_ML_IN_A_PERCENT if portion.unit == "percent" else number
    if any(abs(other - s) <= SAME * s for s in sold):
        right = "mg/mL" if portion.unit == "percent" else "percent"
        return f". Did you mean {number:g} {right}?"
    percent = portion.mg_per_ml / MG_PER_ML_IN_A_PERCENT
    for factor in TENFOLD:
        if any(abs(percent * factor - s) <= SAME * s for s in sold):
            return f". Did you mean {percent * factor:g} percent?"
    return ""


def _anaesthetic(portions: Sequence[Portion], person: Person) -> Iterator[Check]:
    """Each anaesthetic as a share of its maximum, and all of them together."""
    knowledge, limits = person.knowledge, injection_limits(person.knowledge)
    dose = anaesthetic_dose(portions, person)
    if dose is None:
        return
    yield from weight_checks(person)
    if person.weight_kg is None:
        last = person.outdated.get("weight")
        known = "not known" if last is None else f"of {last}, which is too old or has ended"
        says = f"The weight is {known}, so the largest dose is not known: weigh the patient."
        yield Check("weight", Verdict.UNKNOWN, says)
        return
    if dose.share is None:
        yield Check(
            "earlier-anaesthetic",
            Verdict.UNKNOWN,
            "What was injected lately may be an anaesthetic that still acts, and which or how "
            "much is not on record: find it out.",
        )
        return
    shares, acting, steps = dose.share, dose.earlier, []
    for agent, most in dose.most_mg.items():
        row = agents(knowledge)[agent]
        mg = dose.mg.get(agent, 0.0) + sum(g.mg or 0.0 for g in acting if g.agent == agent)
        per_kg, cap = row.max_mg_per_kg or 0.0, row.max_mg or 0.0
        steps.append(
            f"{agent} {mg:.4g} mg of {most:.4g} mg (the lesser of {per_kg:g} mg/kg × "
            f"{person.weight_kg:g} kg = {per_kg * person.weight_kg:.4g} mg and {cap:g} mg) = "
            f"{mg / most:.3g}"
        )
    arithmetic = "; ".join(steps) + (f"; together {shares:.3g}" if len(steps) > 1 else "")
    if acting:
        arithmetic += f"; {_earlier(acting)} included, which may still act"
    own = changed_agents(knowledge, dose.most_mg)
    yield limit_check(limits, "anaesthetic-share", shares, arithmetic, own)
    yield limit_check(limits, "anaesthetic-high", shares, arithmetic, own)
    if _holds(limits.limits["anaesthetic-frail"], person):
        yield limit_check(limits, "anaesthetic-frail", shares, arithmetic, own)
    if person.height_cm is None:
        yield limit_check(limits, "height-asked", shares, arithmetic, own)
    yield from _of_the_day(dose.mg, person)


def _holds(limit: Limit, person: Person) -> bool:
    """Whether a limit that is for some alone is for this person."""
    return (
        bool(person.has("condition", limit.conditions))
        or (limit.from_age is not None and (person.age or 0) >= limit.from_age)
        or (limit.below_kg is not None and (person.weight_kg or 0.0) < limit.below_kg)
    )


def _of_the_day(planned_mg: Mapping[str, float], person: Person) -> Iterator[Check]:
    """Each anaesthetic against the most of 24 hours, where its label has one."""
    catalogue = agent_catalogue(person.knowledge)
    for agent, planned in planned_mg.items():
        row = catalogue.agents[agent]
        most = row.max_mg_24h
        before = [g for g in person.history if g.agent == agent and person.within(g, DAY_HOURS)]
        if most is None or not before:
            continue
        mg = planned + sum(g.mg or 0.0 for g in before)
        verdict = Verdict.BLOCKED if mg > most * (1 + ROUNDING) else Verdict.FINE
        if any(given.mg is None for given in before):
            verdict = Verdict.UNKNOWN
        yield Check(
            f"anaesthetic-24-hours-{agent}",
            verdict,
            f"{row.name} in 24 hours: {mg:.4g} mg on record, at most {most:g} mg",
            f"{_earlier(before)} included",
            tuple(str(catalogue.sources[name]) for name in row.source),
        )


def _still_acts(given: Given, person: Person) -> bool:
    """Whether an anaesthetic, or what may be one, may not have worn off; else it is of 24 hours."""
    rows = agents(person.knowledge).items()
    acts = {a: row.acts_hours or 0.0 for a, row in rows if row.kind is AgentKind.LOCAL_ANAESTHETIC}
    if given.agent is None:
        if not may_inject(person.knowledge, given.therapy):
            return False
        hours = max(acts.values())
    elif given.agent in acts:
        hours = acts[given.agent]
    else:
        return False
    return person.within(given, hours)


def may_inject(knowledge: Knowledge, therapy: str) -> bool:
    """Return whether something is injected by a therapy, be it not on record what."""
    known = therapies(knowledge)
    return known[therapy].invasiveness >= known[INJECTION].invasiveness


def _earlier(given: Sequence[Given]) -> str:
    return ", ".join(
        f"{g.agent} {'?' if g.mg is None else f'{g.mg:.4g}'} mg of {_when(g)}" for g in given
    )


def _when(given: Given) -> str:
    return f"{given.on}" if given.at is None else f"{given.at:%Y-%m-%d %H:%M} UTC"


def weight_checks(person: Person) -> Iterator[Check]:
    """Yield the checks of a weight that may be a slip."""
    weight, before = person.weight_kg, person.weight_before_kg
    if weight is None:
        return
    limits = injection_limits(person.knowledge)
    yield limit_check(limits, "plausible-weight", weight)
    if before is not None:
        ratio = max(weight / before, before / weight)
        yield limit_check(
            limits, "weight-change", ratio, f"{weight:g} kg now, {before:g} kg before"
        )
    if person.height_cm is not None:
        index = weight / (person.height_cm / 100) ** 2
        told = f"{weight:g} kg / ({person.height_cm:g} cm)² = {index:.3g}"
        yield limit_check(limits, "body-mass-index", index, told)

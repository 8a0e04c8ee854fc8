"""Checks of where a needle goes: is it the right site, where is the lung, what lies in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import muscle_catalogue, muscles
from reliefpath.reference.therapies.catalogue import Family, therapies
from reliefpath.reference.therapies.injection.doses import cited
from reliefpath.reference.therapies.injection.limits import Limit, injection_limits
from reliefpath.reference.therapies.injection.person import BOTH, Examined, Given, Person
from reliefpath.reference.therapies.injection.plan import SIDES, Check, Verdict

WEEK = 7
PREGNANCY, PREGNANT = "pregnancy", "pregnant"
NEEDLES = (Family.NEEDLING, Family.INJECTION)
Place = tuple[str, str]
"""A muscle and its side."""


def place_checks(places: Sequence[Place], person: Person) -> Iterator[Check]:
    """Yield the checks of where a needle goes in this person, by muscle and side."""
    each = list(dict.fromkeys(places))
    if person.complaint is not None and person.complaint.side is None:
        says = "The side of the complaint is not on record, so no site was held against it."
        yield Check("complaint-side", Verdict.FINE, says)
    named = dict.fromkeys(muscle for muscle, _ in each)
    yield from _barred(named, person)
    for muscle in named:
        yield _hazard(muscle, person.knowledge)
    yield from _chest(each, person)
    for place in each:
        yield from _examined(place, person)
        yield from _explains(place, person)


def _barred(named: Iterable[str], person: Person) -> Iterator[Check]:
    limits, anatomy = injection_limits(person.knowledge), muscles(person.knowledge)
    rule = limits.barred_muscles
    for muscle in named:
        if muscle in rule.muscles:
            says = f"{anatomy[muscle].name}: {rule.because}"
            yield Check(f"muscle-{muscle}", Verdict.BLOCKED, says, None, cited(limits, rule.source))
    rule = limits.barred_in_pregnancy
    if person.has(PREGNANCY, [PREGNANT]):
        for muscle in named:
            if anatomy[muscle].region in rule.regions:
                says = f"{anatomy[muscle].name}: {rule.because}"
                yield Check(
                    f"pregnancy-{muscle}", Verdict.BLOCKED, says, None, cited(limits, rule.source)
                )


def _hazard(muscle: str, knowledge: Knowledge) -> Check:
    catalogue = muscle_catalogue(knowledge)
    row = catalogue.muscles[muscle]
    risk = ("", "Beside the lung. ", "Over the lung. ")[row.pneumothorax]
    source = tuple(str(catalogue.sources[name]) for name in row.source)
    verdict = Verdict.DECISION if row.pneumothorax else Verdict.FINE
    return Check(f"hazard-{muscle}", verdict, f"{row.name}: {risk}{row.hazards}", None, source)


def _chest(places: Sequence[Place], person: Person) -> Iterator[Check]:
    """One side of the chest a day, whichever needle it was and whatever complaint it was for."""
    knowledge, limits = person.knowledge, injection_limits(person.knowledge)
    rule = limits.one_side
    source = cited(limits, rule.source)
    sides = {side for muscle, side in places if muscles(knowledge)[muscle].pneumothorax}
    if sides == set(SIDES):
        yield Check("one-side", Verdict.BLOCKED, rule.because, None, source)
    needles = person.history if sides else ()
    other = [given for given in needles if _on_the_other_side(given, sides, knowledge)]
    today = [
        given
        for given in other
        if given.on == person.on or person.within(given, rule.blocked_hours)
    ]
    if today:
        says = f"{_told(today[-1], knowledge)}, on the other side of the chest. {rule.because}"
        yield Check("other-side-of-chest", Verdict.BLOCKED, says, None, source)
    elif late := [given for given in other if person.within(given, rule.asked_hours)]:
        says = f"{_told(late[-1], knowledge)}, on the other side of the chest. {rule.asks}"
        yield Check("other-side-of-chest", Verdict.DECISION, says, None, source)


def _on_the_other_side(given: Given, sides: set[str], knowledge: Knowledge) -> bool:
    """Whether a needle may have been beside the lung on a side that is not planned alone."""
    if therapies(knowledge)[given.therapy].family not in NEEDLES and given.muscle is None:
        return False  # a joint or the spine
    by_lung = given.muscle is None or muscles(knowledge)[given.muscle].pneumothorax > 0
    return by_lung and {given.side} != sides


def _examined(place: Place, person: Person) -> Iterator[Check]:
    """Does the latest examination find what is to be treated there?"""
    if person.complaint is None:
        return
    limits = injection_limits(person.knowledge)
    limit, found = limits.limits["exam-age"], latest_examined(place, person.exams)
    where, source = _where(place, person), cited(limits, limit.source)
    told = "not examined" if found is None else f"last examined on {found.on}"
    if found is None or limit.broken((person.on - found.on).days / WEEK):
        says = f"{where}: {told}; examine it within {limit.most:g} weeks before a needle."
        yield _site("not-examined", place, says, limit, source)
    elif not found.active:
        state = "unclear whether it was active" if found.active is None else "not active"
        says = f"{where}: {told}, {state}. A needle is for an active trigger point."
        what = "not-active" if found.active is False else "unclear"
        yield _site(what, place, says, limit, source)


def latest_examined(place: Place, exams: Iterable[Examined]) -> Examined | None:
    """Return the latest examination of a place; one of that very side goes before `both`."""
    muscle, side = place
    mine = [e for e in exams if e.muscle == muscle and e.side in (side, BOTH)]
    return max(mine, key=lambda e: (e.on, e.side == side), default=None)


def _explains(place: Place, person: Person) -> Iterator[Check]:
    """Can a trigger point there cause this complaint?"""
    if person.complaint is None:
        return
    muscle, side = place
    row, regions = muscles(person.knowledge)[muscle], set(person.complaint.regions)
    told = _where(place, person)
    if not regions & set(row.reaches):
        where = " or ".join(region.replace("-", " ") for region in person.complaint.regions)
        says = f"{told}: it is not known to refer to the complaint's {where}."
        yield Check(f"site-cannot-explain-{muscle}-{side}", Verdict.DECISION, says)
    elif person.complaint.side not in (None, BOTH, side) and not regions & set(row.crosses):
        says = f"{told}: the complaint is on the {person.complaint.side}."
        yield Check(f"site-other-side-{muscle}-{side}", Verdict.DECISION, says)


def _site(what: str, place: Place, says: str, limit: Limit, source: tuple[str, ...]) -> Check:
    muscle, side = place
    return Check(f"site-{what}-{muscle}-{side}", Verdict(limit.over), says, None, source)


def _where(place: Place, person: Person) -> str:
    muscle, side = place
    return f"{muscles(person.knowledge)[muscle].name}, {side}"


def _told(given: Given, knowledge: Knowledge) -> str:
    known, muscle = muscles(knowledge), given.muscle
    where = "muscle not on record" if muscle is None else known[muscle].name
    side = given.side or "side not on record"
    return f"{therapies(knowledge)[given.therapy].name} on {given.on}: {where}, {side}"

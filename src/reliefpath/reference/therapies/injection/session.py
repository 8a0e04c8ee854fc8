"""Checks of what one session holds: a day is a session, so what was given earlier on it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from reliefpath.reference.therapies.injection.doses import INJECTION, limit_check
from reliefpath.reference.therapies.injection.limits import InjectionLimits, injection_limits
from reliefpath.reference.therapies.injection.person import BOTH, Given, Person
from reliefpath.reference.therapies.injection.plan import Check, Site, Verdict


def held_checks(sites: Sequence[Site], person: Person) -> Iterator[Check]:
    """Yield the checks of volume, muscles and points, with those injected earlier on the day."""
    portions = [portion for site in sites for portion in site.portions]
    before = [given for given in person.history if given.therapy == INJECTION]
    today = given_on_the_day(before, person)
    volumes = " + ".join(f"{p.volume_ml:g}" for p in portions) + " mL"
    planned = sum(p.volume_ml for p in portions)
    limits = injection_limits(person.knowledge)
    earlier = [given.volume_ml for given in today]
    yield with_earlier(limits, "volume", planned, earlier, volumes)
    points = _points(today)
    # a muscle that is not on record may be another one
    known = {site.muscle for site in sites} | points.keys() - {None}
    yield limit_check(limits, "muscles", len(known) + points[None])
    yield limit_check(limits, "points", len(sites) + points.total())


def given_on_the_day(history: Sequence[Given], person: Person) -> list[Given]:
    """Return what was given earlier on the day of the plan."""
    return [given for given in history if given.on == person.on]


def with_earlier(
    limits: InjectionLimits,
    id_: str,
    planned: float,
    earlier: Sequence[float | None],
    arithmetic: str,
    rests_on: Sequence[str] = (),
) -> Check:
    """Return the check of what is planned and was given earlier on the day, against a limit.

    An amount that is not on record may break the limit, and so it counts as if it did.
    """
    known = [amount for amount in earlier if amount is not None]
    if known:
        arithmetic += f"; and {' + '.join(f'{amount:.3g}' for amount in known)} earlier on the day"
    found = limit_check(limits, id_, planned + sum(known), arithmetic, rests_on)
    missing = len(earlier) - len(known)
    if not missing:
        return found
    says = f"{found.says}. {missing} earlier on the day of unknown amount: find it out"
    return replace(found, verdict=Verdict(limits.limits[id_].over), says=says)


def _points(today: Sequence[Given]) -> Counter[str | None]:
    """How many points of each muscle were injected: of one point, each agent has a row."""
    rows = Counter((given.at, given.muscle, given.side, given.agent) for given in today)
    at_place: dict[tuple[object, str | None, str | None], int] = {}
    for (at, muscle, side, _), count in rows.items():
        place = at, muscle, side
        at_place[place] = max(at_place.get(place, 0), count * (2 if side == BOTH else 1))
    found: Counter[str | None] = Counter()
    for (_, muscle, _), count in at_place.items():
        found[muscle] += count
    return found

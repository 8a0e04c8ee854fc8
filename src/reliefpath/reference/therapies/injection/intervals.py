"""Checks against what was injected before: the steroid of the rolling year, and how long ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies.injectables import AgentKind, agents
from reliefpath.reference.therapies.injection.doses import INJECTION as INJECTION
from reliefpath.reference.therapies.injection.doses import (
    changed_agents,
    limit_check,
    may_inject,
    steroid_arithmetic,
    steroid_mg,
)
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.reference.therapies.injection.person import Given, Person
from reliefpath.reference.therapies.injection.plan import Check, Site, Verdict
from reliefpath.reference.therapies.injection.session import given_on_the_day, with_earlier

WEEK = 7


def steroid_checks(sites: Sequence[Site], person: Person) -> Iterator[Check]:
    """Yield the checks of the steroid of this session and of every one on record."""
    knowledge, limits = person.knowledge, injection_limits(person.knowledge)
    portions = [portion for site in sites for portion in site.portions]
    planned = [p for p in portions if p.kind(knowledge) is AgentKind.CORTICOSTEROID]
    if not planned:
        return
    own = changed_agents(knowledge, (p.agent for p in planned))
    before = [given for given in person.history if _may_be_steroid(given, knowledge)]
    today = [_mg(given, knowledge) for given in given_on_the_day(before, person)]
    arithmetic, mg = steroid_arithmetic(planned, knowledge), steroid_mg(planned, knowledge)
    yield with_earlier(limits, "steroid-session", mg, today, arithmetic, own)
    limit = limits.limits["steroid-sessions"]
    year = before if limit.days is None else within(before, person.on, limit.days)
    days = sorted({given.on for given in year})
    told = ", ".join(day.isoformat() for day in days) or "none"
    count, arithmetic = len({*days, person.on}), f"before: {told}; and this one"
    yield limit_check(limits, "steroid-sessions", count, arithmetic)
    amounts = [_mg(given, knowledge) for given in year]
    used = [*(p.agent for p in planned), *(g.agent for g in year if g.agent)]
    yield Check(
        "steroid-year",
        Verdict.UNKNOWN if None in amounts else Verdict.FINE,
        _year(amounts, mg),
        source=changed_agents(knowledge, used),
    )
    if before:
        last = max(given.on for given in before)
        weeks = (person.on - last).days / WEEK
        ago = f"the last on {last}, {weeks:.3g} weeks ago"
        yield limit_check(limits, "steroid-interval", weeks, ago)


def session_checks(sites: Sequence[Site], person: Person) -> Iterator[Check]:
    """Yield how long ago the last session was, anywhere and at each of these sites."""
    before = [given for given in person.history if given.on < person.on]
    last = max(sessions(before), default=None)
    ago = "none on record" if last is None else _ago(last, person)
    yield Check("last-session", Verdict.FINE, f"The last session: {ago}")
    for site in {(site.muscle, site.side): site for site in sites}.values():
        here = last_at(person.history, [site])
        if here is not None:
            weeks = (person.on - here).days / WEEK
            limits = injection_limits(person.knowledge)
            found = limit_check(limits, "same-site-interval", weeks, _ago(here, person))
            yield replace(found, id=f"{found.id}-{site.muscle}-{site.side}")


def _ago(day: date, person: Person) -> str:
    return f"{day}, {(person.on - day).days / WEEK:.3g} weeks ago"


def sessions(history: Sequence[Given]) -> list[date]:
    """Return the days on which trigger points were injected: a day is a session."""
    return sorted({given.on for given in history if given.therapy == INJECTION})


def within(history: Sequence[Given], on: date, days: int) -> list[Given]:
    """Return what was given in the rolling window of `days` days that ends on a day."""
    return [given for given in history if 0 <= (on - given.on).days < days]


def last_at(history: Sequence[Given], sites: Sequence[Site]) -> date | None:
    """Return the last day on which one of the sites was injected; what is unknown is all."""
    return max(
        (
            given.on
            for given in history
            for site in sites
            if given.therapy == INJECTION
            and given.muscle in (site.muscle, None)
            and given.side in (site.side, "both", None)
        ),
        default=None,
    )


def _may_be_steroid(given: Given, knowledge: Knowledge) -> bool:
    if given.agent is not None:
        return agents(knowledge)[given.agent].kind is AgentKind.CORTICOSTEROID
    return may_inject(knowledge, given.therapy)


def _mg(given: Given, knowledge: Knowledge) -> float | None:
    """Milligrams of triamcinolone; null where agent or amount is not known."""
    if given.agent is None or given.mg is None:
        return None
    return given.mg * (agents(knowledge)[given.agent].triamcinolone_equivalent or 0.0)


def _year(amounts: Sequence[float | None], planned: float) -> str:
    known = sum(mg for mg in amounts if mg is not None)
    says = (
        f"Corticosteroid of 365 days with this session: {known:.3g} + {planned:.3g} = "
        f"{known + planned:.3g} mg of triamcinolone"
    )
    if missing := amounts.count(None):
        says += f", and {missing} whose agent or amount is not on record: find it out"
    return says

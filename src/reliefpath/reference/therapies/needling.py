"""A planned session of dry needling: ready, in need of a decision, or blocked.

Pure, like the planner of an injection, whose checks of person and place it shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reliefpath.errors import UsageError
from reliefpath.reference.therapies.catalogue import Family, therapies
from reliefpath.reference.therapies.findings import Finding, Restriction
from reliefpath.reference.therapies.injection.doses import cited, limit_check
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.reference.therapies.injection.person import Given, Person
from reliefpath.reference.therapies.injection.places import Place, place_checks
from reliefpath.reference.therapies.injection.plan import (
    Check,
    Checked,
    Verdict,
    refuse_unknown_place,
    weighed,
)
from reliefpath.reference.therapies.injection.safety import CONSENT, known_checks, old_consent
from reliefpath.reference.therapies.injection.session import given_on_the_day

AGREES = "needling"
REFUSES = "needling-refused"


@dataclass(frozen=True)
class Course:
    """The dry needling of the episode so far."""

    sessions: float | None
    """Null where no treatments were read."""
    response: float | None
    """Mean share of the pain relieved by a session; null where none was recorded."""
    gain: float | None = None
    """Share by which the pain is less than before the first session; null where no score tells."""


@dataclass(frozen=True)
class NeedlingPlan(Checked):
    """A session with everything that was looked at, the worst first."""

    on: date
    places: tuple[Place, ...]
    checks: tuple[Check, ...]
    acknowledged: tuple[str, ...]
    renewed: Mapping[str, date] = field(default_factory=dict)


def plan_needling(
    places: Sequence[Place], person: Person, course: Course, acknowledged: Iterable[str] = ()
) -> NeedlingPlan:
    """Return a session with everything that was looked at.

    Raises:
        UsageError: nothing is planned, a muscle or side is not known, or something is acknowledged
            that is no decision.
    """
    if not places:
        raise UsageError("nothing is planned: name at least one muscle and side")
    for muscle, side in places:
        refuse_unknown_place(person.knowledge, muscle, side)
    checks = [
        *known_checks(person, places, _verdict),
        *_consent(person),
        *place_checks(places, person),
        _muscles(places, person),
        *_course(course, person),
    ]
    found, known = weighed(checks, acknowledged)
    return NeedlingPlan(person.on, tuple(places), found, known, person.renewed)


def _verdict(row: Finding) -> Verdict | None:
    if {Restriction.RED_FLAG, Restriction.NEEDLING_CONTRAINDICATION} & set(row.bars):
        return Verdict.BLOCKED
    if not {Restriction.CAUTION, Restriction.ANTICOAGULANT} & set(row.bars):
        return None
    return Verdict.DECISION if row.is_weighed_with(()) else None


def _consent(person: Person) -> Iterator[Check]:
    if person.has(CONSENT, [REFUSES]):
        return  # a contraindication, told as such
    if not person.has(CONSENT, [AGREES]):
        says = f"{old_consent(person)}: inform the patient, and record the answer."
        yield Check("consent", Verdict.UNKNOWN, says)
    elif not _needled_since(person):
        yield Check("consent", Verdict.FINE, "The patient has agreed to dry needling.")
    else:
        limits = injection_limits(person.knowledge)
        rule = limits.each_session
        says = f"The patient agreed to the course on {person.consented_on}: do they still today?"
        source = cited(limits, rule.source)
        yield Check("consent-still-holds", Verdict.DECISION, f"{says} {rule.because}", None, source)


def _muscles(places: Sequence[Place], person: Person) -> Check:
    """Those needled earlier on the day count; one that is not on record may be another one."""
    today = [given.muscle for given in given_on_the_day(_needled(person), person)]
    known = {muscle for muscle, _ in places} | set(today) - {None}
    limits = injection_limits(person.knowledge)
    return limit_check(limits, "needled-muscles", len(known) + today.count(None))


def _needled_since(person: Person) -> bool:
    """Whether a session was given on the consent already, which is then one to a course."""
    agreed = person.consented_on
    return (
        agreed is not None
        and agreed < person.on
        and any(given.on >= agreed for given in _needled(person))
    )


def _needled(person: Person) -> list[Given]:
    known = therapies(person.knowledge)
    return [g for g in person.history if known[g.therapy].family is Family.NEEDLING]


def _course(course: Course, person: Person) -> Iterator[Check]:
    """Is it still within a course, and does it bring anything?"""
    if course.sessions is None:
        says = "How many sessions there were is not known: read the treatments as well."
        yield Check("needling-course", Verdict.UNKNOWN, says)
        return
    limits = injection_limits(person.knowledge)
    yield limit_check(limits, "needling-course", course.sessions + 1)
    if not course.sessions:
        return
    if course.response is None:
        says = "What the sessions so far brought is not on record: measure before and after."
        yield Check("response-not-recorded", Verdict.DECISION, says)
    else:
        relieved = f"{course.sessions:g} sessions relieved {course.response:.0%} of the pain each"
        if course.gain is not None:
            relieved += f", and it is {course.gain:.0%} less than before them"
        without = 0 if course.response > 0 or (course.gain or 0) > 0 else course.sessions
        yield limit_check(limits, "needling-without-relief", without, relieved)

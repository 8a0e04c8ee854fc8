"""What was read off the vials: the lot and the expiry of each agent, or why they are not known."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from reliefpath.care.planning.given import refuse_unplanned_lots
from reliefpath.care.request import Request
from reliefpath.errors import UsageError, is_reason
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies import agents
from reliefpath.reference.therapies.injection import Check, Site, Verdict
from reliefpath.reference.therapies.injection.doses import cited
from reliefpath.reference.therapies.injection.limits import injection_limits

MONTH = re.compile(r"(?:(?P<year>\d{4})-(?P<month>\d{1,2})|(?P<m>\d{1,2})\s*/\s*(?P<y>\d{4}))")
"""A month as vials have it, `2027-04` or `04/2027`."""


class Vial(Request):
    """What stands on the vials of one agent."""

    agent: str
    lot: str | None = None
    expires: date | None = None
    """The last day on which it may be given."""
    unknown_because: str | None = None
    """Why lot or expiry is not told."""


def last_day(text: str) -> date:
    """Return the last day on which a vial may be given, of a day or of a month.

    >>> last_day("04/2027")
    datetime.date(2027, 4, 30)

    Raises:
        UsageError: it is neither.
    """
    said = text.strip()
    try:
        if found := MONTH.fullmatch(said):
            year, month = int(found["year"] or found["y"]), int(found["month"] or found["m"])
            return date(year, month, monthrange(year, month)[1])
        return date.fromisoformat(said)
    except ValueError:
        raise UsageError(
            f"expiry {text!r}: expected a month, as in 04/2027, or a day, as in 2027-04-30"
        ) from None


def vial_checks(
    vials: Iterable[Vial], sites: Sequence[Site], on: date, knowledge: Knowledge
) -> Iterator[Check]:
    """Yield a check of the vials of each agent that is given on a day.

    Raises:
        UsageError: a vial is told of an agent that is not planned.
    """
    told = {vial.agent: vial for vial in vials}
    refuse_unplanned_lots(told, sites)
    for agent in dict.fromkeys(p.agent for site in sites for p in site.portions):
        yield _check(told.get(agent, Vial(agent=agent)), on, knowledge)


def _check(vial: Vial, on: date, knowledge: Knowledge) -> Check:
    limits, name = injection_limits(knowledge), agents(knowledge)[vial.agent].name
    rule, verdict = limits.vial, Verdict.FINE
    lot = f"{name}, lot {vial.lot}" if vial.lot else f"{name}, lot not told"
    missing = [what for what, value in (("lot", vial.lot), ("expiry", vial.expires)) if not value]
    says = f"{lot}: to be used by {vial.expires}"
    if vial.expires is not None and vial.expires < on:
        verdict, says = Verdict.BLOCKED, f"{lot}: expired on {vial.expires}, use another vial"
    elif missing and is_reason(vial.unknown_because):
        says = f"{lot}: {' and '.join(missing)} not known: {vial.unknown_because}"
    elif missing:
        verdict = Verdict.UNKNOWN
        says = f"{name}: read {' and '.join(missing)} off the vial, or say in words why not"
    source = cited(limits, rule.source)
    return Check(f"vial-{vial.agent}", verdict, f"{says}. {rule.because}", None, source)

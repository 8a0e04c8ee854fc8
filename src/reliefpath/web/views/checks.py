"""A plan with everything that was looked at, as its page shows it, and its way onto record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reliefpath.care.charts import Chart
from reliefpath.care.planning.recording import PlanT, Recording, weigh
from reliefpath.errors import UsageError, is_reason
from reliefpath.reference.therapies.injection import Check, Checked, Result, Verdict
from reliefpath.reference.therapies.injection.safety import SCREENING_IS_OLD
from reliefpath.web.forms import RECORD, Said, text_of

STANDS_AGAINST = (
    "Nothing was recorded: something stands against it, as told below. If it was given "
    "nevertheless, say why, in words."
)
NOTHING_NEW = "nothing_new"
RESULTS = {Result.READY: "good", Result.NEEDS_A_DECISION: "warn", Result.BLOCKED: "bad"}
MARKS = {
    Verdict.BLOCKED: ("✘", "blocks", "bad"),
    Verdict.UNKNOWN: ("?", "not known, so it blocks", "bad"),
    Verdict.DECISION: ("!", "to weigh", "warn"),
    Verdict.UNCERTAIN: ("~", "uncertain", "soft"),
    Verdict.FINE: ("✔", "fine", "good"),
}


@dataclass(frozen=True)
class Shown:
    """A plan on a page, and what stands against recording it."""

    plan: Checked
    against: list[str]

    @property
    def tone(self) -> str:
        """The colour of the result, which is told in words as well."""
        return RESULTS[self.plan.result]

    @property
    def may_be_renewed(self) -> bool:
        """Whether one tick can say that nothing is new since it was last asked."""
        return bool(self.plan.renewed) or any(c.id == SCREENING_IS_OLD for c in self.plan.checks)

    @property
    def checks(self) -> list[tuple[Check, tuple[str, str, str], bool]]:
        """Every check, how it is shown, and whether a clinician can weigh it."""
        return [(c, MARKS[c.verdict], c.verdict is Verdict.DECISION) for c in self.plan.checks]


def weighed_in(plan: PlanT, said: Said) -> PlanT:
    """Return a plan with the decisions acknowledged that were ticked by name."""
    return weigh(plan, {str(id_) for id_ in said.getlist("acknowledge")})


def nothing_new(said: Said) -> bool:
    """Return whether it was ticked that what is old was asked again, and nothing is new."""
    return said.get(NOTHING_NEW) == "yes"


def put_on_record(said: Said, recording: Recording, chart: Chart, by: str, **detail: Any) -> bool:
    """Record what was given, if the form asks for it, and return whether it did.

    What stands against it needs the reason why it was given anyway, which the audit log keeps.

    Raises:
        UsageError: something stands against it, and no reason is told; nothing was recorded.
    """
    if said.get("action") != RECORD:
        return False
    why = text_of(said, "given_anyway")
    if recording.against and not is_reason(why):
        raise UsageError(STANDS_AGAINST)
    recording.enter(chart, by, why, **detail)
    return True

"""What was given goes into the chart: held against its plan and the record, in one change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

import polars as pl

from reliefpath.care.planning.given import on_record_already
from reliefpath.care.planning.person import renewed_rows
from reliefpath.care.planning.vials import Vial
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError, is_reason
from reliefpath.reference.therapies.exercise import ExercisePlan
from reliefpath.reference.therapies.injection import Check, Checked, Plan, Verdict
from reliefpath.reference.therapies.needling import NeedlingPlan
from reliefpath.store.chart import Chart
from reliefpath.store.writing import AuditEvent

PlanT = TypeVar("PlanT", Plan, NeedlingPlan, ExercisePlan)


def weigh(plan: PlanT, ids: Collection[str]) -> PlanT:
    """Return a plan with those of its open decisions acknowledged that are named."""
    known: Any = tuple(id_ for id_ in plan.open_decisions if id_ in ids)
    return replace(plan, acknowledged=known)


@dataclass(frozen=True)
class Recording:
    """A session as rows of the care log, with the plan and the record that it was held against."""

    rows: pl.DataFrame
    """See `given`; all of one episode."""
    care_log: CareLog
    """The record of the patient as it stands."""
    seen: int
    """The last entry of the audit log before that record was read."""
    plan: Checked | None = None
    """What was made of it on that record; None where there is nothing to plan."""
    answers: pl.DataFrame | None = None
    """Rows of `findings`: what was asked again before the needle, and nothing was new."""
    beside: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Rows of other tables that belong to the same visit."""
    vials: tuple[Vial, ...] = ()
    """What was read off the vials of what was injected."""
    vial_checks: tuple[Check, ...] = ()
    """What was made of it."""
    corrected: Mapping[tuple[str, str], Mapping[str, str | None]] = field(default_factory=dict)
    """New values of rows on record that the same visit changes, by table and identifier."""

    @classmethod
    def of_plan(
        cls, plan: Checked, rows: pl.DataFrame, care_log: CareLog, seen: int, at: date | datetime
    ) -> Recording:
        """Return a planned session on its way into the chart, with what was asked again before."""
        answers = renewed_rows(plan, care_log.patients["patient"][0], at)
        return cls(rows, care_log, seen, plan, answers)

    @property
    def against(self) -> list[str]:
        """What stands against it: what blocks it, what nobody has weighed, what is told twice."""
        return [*self._unsafe(), *self._of_vials(), *self.twice]

    @property
    def twice(self) -> list[str]:
        """What is on record of the day already."""
        return list(self._twice())

    def enter(self, chart: Chart, by: str, given_anyway: str | None = None, **detail: Any) -> int:
        """Record all rows or none; return the entry of the audit log.

        Args:
            chart: where the patient is on record.
            by: who records it.
            given_anyway: why it was given although something stands against it; the log keeps it.
            detail: what else the audit log says.

        Raises:
            UsageError: something stands against it and no reason was given, or something of the
                patient was recorded since it was looked at.
            CareLogError: a value breaks the schema.
        """
        against = self.against
        if against and not is_reason(given_anyway):
            raise UsageError(f"nothing was recorded: {'; '.join(against)}")
        known = {**detail, **self._plan(), "vials": self._vials()}
        told = {name: said for name, said in known.items() if said}
        act = AuditEvent(by, "enter", given_anyway, self.care_log.patients["patient"][0])
        tables = {"treatments": self.rows, **self.beside}
        if self.answers is not None and not self.answers.is_empty():
            tables["findings"] = self.answers
        return chart.insert(
            tables, act, corrected=self.corrected, expected_version=self.seen, **told
        )

    def _plan(self) -> dict[str, Any]:
        if self.plan is None:
            return {}
        return {
            "plan": self.plan.result,
            "acknowledged": self.plan.acknowledged,
            "open": self.plan.open_decisions,
            "blocking": [check.id for check in self.plan.blocking],
        }

    def _vials(self) -> dict[str, Any]:
        """What the rows themselves do not keep of the vials, by agent."""
        kept = {"expires", "unknown_because"}
        return {
            vial.agent: vial.model_dump(mode="json", include=kept, exclude_none=True)
            for vial in self.vials
        }

    def _unsafe(self) -> Iterator[str]:
        if self.plan is None:
            return
        for check in self.plan.blocking:
            yield f"blocked by {check.id}: {check.says}"
        for check in self.plan.checks:
            if check.id in self.plan.open_decisions:
                yield f"nobody has weighed {check.id}: {check.says}"

    def _of_vials(self) -> Iterator[str]:
        for check in self.vial_checks:
            if check.verdict is not Verdict.FINE:
                yield f"blocked by {check.id}: {check.says}"

    def _twice(self) -> Iterator[str]:
        for row in on_record_already(self.rows, self.care_log):
            thing = filter(None, (row[name] for name in ("therapy", "muscle", "side", "agent")))
            yield f"on record of {row['day']} already: {' '.join(thing)}"

"""The assessment: the pathway asked of the facts, for one episode or a million alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property, lru_cache

import polars as pl

from reliefpath.chart.care_log import CareLog
from reliefpath.pathway.facts import Progress, facts, schema
from reliefpath.pathway.model import FOLLOW_UP, Criterion, Pathway, Status
from reliefpath.pathway.sql import Question
from reliefpath.pathway.wording import worded
from reliefpath.recovery import Prior

AS_OF, STATUS, NEXT_STEP, GATE = "as_of", "status", "next_step", "gate"
WOULD_CHANGE, NOTES, PATHWAY, VERSION = "would_change", "notes", "pathway", "pathway_version"


def assess(
    care_log: CareLog,
    pathway: Pathway,
    as_of: date | datetime,
    prior: Prior | None = None,
    progress: Progress = lambda stage: None,
) -> pl.DataFrame:
    """Return the advice table: one row an episode begun by `as_of`, most urgent first.

    Its columns are `episode`, `patient`, `as_of`, `status`, `next_step`, `gate` (whether the last,
    most invasive step is open: true, false, or null for unknown), `would_change` and `notes` (lists
    of texts), every fact, one column a criterion with its answer (true, false, or null),
    `pathway` and `pathway_version`. It depends on nothing but its arguments: no clock, no I/O, and
    the order of the care log's rows changes no byte.

    Raises:
        UsageError: `as_of` is a moment without a zone.
    """
    table = facts(care_log, as_of, pathway.questions, prior, progress)
    progress("pathway")
    return advise(table, pathway, as_of)


def advise(table: pl.DataFrame, pathway: Pathway, as_of: date | datetime) -> pl.DataFrame:
    """Return the advice table of a facts table; see `assess`."""
    plan = plan_of(pathway)
    asked = table.with_columns(plan.answers).with_columns(plan.open_texts)
    decided = asked.with_columns(plan.status).with_columns(
        plan.next_step,
        plan.gate,
        plan.would_change,
        plan.notes,
        pl.lit(as_of.isoformat()).alias(AS_OF),
        pl.lit(pathway.pathway).alias(PATHWAY),
        pl.lit(pathway.version).alias(VERSION),
    )
    ranked = decided.sort(
        ~pl.col("in_care"),
        plan.urgency,
        pl.col(GATE).fill_null(False),
        "weeks_since_score",
        "episode",
        descending=[False, False, True, True, False],
        nulls_last=False,
    )
    return ranked.select(
        *("episode", "patient", AS_OF, STATUS, NEXT_STEP, GATE, WOULD_CHANGE, NOTES),
        *schema(),
        *pathway.criteria,
        *(PATHWAY, VERSION),
    )


def todo_texts(pathway: Pathway) -> list[pl.Expr]:
    """Return what to do about each criterion that is not yes, under its id; null where it is."""
    return [_todo(id_, c).alias(id_) for id_, (_, c) in pathway.criteria.items()]


@lru_cache(maxsize=8)
def plan_of(pathway: Pathway) -> Plan:
    """Return the pathway's plan, compiled once."""
    return Plan(pathway)


@dataclass(frozen=True)
class Plan:
    """The pathway as column-wise expressions over the facts table."""

    pathway: Pathway

    @cached_property
    def answers(self) -> list[pl.Expr]:
        """Each criterion's answer, under its id."""
        return [
            ask(criterion.require).alias(id_)
            for id_, (_, criterion) in self.pathway.criteria.items()
        ]

    @cached_property
    def open_texts(self) -> list[pl.Expr]:
        """What to do about each criterion that is not yes; null where it is."""
        return [text.name.map(_open) for text in todo_texts(self.pathway)]

    @cached_property
    def status(self) -> pl.Expr:
        """The first status whose question is answered yes; the last one takes the rest."""
        *first, last = self.pathway.statuses
        conditions = [
            pl.when(ask(self.pathway.statuses[name].when or "")).then(pl.lit(name.value))
            for name in first
        ]
        return pl.coalesce(*conditions, pl.lit(last.value)).alias(STATUS)

    @cached_property
    def next_step(self) -> pl.Expr:
        """The first open criterion that the status asks about, else the status's own next step."""

        def step(status: Status) -> pl.Expr:
            asked = map(_open, self.pathway.asked(status))
            return pl.coalesce(*asked, worded(status.next))

        return self._by_status(step).alias(NEXT_STEP)

    @cached_property
    def gate(self) -> pl.Expr:
        """Whether the last step is open: every criterion of it and of the steps before it."""
        last = list(self.pathway.steps)[-1]
        return pl.all_horizontal(self.pathway.gate(last)).alias(GATE)

    @cached_property
    def would_change(self) -> pl.Expr:
        """What the open criteria between the episode and its status's gate ask for."""

        def changes(status: Status) -> pl.Expr:
            ids = list(self.pathway.groups[FOLLOW_UP])
            if status.gate is not None:
                ids += self.pathway.gate(status.gate)
            return _texts(pl.col(_open(id_)) for id_ in ids)

        return self._by_status(changes).alias(WOULD_CHANGE)

    @cached_property
    def notes(self) -> pl.Expr:
        """The notes that apply."""
        texts = []
        for note in self.pathway.notes.values():
            applies = ask(note.when)
            if note.statuses:
                applies &= pl.col(STATUS).is_in([s.value for s in note.statuses])
            texts.append(pl.when(applies).then(worded(note.say)))
        return _texts(texts).alias(NOTES)

    @cached_property
    def urgency(self) -> pl.Expr:
        """1 is seen first."""
        urgencies = {name.value: s.urgency for name, s in self.pathway.statuses.items()}
        return pl.col(STATUS).replace_strict(urgencies)

    def _by_status(self, expression: Callable[[Status], pl.Expr]) -> pl.Expr:
        branches = [
            pl.when(pl.col(STATUS) == name.value).then(expression(status))
            for name, status in self.pathway.statuses.items()
        ]
        return pl.coalesce(*branches)


@cache
def ask(sql: str) -> pl.Expr:
    """Return a question over the facts as an expression."""
    return Question.of(sql, schema()).expr


def _open(id_: str) -> str:
    return f"open:{id_}"


def _todo(id_: str, criterion: Criterion) -> pl.Expr:
    return (
        pl.when(~pl.col(id_))
        .then(worded(criterion.if_no))
        .when(pl.col(id_).is_null())
        .then(worded(criterion.if_unknown))
    )


def _texts(parts: Iterable[pl.Expr]) -> pl.Expr:
    return pl.concat_list(pl.lit(None, pl.String), *parts).list.drop_nulls()

"""The assessment: the pathway asked of the facts, for one episode or a million alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property, lru_cache
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.pathway.facts import Progress, facts, schema
from reliefpath.pathway.facts.declared import STATUS as STATUS  # a column of the advice, too
from reliefpath.pathway.facts.declared import askable
from reliefpath.pathway.facts.moment import collected
from reliefpath.pathway.model import FOLLOW_UP, Criterion, Pathway, StatusName
from reliefpath.pathway.sql import Question
from reliefpath.pathway.wording import worded
from reliefpath.recovery import Priors

AS_OF, NEXT_STEP, GATE = "as_of", "next_step", "gate"
WOULD_CHANGE, NOTES, PATHWAY, VERSION = "would_change", "notes", "pathway", "pathway_version"
RANK = "rank"


def assess(
    care_log: CareLog,
    pathway: Pathway,
    as_of: date | datetime,
    priors: Priors | None = None,
    progress: Progress = lambda stage: None,
) -> pl.DataFrame:
    """Return the advice table: one row an episode begun by `as_of`, most urgent first.

    Its columns are `episode`, `patient`, `as_of`, `status`, `next_step`, `gate` (whether the last,
    most invasive step is open: true, false, or null for unknown), `would_change` and `notes` (lists
    of texts), every fact, one column a criterion with its answer (true, false, or null),
    `pathway` and `pathway_version`, which names the clinic's file, if any, too. It depends on its
    arguments alone: no clock, no I/O, and the order of the care log's rows changes no byte.

    Args:
        care_log: The clinic's records.
        pathway: The protocol to go by.
        as_of: What had happened by the end of this day, or by this moment, counts.
        priors: What is known of recovery before the first score; from the literature by default.
        progress: Told the name of each stage as it begins.

    Raises:
        UsageError: `as_of` is a moment without a zone, or the care log was read with another
            clinic's file than the pathway.
    """
    return assess_parts([care_log], pathway, as_of, priors, progress)


def assess_parts(
    care_logs: Iterable[CareLog],
    pathway: Pathway,
    as_of: date | datetime,
    priors: Priors | None = None,
    progress: Progress = lambda stage: None,
) -> pl.DataFrame:
    """Return the advice table of a care log that comes in parts, each with whole patients.

    Only one part is in memory at a time, and of the others their facts; see `assess`.
    """
    settings = pathway.recovery.combine, pathway.counted_trial
    asked = pathway.targets, priors, *settings, progress
    tables = []
    for care_log in care_logs:
        if care_log.knowledge != pathway.knowledge:
            raise UsageError("the care log was read with another clinic's file than the pathway")
        tables.append(facts(care_log, as_of, *asked))
    progress("pathway")
    table = tables[0] if len(tables) == 1 else pl.concat(tables).sort("episode")
    return advise(table, pathway, as_of)


def advise(table: pl.DataFrame, pathway: Pathway, as_of: date | datetime) -> pl.DataFrame:
    """Return the advice table of a facts table; see `assess`."""
    plan = plan_of(pathway)
    # the status comes first, since the gate is a reading of it
    asked = table.lazy().with_columns(plan.status).with_columns(plan.answers)
    asked = asked.with_columns(plan.gate)
    ranked = collected(most_urgent_first(asked, pathway).with_row_index(RANK))
    # a text costs more than an answer: each row gets those of its own status only
    worded_parts = [
        plan.tell(StatusName(status), rows)
        for (status,), rows in ranked.partition_by(STATUS, as_dict=True).items()
    ]
    texts = pl.concat([plan.no_texts, *worded_parts]).sort(RANK).drop(RANK)
    advice = pl.concat([ranked, texts], how="horizontal").with_columns(
        pl.lit(as_of.isoformat()).alias(AS_OF),
        pl.lit(pathway.pathway).alias(PATHWAY),
        pl.lit(pathway.edition).alias(VERSION),
    )
    columns = (
        *("episode", "patient", AS_OF, STATUS, NEXT_STEP, GATE, WOULD_CHANGE, NOTES),
        *schema(),
        *pathway.criteria,
        *(PATHWAY, VERSION),
    )
    return advice.select(columns)


ORDERED_BY = ("in_care", STATUS, GATE, "weeks_since_score", "episode")
"""The columns that the order of advice rests on."""


def most_urgent_first(advice: pl.LazyFrame, pathway: Pathway) -> pl.LazyFrame:
    """Return rows of advice tables in the order of one: whoever is seen first comes first."""
    return advice.sort(
        ~pl.col("in_care"),
        plan_of(pathway).urgency,
        pl.col(GATE).fill_null(False),
        "weeks_since_score",
        "episode",
        descending=[False, False, True, True, False],
        nulls_last=False,
    )


def todo_texts(pathway: Pathway, ids: Iterable[str]) -> list[pl.Expr]:
    """Return what to do about these criteria where they are not yes, under their ids."""
    return [_todo(id_, pathway.criteria[id_][1]).alias(id_) for id_ in ids]


@lru_cache(maxsize=8)
def plan_of(pathway: Pathway) -> Plan:
    """Return the pathway's plan, compiled once."""
    return Plan(pathway)


@dataclass(frozen=True)
class Plan:
    """The pathway as column-wise expressions over the facts table."""

    pathway: Pathway
    _texts: dict[StatusName, tuple[list[pl.Expr], list[pl.Expr]]] = field(default_factory=dict)

    @cached_property
    def answers(self) -> list[pl.Expr]:
        """Each criterion's answer, under its id."""
        return [
            ask(criterion.require).alias(id_)
            for id_, (_, criterion) in self.pathway.criteria.items()
        ]

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
    def gate(self) -> pl.Expr:
        """Whether the last step is open: every criterion of it and of the steps before it."""
        last = list(self.pathway.steps)[-1]
        return pl.all_horizontal(self.pathway.gate(last)).alias(GATE)

    @cached_property
    def no_texts(self) -> pl.DataFrame:
        """What `tell` returns, without a row."""
        lists = pl.List(pl.String)
        return pl.DataFrame(
            schema={RANK: pl.UInt32, NEXT_STEP: pl.String, WOULD_CHANGE: lists, NOTES: lists}
        )

    def tell(self, name: StatusName, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the episodes of one status are told, by their rank."""
        if name not in self._texts:
            self._texts[name] = self._texts_of(name)
        todo, told = self._texts[name]
        return collected(rows.lazy().with_columns(todo).select(RANK, *told))

    def _texts_of(self, name: StatusName) -> tuple[list[pl.Expr], list[pl.Expr]]:
        """What may have to be done in one status, and from that what its episodes are told.

        The next step is the first open criterion that the status asks about, else its own; what
        would change the answer is all that is open up to its gate. A criterion that ends the care
        comes before all others, and nothing else is asked.
        """
        status = self.pathway.statuses[name]
        asked = self.pathway.asked(status)
        ids = list(self.pathway.groups[FOLLOW_UP])
        if status.gate is not None:
            ids += self.pathway.gate(status.gate)
        notes = [
            pl.when(ask(note.when)).then(worded(note.say))
            for note in self.pathway.notes.values()
            if name in (note.statuses or (name,))
        ]
        ends = self.pathway.ends
        todo = todo_texts(self.pathway, dict.fromkeys([*ends, *asked, *ids]))
        over = pl.any_horizontal(False, *(~pl.col(id_).fill_null(True) for id_ in ends))
        would_change = (
            pl.when(over)
            .then(_listed(map(pl.col, map(_open, ends))))
            .otherwise(_listed(map(pl.col, map(_open, ids))))
        )
        return [text.name.map(_open) for text in todo], [
            pl.coalesce(*map(_open, [*ends, *asked]), worded(status.next)).alias(NEXT_STEP),
            would_change.alias(WOULD_CHANGE),
            _listed(notes).alias(NOTES),
        ]

    @cached_property
    def urgency(self) -> pl.Expr:
        """1 is seen first."""
        urgencies = {name.value: s.urgency for name, s in self.pathway.statuses.items()}
        return pl.col(STATUS).replace_strict(urgencies)


def not_applying(pathway: Pathway, facts: Mapping[str, Any]) -> set[str]:
    """Return the ids of the criteria that do not apply to an episode with these facts."""
    conditions = {id_: c.applies for id_, (_, c) in pathway.criteria.items() if c.applies}
    if not conditions:
        return set()
    row = pl.DataFrame([{name: facts.get(name) for name in schema()}], schema())
    answers = row.select(ask(sql).alias(id_) for id_, sql in conditions.items()).row(0, named=True)
    return {id_ for id_, applies in answers.items() if applies is False}


@cache
def question(sql: str) -> Question:
    """Return a question over the facts, and the status."""
    return Question.of(sql, askable())


def ask(sql: str) -> pl.Expr:
    """Return a question over the facts, and the status, as an expression."""
    return question(sql).expr


def _open(id_: str) -> str:
    return f"open:{id_}"


def _todo(id_: str, criterion: Criterion) -> pl.Expr:
    return (
        pl.when(~pl.col(id_))
        .then(worded(criterion.if_no))
        .when(pl.col(id_).is_null())
        .then(worded(criterion.if_unknown))
    )


def _listed(parts: Iterable[pl.Expr]) -> pl.Expr:
    # by way of arrays: a tenth of the time that `concat_list` needs
    return pl.concat_arr(pl.lit(None, pl.String), *parts).arr.to_list().list.drop_nulls()

"""The assessment: the pathway asked of the facts, for one episode or a million alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property, lru_cache
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.pathway.facts import Progress, facts, schema
from reliefpath.pathway.facts.declared import STATUS as STATUS  # a column of the advice, too
from reliefpath.pathway.facts.declared import askable
from reliefpath.pathway.facts.episodes import collected
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
    asked = asked.with_columns(plan.gate, *plan.named(as_of))
    ranked = collected(most_urgent_first(asked, pathway).with_row_index(RANK))
    # a text costs more than an answer: each row gets those of its own status only
    told = [
        plan.tell(StatusName(status), rows)
        for (status,), rows in ranked.partition_by(STATUS, as_dict=True).items()
    ]
    texts = pl.concat([plan.no_texts, *told]).sort(RANK)
    columns = (
        *("episode", "patient", AS_OF, STATUS, NEXT_STEP, GATE, WOULD_CHANGE, NOTES),
        *schema(),
        *pathway.criteria,
        *(PATHWAY, VERSION),
    )
    return ranked.hstack(texts[[NEXT_STEP, WOULD_CHANGE, NOTES]])[list(columns)]


ORDERED_BY = ("in_care", "in_follow_up", STATUS, GATE, "weeks_since_score", "episode")
"""The columns that the order of advice rests on."""


def most_urgent_first(advice: pl.LazyFrame, pathway: Pathway) -> pl.LazyFrame:
    """Return rows of advice tables in the order of one: whoever is seen first comes first."""
    return advice.sort(
        ~(pl.col("in_care") | pl.col("in_follow_up")),
        plan_of(pathway).urgency,
        pl.col(GATE).fill_null(False),
        "weeks_since_score",
        "episode",
        descending=[False, False, True, True, False],
        nulls_last=False,
    )


def todo_texts(pathway: Pathway, ids: Iterable[str]) -> list[pl.Expr]:
    """Return what to do about these criteria where they are not yes, under their ids."""
    todo = plan_of(pathway).todo
    return [todo[id_] for id_ in ids]


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

    def named(self, as_of: date | datetime) -> list[pl.Expr]:
        """Which day, and which pathway, the advice is of."""
        names = {AS_OF: as_of.isoformat(), PATHWAY: self.pathway.pathway}
        names[VERSION] = self.pathway.edition
        return [pl.lit(value).alias(name) for name, value in names.items()]

    @cached_property
    def todo(self) -> dict[str, pl.Expr]:
        """What to do about each criterion where it is not yes, under its id."""
        return {
            id_: _todo(id_, criterion).alias(id_)
            for id_, (_, criterion) in self.pathway.criteria.items()
        }

    @cached_property
    def notes(self) -> dict[StatusName, dict[str, tuple[pl.Expr, pl.Expr]]]:
        """By status, when each of its notes is to be said, and its text."""
        notes = {
            id_: (ask(note.when).alias(id_), worded(note.say))
            for id_, note in self.pathway.notes.items()
        }
        statuses = {id_: note.statuses for id_, note in self.pathway.notes.items()}
        return {
            name: {id_: told for id_, told in notes.items() if name in (statuses[id_] or (name,))}
            for name in self.pathway.statuses
        }

    @cached_property
    def no_texts(self) -> pl.DataFrame:
        """What `tell` returns, without a row."""
        lists = pl.List(pl.String)
        return pl.DataFrame(
            schema={RANK: pl.UInt32, NEXT_STEP: pl.String, WOULD_CHANGE: lists, NOTES: lists}
        )

    def tell(self, name: StatusName, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the episodes of one status are told, by their rank.

        The next step is the first open criterion that the status asks about, else its own; what
        would change the answer is all that is open up to its gate. A criterion that ends the care
        comes before all others, and nothing else is asked. Only what is open in a row is worded.
        """
        status = self.pathway.statuses[name]
        wanted = list(self.pathway.groups[FOLLOW_UP])
        if status.gate is not None:
            wanted += self.pathway.gate(status.gate)
        ends, asked, wanted = (
            [id_ for id_ in ids if rows[id_].sum() < rows.height]
            for ids in (self.pathway.ends, self.pathway.asked(status), wanted)
        )
        todo = todo_texts(self.pathway, dict.fromkeys([*ends, *asked, *wanted]))
        notes = self.notes[name]
        due = collected(rows.lazy().select(when for when, _ in notes.values()))
        over = pl.any_horizontal(False, *(~pl.col(id_).fill_null(True) for id_ in ends))
        told = (
            pl.coalesce(*map(_open, [*ends, *asked]), worded(status.next)).alias(NEXT_STEP),
            pl.when(over)
            .then(_listed(map(_open, ends)))
            .otherwise(_listed(map(_open, wanted)))
            .alias(WOULD_CHANGE),
            _listed(
                pl.when(due[id_]).then(say) for id_, (_, say) in notes.items() if due[id_].any()
            ).alias(NOTES),
        )
        return collected(
            rows.lazy().with_columns(text.name.map(_open) for text in todo).select(RANK, *told)
        )

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


def _listed(parts: Iterable[pl.Expr | str]) -> pl.Expr:
    # by way of arrays: a tenth of the time that `concat_list` needs
    return pl.concat_arr(pl.lit(None, pl.String), *parts).arr.to_list().list.drop_nulls()

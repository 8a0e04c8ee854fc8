"""What is due of whom: check-ins, exams, consents, weights, and visits that nobody planned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reliefpath.care.alerts import WEIGHT
from reliefpath.care.care_teams import URGENT
from reliefpath.care.worklist import check_ins_due
from reliefpath.knowledge import Knowledge
from reliefpath.pathway.assessment import GATE, STATUS
from reliefpath.pathway.model import Pathway
from reliefpath.reference.therapies import finding_kinds


@dataclass(frozen=True)
class Due:
    """What is due of some patients.

    Attributes:
        what: What it is, in words.
        does: The action, in a word.
        form: Where a patient's page has the form for it.
        rows: The rows of the worklist, most urgent first.
    """

    what: str
    does: str
    form: str
    rows: pl.DataFrame


def due_lists(
    rows: pl.DataFrame, pathway: Pathway, booked: Collection[str], today: date
) -> list[Due]:
    """Return what is due of the patients in care among rows of the worklist.

    Args:
        rows: as `WorklistCache.rows` has them.
        pathway: what asks for it.
        booked: the episodes with a visit planned today or later.
        today: the day at the clinic.
    """
    treated = rows.filter("in_care")
    injecting = treated.filter(pl.col(GATE).fill_null(False))
    unseen = pl.col(STATUS).is_in(URGENT) & ~pl.col("episode").is_in(list(booked))
    unweighed = _unweighed(injecting, pathway.knowledge, today)
    found = [
        Due("check-ins", "Ask", "check-in-link", check_ins_due(rows)),
        Due("exams", "Examine", "exam", treated.filter(_open(pathway, "weeks_since_exam"))),
        Due("weights before an injection", "Weigh", "finding", unweighed),
        Due(
            "consents to an injection",
            "Ask",
            "finding",
            treated.filter(_open(pathway, "consented"), pl.col("consented").is_null()),
        ),
        Due("urgent, without a visit to come", "Plan", "next-visit", treated.filter(unseen)),
    ]
    return [due for due in found if not due.rows.is_empty()]


def _open(pathway: Pathway, fact: str) -> pl.Expr:
    """Whether the status of a row asks about a fact, and the answer is not yes."""
    asks = [pl.lit(False)]
    for name, status in pathway.statuses.items():
        ids = [id_ for id_ in pathway.asked(status) if fact in pathway.criteria[id_][1].require]
        is_open = [~pl.col(id_).fill_null(False) for id_ in ids]
        asks += [(pl.col(STATUS) == name.value) & each for each in is_open]
    return pl.any_horizontal(asks)


def _unweighed(rows: pl.DataFrame, knowledge: Knowledge, today: date) -> pl.DataFrame:
    """Who has no weight on record that a dose may rest on."""
    valid = finding_kinds(knowledge)[WEIGHT].valid_days
    days = None if valid is None else valid.plan
    if days is None:
        return rows.filter(pl.col("weighed_on").is_null())
    old = pl.col("weighed_on") < today - timedelta(days=days)
    return rows.filter(pl.col("weighed_on").is_null() | old)

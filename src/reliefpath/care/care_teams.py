"""Whose patients are whose on a list of everybody, and whom nobody answers for."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl
import sqlalchemy as sa

from reliefpath.pathway.assessment import STATUS
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS, holding

URGENT = ("referred", "worsening", "recurred")
"""Statuses in which somebody has to see the patient soon."""


def clinicians_of(chart: Chart) -> list[str]:
    """Return every clinician whom an episode on record names."""
    rows = ROWS["episodes"]
    query = sa.select(rows.c.clinician).where(holding(rows), rows.c.clinician.is_not(None))
    with read_transaction(chart.engine) as connection:
        return sorted(connection.scalars(query.distinct()))


def treated_by(rows: pl.DataFrame, clinicians: Collection[str]) -> pl.Expr:
    """Return whether the patient of a row of the worklist is of a care team, or of none at all.

    The care team of a patient are the clinicians of all of their episodes, as when a record opens.
    """
    theirs = rows.filter(pl.col("clinician").is_in(list(clinicians)))["patient"].unique()
    return ~pl.col("assigned") | pl.col("patient").is_in(theirs.implode())


def unanswered(rows: pl.DataFrame, with_an_account: Collection[str]) -> pl.Expr:
    """Return whether a row of the worklist is urgent, and nobody who treats the patient signs in.

    Only who treats them now counts: the clinician of an ended episode may not look any more.
    """
    signs_in = pl.col("clinician").is_in(list(with_an_account)).fill_null(False)
    is_urgent = pl.col("in_care") & pl.col(STATUS).is_in(URGENT)
    # the few first: most rows are not urgent, and of those most have somebody
    patients = rows.filter(is_urgent & ~signs_in)["patient"].unique().implode()
    theirs = rows.filter(pl.col("in_care") & pl.col("patient").is_in(patients))
    answered = theirs.filter(signs_in)["patient"].unique().implode()
    of_nobody = pl.col("patient").is_in(patients) & ~pl.col("patient").is_in(answered)
    return is_urgent & of_nobody

"""Whose patients are whose on a list of everybody, and whom nobody answers for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import polars as pl
import sqlalchemy as sa

from reliefpath.identity.accounts import Account
from reliefpath.identity.care_teams import clinicians_with_an_account, sees_nobodys
from reliefpath.pathway.assessment import STATUS
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS, holding

T = TypeVar("T")
P = ParamSpec("P")
URGENT = ("referred", "worsening", "recurred")
"""Statuses in which somebody has to see the patient soon."""
IS_WATCHED = pl.col("in_care") | pl.col("in_follow_up")
"""Whether somebody looks after an episode of the worklist still."""


def once_a_table(
    work: Callable[Concatenate[pl.DataFrame, P], T],
) -> Callable[Concatenate[pl.DataFrame, P], T]:
    """Return the same work, done once while it is asked for of the same table: all share one."""
    last: tuple[Any, Any, T] | None = None

    @wraps(work)
    def kept(rows: pl.DataFrame, /, *given: P.args, **named: P.kwargs) -> T:
        nonlocal last
        known = last
        if known is None or known[0] is not rows or known[1] != (given, named):
            known = last = rows, (given, named), work(rows, *given, **named)
        return known[2]

    return kept


def clinicians_of(chart: Chart) -> list[str]:
    """Return every clinician whom an episode on record names."""
    rows = ROWS["episodes"]
    query = sa.select(rows.c.clinician).where(holding(rows), rows.c.clinician.is_not(None))
    with read_transaction(chart.engine) as connection:
        return sorted(connection.scalars(query.distinct()))


def treated_by(clinicians: Collection[str]) -> pl.Expr:
    """Return whether the patient of a row of the worklist is of a care team, or of none at all.

    The care team of a patient are the clinicians of all of their episodes, as when a record opens.
    """
    theirs = pl.col("patient").filter(pl.col("clinician").is_in(list(clinicians))).unique()
    return ~pl.col("assigned") | pl.col("patient").is_in(theirs.implode())


def own_patients(rows: pl.DataFrame, worker: Account, engine: sa.Engine) -> dict[str, Any]:
    """Return columns for rows of the worklist that say whose patients a worker sees.

    `treated` says whether they are of the worker's care teams; `alone`, whether they are urgent and
    nobody who treats them signs in; `mine`, whether a list shows them without being asked.

    Args:
        rows: as `WorklistCache.rows` has them.
        worker: who looks.
        engine: of the accounts.
    """
    treated = treated_by(worker.clinicians)
    alone = unanswered(rows, clinicians_with_an_account(engine))
    mine = treated | alone if sees_nobodys(engine, worker.role) else treated
    return {"treated": treated, "alone": alone, "mine": mine}


@once_a_table
def unanswered(rows: pl.DataFrame, with_an_account: frozenset[str]) -> pl.Series:
    """Return whether a row of the worklist is urgent, and nobody who treats the patient signs in.

    Only who treats or follows them now counts: the clinician of an ended episode may not look.
    """
    signs_in = pl.col("clinician").is_in(list(with_an_account)).fill_null(False)
    is_urgent = IS_WATCHED & pl.col(STATUS).is_in(URGENT)
    # the few first: most rows are not urgent, and of those most have somebody
    of_these = pl.col("patient").is_in(_patients(rows, is_urgent & ~signs_in).implode())
    answered = _patients(rows, IS_WATCHED & of_these & signs_in).implode()
    of_nobody = of_these & ~pl.col("patient").is_in(answered)
    return rows.select(is_urgent & of_nobody).to_series()


def _patients(rows: pl.DataFrame, of: pl.Expr) -> pl.Series:
    """The patients of some rows; no other column is touched."""
    return rows.lazy().filter(of).select("patient").unique().collect().to_series()

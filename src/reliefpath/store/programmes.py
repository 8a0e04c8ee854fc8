"""Exercise programmes that clinicians signed: each version a row, whole, and kept for ever."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.invariants import check_unchanged
from reliefpath.store.tables import AUDIT, PROGRAMMES, ROWS, stored
from reliefpath.store.writing import AuditEvent


def programmes_of(chart: Chart, episode: str) -> list[dict[str, Any]]:
    """Return the programmes signed of an episode, the oldest first, each with `by` and, where one
    was withdrawn, with who did, when and why.
    """
    with read_transaction(chart.engine) as connection:
        query = _programmes(connection.dialect.name)
        return [dict(row._mapping) for row in connection.execute(query, {"episode": episode})]


@cache
def _programmes(dialect: str) -> sa.Select[Any]:
    rows, later = ROWS["programmes"], ROWS["programmes"].alias()
    signed, withdrawn = AUDIT.alias(), AUDIT.alias()
    query = sa.select(
        *(rows.c.id, stored(rows.c.at, dialect), rows.c.programme, signed.c.by),
        withdrawn.c.by.label("withdrawn_by"),
        withdrawn.c.reason.label("withdrawn_because"),
        stored(withdrawn.c.at, dialect).label("withdrawn_at"),
    )
    query = query.join(signed, signed.c.entry == rows.c.entry)
    query = query.outerjoin(later, later.c.supersedes == rows.c.id)
    query = query.outerjoin(withdrawn, withdrawn.c.entry == later.c.entry)
    mine = rows.c.episode == sa.bindparam("episode", type_=sa.Text())
    return query.where(mine, rows.c.supersedes.is_(None)).order_by(rows.c.id)


def keep_programme(
    chart: Chart,
    episode: str,
    at: datetime,
    programme: str,
    act: AuditEvent,
    seen: int,
    **detail: Any,
) -> int:
    """Record a programme that was signed; return the entry of the audit log.

    Raises:
        UsageError: something of the patient was recorded after the entry `seen`.
    """
    row = {"episode": episode, "at": at, "programme": programme}
    with chart.change(act) as change:
        check_unchanged(change, seen)
        change.detail.update(detail)
        change.add("programmes", pl.DataFrame([row], PROGRAMMES.schema))
    return change.entry

"""The treatments that name a lot, with all that was said in their place since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from reliefpath.care_log.schema import GIVEN
from reliefpath.store.frames import stored_select
from reliefpath.store.history import Version, history_of
from reliefpath.store.tables import HISTORIES, ROWS, holding

TREATMENTS = ROWS["treatments"]


def lots_on_record(connection: sa.Connection) -> list[str]:
    """Return every lot that a treatment names or named, as it was written."""
    lot = TREATMENTS.c.lot
    query = sa.select(lot).where(lot.is_not(None)).distinct().order_by(lot)
    return list(connection.scalars(query))


def treatments_of(connection: sa.Connection, lots: Iterable[str]) -> list[tuple[Version, ...]]:
    """Return the treatments that name one of some lots, or did before they were corrected.

    Each is told as all that was said in its place, the oldest first.
    """
    named = sa.select(TREATMENTS.c.id).where(TREATMENTS.c.lot.in_(list(lots)))
    found: dict[int, tuple[Version, ...]] = {}
    for row in connection.scalars(named.order_by(TREATMENTS.c.id)).all():
        versions = history_of(connection, "treatments", row)
        found[versions[0].row] = versions
    return list(found.values())


def without_lot(connection: sa.Connection) -> int:
    """Return how many things were injected, as rows that hold, of which no lot is on record."""
    c = TREATMENTS.c
    given = sa.or_(c.status.is_(None), c.status == GIVEN)
    query = sa.select(sa.func.count()).select_from(TREATMENTS)
    query = query.where(holding(TREATMENTS), c.agent.is_not(None), c.lot.is_(None), given)
    return int(connection.scalar(query) or 0)


def last_said_of(
    connection: sa.Connection, name: str, keys: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return what was said last of some patients or episodes, withdrawn or not, by their ids."""
    rows, columns = ROWS[name], tuple(HISTORIES[name].schema)
    query = stored_select(rows, columns, connection.dialect.name)
    query = query.where(rows.c[columns[0]].in_(list(keys))).order_by(rows.c.id)
    said = (dict(zip(columns, values, strict=True)) for values in connection.execute(query))
    return {row[columns[0]]: row for row in said}

"""The audit log an auditor's question at a time, the newest entries first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from reliefpath.clock import MIDNIGHT, zone_of
from reliefpath.store.frames import stored_select
from reliefpath.store.identifiers import joined
from reliefpath.store.reading import concerning, zone_on_record
from reliefpath.store.tables import AUDIT, FEW, INSTANT
from reliefpath.store.verification.audit import instant_text


@dataclass(frozen=True)
class Asked:
    """Which entries: each of these that is given must be so; days are the clinic's."""

    by: str | None = None
    action: str | None = None
    patient: str | None = None
    since: date | None = None
    until: date | None = None


def read_entries(
    connection: sa.Connection, asked: Asked, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return the newest entries asked for, or those before one."""
    query = stored_select(AUDIT, AUDIT.c.keys(), connection.dialect.name)
    zone = zone_on_record(connection)
    for column in ("by", "action"):
        if (value := getattr(asked, column)) is not None:
            query = query.where(AUDIT.c[column] == value)
    if asked.patient is not None:
        query = query.where(concerning(connection, asked.patient))
    if asked.since is not None:
        query = query.where(AUDIT.c.at >= _midnight(asked.since, zone))
    if asked.until is not None:
        query = query.where(AUDIT.c.at < _midnight(asked.until + timedelta(days=1), zone))
    if before is not None:
        query = query.where(AUDIT.c.entry < before)
    rows = connection.execute(query.order_by(AUDIT.c.entry.desc()).limit(limit))
    return _told(rows)


def read_acts(
    connection: sa.Connection, patients: Iterable[str], actions: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the entries that name one of some patients and an action, the oldest first.

    What was noted under a record number that was merged away is the patient's, too.
    """
    query, names = _acts(connection.dialect.name), sorted(joined(connection, set(patients)))
    found = []
    for i in range(0, len(names), FEW):
        said = {"patients": names[i : i + FEW], "actions": list(actions)}
        found += _told(connection.execute(query, said))
    return sorted(found, key=itemgetter("entry"))


def _told(rows: Iterable[sa.Row[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(AUDIT.c.keys(), row, strict=True)) for row in rows]


@cache  # building it costs more than asking it
def _acts(dialect: str) -> sa.Select[Any]:
    named = AUDIT.c.patient.in_(sa.bindparam("patients", expanding=True))
    acted = AUDIT.c.action.in_(sa.bindparam("actions", expanding=True))
    return stored_select(AUDIT, AUDIT.c.keys(), dialect).where(named, acted)


def _midnight(day: date, zone: str) -> sa.ColumnElement[Any]:
    return sa.literal(instant_text(datetime.combine(day, MIDNIGHT, zone_of(zone))), INSTANT)

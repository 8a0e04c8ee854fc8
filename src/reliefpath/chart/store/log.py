"""The audit log an auditor's question at a time, the newest entries first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from reliefpath.chart.store.audit import instant_text
from reliefpath.chart.store.frames import stored_select
from reliefpath.chart.store.reading import concerning
from reliefpath.chart.store.tables import AUDIT, INSTANT


@dataclass(frozen=True)
class Asked:
    """Which entries: each of these that is given must be so; days are in UTC."""

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
    for column in ("by", "action"):
        if (value := getattr(asked, column)) is not None:
            query = query.where(AUDIT.c[column] == value)
    if asked.patient is not None:
        query = query.where(concerning(asked.patient))
    if asked.since is not None:
        query = query.where(AUDIT.c.at >= _midnight(asked.since))
    if asked.until is not None:
        query = query.where(AUDIT.c.at < _midnight(asked.until + timedelta(days=1)))
    if before is not None:
        query = query.where(AUDIT.c.entry < before)
    rows = connection.execute(query.order_by(AUDIT.c.entry.desc()).limit(limit))
    return [dict(zip(AUDIT.c.keys(), row, strict=True)) for row in rows]


def read_acts(
    connection: sa.Connection, patient: str, actions: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the entries that name a patient and tell of one of some actions, the oldest first."""
    said = {"patient": patient, "actions": list(actions)}
    rows = connection.execute(_acts(connection.dialect.name), said)
    return [dict(zip(AUDIT.c.keys(), row, strict=True)) for row in rows]


@cache  # building it costs more than asking it
def _acts(dialect: str) -> sa.Select[Any]:
    query = stored_select(AUDIT, AUDIT.c.keys(), dialect).order_by(AUDIT.c.entry)
    named = AUDIT.c.patient == sa.bindparam("patient")
    return query.where(named, AUDIT.c.action.in_(sa.bindparam("actions", expanding=True)))


def _midnight(day: date) -> sa.ColumnElement[Any]:
    return sa.literal(instant_text(datetime.combine(day, time(), UTC)), INSTANT)

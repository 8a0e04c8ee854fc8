"""Whose record changed since an entry of the audit log."""

from __future__ import annotations

import polars as pl
import pytest
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS
from reliefpath.store.writing import AuditEvent

from .test_entering import as_tables

ADA = AuditEvent("Ada", "entered")


@pytest.fixture
def filled(chart: Chart, care_log: CareLog) -> Chart:
    """A chart with the tiny clinic and P9, with episode E9."""
    chart.insert(as_tables(care_log), ADA)
    region = {"region": ["neck"], "started_on": ["2026-01-01"]}
    new = {"patients": {"patient": ["P9"]}, "episodes": {"episode": ["E9"], "patient": ["P9"]}}
    new["episodes"] |= region
    chart.insert({name: pl.DataFrame(rows) for name, rows in new.items()}, ADA)
    return chart


def row_of(chart: Chart, table: str, episode: str) -> int:
    rows = ROWS[table]
    with read_transaction(chart.engine) as connection:
        first = sa.select(sa.func.min(rows.c.id)).where(rows.c.episode == episode)
        return int(connection.scalar(first) or 0)


def test_a_load_changes_everybody_and_a_look_nobody(filled: Chart, care_log: CareLog) -> None:
    everybody = {*care_log.patients["patient"], "P9"}
    assert filled.changed_since(0) == everybody
    before = filled.head().entry
    filled.note(AuditEvent("Ada", "view"))
    assert filled.changed_since(before) == set()


def test_a_score_is_told_by_its_episode(filled: Chart) -> None:
    before = filled.head().entry
    score = {"episode": ["E9"], "at": ["2026-03-01"], "measure": ["nrs"], "value": ["3"]}
    filled.insert({"scores": pl.DataFrame(score)}, ADA)
    assert filled.changed_since(before) == {"P9"}
    assert filled.changed_since(filled.head().entry) == set()


def test_what_moves_to_somebody_else_changes_both(filled: Chart) -> None:
    before = filled.head().entry
    filled.correct("episodes", row_of(filled, "episodes", "E9"), {"patient": "P1"}, ADA)
    assert filled.changed_since(before) == {"P1", "P9"}
    before = filled.head().entry
    filled.withdraw("episodes", row_of(filled, "episodes", "E1") or 1, ADA)
    assert "P1" in (filled.changed_since(before) or ())


def test_more_rows_than_are_told_one_by_one_are_told_as_such(filled: Chart) -> None:
    assert filled.changed_since(0, most=3) is None

"""Copies: backups, restores and moves from one database to the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import polars as pl
import pytest

from care_log.test_round_trip import assert_same
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart, create_chart
from reliefpath.store.writing import AuditEvent

from .conftest import Databases
from .test_entering import as_tables, in_order


@pytest.fixture(params=["sqlite_chart", "postgres_chart"])
def target(request: pytest.FixtureRequest) -> Chart:
    """An empty chart of either kind."""
    chart: Chart = request.getfixturevalue(request.param)
    return chart


def test_a_copy_is_the_same_chart_and_goes_on_from_there(
    chart: Chart, target: Chart, care_log: CareLog
) -> None:
    chart.insert(as_tables(care_log), AuditEvent("Ada", "entered", "a\nreason", "P1"))
    chart.correct("scores", 1, {"value": "7"}, AuditEvent("Ada", "corrected"))
    chart.withdraw("patients", 2, AuditEvent("Ada", "withdrew"))
    chart.copy_to(target)
    assert target.head() == chart.head()
    copy, original = target.verify(str(chart.head())), chart.verify()
    assert (copy.head, copy.rows, copy.wrong) == (original.head, original.rows, ())
    for entry in (None, 0, 1, 2):
        assert_same(in_order(target.care_log(entry)), in_order(chart.care_log(entry)))
    new = care_log.patients.head(1).with_columns(patient=pl.lit("P3"))
    target.insert({"patients": new}, AuditEvent("Ada", "entered"))
    target.correct("scores", 2, {"value": "1"}, AuditEvent("Ada", "corrected"))
    assert not target.verify(str(chart.head())).wrong


def test_what_one_database_rounds_the_other_need_not(
    chart: Chart, target: Chart, care_log: CareLog
) -> None:
    """Minus nothing, which SQLite does not keep; the least and the largest numbers."""
    chart.insert({"patients": care_log.patients}, AuditEvent("Ada", "entered"))
    finding = care_log.findings.tail(1)
    numbers = [-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 2.0**53 + 2]
    findings = pl.concat([finding.with_columns(value=pl.lit(number)) for number in numbers])
    chart.insert({"findings": findings}, AuditEvent("Ada", "entered"))
    chart.copy_to(target)
    assert sorted(target.care_log().findings["value"]) == sorted(numbers)
    assert not target.verify(str(chart.head())).wrong


def test_only_an_empty_chart_is_copied_into(chart: Chart, target: Chart) -> None:
    target.note(AuditEvent("Ada", "looked"))
    with pytest.raises(UsageError, match="is not empty; copy into a new chart"):
        chart.copy_to(target)


def test_a_copy_made_while_others_write_is_a_beginning_of_the_log(
    chart: Chart, new_chart: Callable[[], Chart], care_log: CareLog
) -> None:
    chart.insert(as_tables(care_log), AuditEvent("Ada", "entered"))
    enough, written = Event(), Semaphore(0)

    def write(n: int) -> None:
        exam = care_log.exams.head(1)
        while not enough.is_set():
            chart.insert({"exams": exam}, AuditEvent(f"writer {n}", "entered"))
            written.release()

    copies = [new_chart() for _ in range(3)]
    with ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write, n) for n in range(2)]
        try:
            for copy in copies:
                assert written.acquire(timeout=60)
                assert written.acquire(timeout=60)
                chart.copy_to(copy)
        finally:
            enough.set()
        for writer in writers:
            writer.result()
    heads = [copy.head() for copy in copies]
    assert 1 < heads[0].entry <= heads[-1].entry <= chart.head().entry
    for copy, head in zip(copies, heads, strict=True):
        assert not copy.verify().wrong
        assert not chart.verify(str(head)).wrong
        assert_same(in_order(copy.care_log()), in_order(chart.care_log(head.entry)))


def planned_rows(chart: Chart) -> float | None:
    """How many scores PostgreSQL plans for."""
    with chart.engine.connect() as connection:
        counted = connection.exec_driver_sql(
            "select reltuples from pg_class where oid = 'scores'::regclass"
        )
        return counted.scalar()


def test_postgresql_plans_for_what_was_loaded_and_copied_at_once(
    postgres_chart: Chart, sqlite_chart: Chart, care_log: CareLog, databases: Databases
) -> None:
    """Else it would read whole tables for each check-in until it looks by itself."""
    postgres_chart.load(care_log, "a", AuditEvent("Ada", "loaded"))
    assert planned_rows(postgres_chart) == care_log.scores.height
    sqlite_chart.load(care_log, "a", AuditEvent("Ada", "loaded"))
    copied = create_chart(databases.new())
    sqlite_chart.copy_to(copied)
    assert planned_rows(copied) == care_log.scores.height
    copied.close()

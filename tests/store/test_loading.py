"""Loading whole care logs: again, after changes, over contradictions, half-way, two at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl
import pytest
import sqlalchemy as sa

from care_log.test_round_trip import assert_same
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.errors import ChartError
from reliefpath.knowledge import SHIPPED
from reliefpath.store import loading
from reliefpath.store.chart import Chart
from reliefpath.store.database import write_transaction
from reliefpath.store.loading import Progress
from reliefpath.store.tables import LOADS, ROWS, STAGED
from reliefpath.store.writing import AuditEvent

from .test_entering import in_order

LOAD = AuditEvent("Ada", "loaded", "the first of the month")


class Killed(BaseException):
    """Stands for the end of the process."""


def staged_rows(chart: Chart) -> int:
    counts = [sa.select(sa.func.count()).select_from(staged) for staged in STAGED.values()]
    with chart.engine.connect() as connection:
        return sum(connection.scalar(count) or 0 for count in counts)


def dying_after(batches: int, seen: list[int] | None = None) -> Progress:
    """Progress that ends it all after some batches, and notes how many rows each wrote."""
    left, noted = batches, seen if seen is not None else []

    def progress(table: str, done: int, total: int) -> None:
        nonlocal left
        noted.append(done)
        left -= 1
        if left == 0:
            raise Killed

    return progress


def test_a_load_records_every_row_once(chart: Chart, care_log: CareLog) -> None:
    loaded = chart.load(care_log, "a", LOAD)
    assert loaded.new == {name: rows for name in TABLES if (rows := care_log.table(name).height)}
    assert not loaded.contradictions
    assert chart.head().entry == 1
    assert_same(in_order(chart.care_log()), in_order(care_log))
    assert not chart.verify().wrong
    assert staged_rows(chart) == 0


def test_loading_twice_changes_nothing(chart: Chart, care_log: CareLog) -> None:
    chart.load(care_log, "a", LOAD)
    head = chart.head()
    again = chart.load(care_log, "a", LOAD)
    assert chart.load(care_log, "under another name", LOAD).known == again.known
    assert again.known == {name: rows for name in TABLES if (rows := care_log.table(name).height)}
    assert not any(again.new.values())
    assert chart.head() == head
    assert_same(in_order(chart.care_log()), in_order(care_log))


@pytest.mark.parametrize("name", ["patients", "scores", "treatments"])
def test_loading_does_not_bring_back_what_was_withdrawn(
    chart: Chart, care_log: CareLog, name: str
) -> None:
    chart.load(care_log, "a", LOAD)
    chart.withdraw(name, 1, AuditEvent("Ada", "withdrew"))
    left, head = chart.care_log(), chart.head()
    chart.load(
        CareLog.of(lambda other: care_log.table(other).head(0 if other != name else 9), SHIPPED),
        "b",
        LOAD,
    )
    assert chart.head() == head
    assert_same(in_order(chart.care_log()), in_order(left))


def test_loading_does_not_undo_a_correction(chart: Chart, care_log: CareLog) -> None:
    chart.load(care_log, "a", LOAD)
    chart.correct("scores", 1, {"value": "7"}, AuditEvent("Ada", "corrected"))
    head = chart.head()
    assert not chart.load(care_log, "b", LOAD).contradictions
    assert chart.head() == head


def changed(care_log: CareLog) -> CareLog:
    """Another region for E1, another value of its first score, and one new score."""
    scores = care_log.scores
    first = pl.int_range(pl.len()) == 0
    new = scores.head(1).with_columns(pl.col("at").dt.offset_by("90d"))
    other = scores.with_columns(value=pl.when(first).then(8.0).otherwise("value"))
    return replace(
        care_log,
        episodes=care_log.episodes.with_columns(
            region=pl.when(first).then(pl.lit("shoulder")).otherwise("region")
        ),
        scores=pl.concat([other, new]),
    )


def test_contradictions_are_listed_and_nothing_is_recorded(chart: Chart, care_log: CareLog) -> None:
    chart.load(care_log, "a", LOAD)
    head = chart.head()
    found = chart.load(changed(care_log), "b", LOAD).contradictions
    assert [(c.table, c.row, c.id, c.withdrawn) for c in found] == [
        ("episodes", 0, 1, False),
        ("scores", 0, 1, False),
    ]
    assert chart.head() == head
    assert_same(in_order(chart.care_log()), in_order(care_log))
    assert staged_rows(chart) == 0


def test_contradictions_that_are_meant_supersede(chart: Chart, care_log: CareLog) -> None:
    chart.load(care_log, "a", LOAD)
    loaded = chart.load(changed(care_log), "b", LOAD, corrections=True)
    assert (loaded.corrected["episodes"], loaded.corrected["scores"]) == (1, 1)
    assert (loaded.new["episodes"], loaded.new["scores"]) == (0, 1)
    assert_same(in_order(chart.care_log()), in_order(changed(care_log)))
    assert_same(in_order(chart.care_log(1)), in_order(care_log))
    assert not chart.verify().wrong


def test_of_rows_without_a_key_as_many_are_kept_as_were_loaded_at_most(
    chart: Chart, care_log: CareLog
) -> None:
    """Two exams of a muscle on a day may say the same, and both happened."""

    def exams(count: int) -> CareLog:
        return replace(care_log, exams=pl.concat([care_log.exams.head(1)] * count))

    for times, kept, new in ((2, 2, 2), (1, 2, 0), (3, 3, 1), (3, 3, 0)):
        loaded = chart.load(exams(times), f"{times}", LOAD)
        assert loaded.new["exams"] == new
        assert chart.care_log().exams.height == kept


@pytest.mark.parametrize("batches", range(1, 9))
def test_a_load_killed_half_way_goes_on_where_it_ended(
    chart: Chart, care_log: CareLog, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(loading, "BATCH", 2)
    with pytest.raises(Killed):
        chart.load(care_log, "a", LOAD, progress=dying_after(batches))
    before = staged_rows(chart)
    assert chart.head().entry == 0
    assert all(chart.care_log().table(name).is_empty() for name in TABLES)
    written: list[int] = []
    monkeypatch.setattr(loading, "write_frame", counting(written))
    chart.load(care_log, "a", LOAD)
    total = sum(care_log.table(name).height for name in TABLES)
    assert (before > 0, before + sum(written)) == (True, total)
    assert_same(in_order(chart.care_log()), in_order(care_log))
    assert not chart.verify().wrong


def counting(written: list[int]) -> Callable[[sa.Connection, sa.Table, pl.DataFrame], None]:
    write = loading.write_frame  # type: ignore[attr-defined]

    def write_frame(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
        written.append(frame.height)
        write(connection, table, frame)

    return write_frame


@pytest.mark.parametrize("batches", [1, 5, 15])
def test_two_loads_of_the_same_files_at_once_lose_no_row(
    chart: Chart, care_log: CareLog, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    """One overtakes the other at its beginning, half-way or at its end; that one is told."""
    monkeypatch.setattr(loading, "BATCH", 1)
    staged = 0

    def overtaken(table: str, done: int, total: int) -> None:
        nonlocal staged
        staged += 1
        if staged == batches:
            chart.load(care_log, "a", LOAD)

    with pytest.raises(ChartError, match="meanwhile; load them again"):
        chart.load(care_log, "a", LOAD, progress=overtaken)
    assert_same(in_order(chart.care_log()), in_order(care_log))
    assert not any(chart.load(care_log, "a", LOAD).new.values())
    assert chart.head().entry == 1
    assert staged_rows(chart) == 0


def test_loads_side_by_side_record_every_row_once(
    chart: Chart, care_log: CareLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH", 1)

    def load(n: int) -> int:
        try:
            return sum(chart.load(care_log, f"{n % 2}", LOAD).new.values())
        except ChartError as e:
            assert "meanwhile" in str(e)  # noqa: PT017
            return 0

    with ThreadPoolExecutor(4) as threads:
        new = list(threads.map(load, range(4)))
    assert sorted(new) == [0, 0, 0, sum(care_log.table(name).height for name in TABLES)]
    assert_same(in_order(chart.care_log()), in_order(care_log))
    assert chart.head().entry == 1
    assert not chart.verify().wrong
    assert staged_rows(chart) == 0


def test_a_load_of_a_patient_withdrawn_meanwhile_records_nothing(
    chart: Chart, care_log: CareLog
) -> None:
    chart.load(replace(care_log, scores=care_log.scores.head(0)), "a", LOAD)
    chart.withdraw("patients", 1, AuditEvent("Ada", "withdrew"))
    head = chart.head()
    with pytest.raises(Exception, match="episode `E1` is not on record"):
        chart.load(
            CareLog.of(lambda n: care_log.table(n).head(9 if n == "scores" else 0), SHIPPED),
            "b",
            LOAD,
        )
    assert chart.head() == head


def test_a_load_that_was_given_up_is_listed_and_forgotten(chart: Chart, care_log: CareLog) -> None:
    with pytest.raises(Killed):
        chart.load(care_log, "a", LOAD, progress=dying_after(2))
    assert chart.unfinished() == {"a": 4}
    chart.forget("a")
    assert chart.unfinished() == {}
    assert staged_rows(chart) == 0
    chart.forget("a")
    assert chart.head().entry == 0


def test_more_rows_than_a_batch_or_a_seal_holds_are_no_different(
    chart: Chart, care_log: CareLog
) -> None:
    exams = pl.concat([care_log.exams.head(1)] * 60_001).with_columns(
        pressure_kpa=pl.int_range(pl.len()).cast(pl.Float64) / 7
    )
    many = replace(care_log, exams=exams)
    chart.load(many, "a", LOAD)
    assert_same(in_order(chart.care_log()), in_order(many))
    assert not chart.verify().wrong
    with chart.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ROWS["exams"])) == 60_001
    with write_transaction(chart.engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(LOADS)) == 0

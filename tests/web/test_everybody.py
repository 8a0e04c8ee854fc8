"""Everybody's advice stays what a whole assessment would give, whatever is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reliefpath.care.worklist import AssessingError, WorklistCache
from reliefpath.errors import ChartError
from reliefpath.pathway.assessment import ask, assess
from reliefpath.pathway.model import load_pathway
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import Chart, open_chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS, holding
from reliefpath.store.writing import AuditEvent
from reliefpath.web.settings import Settings

from .conftest import TODAY

ADA = AuditEvent("ada", "record")


@pytest.fixture
def chart(settings: Settings) -> Iterator[Chart]:
    chart = open_chart(settings.chart)
    yield chart
    chart.close()


def everybody(chart: Chart, day: date = TODAY) -> WorklistCache:
    return WorklistCache(chart, load_pathway(), None, lambda: day, patience=60)


def score(
    episode: str, value: float, at: str = f"{TODAY}T09:00:00+00:00"
) -> dict[str, pl.DataFrame]:
    row = {"episode": [episode], "at": [at], "measure": ["nrs"], "value": [str(value)]}
    return {"scores": pl.DataFrame(row)}


def row_of(chart: Chart, table: str, episode: str) -> int:
    rows = ROWS[table]
    with read_transaction(chart.engine) as connection:
        query = rows.select().where(rows.c.episode == episode, holding(rows))
        return int(connection.execute(query.order_by(rows.c.id)).first().id)  # type: ignore[union-attr]


def test_holds_the_advice_in_its_order(chart: Chart) -> None:
    rows = everybody(chart).rows()
    advice = assess(chart.care_log(), load_pathway(), TODAY)
    assert_frame_equal(rows.select(advice.columns), advice)


def test_after_anything_recorded_it_is_as_if_assessed_anew(chart: Chart) -> None:
    kept = everybody(chart)
    before = kept.rows()

    def mend(table: str, episode: str, **values: str) -> None:
        chart.correct(table, row_of(chart, table, episode), values, ADA)

    changes = [
        lambda: chart.insert(score("demo-0001", 9), ADA),
        lambda: mend("scores", "demo-0002", value="1"),
        lambda: mend("episodes", "demo-0003", patient="P0004"),
        lambda: chart.withdraw("episodes", row_of(chart, "episodes", "demo-0005"), ADA),
        lambda: chart.load(demo_clinic(70, 1, TODAY), "more", ADA, corrections=True),
    ]
    for change in changes:
        change()  # type: ignore[no-untyped-call]
        after = kept.rows()
        assert_frame_equal(after.drop("known"), everybody(chart).rows().drop("known"))
        assert not after.equals(before)
        before = after


def test_a_look_assesses_nobody_anew(chart: Chart) -> None:
    kept = everybody(chart)
    rows = kept.rows()
    chart.note(AuditEvent("ada", "view"))
    assert kept.rows() is rows


def test_another_day_is_assessed_anew(chart: Chart) -> None:
    days = [TODAY]
    kept = WorklistCache(chart, load_pathway(), None, lambda: days[-1], patience=60)
    kept.rows()
    days.append(TODAY + timedelta(days=90))
    assert kept.rows()["as_of"].unique().to_list() == [days[-1].isoformat()]


def test_who_asks_at_once_shares_one_assessment(chart: Chart) -> None:
    kept = everybody(chart)
    with ThreadPoolExecutor(8) as people:
        tables = list(people.map(lambda _: kept.rows(), range(8)))
    assert all(table is tables[0] for table in tables)


def test_whoever_recorded_sees_it_though_others_record_at_once(chart: Chart) -> None:
    kept = everybody(chart)
    kept.begin()

    def record(number: int) -> float:
        episode = f"demo-{number:04}"
        chart.insert(score(episode, number % 10), ADA)
        mine = kept.rows().filter(pl.col("episode") == episode)["points"][0].to_list()
        return float(mine[-1]["score"])

    followed = kept.rows().filter(measure="nrs", in_care=True)["episode"].sort().head(12)
    numbers = [int(e[5:]) for e in followed if len(e) == 9]
    with ThreadPoolExecutor(4) as people:
        assert list(people.map(record, numbers)) == [n % 10 for n in numbers]
    assert_frame_equal(kept.rows().drop("known"), everybody(chart).rows().drop("known"))


def test_who_is_not_patient_is_told_that_it_is_under_way(chart: Chart) -> None:
    hasty = everybody(chart)
    hasty.patience = 0
    with pytest.raises(AssessingError, match="patients so far"):
        hasty.rows()


def test_an_assessment_that_failed_is_told_and_tried_again(settings: Settings) -> None:
    chart = open_chart(settings.chart)
    kept = everybody(chart)
    away = Path(settings.chart).rename(f"{settings.chart}.away")
    chart.close()
    Path(settings.chart).mkdir()
    with pytest.raises(ChartError):
        kept.rows()
    assert kept.failed
    Path(settings.chart).rmdir()
    away.rename(settings.chart)
    assert kept.rows().height > 50
    assert not kept.failed
    chart.close()


def test_a_check_in_is_due_where_follow_up_waits_for_a_score(chart: Chart) -> None:
    rows = everybody(chart).rows().filter("due")
    assert rows.height
    answered = rows.with_columns(weeks_since_score=0.0).select(
        pl.all_horizontal(
            ask(criterion.require)
            for criterion in load_pathway().follow_up.criteria.values()
            if "Check in" in criterion.if_no
        ).alias("answered")
    )
    assert answered["answered"].all()

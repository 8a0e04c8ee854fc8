"""Rules of the care log that span columns, rows or tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import polars as pl

from reliefpath.chart.columns import Bad, refused
from reliefpath.chart.schema import Table
from reliefpath.errors import nearest
from reliefpath.measures import Measure, measures
from reliefpath.measures.totals import SESSION, totals
from reliefpath.therapies import finding_kinds

ZONE_SLACK = timedelta(days=1)
"""`started_on` is a local date and `at` an instant: they may be up to a day apart."""


def check_rows(table: Table, frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame]) -> list[Bad]:
    """Return the rows of `frame` that contradict themselves, each other or the tables before it.

    `earlier` holds the good rows of the tables that `table` refers to.
    """
    bad = [
        *_missing_parents(table, frame, earlier),
        *_repeated(table, frame),
    ]
    match table.name:
        case "episodes":
            bad += _ends_before_start(frame)
        case "scores":
            bad += _outside_range(frame)
            bad += _unscored(frame)
        case "treatments":
            bad += _half_amounts(frame, "amount")
        case "findings":
            bad += _unknown_findings(frame)
            bad += _half_amounts(frame, "value")
    if table.name in ("scores", "treatments", "exams"):  # findings may be older than the episode
        bad += _before_episode(frame, earlier)
    return bad


def _missing_parents(
    table: Table, frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame]
) -> Iterator[Bad]:
    """Rows that name a patient or an episode that does not exist."""
    for key, parent in (("patient", "patients"), ("episode", "episodes")):
        if key not in table.schema or parent not in earlier:
            continue
        known = earlier[parent][key]
        orphans = frame[key].is_not_null() & ~frame[key].is_in(known.implode())
        if orphans.any():
            candidates = known.head(10_000).to_list()
            for row, value in zip(orphans.arg_true(), frame[key].filter(orphans), strict=True):
                yield Bad(row, key, value, f"no good row in {parent}{nearest(value, candidates)}")


def _repeated(table: Table, frame: pl.DataFrame) -> list[Bad]:
    """Rows that say again, or say otherwise, what another row says."""
    if table.unique:
        key = table.columns[0].name
        name = pl.col(key)
        twice = frame.select(name.is_not_null() & name.is_duplicated()).to_series()
        return refused(key, frame[key], twice, "stands more than once; expected one row each")
    if table.name == "scores":
        keys = ["episode", "at", "measure", "item"]
        if not frame.select(keys).hash_rows().is_duplicated().any():
            return []  # all different; the exact look costs four times as much
        whole = pl.all_horizontal(pl.col("episode", "at", "measure").is_not_null())
        twice = frame.select(whole & pl.struct(keys).is_duplicated()).to_series()
        expected = "more than one value for this measure at this time; keep one, or give times"
        return refused("value", frame["value"], twice, expected)
    return []


def _ends_before_start(frame: pl.DataFrame) -> list[Bad]:
    ends_early = (frame["ended_on"] < frame["started_on"]).fill_null(False)
    return refused("ended_on", frame["ended_on"], ends_early, "must not be before started_on")


def _outside_range(frame: pl.DataFrame) -> Iterator[Bad]:
    """Values that their measure, or their measure's items, cannot take."""
    for name in frame["measure"].drop_nulls().unique().sort():
        measure = measures()[name]
        of_measure = (frame["measure"] == name).fill_null(False)
        totals = of_measure & frame["item"].is_null()
        yield from _outside(frame, totals, measure.low, measure.high, f"a score of {name}")
        items = of_measure & frame["item"].is_not_null()
        if items.any():
            yield from _unknown_items(frame, items, name)
            low, high = measure.item_low, measure.item_high
            yield from _outside(frame, items, low, high, f"an item of {name}")
        yield from _off_grid(frame, totals, measure)


def _outside(
    frame: pl.DataFrame, rows: pl.Series, low: float | None, high: float | None, what: str
) -> list[Bad]:
    value = frame["value"]
    outside = pl.Series([False] * frame.height)
    if low is not None:
        outside |= (value < low).fill_null(False)
    if high is not None:
        outside |= (value > high).fill_null(False)
    top = "" if high is None else f" to {high:g}"
    return refused("value", value, rows & outside, f"expected {what}, {low:g}{top}")


def _off_grid(frame: pl.DataFrame, rows: pl.Series, measure: Measure) -> list[Bad]:
    """Values between the steps of a scale that has no half steps, not even for missing items."""
    missing = measure.scoring.missing
    if measure.step is None or (missing is not None and missing.allowed > 0):
        return []
    steps = (frame["value"] - measure.low) / measure.step
    between = ((steps - steps.round()).abs() > 1e-6).fill_null(False)
    return refused("value", frame["value"], rows & between, f"expected steps of {measure.step:g}")


def _unknown_items(frame: pl.DataFrame, items: pl.Series, name: str) -> Iterator[Bad]:
    known = measures()[name].item_ids
    if known is None:  # the patient names the items
        return
    unknown = items & ~frame["item"].is_in(known)
    for row, value in zip(unknown.arg_true(), frame["item"].filter(unknown), strict=True):
        yield Bad(row, "item", value, f"unknown item of {name}{nearest(value, known)}")


def _unscored(frame: pl.DataFrame) -> Iterator[Bad]:
    """Items too few to make a score: kept, but they say nothing."""
    given = pl.all_horizontal(pl.col(*SESSION, "item", "value").is_not_null())
    items = frame.with_row_index("row").filter(given)
    if items.is_empty():
        return
    lost = items.join(totals(items.drop("row")), on=SESSION, how="anti")
    lost = lost.join(frame.filter(pl.col("item").is_null()), on=SESSION, how="anti")
    for row, measure, item in lost.select("row", "measure", "item").iter_rows():
        expected = f"too few items of {measure} answered then to score it"
        yield Bad(row, "item", item, expected, warning=True)


def _half_amounts(frame: pl.DataFrame, amount: str) -> list[Bad]:
    """Amounts without a unit: 40 of what?"""
    bare = frame[amount].is_not_null() & frame["unit"].is_null()
    return refused("unit", frame["unit"], bare, f"must not be empty where {amount} is given")


def _unknown_findings(frame: pl.DataFrame) -> Iterator[Bad]:
    for name in frame["kind"].drop_nulls().unique().sort():
        codes = tuple(finding_kinds()[name].codes)
        unknown = (frame["kind"] == name) & ~frame["code"].is_in(codes)
        unknown = unknown.fill_null(False)
        for row, value in zip(unknown.arg_true(), frame["code"].filter(unknown), strict=True):
            yield Bad(row, "code", value, f"unknown {name}{nearest(value, codes)}")


def _before_episode(frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame]) -> list[Bad]:
    """Things done in an episode before it began."""
    if "episodes" not in earlier:
        return []
    started = frame.select("episode").join(
        earlier["episodes"].select("episode", "started_on"),
        on="episode",
        how="left",
        maintain_order="left",
    )["started_on"]
    begin = started.cast(pl.Datetime("us")).dt.replace_time_zone("UTC") - ZONE_SLACK
    early = (frame["at"] < begin).fill_null(False)
    return refused("at", frame["at"], early, "must not be before the episode's started_on")

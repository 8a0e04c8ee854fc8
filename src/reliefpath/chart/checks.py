"""Rules of the care log that span columns, rows or tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache

import polars as pl

from reliefpath.chart.columns import Bad, refused
from reliefpath.chart.schema import TABLES, Kind, Table
from reliefpath.errors import UsageError, nearest
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


def check_codes(tables: Mapping[str, pl.DataFrame]) -> None:
    """Check that the catalogues know every code of rows that were recorded some time ago.

    Raises:
        UsageError: one is not known, as where a clinic's own file is not in force that added it.
    """
    for name, frame in tables.items():
        coded = [c for c in TABLES[name].columns if c.kind is Kind.CODE and c.codes]
        unknown = [
            (column.name, value)
            for column in coded
            for value in frame[column.name].drop_nulls().unique()
            if value not in column.codes
        ]
        if name == "findings" and not unknown:
            unknown = [(str(bad.column), str(bad.value)) for bad in _unknown_findings(frame)]
        for column_name, value in unknown:
            raise UsageError(
                f"{name} on record have the {column_name} `{value}`, which no catalogue knows; "
                "if it is of the clinic's own file, name that: reliefpath --clinic FILE ..."
            )


def _missing_parents(
    table: Table, frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame]
) -> Iterator[Bad]:
    """Rows that name a patient or an episode that does not exist."""
    for key, parent in (("patient", "patients"), ("episode", "episodes")):
        if parent == table.name or key not in table.schema or parent not in earlier:
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
        if frame.select(keys).hash_rows().n_unique() == frame.height:
            return []  # all different; the exact look costs many times as much
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
    rows = (
        frame.select("measure", "item", "value")
        .with_row_index("row")
        .join(_limits(), on="measure", maintain_order="left")
    )
    total, value = pl.col("item").is_null(), pl.col("value")
    low = pl.when(total).then("low").otherwise("item_low").alias("least")
    high = pl.when(total).then("high").otherwise("item_high").alias("most")
    outside = rows.filter((value < low) | (value > high))
    found = outside.select("row", "value", "measure", "item", low, high)
    for row, given, name, item, least, most in found.iter_rows():
        what = f"a score of {name}" if item is None else f"an item of {name}"
        top = "" if most is None else f" to {most:g}"
        yield Bad(row, "value", f"{given:g}", f"expected {what}, {least:g}{top}")
    steps = (value - pl.col("low")) / pl.col("step")
    between = rows.filter(total & ((steps - steps.round()).abs() > 1e-6))
    for row, given, step in between.select("row", "value", "step").iter_rows():
        yield Bad(row, "value", f"{given:g}", f"expected steps of {step:g}")
    yield from _unknown_items(rows.filter(~total))


@cache
def _limits() -> pl.DataFrame:
    """What a score of each measure may be, and what an item of it."""
    limits = [
        (name, m.low, m.high, _grid(m), m.item_low, m.item_high) for name, m in measures().items()
    ]
    numbers = ("low", "high", "step", "item_low", "item_high")
    schema = {"measure": pl.String(), **dict.fromkeys(numbers, pl.Float64())}
    return pl.DataFrame(limits, schema, orient="row")


def _grid(measure: Measure) -> float | None:
    """The steps of a scale that has no half steps, not even for missing items."""
    missing = measure.scoring.missing
    return None if missing is not None and missing.allowed > 0 else measure.step


def _unknown_items(items: pl.DataFrame) -> Iterator[Bad]:
    for (name,), rows in items.partition_by("measure", as_dict=True).items():
        known = measures()[name].item_ids
        if known is None:  # the patient names the items
            continue
        unknown = rows.filter(~pl.col("item").is_in(known)).select("row", "item")
        for row, value in unknown.iter_rows():
            yield Bad(row, "item", value, f"unknown item of {name}{nearest(value, known)}")


def _unscored(frame: pl.DataFrame) -> Iterator[Bad]:
    """Items too few to make a score: kept, but they say nothing."""
    given = pl.all_horizontal(pl.col(*SESSION, "item", "value").is_not_null())
    items = frame.with_row_index("row").filter(given)
    if items.is_empty():
        return
    lost = items.join(totals(items.drop("row")), on=SESSION, how="anti")
    if not lost.is_empty():  # unless the total was given
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
    midnight = pl.col("started_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    begin = earlier["episodes"].select("episode", begin=midnight - ZONE_SLACK)
    begun = frame.select("episode").join(begin, on="episode", how="left", maintain_order="left")
    early = (frame["at"] < begun["begin"]).fill_null(False)
    return refused("at", frame["at"], early, "must not be before the episode's started_on")

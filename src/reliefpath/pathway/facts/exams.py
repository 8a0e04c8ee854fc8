"""Facts of the latest exam."""

from __future__ import annotations

from functools import cache

import polars as pl

from reliefpath.anatomy import muscles, trigger_point
from reliefpath.pathway.facts.moment import Moment, one_row_each, rows_of


def exam_facts(exams: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> pl.LazyFrame:
    """Return the exam facts, one row an episode in the order of `episodes`."""
    rows = rows_of(exams, episodes, moment, "muscle", active=_active())
    latest = (
        rows.lazy()
        .filter(pl.col("day") == pl.col("day").max().over("e"))
        .join(_reaches(), on="muscle")
        .join(episodes.lazy().select("e", "region"), on="e")
    )
    active = pl.col("active")
    certain = active.fill_null(False).sum()
    reaches_region = pl.col("reaches").list.contains(pl.col("region"))
    part = latest.group_by("e").agg(
        weeks_since_exam=moment.weeks_since("day").first(),
        active_trigger_points=pl.when((certain > 0) | ~active.is_null().any()).then(certain),
        trigger_point_explains_pain=pl.when((active & reaches_region).fill_null(False).any())
        .then(True)
        .when(~active.fill_null(True).any())
        .then(False),
    )
    return one_row_each(episodes.lazy(), part)


@cache
def _active() -> pl.Expr:
    return pl.sql_expr(trigger_point().active.rule)


@cache
def _reaches() -> pl.LazyFrame:
    """The regions that each muscle lies in or is known to refer to."""
    return pl.LazyFrame(
        {
            "muscle": list(muscles()),
            "reaches": [list(m.reaches) for m in muscles().values()],
        },
        schema={"muscle": pl.String(), "reaches": pl.List(pl.String())},
    )

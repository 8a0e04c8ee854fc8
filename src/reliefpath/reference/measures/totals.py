"""Column-wise scoring: rows of items become rows of scores."""

from __future__ import annotations

import polars as pl

from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.measures.catalogue import Measure, measures
from reliefpath.reference.measures.scoring import score

SESSION = ["episode", "measure", "at"]


def totals(scores: pl.DataFrame, knowledge: Knowledge) -> pl.DataFrame:
    """Return the scores of a `scores` table, those given by their items scored.

    A score given as such wins over items of the same time. Items that cannot be scored, because too
    few were answered, give no row; `SESSION` names the columns that tell which those are. Columns
    other than `item` and `value` must be the same in all rows of one session.
    """
    columns = [name for name in scores.columns if name != "item"]
    if scores["item"].null_count() == scores.height:
        return scores[columns]
    # lazy throughout: for one patient each step run by itself costs more than what it does
    is_item = pl.col("item").is_not_null()
    given = scores.lazy().filter(~is_item).select(columns)
    answers = scores.lazy().filter(is_item, pl.col("measure").is_not_null())
    names = answers.select(pl.col("measure").unique().sort()).collect()["measure"]
    rivals = given.filter(pl.col("measure").is_in(names.to_list()))
    items = answers.join(rivals, on=SESSION, how="anti").collect()
    parts = [given]
    for name in names:
        measure, rows = measures(knowledge)[name], items.lazy().filter(measure=name)
        scored = _means if measure.scoring.method == "mean" else _one_by_one
        session = rows.select(columns).drop("value").unique(SESSION, keep="any")
        parts.append(session.join(scored(rows, measure), on=SESSION).select(columns))
    return pl.concat(parts).collect()


def _means(rows: pl.LazyFrame, measure: Measure) -> pl.LazyFrame:
    """Mean of all items; where the patient names them, of those rated the first time."""
    if measure.item_ids is not None:
        return (
            rows.group_by(SESSION)
            .agg(pl.col("value").mean(), n=pl.len())
            .filter(pl.col("n") == len(measure.item_ids))
            .drop("n")
        )
    baseline = rows.filter(pl.col("at") == pl.col("at").min().over("episode"))
    named = baseline.group_by("episode").agg(named=pl.len())
    assert measure.items is not None
    least, most = measure.items.fewest, measure.items.most
    return (
        rows.join(baseline, on=["episode", "item"], how="semi")
        .group_by(SESSION)
        .agg(pl.col("value").sort().mean(), n=pl.len())
        .join(named.filter(pl.col("named").is_between(least, most)), on="episode")
        .filter(pl.col("n") == pl.col("named"))
        .select(*SESSION, "value")
    )


def _one_by_one(rows: pl.LazyFrame, measure: Measure) -> pl.LazyFrame:
    answers = rows.group_by(SESSION).agg("item", "value").collect()
    values: list[float | None] = []
    for items, given in zip(answers["item"], answers["value"], strict=True):
        try:
            values.append(score(measure, dict(zip(items, given, strict=True))))
        except UsageError:
            values.append(None)
    scored = answers.select(*SESSION, value=pl.Series(values, dtype=pl.Float64))
    return scored.lazy().drop_nulls("value")

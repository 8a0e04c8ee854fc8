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
    if scores["item"].null_count() == scores.height:
        return scores.drop("item")
    given = scores.filter(pl.col("item").is_null()).drop("item")
    items = scores.filter(pl.col("item").is_not_null())
    rivals = given.filter(pl.col("measure").is_in(items["measure"].unique().implode()))
    items = items.join(rivals, on=SESSION, how="anti")
    parts = [given]
    for name in items["measure"].drop_nulls().unique().sort():
        rows = items.filter(pl.col("measure") == name)
        measure = measures(knowledge)[name]
        if measure.scoring.method == "mean":
            scored = _means(rows, measure)
        else:
            scored = _one_by_one(rows, measure)
        session = rows.drop("item", "value").unique(SESSION, keep="any")
        parts.append(session.join(scored, on=SESSION).select(given.columns))
    return pl.concat(parts)


def _means(rows: pl.DataFrame, measure: Measure) -> pl.DataFrame:
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


def _one_by_one(rows: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    answers = rows.group_by(SESSION).agg("item", "value")
    values: list[float | None] = []
    for items, given in zip(answers["item"], answers["value"], strict=True):
        try:
            values.append(score(measure, dict(zip(items, given, strict=True))))
        except UsageError:
            values.append(None)
    return answers.select(*SESSION, value=pl.Series(values, dtype=pl.Float64)).drop_nulls("value")

"""Facts of the scores: recovery on the measure followed, what is left, and what else says so."""

from __future__ import annotations

from functools import cache

import polars as pl

from reliefpath.measures import measures
from reliefpath.measures import table as measure_table
from reliefpath.measures.totals import totals
from reliefpath.pathway.facts.curves import primary_curves, second_curves
from reliefpath.pathway.facts.moment import Moment, collected, one_row_each, rows_of
from reliefpath.pathway.facts.pooling import Combine, together
from reliefpath.recovery import Priors, Questions

FEWEST = 3
"""Scores that a curve needs."""


def score_facts(
    scores: pl.DataFrame,
    episodes: pl.LazyFrame,
    moment: Moment,
    questions: Questions,
    priors: Priors,
    combine: Combine,
) -> pl.LazyFrame:
    """Return the facts of the scores, one row an episode in the order of `episodes`."""
    rows = _rows(scores, episodes, moment)
    latest = collected(_by_measure(rows)).lazy()
    primary = collected(_primary(latest, episodes)).lazy()
    second = collected(_second(latest, primary, episodes, moment, questions)).lazy()
    followed = _series(rows, primary)
    first = primary_curves(followed, moment, questions, priors)
    other = second_curves(_series(rows, second), questions, priors)
    parts = [
        primary.select(
            "e",
            "measure",
            "baseline",
            "current",
            score_count="count",
            weeks_since_score=moment.weeks_since("day"),
            residual="last",
        ),
        together(first, other, questions, combine),
        _beside_the_curve(latest, moment, questions),
    ]
    return pl.concat([one_row_each(episodes, part) for part in parts], how="horizontal")


@cache
def _measures() -> pl.LazyFrame:
    # what matters stands in where the smallest detectable change is not known
    return (
        measure_table()
        .with_columns(mdc=pl.coalesce("mdc", "mcid"))
        .select("measure", "construct", "better", "well", "span", "mcid", "mdc", "step")
        .with_row_index("order")
        .lazy()
    )


def _rows(scores: pl.DataFrame, episodes: pl.LazyFrame, moment: Moment) -> pl.LazyFrame:
    """The scores known at the moment, items made totals, by measure of an episode and time."""
    said = rows_of(scores, episodes, moment, "episode", "measure", "item", "value")
    return collected(_with_burden(totals(said).lazy()).sort("k", "at")).lazy()


def _with_burden(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add each score's distance from well, in the measure's units: 0 is well, larger is worse.

    `k` numbers the measures of all episodes, in the order of the episodes.
    """
    higher_better = pl.col("better") == "higher"
    distance = pl.when(higher_better).then(-1.0).otherwise(1.0) * (pl.col("value") - pl.col("well"))
    k = pl.col("e") * len(measures()) + pl.col("order")
    return rows.join(_measures().select("measure", "order", "better", "well"), on="measure").select(
        "e", "at", "day", "order", "value", k=k, burden=distance.clip(0.0)
    )


def _by_measure(rows: pl.LazyFrame) -> pl.LazyFrame:
    """What each measure said first and last, one row an episode and measure."""
    said = rows.group_by("k").agg(
        pl.col("e", "order").first(),
        first=pl.col("burden").first(),
        last=pl.col("burden").last(),
        baseline=pl.col("value").first(),
        current=pl.col("value").last(),
        day=pl.col("day").last(),
        count=pl.len(),
    )
    return said.join(_measures(), on="order")


def curved_series(scores: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> pl.DataFrame:
    """Return every series of scores that a curve can follow, whichever measure it is of.

    Columns: k (numbers the series, ascending), measure, region, weeks (since care began), burden,
    span and step (in the measure's units).
    """
    rows = _rows(scores, episodes.lazy(), moment)
    kept = _by_measure(rows).filter(pl.col("first") > 0).drop_nulls(["span", "last"])
    known = kept.select("k", "measure", "span", pl.col("step").fill_null(0.0))
    begun = episodes.lazy().select("e", "region", "started_on")
    return collected(
        rows.join(known, on="k", maintain_order="left")
        .join(begun, on="e", maintain_order="left")
        .select("k", "measure", "region", _weeks().alias("weeks"), "burden", "span", "step")
    )


def _weeks() -> pl.Expr:
    """Weeks since care began; a score from before counts as one of its first day."""
    start = pl.col("started_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return ((pl.col("at") - start).dt.total_microseconds() / (7 * 86_400 * 1e6)).clip(0.0)


def _series(rows: pl.LazyFrame, chosen: pl.LazyFrame) -> pl.DataFrame:
    """Return the scores of the series chosen, by episode; of those that a curve can follow.

    A measure without a well value, or a baseline that is well, has no curve.
    """
    curved = (
        chosen.filter(pl.col("first") > 0)
        .select("k", "started_on", "span", "mcid", "mdc", "step", "measure", "region")
        .drop_nulls(["span", "mcid"])
    )
    return collected(rows.join(curved, on="k", maintain_order="left").with_columns(weeks=_weeks()))


def _second(
    latest: pl.LazyFrame,
    primary: pl.LazyFrame,
    episodes: pl.LazyFrame,
    moment: Moment,
    questions: Questions,
) -> pl.LazyFrame:
    """What the measure beside each episode's primary one said first and last.

    The measure of function, or of pain where function is primary, that was scored most often, if
    it has enough scores for a curve and the latest lies within the horizon.
    """
    recent = moment.weeks_since("day") <= questions.horizon_weeks
    other = pl.col("construct").is_in(["pain", "function"]) & (pl.col("construct") != pl.col("of"))
    enough = (pl.col("count") >= FEWEST) & (pl.col("first") > 0) & recent
    chosen = (
        latest.join(primary.select("e", of="construct"), on="e")
        .filter(other, enough)
        .group_by("e")
        .agg(k=_most_scored(pl.col("k"), pl.lit(True)))
    )
    begun = episodes.select("e", "started_on", "region")
    return chosen.join(latest.drop("e"), on="k").join(begun, on="e")


def _primary(latest: pl.LazyFrame, episodes: pl.LazyFrame) -> pl.LazyFrame:
    """Each episode's primary measure: the one named, else the most scored that has a curve.

    With what it said first and last.
    """
    curved = pl.col("last").is_not_null()
    chosen = latest.group_by("e").agg(chosen=_most_scored(pl.col("measure"), curved))
    return (
        episodes.select("e", "started_on", "region", "primary_measure")
        .join(chosen, on="e", how="left")
        .select("e", "started_on", "region", measure=pl.coalesce("primary_measure", "chosen"))
        .join(latest, on=["e", "measure"], how="left")
    )


def _most_scored(what: pl.Expr, which: pl.Expr) -> pl.Expr:
    """`what` of the measure with the most scores; of those that tie, the catalogue's first."""
    rank = pl.col("order").cast(pl.Int64) - 1000 * pl.col("count").cast(pl.Int64)
    return what.get(pl.when(which).then(rank).arg_min())


def _beside_the_curve(latest: pl.LazyFrame, moment: Moment, questions: Questions) -> pl.LazyFrame:
    """What the other measures say: can a scale show what is left, own estimate, function."""
    recent = moment.weeks_since("day") <= questions.horizon_weeks
    shows = pl.col("construct").is_in(["pain", "function"]) & pl.col("mcid").is_not_null()
    shows &= recent & pl.col("last").is_not_null()
    visible = (pl.col("last") >= pl.col("mcid")).filter(shows).any()
    function = (pl.col("construct") == "function") & pl.col("last").is_not_null()
    share = pl.when(pl.col("first") > 0).then(1 - pl.col("last") / pl.col("first"))
    return latest.group_by("e").agg(
        residual_visible=pl.when(shows.any()).then(visible),
        own_estimate=pl.col("current").filter(pl.col("measure") == "sane").first() / 100,
        function_improvement=_most_scored(share, function),
    )

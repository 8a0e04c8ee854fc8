"""One improvement from the curves of pain and of function, as the pathway says."""

from __future__ import annotations

from enum import StrEnum

import polars as pl

from reliefpath.recovery import Questions

Z_TAIL = 1.6448536269514722
"""Standard deviations from the middle to an end of a 90 % interval."""
SUREST = 0.01
"""No improvement is known to better than this share."""


class Combine(StrEnum):
    """How the measures of pain and of function make one improvement."""

    PRIMARY = "primary"
    """The primary measure's counts."""
    POOLED = "pooled"
    """Their mean, each weighted by how sure it is; less sure where they disagree."""


def together(
    first: pl.DataFrame, other: pl.DataFrame, questions: Questions, combine: Combine
) -> pl.LazyFrame:
    """Put the two measures' improvement together as the pathway says.

    Pooled, they are two estimates of one improvement, about normal: the mean is weighted by
    precision, and its spread is stretched where they disagree by more than chance (the Birge
    ratio), as in a meta-analysis of two.
    """
    both = first.lazy().join(other.lazy(), on="e", how="left").with_columns(_apart())
    if combine is Combine.POOLED:
        both = both.with_columns(_pooled(questions))
    # well is the end of the scale, and one curve cannot describe a recovery that was lost again
    shares = pl.col("improvement", "improvement_low", "improvement_high", "level_ahead")
    shares_too = pl.col("second_improvement")
    ended = both.with_columns(shares.clip(upper_bound=1.0), shares_too.clip(upper_bound=1.0))
    curve = pl.exclude("e", "flare", "setback", "weeks_since_recovery", "relapse", "second_measure")
    return ended.with_columns(pl.when(~pl.col("relapse")).then(curve).name.keep()).drop(
        "second_low", "second_high"
    )


def _spreads() -> tuple[pl.Expr, pl.Expr]:
    """The standard deviations of both measures' improvement, as if they were normal."""
    spread = (pl.col("improvement_high") - pl.col("improvement_low")) / (2 * Z_TAIL)
    second = (pl.col("second_high") - pl.col("second_low")) / (2 * Z_TAIL)
    return spread.clip(lower_bound=SUREST), second.clip(lower_bound=SUREST)


def _apart() -> pl.Expr:
    """How many standard errors the improvements of both measures lie apart."""
    spread, second = _spreads()
    apart = (pl.col("improvement") - pl.col("second_improvement")).abs()
    return (apart / (spread**2 + second**2).sqrt()).alias("disagreement")


def _pooled(questions: Questions) -> list[pl.Expr]:
    """Return the improvement of both measures together; of one where the other has none."""
    one, other = pl.col("improvement"), pl.col("second_improvement")
    spread, second = _spreads()
    weight = second**2 / (spread**2 + second**2)
    mean = weight * one + (1 - weight) * other
    sd = (weight.sqrt() * spread) * pl.col("disagreement").clip(lower_bound=1.0)
    low, high = questions.window
    pooled = {
        "improvement": mean,
        "improvement_low": mean - Z_TAIL * sd,
        "improvement_high": mean + Z_TAIL * sd,
        "p_window": _normal((high - mean) / sd) - _normal((low - mean) / sd),
        "p_recovered": _normal((mean - questions.recovered) / sd),
    }
    known = one.is_not_null() & other.is_not_null()
    return [
        pl.when(known).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in pooled.items()
    ]


def _normal(z: pl.Expr) -> pl.Expr:
    """The standard normal probability below z, to 2e-4 (Lin 1990, The Statistician 39:69)."""
    away = (0.717 * z.abs() + 0.416 * z**2).clip(upper_bound=50.0)
    tail = 0.5 * (-away).exp()
    return pl.when(z > 0).then(1 - tail).otherwise(tail)

"""Facts of the scores: recovery on the primary measure, what is left, and what else says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.measures import measures
from reliefpath.measures import table as measure_table
from reliefpath.measures.totals import totals
from reliefpath.pathway.facts.moment import Moment, collected, one_row_each, rows_of
from reliefpath.recovery import Prior, Questions, recover

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def score_facts(
    scores: pl.DataFrame,
    episodes: pl.LazyFrame,
    moment: Moment,
    questions: Questions,
    prior: Prior,
) -> pl.LazyFrame:
    """Return the facts of the scores, one row an episode in the order of `episodes`."""
    said = rows_of(scores, episodes, moment, "episode", "measure", "item", "value")
    scored = totals(said)
    rows = collected(_with_burden(scored.lazy()).sort("k", "at")).lazy()
    latest = collected(_by_measure(rows)).lazy()
    primary = _primary(latest, episodes)
    # a measure without a well value, or a baseline that is well, has no curve
    curved = (
        primary.filter(pl.col("first") > 0)
        .select("k", "started_on", "span", "mcid", "mdc")
        .drop_nulls(["span", "mcid"])
    )
    series = rows.join(curved, on="k", maintain_order="left")
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
        _recovery(collected(series), moment, questions, prior).lazy(),
        _beside_the_curve(latest, moment, questions),
    ]
    return pl.concat([one_row_each(episodes, part) for part in parts], how="horizontal")


@cache
def _measures() -> pl.LazyFrame:
    # what matters stands in where the smallest detectable change is not known
    return (
        measure_table()
        .with_columns(mdc=pl.coalesce("mdc", "mcid"))
        .select("measure", "construct", "better", "well", "span", "mcid", "mdc")
        .with_row_index("order")
        .lazy()
    )


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


def _primary(latest: pl.LazyFrame, episodes: pl.LazyFrame) -> pl.LazyFrame:
    """Each episode's primary measure: the one named, else the most scored that has a curve.

    With what it said first and last.
    """
    curved = pl.col("last").is_not_null()
    chosen = latest.group_by("e").agg(chosen=_most_scored(pl.col("measure"), curved))
    return (
        episodes.select("e", "started_on", "primary_measure")
        .join(chosen, on="e", how="left")
        .select("e", "started_on", measure=pl.coalesce("primary_measure", "chosen"))
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


@dataclass(frozen=True)
class Series:
    """The primary measure's scores of all episodes: those of episode i are at offsets[i:i+2]."""

    e: Ints
    offsets: Ints
    day: NDArray[np.datetime64]
    burden: Floats
    span: Floats
    mcid: Floats
    mdc: Floats

    @property
    def first(self) -> Ints:
        """Index of each episode's first score."""
        return self.offsets[:-1]

    @property
    def last(self) -> Ints:
        """Index of each episode's last score."""
        return self.offsets[1:] - 1

    @property
    def owner(self) -> Ints:
        """The episode, by its place in `e`, of each score."""
        return np.repeat(np.arange(self.e.size), np.diff(self.offsets))


def _recovery(
    curved: pl.DataFrame, moment: Moment, questions: Questions, prior: Prior
) -> pl.DataFrame:
    """The curve of each episode and what is plain from its scores alone."""
    start = pl.col("started_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    weeks = ((pl.col("at") - start).dt.total_microseconds() / (7 * 86_400 * 1e6)).clip(0.0)
    e, first = np.unique(curved["e"].to_numpy(), return_index=True)
    s = Series(
        e.astype(np.int64),
        np.append(first, curved.height).astype(np.int64),
        curved["day"].to_numpy().astype("datetime64[D]"),
        curved["burden"].to_numpy(),
        *(curved[name].to_numpy()[first].astype(float) for name in ("span", "mcid", "mdc")),
    )
    at = curved.select(weeks).to_series().to_numpy()
    recovery = recover(s.offsets, at, s.burden, s.span, s.mcid, questions, prior)
    since_recovery, relapse = _since_recovery(s, moment, questions.recovered)
    known = pl.DataFrame(
        {
            "e": s.e.astype(np.uint32),
            "improvement": recovery.improvement,
            "improvement_low": recovery.low,
            "improvement_high": recovery.high,
            "p_window": recovery.p_window,
            "p_plateau": recovery.p_plateau,
            "p_recovered": recovery.p_recovered,
            "p_worsening": recovery.p_worsening,
            "expected_gain": recovery.expected_gain,
            "level_ahead": recovery.level_ahead,
            "setback": _setback(s),
            "recent_gain": _recent_gain(s, questions.horizon_weeks),
            "flare": _flare(s),
            "weeks_since_recovery": since_recovery,
        }
    ).fill_nan(None)
    # well is the end of the scale, and one curve cannot describe a recovery that was lost again
    plain = ("e", "recent_gain", "flare", "setback", "weeks_since_recovery", "relapse")
    curve = pl.exclude(plain)
    shares = pl.col("improvement", "improvement_low", "improvement_high", "level_ahead")
    known = known.with_columns(shares.clip(upper_bound=1.0), relapse=pl.Series(relapse))
    return known.with_columns(pl.when(~pl.col("relapse")).then(curve).name.keep())


def _setback(s: Series) -> Floats:
    """How far, in MDCs, both latest scores are worse than the best pair of scores before them."""
    pair = s.burden.copy()
    pair[1:] = (s.burden[1:] + s.burden[:-1]) / 2
    position = np.arange(s.burden.size) - s.first[s.owner]
    left = np.diff(s.offsets)[s.owner] - position
    pair[(position == 0) | (left <= 2)] = np.inf
    best = np.minimum.reduceat(pair, s.first) if s.e.size else np.empty(0)
    lesser = np.minimum(s.burden[s.last], s.burden[np.maximum(s.last - 1, s.first)])
    setback = (lesser - best) / s.mdc
    setback[~np.isfinite(best)] = np.nan
    return setback


def _recent_gain(s: Series, horizon_weeks: float) -> Floats:
    """Observed gain, in MDCs, since the latest score at least a horizon old, or since the first."""
    index = np.arange(s.burden.size)
    age = (s.day[s.last][s.owner] - s.day).astype(float) / 7
    old = np.where(age >= horizon_weeks, index, -1)
    since = np.maximum.reduceat(old, s.first) if s.e.size else np.empty(0, np.int64)
    gain = (s.burden[np.maximum(since, s.first)] - s.burden[s.last]) / s.mdc
    return np.where(s.last > s.first, gain, np.nan)


def _flare(s: Series) -> Floats:
    """How far, in MDCs, the latest score is worse than the one before it."""
    before = np.maximum(s.last - 1, s.first)
    flare = (s.burden[s.last] - s.burden[before]) / s.mdc
    return np.where(before < s.last, flare, np.nan)


def _since_recovery(s: Series, moment: Moment, level: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Weeks since the latest recovery began, and whether it was lost.

    It begins with two recovered scores in a row, is lost with a score worse than they by the MCID,
    and stays lost until two recovered scores stand in a row again.
    """
    if not s.e.size:
        return np.empty(0), np.empty(0, np.bool_)
    index, first = np.arange(s.burden.size), s.first[s.owner]
    well = s.burden <= (1 - level) * s.burden[first] + 1e-9
    confirmed = well & np.roll(well, 1) & (index > first)
    latest = np.maximum.accumulate(np.where(confirmed, index, -1))
    lost = (latest >= first) & (s.burden - s.burden[latest] >= s.mcid[s.owner])
    losses = np.cumsum(lost)  # a recovery is what is confirmed between one loss and the next
    last = np.maximum.reduceat(np.where(confirmed, index, -1), s.first)
    same = confirmed & (losses == losses[last][s.owner])
    began = np.minimum.reduceat(np.where(same, index - 1, s.burden.size - 1), s.first)
    weeks = (np.datetime64(moment.day, "D") - s.day[began]).astype(float) / 7
    relapse = (last >= 0) & (losses[s.last] > losses[last])
    return np.where(last >= 0, weeks, np.nan), relapse

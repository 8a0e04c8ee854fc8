"""What a clinic's own episodes say of recovery: the priors learned from its care log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.pathway.facts.episodes import Episodes
from reliefpath.pathway.facts.scores import known_scores
from reliefpath.pathway.facts.series import curved_series
from reliefpath.pathway.facts.treatments import treatments_given
from reliefpath.recovery import DEFAULT_PRIOR, Prior, Priors, learn
from reliefpath.recovery.held_out import forecast_loss
from reliefpath.recovery.learned import Group
from reliefpath.recovery.learning import BEGIN, STRENGTH

FEWEST = 60
"""Series below which nothing is learned: of 30 episodes two priors in twenty did harm."""
CARRIES = 50.0
"""Episodes' worth of evidence that the prior of all carries in that of a group."""
HALF, HALVES = "half", (0, 1)
AS_SHIPPED = [DEFAULT_PRIOR for _ in HALVES]


@dataclass(frozen=True)
class HeldOut:
    """How well scores are foretold that nobody learned from; see `forecast_loss`.

    Attributes:
        learned: Mean loss by what the other half of the series taught.
        before: Mean loss by the prior as shipped or, for a group, by that of all.
    """

    learned: float
    before: float

    @property
    def is_better(self) -> bool:
        """Whether learning helps: with nothing to tell by, it does not."""
        return self.learned < self.before


@dataclass(frozen=True)
class Learned:
    """Priors that foretell better than what was known before them; None is all.

    Attributes:
        priors: Those kept.
        counts: How many series of scores each of them rests on.
        held_out: How each that was learned did, kept or not.
    """

    priors: Priors
    counts: dict[Group | None, int]
    held_out: dict[Group | None, HeldOut]


def learn_priors(care_log: CareLog, as_of: date | datetime, fewest: int = 200) -> Learned:
    """Learn priors from every series of scores, of any measure, that a curve can follow.

    A prior is kept only where there are enough series and where, learned from one half of them, it
    foretells the other half better than what was known before.

    Args:
        care_log: the clinic's records.
        as_of: what had happened by then counts.
        fewest: series that a measure and region need for a prior of their own; the prior of all
            has a part in it, which shrinks as there are more.

    Raises:
        UsageError: `as_of` is a moment without a zone.
    """
    episodes = Episodes.of(care_log, care_log.moment(as_of))
    knowledge = care_log.knowledge
    given = treatments_given(care_log.given, episodes, knowledge)
    series = curved_series(known_scores(care_log.scores, given, episodes, knowledge))
    series = series.with_columns((pl.col("k").rank("dense") % 2).alias(HALF))
    # what the other half teaches of each
    taught = [_learned(series.filter(pl.col(HALF) != half)) for half in HALVES]
    counts: dict[Group | None, int] = {None: series["k"].n_unique()}
    held_out: dict[Group | None, HeldOut] = {None: _held_out(series, taught, AS_SHIPPED)}
    helps = held_out[None].is_better and counts[None] >= FEWEST
    overall, before = (_learned(series), taught) if helps else (DEFAULT_PRIOR, AS_SHIPPED)
    groups: dict[Group, Prior] = {}
    for (measure, region), rows in series.group_by("measure", "region", maintain_order=True):
        count, group = rows["k"].n_unique(), (str(measure), str(region))
        if count < fewest:
            continue
        others = [rows.filter(pl.col(HALF) != half) for half in HALVES]
        own = [_learned(*pair, CARRIES) for pair in zip(others, before, strict=True)]
        held_out[group] = _held_out(rows, own, before)
        if held_out[group].is_better:
            groups[group] = _learned(rows, overall, CARRIES)
            counts[group] = count
    return Learned(Priors(overall, groups), counts, held_out)


def _held_out(series: pl.DataFrame, learned: list[Prior], before: list[Prior]) -> HeldOut:
    """Have each half of the series foretold by its two priors."""
    losses = []
    for priors in (learned, before):
        halves = []
        for half, prior in zip(HALVES, priors, strict=True):
            columns, told = _columns(series.filter(pl.col(HALF) == half))
            halves.append(forecast_loss(*columns, prior=prior, **told))
        found = np.concatenate(halves)
        known = found[~np.isnan(found)]
        losses.append(float(known.mean()) if known.size else np.nan)
    return HeldOut(*losses)


def _learned(series: pl.DataFrame, begin: Prior = BEGIN, strength: float = STRENGTH) -> Prior:
    columns, told = _columns(series)
    return learn(*columns, **told, begin=begin, strength=strength)


def _columns(series: pl.DataFrame) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what `learn` takes of the series: columns, and steps and effects by name."""
    k = series["k"].to_numpy()
    first = np.flatnonzero(np.append(True, np.diff(k) != 0)) if k.size else np.empty(0, np.int64)
    names = ("weeks", "burden", "effect", "scale_range", "step")
    weeks, burden, effect, scale_range, step = (series[name].to_numpy() for name in names)
    columns = (np.append(first, k.size), weeks, burden, scale_range[first])
    return columns, {"step": step[first], "effect": effect}

"""What a clinic's own episodes say of recovery: the priors learned from its care log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.pathway.facts.scores import known_scores
from reliefpath.pathway.facts.series import curved_series
from reliefpath.pathway.facts.treatments import treatments_given
from reliefpath.recovery import DEFAULT_PRIOR, Prior, Priors, learn
from reliefpath.recovery.learned import Group
from reliefpath.recovery.learning import BEGIN, STRENGTH

CARRIES = 50.0
"""Episodes' worth of evidence that the prior of all carries in that of a group."""


@dataclass(frozen=True)
class Learned:
    """Priors, and how many series of scores each rests on; None is all."""

    priors: Priors
    counts: dict[Group | None, int]


def learn_priors(care_log: CareLog, as_of: date | datetime, fewest: int = 200) -> Learned:
    """Learn priors from every series of scores, of any measure, that a curve can follow.

    Args:
        care_log: the clinic's records.
        as_of: what had happened by then counts.
        fewest: series that a measure and region need for a prior of their own; the prior of all
            has a part in it, which shrinks as there are more.

    Raises:
        UsageError: `as_of` is a moment without a zone.
    """
    moment = care_log.moment(as_of)
    begun = care_log.episodes.filter(pl.col("started_on") <= moment.day)
    episodes = begun.sort("episode").with_row_index("e")
    knowledge = care_log.knowledge
    given = treatments_given(care_log.given, episodes, moment, knowledge)
    series = curved_series(known_scores(care_log.scores, given, episodes, moment, knowledge))
    overall = DEFAULT_PRIOR if series.is_empty() else _learned(series)
    counts: dict[Group | None, int] = {None: series["k"].n_unique()}
    groups: dict[Group, Prior] = {}
    for (measure, region), rows in series.group_by("measure", "region", maintain_order=True):
        count, group = rows["k"].n_unique(), (str(measure), str(region))
        if count >= fewest:
            groups[group] = _learned(rows, overall, CARRIES)
            counts[group] = count
    return Learned(Priors(overall, groups), counts)


def _learned(series: pl.DataFrame, begin: Prior = BEGIN, strength: float = STRENGTH) -> Prior:
    k = series["k"].to_numpy()
    first = np.flatnonzero(np.append(True, np.diff(k) != 0)) if k.size else np.empty(0, np.int64)
    names = ("weeks", "burden", "effect", "scale_range", "step")
    weeks, burden, effect, scale_range, step = (series[name].to_numpy() for name in names)
    return learn(
        np.append(first, k.size),
        weeks,
        burden,
        scale_range[first],
        step=step[first],
        effect=effect,
        begin=begin,
        strength=strength,
    )

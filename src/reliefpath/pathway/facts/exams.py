"""Facts of the latest exam."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from reliefpath.anatomy import REGIONS, muscles, trigger_point
from reliefpath.clock import Moment
from reliefpath.pathway.facts.groups import Flags, Groups, Known
from reliefpath.pathway.facts.moment import places, rows_of


def exam_facts(exams: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> Known:
    """Return the exam facts, one value an episode in the order of `episodes`."""
    muscle, active = (
        places(exams["muscle"], _muscles()),
        exams.select(_active()).to_series().to_numpy(),
    )
    rows = rows_of(exams, episodes, moment, muscle=muscle, active=active)
    ago, episode = moment.days_from(rows["day"]), Groups(rows["e"], episodes.height)
    last = episode.least(ago)
    latest = ago == last[episode.of]
    active, unknown = latest & (rows["active"] == 1), latest & np.isnan(rows["active"])
    number = {region: i for i, region in enumerate(REGIONS)}
    region = np.array([number.get(name, -1) for name in episodes["region"]], np.int64)
    reaches = _reaches()[rows["muscle"], region[episode.of]]
    certain, open_ = episode.count(active), episode.any(unknown)
    examined = ~np.isnan(last)
    return {
        "weeks_since_exam": last / 7,
        "active_trigger_points": np.where(examined & ((certain > 0) | ~open_), certain, np.nan),
        "trigger_point_explains_pain": np.select(
            [episode.any(active & reaches), examined & (certain == 0) & ~open_], [1.0, 0.0], np.nan
        ),
    }


@cache
def _active() -> pl.Expr:
    return pl.sql_expr(trigger_point().active.rule).cast(pl.Float64)


@cache
def _muscles() -> pl.Enum:
    return pl.Enum(list(muscles()))


@cache
def _reaches() -> Flags:
    """Whether each muscle lies in each region, or is known to refer to it; at -1 is none."""
    known = [[region in row.reaches for region in REGIONS] for row in muscles().values()]
    return np.pad(np.array(known), (0, 1))

"""Facts of the latest exam."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from reliefpath.knowledge import Knowledge
from reliefpath.pathway.facts.episodes import Episodes
from reliefpath.pathway.facts.groups import Groups, Known
from reliefpath.pathway.facts.sites import reaching, sites
from reliefpath.reference.anatomy import trigger_point


def exam_facts(exams: pl.DataFrame, episodes: Episodes, knowledge: Knowledge) -> Known:
    """Return the exam facts, one value an episode in the order of `episodes`."""
    rows = episodes.rows(
        exams,
        **sites(knowledge),
        active=_active(),
    )
    ago, episode = episodes.moment.days_from(rows["day"]), Groups(rows["e"], episodes.size)
    last = episode.least(ago)
    latest = ago == last[episode.of]
    active, unknown = latest & (rows["active"] == 1), latest & np.isnan(rows["active"])
    reaches = reaching(rows["muscle"], rows["side"], rows["e"], episodes, knowledge)
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

"""Complaints of one person that may be the same one come back."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog

OPPOSITE = {"left": "right", "right": "left"}


def may_be_same(region: str, side: str | None) -> pl.Expr:
    """Return whether an episode is of a region, and not known to be of the other side alone."""
    is_region = pl.col("region") == region
    if side not in OPPOSITE:
        return is_region
    return is_region & pl.col("side").ne_missing(OPPOSITE[side])


def ended_before(care_log: CareLog, region: str, side: str | None, day: date) -> pl.DataFrame:
    """Return a patient's episodes that had ended by a day and may be the same, the latest first."""
    ended = care_log.episodes.filter(may_be_same(region, side), pl.col("ended_on") <= day)
    return ended.sort("ended_on", descending=True)


def related(care_log: CareLog, episode: str) -> pl.DataFrame:
    """Return the patient's episodes before and after one that may be the same, the oldest first.

    Two that went on side by side are two complaints.
    """
    one: dict[str, Any] = care_log.episodes.row(
        by_predicate=pl.col("episode") == episode, named=True
    )
    before = pl.col("ended_on") <= one["started_on"]
    after = pl.lit(value=False)
    if one["ended_on"] is not None:
        after = pl.col("started_on") >= one["ended_on"]
    return care_log.episodes.filter(
        pl.col("patient") == one["patient"],
        pl.col("episode") != episode,
        may_be_same(one["region"], one["side"]),
        before | after,
    ).sort("started_on")

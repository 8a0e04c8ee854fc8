"""How often patients tell how they are, and what clinicians make of advice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from reliefpath.care.decisions import AGREED, OVERRIDDEN
from reliefpath.care_log.log import CareLog
from reliefpath.outcomes.measured import Share, share

BANDS = ((1, 4), (5, 8), (9, 13), (14, 26), (27, 52))
"""Weeks of care, first and last."""
RECENT = 364
"""Days over which the answers are counted."""


def answered_weeks(care_log: CareLog, today: date) -> pl.DataFrame:
    """Return a row for each whole week of the last year that an episode was in care, with `week`,
    counted from 1, and `answered`: whether a score is on record in it.
    """
    begin = today - timedelta(days=RECENT)
    last = pl.min_horizontal(pl.col("ended_on").fill_null(today), pl.lit(today))
    whole = (last - pl.col("started_on")).dt.total_days() // 7
    weeks = (
        care_log.episodes.select("episode", "started_on", week=pl.int_ranges(1, whole + 1))
        .explode("week")
        .drop_nulls("week")
        .filter(pl.col("started_on") + pl.duration(days=7 * (pl.col("week") - 1)) >= begin)
    )
    return weeks.join(_scored(care_log), on=["episode", "week"], how="left").select(
        "episode", "week", answered=pl.col("answered").fill_null(False)
    )


def _scored(care_log: CareLog) -> pl.DataFrame:
    """The weeks of care with a score; the day on which care begins is of the first."""
    starts = care_log.episodes.select("episode", "started_on")
    days = (care_log.day_of() - pl.col("started_on")).dt.total_days()
    scored = care_log.scores.join(starts, on="episode").select("episode", week=days // 7 + 1)
    return scored.unique().with_columns(answered=pl.lit(value=True))


def response(weeks: pl.DataFrame) -> tuple[Share, ...]:
    """Return in how many weeks of care there was a score, by how long care had been going on."""
    bands = [(band, weeks.filter(pl.col("week").is_between(*band))) for band in BANDS]
    return tuple(
        share(f"weeks {first} to {last} of care", rows, pl.col("answered"))
        for (first, last), rows in bands
    )


@dataclass(frozen=True)
class Decided:
    """What clinicians made of advice.

    Attributes:
        agreed: Of all decisions.
        by_status: Overridden, by the status of the advice.
        reasons: Why it was overridden, most often first.
    """

    agreed: Share
    by_status: tuple[Share, ...]
    reasons: tuple[tuple[str, int], ...]


def decided(decisions: Iterable[Mapping[str, Any]]) -> Decided:
    """Return what became of advice; decisions are as `Chart.decisions` has them."""
    rows = list(decisions)
    overridden = [row for row in rows if row["decision"] == OVERRIDDEN]
    total = Counter(_status(row) for row in rows)
    over = Counter(_status(row) for row in overridden)
    why = Counter(" ".join((row["reason"] or "").split()) for row in overridden)
    agreed = sum(row["decision"] == AGREED for row in rows)
    return Decided(
        Share("agreed", agreed, len(rows)),
        tuple(Share(status, over[status], count) for status, count in total.most_common()),
        tuple(why.most_common()),
    )


def _status(row: Mapping[str, Any]) -> str:
    return str(json.loads(row["advice"])["status"])

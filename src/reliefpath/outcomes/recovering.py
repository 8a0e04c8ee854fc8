"""How many recover, how long it takes, and whether it lasts."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reliefpath.outcomes.measured import Share, share
from reliefpath.outcomes.survival import Survival
from reliefpath.pathway.assessment import STATUS
from reliefpath.pathway.model import StatusName

YEAR = 52
"""Weeks of care after which an episode is asked how it ended."""
RECOVERED = pl.col("weeks_since_recovery").is_not_null()
LASTING = pl.col(STATUS) == StatusName.LASTING.value
LOST = pl.col("relapse").fill_null(False)


@dataclass(frozen=True)
class Recovering:
    """What became of the episodes.

    Attributes:
        statuses: All episodes by status, those whose care has ended included.
        after_a_year: Of the episodes begun a year ago or more.
        weeks: From the start of care to the latest recovery; open until the latest score where
            there is none.
        unscored: Episodes without a score, of which `weeks` says nothing.
    """

    statuses: tuple[Share, ...]
    after_a_year: tuple[Share, ...]
    weeks: Survival
    unscored: int


def recovering(advice: pl.DataFrame, statuses: list[str]) -> Recovering:
    """Return what became of the episodes of an advice table.

    Args:
        advice: the advice on every episode.
        statuses: the pathway's, in the order in which they are shown.
    """
    old = advice.filter(pl.col("weeks_in_care") >= YEAR)
    recovered = old.filter(RECOVERED)
    not_yet = ~RECOVERED & pl.col("in_care")
    scored = advice.filter(pl.col("weeks_since_score").is_not_null())
    return Recovering(
        tuple(share(name, advice, pl.col(STATUS) == name) for name in statuses),
        (
            share("recovered at some time", old, RECOVERED),
            share("of these, recovered still", recovered, ~LOST),
            share(
                "of these, lasting: well a year after recovery",
                recovered,
                pl.col(STATUS) == "lasting",
            ),
            share("of these, recurred", recovered, LOST),
            share("not recovered, still in care", old, not_yet),
            share("not recovered, care ended", old, ~RECOVERED & ~pl.col("in_care")),
        ),
        _weeks(scored),
        advice.height - scored.height,
    )


def _weeks(scored: pl.DataFrame) -> Survival:
    since = pl.coalesce("weeks_since_recovery", "weeks_since_score")
    # a score on the day on which care began still is a moment of follow-up
    times = scored.select((pl.col("weeks_in_care") - since).clip(0)).to_series()
    return Survival.of(times, scored.select(RECOVERED).to_series())

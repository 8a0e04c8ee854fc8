"""How often is injected, whether the gate was open, and what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.outcomes.measured import Share, share
from reliefpath.outcomes.survival import Survival
from reliefpath.pathway.assessment import GATE, assess
from reliefpath.pathway.facts.relief import HALF
from reliefpath.pathway.model import Pathway
from reliefpath.recovery import Priors

INJECTION = "injection"
REPLAYED = 60
"""Days on which somebody was injected that are replayed, the latest: each is an assessment."""
SAME_VISIT = 0.05
"""Weeks that are no difference but rounding."""


@dataclass(frozen=True)
class Injecting:
    """What is known of the injections.

    Attributes:
        episodes: Episodes on record.
        sessions: Days on which one of them was injected.
        injected: Episodes with a session.
        replayed: Sessions whose gate was asked on the day before, the latest.
        gate: How many of these had it open, closed, or unknown.
        closed: The criteria that were no or unknown then, most often first.
        relief: What the latest injection of each episode brought.
        lasted: Weeks for which relief by half lasted, open while it holds.
    """

    episodes: int
    sessions: int
    injected: Share
    replayed: int
    gate: tuple[Share, ...]
    closed: tuple[tuple[str, int, int], ...]
    relief: tuple[Share, ...]
    lasted: Survival

    @property
    def per_hundred(self) -> float | None:
        """Sessions per 100 episodes."""
        return 100 * self.sessions / self.episodes if self.episodes else None


def sessions(care_log: CareLog) -> pl.DataFrame:
    """Return the days on which each episode was injected: `episode`, `day`."""
    injections = care_log.given.filter(pl.col("therapy") == INJECTION)
    return injections.select("episode", day=care_log.day_of()).unique()


def gates_before(
    parts: Iterable[CareLog], pathway: Pathway, priors: Priors | None
) -> Iterator[pl.DataFrame]:
    """Yield the advice on the day before each session, of the patients injected on it."""
    for care_log, day in _latest_days(parts):
        episodes = sessions(care_log).filter(pl.col("day") == day)["episode"]
        mine = care_log.episodes.filter(pl.col("episode").is_in(episodes.implode()))
        before = assess(care_log.of_patients(mine["patient"]), pathway, day - timedelta(1), priors)
        yield before.filter(pl.col("episode").is_in(episodes.implode()))


def _latest_days(parts: Iterable[CareLog]) -> list[tuple[CareLog, date]]:
    days = [(care_log, day) for care_log in parts for day in sessions(care_log)["day"].unique()]
    return sorted(days, key=lambda pair: pair[1], reverse=True)[:REPLAYED]


def injecting(
    advice: pl.DataFrame, given: pl.DataFrame, before: list[pl.DataFrame], pathway: Pathway
) -> Injecting:
    """Return what is known of the injections.

    Args:
        advice: the advice on every episode.
        given: the `sessions` of all of them.
        before: the advice on the day before sessions; see `gates_before`.
        pathway: whose gate it is.
    """
    asked = list(pathway.criteria)
    told = pl.concat(before) if before else advice.clear()
    injected = advice.filter(pl.col("weeks_since_injection").is_not_null())
    best, now = pl.col("injection_relief"), pl.col("injection_relief_now")
    known = injected.filter(best.is_not_null())
    last = list(pathway.steps)[-1]
    closed = [
        (id_, told.filter(~pl.col(id_)).height, told[id_].null_count())
        for id_ in asked
        if id_ in pathway.gate(last)
    ]
    often = sorted(closed, key=lambda row: row[1] + row[2], reverse=True)
    return Injecting(
        advice.height,
        given.height,
        share("injected", advice, pl.col("episode").is_in(given["episode"].implode())),
        told.height,
        (
            share("open", told, pl.col(GATE)),
            share("closed", told, ~pl.col(GATE)),
            share("unknown", told, pl.col(GATE).is_null()),
        ),
        tuple(row for row in often if row[1] + row[2]),
        (
            share("relief is known", injected, best.is_not_null()),
            share("of these, relieved by half or more", known, best >= HALF),
            share("of these, by half still at the latest score", known, now >= HALF),
        ),
        _lasted(known.filter(best >= HALF)),
    )


def _lasted(relieved: pl.DataFrame) -> Survival:
    """How long relief by half lasted; it is open where the latest score still shows it."""
    weeks = relieved.filter(pl.col("injection_relief_weeks").is_not_null())
    followed = pl.col("weeks_since_injection") - pl.col("weeks_since_score")
    ended = followed > pl.col("injection_relief_weeks") + SAME_VISIT
    return Survival.of(weeks["injection_relief_weeks"], weeks.select(ended).to_series())

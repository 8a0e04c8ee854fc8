"""Of whom a check-in asks: whose care goes on, and who agreed to be asked on after a recovery."""

from __future__ import annotations

from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.recurrence import may_be_same
from reliefpath.care_log.schema import RECOVERED
from reliefpath.clock import Moment

AGREES, REFUSES = "follow-up", "follow-up-refused"
"""What a patient says to check-ins after care ended in recovery, as codes of a consent."""


def in_follow_up(care_log: CareLog, moment: Moment) -> frozenset[str]:
    """Return the episodes that ended in recovery and are asked about on.

    The patient agreed and did not take it back, is alive, and has not come back since with a
    complaint that may be the same.
    """
    ended = care_log.episodes.filter(
        pl.col("end_reason") == RECOVERED, pl.col("ended_on") <= moment.day
    )
    if ended.is_empty():
        return frozenset()
    return frozenset(
        row["episode"]
        for row in ended.iter_rows(named=True)
        if row["patient"] not in care_log.incomplete  # what was refused may take it back
        and _agrees(care_log, row["episode"], row["patient"], moment)
        and not _died(care_log, row["patient"], moment)
        and _later(care_log, row, moment).is_empty()
    )


def is_followed(care_log: CareLog, episode: str, moment: Moment) -> bool:
    """Return whether a check-in asks about an episode: care goes on, or follow-up does."""
    row = care_log.episodes.row(by_predicate=pl.col("episode") == episode, named=True)
    if row["ended_on"] is None or row["ended_on"] > moment.day:
        return not _died(care_log, row["patient"], moment)
    return episode in in_follow_up(care_log, moment)


def _agrees(care_log: CareLog, episode: str, patient: str, moment: Moment) -> bool:
    """Whether the latest answer agrees; two that disagree do not."""
    found = moment.before(care_log.findings_about(episode, patient)).filter(
        pl.col("kind") == "consent", pl.col("code").is_in([AGREES, REFUSES])
    )
    latest = found.filter(pl.col("at") == pl.col("at").max())
    holds = latest["until"].is_null() | (latest["until"] >= moment.day)
    return not latest.is_empty() and bool((holds & (latest["code"] == AGREES)).all())


def _died(care_log: CareLog, patient: str, moment: Moment) -> bool:
    died = pl.col("died_on") <= moment.day
    return not care_log.patients.filter(pl.col("patient") == patient, died).is_empty()


def _later(care_log: CareLog, ended: dict[str, Any], moment: Moment) -> pl.DataFrame:
    """The complaints since, of the same region and of a side that may be the same."""
    return care_log.episodes.filter(
        pl.col("patient") == ended["patient"],
        pl.col("episode") != ended["episode"],
        may_be_same(ended["region"], ended["side"]),
        pl.col("started_on") >= ended["ended_on"],
        pl.col("started_on") <= moment.day,
    )

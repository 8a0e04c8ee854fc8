"""The facts table: one documented, typed row an episode, of which the pathway asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache

import numpy as np
import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.clock import Moment
from reliefpath.pathway.facts.courses import Trial
from reliefpath.pathway.facts.declared import declaration, schema
from reliefpath.pathway.facts.exams import exam_facts
from reliefpath.pathway.facts.findings import FLAGS, finding_facts
from reliefpath.pathway.facts.moment import collected
from reliefpath.pathway.facts.pooling import Combine
from reliefpath.pathway.facts.scores import known_scores, scale_facts, score_facts
from reliefpath.pathway.facts.treatments import treatment_facts, treatments_given
from reliefpath.recovery import Priors, Targets

__all__ = ["KEYS", "Combine", "Trial", "declaration", "facts", "schema"]

KEYS = {"episode": pl.String(), "patient": pl.String()}
"""The columns that name a row of the facts table."""
DECIMALS = 4
"""Facts are rounded, so that machines whose last bits differ still give the same advice."""
DANGERS = (*FLAGS, "pregnant")
Progress = Callable[[str], None]


def facts(
    care_log: CareLog,
    as_of: date | datetime,
    targets: Targets | None = None,
    priors: Priors | None = None,
    combine: Combine = Combine.POOLED,
    trial: Trial | None = None,
    progress: Progress = lambda stage: None,
) -> pl.DataFrame:
    """Return the facts table of every episode begun by `as_of`, in the order of their identifiers.

    Args:
        care_log: the clinic's records.
        as_of: what had happened by then counts: by the end of a date at the clinic, or by a moment
            with its zone.
        targets: the window, the recovered level and the horizon, which a pathway sets.
        priors: what recovery is expected to look like before any score is known.
        combine: how pain and function make one improvement.
        trial: what counts as a trial of conservative care, which a pathway sets.
        progress: called with the name of each stage as it begins.

    Raises:
        UsageError: `as_of` is a moment without a zone.
    """
    moment = care_log.moment(as_of)
    targets = targets or Targets()
    episodes = (
        care_log.episodes.filter(pl.col("started_on") <= moment.day)
        .sort("episode")
        .with_row_index("e")
    )
    progress("recovery")
    knowledge = care_log.knowledge
    given = treatments_given(care_log.given, episodes, moment, knowledge)
    scores = known_scores(care_log.scores, given, episodes, moment, knowledge)
    known = score_facts(scores, moment, targets, priors or Priors(), combine)
    progress("facts")
    shown = known["injection_relief"]
    done = treatment_facts(given, episodes, moment, trial or Trial(), knowledge)
    if "treatments" in care_log.absent:  # nothing is known of them: not even that there were none
        done = {name: np.full(episodes.height, np.nan) for name in done}
    known |= done
    known["injection_relief"] = np.where(np.isnan(shown), known["injection_relief"], shown)
    known |= exam_facts(care_log.exams, episodes, moment, knowledge)
    doubtful = episodes["patient"].is_in(sorted(care_log.in_doubt)).to_numpy()
    findings = finding_facts(care_log.findings, given, episodes, moment, knowledge)
    for name, found in findings.items():
        # of what was not read or not understood nothing is known to be absent
        known[name] = np.where(doubtful & (found == 0), np.nan, found) if name in DANGERS else found
    known |= scale_facts(care_log.scores, episodes, moment, knowledge)
    columns = [pl.Series(name, values, nan_to_null=True) for name, values in known.items()]
    table = (
        episodes.hstack(columns)
        .lazy()
        .with_columns(
            in_care=(pl.col("ended_on") >= moment.day).fill_null(True)
            & ~pl.col("patient").is_in(_died(care_log, moment)),
            record_complete=pl.Series(~doubtful),
            weeks_in_care=moment.weeks_since("started_on"),
        )
    )
    return collected(table.select(*KEYS, *_typed()))


def _died(care_log: CareLog, moment: Moment) -> list[str]:
    """The patients who had died by the day."""
    return care_log.patients.filter(pl.col("died_on") <= moment.day)["patient"].to_list()


@cache
def _typed() -> list[pl.Expr]:
    """Every fact in its declared type."""
    return [
        _rounded(name) if dtype == pl.Float64() else pl.col(name).cast(dtype)
        for name, dtype in schema().items()
    ]


def _rounded(name: str) -> pl.Expr:
    """A number as it is told, without a negative zero; Polars leaves one where 0 is added."""
    rounded = pl.col(name).round(DECIMALS)
    return pl.when(rounded == 0).then(0.0).otherwise(rounded).alias(name)

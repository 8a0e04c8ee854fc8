"""The facts table: one documented, typed row an episode, of which the pathway asks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime

import numpy as np
import polars as pl

from reliefpath.care_log.follow_up import in_follow_up
from reliefpath.care_log.log import CareLog
from reliefpath.clock import Moment
from reliefpath.pathway.facts.courses import Trial
from reliefpath.pathway.facts.declared import declaration, schema
from reliefpath.pathway.facts.episodes import Episodes
from reliefpath.pathway.facts.exams import exam_facts
from reliefpath.pathway.facts.findings import FLAGS, finding_facts
from reliefpath.pathway.facts.groups import Flags, Known
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
    episodes = Episodes.of(care_log, care_log.moment(as_of))
    progress("recovery")
    knowledge = care_log.knowledge
    given = treatments_given(care_log.given, episodes, knowledge)
    scores = known_scores(care_log.scores, given, episodes, knowledge)
    known = score_facts(scores, targets or Targets(), priors or Priors(), combine)
    progress("facts")
    shown = known["injection_relief"]
    done = treatment_facts(given, episodes, trial or Trial(), knowledge)
    if "treatments" in care_log.absent:  # nothing is known of them: not even that there were none
        done = {name: np.full(episodes.size, np.nan) for name in done}
    known |= done
    known["injection_relief"] = np.where(np.isnan(shown), known["injection_relief"], shown)
    known |= exam_facts(care_log.exams, episodes, knowledge)
    doubtful = _among(episodes, care_log.in_doubt)
    findings = finding_facts(care_log.findings, given, episodes, knowledge)
    for name, found in findings.items():
        # of what was not read or not understood nothing is known to be absent
        known[name] = np.where(doubtful & (found == 0), np.nan, found) if name in DANGERS else found
    known |= scale_facts(care_log.scores, episodes, knowledge)
    known |= {name: episodes.table[name] for name in (*KEYS, "region", "clinician")}
    day, died = (
        np.datetime64(episodes.moment.day),
        _among(episodes, _died(care_log, episodes.moment)),
    )
    known["in_care"] = ~(episodes.ended < day) & ~died
    known["in_follow_up"] = _are(episodes, in_follow_up(care_log, episodes.moment))
    past = np.where(episodes.ended <= day, episodes.ended, np.datetime64("NaT"))
    known["weeks_since_end"] = episodes.moment.weeks_from(past)
    known["record_complete"] = ~doubtful
    known["weeks_in_care"] = episodes.moment.weeks_from(episodes.started)
    columns = {**KEYS, **schema()}
    texts = [known[name].alias(name) for name, dtype in columns.items() if dtype == pl.String()]
    return _numbers(known, episodes.size).hstack(texts)[list(columns)]


def _among(episodes: Episodes, people: Collection[str]) -> Flags:
    """Whether each episode is of one of some people."""
    if not people:
        return np.zeros(episodes.size, np.bool_)
    return np.array([patient in people for patient in episodes.table["patient"]], np.bool_)


def _are(episodes: Episodes, names: Collection[str]) -> Flags:
    """Whether each episode is one of some."""
    if not names:
        return np.zeros(episodes.size, np.bool_)
    return np.array([episode in names for episode in episodes.table["episode"]], np.bool_)


def _died(care_log: CareLog, moment: Moment) -> frozenset[str]:
    """The patients who had died by the day."""
    died = care_log.patients["died_on"]
    if died.null_count() == died.len():
        return frozenset()
    return frozenset(care_log.patients.filter(pl.col("died_on") <= moment.day)["patient"])


def _numbers(known: Known, size: int) -> pl.DataFrame:
    """Every fact but the texts, in its declared type; numbers as they are told, and never -0.

    They are made of one array: for one episode, each column by itself costs more than its fact.
    """
    types = {name: dtype for name, dtype in schema().items() if dtype != pl.String()}
    values = np.empty((size, len(types)))
    for column, name in zip(values.T, types, strict=True):
        column[:] = known.pop(name)
    np.round(values, DECIMALS, out=values)
    values += 0.0
    series = pl.Series(values.ravel(), nan_to_null=True).reshape((size, len(types)))
    numbers = series.arr.to_struct(list(types)).struct.unnest()
    return numbers.cast({name: dtype for name, dtype in types.items() if dtype != pl.Float64()})

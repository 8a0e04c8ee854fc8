"""However often a patient scores, hardly anybody is called worse, or level, who is not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recovery.calm import changes
from benchmarks.recovery.detectors import knowing, learning
from benchmarks.recovery.statuses import WITHIN, scored, watch
from reliefpath.pathway.model import StatusName, load_pathway

PATIENTS = 120
WORSE = StatusName.WORSENING, StatusName.RECURRED
LEVEL = StatusName.PLATEAUED, StatusName.STALLED


def called(kind: str, noise: float, count: int, *statuses: StatusName) -> float:
    """The share of patients ever called one of these in twelve weeks."""
    random = np.random.default_rng(7)
    weeks, scores = scored(kind, noise, count, PATIENTS, random)
    return float(watch(weeks, scores, load_pathway()).ever(PATIENTS, *statuses).mean())


@pytest.mark.parametrize("count", [4, 13, 84])
@pytest.mark.parametrize("kind", ["flat", "level", "improving"])
def test_nobody_is_called_worse_for_the_noise_of_their_scores(kind: str, count: int) -> None:
    assert called(kind, 1.8, count, *WORSE) <= 0.1


@pytest.mark.parametrize("count", [7, 13, 25])
@pytest.mark.parametrize(("noise", "most"), [(1.0, 0.05), (1.8, 0.07)])
def test_recovery_is_not_called_lost_for_the_noise_of_scores(
    noise: float, most: float, count: int
) -> None:
    assert called("recovered", noise, count, *WORSE) <= most


@pytest.mark.parametrize("count", [7, 13, 84])
def test_looking_often_calls_nobody_level_who_still_improves(count: int) -> None:
    assert called("improving", 1.0, count, *LEVEL) <= 0.05


def test_lasting_loss_is_seen() -> None:
    random = np.random.default_rng(7)
    at = random.uniform(6, 9, PATIENTS)
    weeks, scores = scored("level", 0.7, 25, PATIENTS, random, at)
    assert watch(weeks, scores, load_pathway()).ever(PATIENTS, *WORSE).mean() > 0.6


def test_one_bad_day_is_a_flare_and_no_status() -> None:
    random = np.random.default_rng(7)
    weeks, scores = scored("level", 0.6, 13, PATIENTS, random)
    scores[:, -1] = 8
    seen = watch(weeks, scores, load_pathway())
    last = seen.week == weeks[seen.patient, -1]
    assert not np.isin(seen.status[last], [status.value for status in WORSE]).any()


@pytest.mark.parametrize("lost", [0.0, 2.0])
def test_both_detectors_see_a_loss_by_many_scores_and_nothing_where_there_is_none(
    lost: float,
) -> None:
    week = np.arange(60)[None] / 5
    score = 6 + np.random.default_rng(7).normal(0, 0.7, week.shape) + lost * (week >= 10)
    for odds in (learning(week, score, 0, WITHIN), knowing(week, score, 6, 0.7, 0)):
        assert (odds[0, -1] > 20) == (lost > 0)


def test_by_few_scores_the_detector_that_has_to_learn_is_less_sure() -> None:
    week, score = np.arange(4.0)[None], np.array([[8.0, 8, 8, 10]])
    odds = learning(week, score, 0, WITHIN)
    assert odds[0, 0] == 0  # one score does not say what it was before
    assert 0 < odds[0, -1] < knowing(week, score, 8, 0.7, 0)[0, -1]


def test_few_changes_of_a_status_are_turned_back() -> None:
    found = list(changes(60, apart=7))
    assert len(found) > 40
    assert all(before != after for before, after, _ in found)
    assert sum(back for *_, back in found) / len(found) < 0.2

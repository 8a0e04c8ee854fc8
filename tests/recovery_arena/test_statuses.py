"""However often a patient scores, hardly anybody is called worse, or level, who is not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recovery.statuses import scored, watch
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

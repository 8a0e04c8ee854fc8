"""Standard errors against drawing episodes again."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recovery.scoring import auc
from benchmarks.recovery.uncertainty import pull_of_mean, pull_on_auc, standard_error

EPISODES, EACH = 150, 4


def alike_within_episodes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A score, the truth and the episode of histories; those of an episode are alike."""
    random = np.random.default_rng(3)
    episode = np.repeat(np.arange(EPISODES), EACH)
    own = random.normal(size=EPISODES)[episode]
    truth = own + 0.3 * random.normal(size=episode.size) > 0
    return own + random.normal(size=episode.size), truth, episode


def test_standard_errors_agree_with_drawing_episodes_again() -> None:
    score, truth, episode = alike_within_episodes()
    random = np.random.default_rng(4)
    areas, means = [], []
    for _ in range(400):
        rows = random.integers(0, EPISODES, EPISODES)[:, None] * EACH + np.arange(EACH)
        areas.append(auc(score[rows.ravel()], truth[rows.ravel()]))
        means.append(score[rows.ravel()].mean())
    assert standard_error(pull_on_auc(score, truth), episode) == pytest.approx(
        np.std(areas), rel=0.15
    )
    assert standard_error(pull_of_mean(score), episode) == pytest.approx(np.std(means), rel=0.15)


def test_pulls_add_up_to_nothing_and_a_method_differs_in_nothing_from_itself() -> None:
    score, truth, episode = alike_within_episodes()
    pull = pull_on_auc(score, truth)
    assert pull.sum() == pytest.approx(0, abs=1e-12)
    assert standard_error(pull - pull, episode) == 0


def test_ranking_of_one_class_has_no_error() -> None:
    assert np.isnan(pull_on_auc(np.array([1.0, 2.0]), np.array([True, True]))).all()

"""How well a prior foretells the latest score of each episode from those before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reliefpath.recovery import DEFAULT_PRIOR, forecast
from reliefpath.recovery.held_out import LEVELS, forecast_loss

WEEKS, BURDEN = [0.0, 1.0, 3.0, 0.0, 2.0, 4.0, 6.0], [80.0, 60.0, 30.0, 70.0, 60.0, 50.0, 65.0]
OFFSETS, RANGES, STEPS = [0, 3, 7, 7], [100.0, 100.0, 100.0], [10.0, 10.0, 10.0]


def test_the_loss_is_that_of_the_quantiles_foretold_without_the_latest_score() -> None:
    found = forecast_loss(OFFSETS, WEEKS, BURDEN, RANGES, prior=DEFAULT_PRIOR, step=STEPS)
    assert np.isnan(found[2])
    for episode, (first, last) in enumerate([(0, 2), (3, 6)]):
        earlier = WEEKS[first:last], BURDEN[first:last]
        [[foretold]] = forecast(
            [0, last - first], *earlier, [100.0], [[WEEKS[last]]], LEVELS, step=[10.0]
        )
        losses = [
            level * (BURDEN[last] - at) if BURDEN[last] > at else (1 - level) * (at - BURDEN[last])
            for level, at in zip(LEVELS, foretold, strict=True)
        ]
        assert found[episode] == pytest.approx(2 * np.mean(losses) / 10)


@pytest.mark.parametrize("scores", [0, 1, 2])
def test_what_has_fewer_than_three_scores_tells_nothing(scores: int) -> None:
    found = forecast_loss(
        [0, scores], WEEKS[:scores], BURDEN[:scores], [100.0], prior=DEFAULT_PRIOR
    )
    assert np.isnan(found).all()


def test_a_prior_with_the_noise_of_the_scores_foretells_better_than_one_with_far_more() -> None:
    random = np.random.default_rng(3)
    scores = np.clip(5 + random.normal(0, 0.5, (200, 6)), 0, 10).ravel()
    columns = (np.arange(0, 1201, 6), np.tile(np.arange(6.0), 200), scores, np.full(200, 10.0))
    right, wide = (
        forecast_loss(*columns, prior=replace(DEFAULT_PRIOR, noise=(8.0, sd))).mean()
        for sd in (0.5, 3.0)
    )
    assert right < 0.8 * wide

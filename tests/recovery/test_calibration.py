"""Patients drawn from the prior itself: what is called likely must happen that often."""

import numpy as np
import pytest
from numpy.typing import NDArray

from reliefpath.recovery import DEFAULT_PRIOR, recover

N, VISITS, SEED = 40_000, 6, 11
MATTERS, HORIZON = 1.0, 6.0


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """For each question its answers, and whether it turned out so."""
    prior, rng = DEFAULT_PRIOR, np.random.default_rng(SEED)
    tau = rng.choice(prior.taus, N, p=prior.weights)
    noise = prior.scale * np.sqrt(prior.degrees / rng.chisquare(prior.degrees, N))
    away = rng.multivariate_normal([0.0, 0.0], prior.covariance, N) * noise[:, None]
    b, c = (prior.mean + away).T
    weeks = np.sort(rng.uniform(0, 14, (N, VISITS)), axis=1)
    gone = 1 - np.exp(-weeks / tau[:, None])
    scores = b[:, None] - c[:, None] * gone + noise[:, None] * rng.normal(size=(N, VISITS))

    # What is judged here is the posterior given the scores, so scores may choose who is judged.
    inside = (np.abs(scores) <= 10).all(axis=1)
    tau, b, c, weeks, scores = tau[inside], b[inside], c[inside], weeks[inside], scores[inside]
    n = len(b)
    answers = recover(
        np.arange(0, n * VISITS + 1, VISITS),
        weeks.ravel(),
        scores.ravel(),
        np.full(n, 10.0),
        np.full(n, MATTERS),
    )
    now = weeks[:, -1]
    gain = c * (np.exp(-now / tau) - np.exp(-(now + HORIZON) / tau))
    improvement = c * (1 - np.exp(-now / tau)) / b
    ahead = c * (1 - np.exp(-(now + HORIZON) / tau))
    return {
        "p_plateau": (answers.p_plateau, gain < MATTERS),
        "p_worsening": (answers.p_worsening, ahead <= -MATTERS),
        "p_window": (answers.p_window, (improvement >= 0.75) & (improvement < 0.90)),
        "p_recovered": (answers.p_recovered, improvement >= 0.90),
    }


@pytest.mark.parametrize("question", ["p_plateau", "p_worsening", "p_window", "p_recovered"])
def test_what_is_called_likely_happens_that_often(
    question: str, drawn: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]
) -> None:
    said, so = drawn[question]
    for low in np.arange(0, 1, 0.1):
        group = (said >= low) & (said < low + 0.1)
        count = group.sum()
        if count < 200:
            continue
        expected = said[group].mean()
        error = np.sqrt(expected * (1 - expected) / count)
        assert so[group].mean() == pytest.approx(expected, abs=4 * error), f"{low:.1f}"

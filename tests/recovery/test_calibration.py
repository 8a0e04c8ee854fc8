"""Patients drawn from the prior itself: what is called likely must happen that often.

Without rounding, and only those who never touch an end of the scale: the prior knows neither. What
is judged is the posterior given the scores, so scores may choose who is judged.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from reliefpath.recovery import DEFAULT_PRIOR, recover

from .episodes import drawn

N, VISITS, SEED = 40_000, 6, 11
MCID, HORIZON, LEVEL = 1.0, 42, 91
"""The spans of time in days."""
Told = dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]
QUESTIONS = [
    "p_plateau",
    "p_level",
    "p_worsening",
    "p_window",
    "p_recovered",
    "p_plateau_in_window",
]


@pytest.fixture(scope="module")
def told() -> Told:
    """For each question its answers, and whether it turned out so."""
    prior, random = DEFAULT_PRIOR, np.random.default_rng(SEED)
    days = np.sort(random.integers(0, 98, (N, VISITS)), axis=1)
    now = days[:, -1:]
    all_days = np.hstack([days, now + HORIZON, now + LEVEL])
    everyone = drawn(prior, all_days, random)
    seen = everyone.visits(0, VISITS)
    inside = ((seen.scores > 0) & (seen.scores < 10)).all(axis=1)
    everyone, seen = everyone.of(inside), seen.of(inside)  # type: ignore[arg-type]
    answers = recover(*seen.columns(), np.full(len(seen.b), MCID))

    real = np.array([deviation.real for deviation in prior.deviations])[everyone.kind]
    deviation = everyone.deviation * real[:, None]
    at, soon, late = (everyone.days[:, VISITS + k] for k in (-1, 0, 1))
    b, c = everyone.b, everyone.c
    g_behind = everyone.gone(prior, np.maximum(at - HORIZON, 0))
    g, g_soon, g_late = (everyone.gone(prior, day) for day in (at, soon, late))
    w, w_soon, w_late = deviation[:, VISITS - 1 :].T
    gain = c * (g_soon - g) + w - w_soon
    steeper = np.maximum(g - g_behind, g_late - g)
    improvement = (c * g - w) / b
    window = (improvement >= 0.75) & (improvement < 0.90)
    return {
        "p_plateau": (answers.p_plateau, gain < MCID),
        "p_level": (answers.p_level, c * steeper + w - w_late < MCID),
        "p_worsening": (answers.p_worsening, c * g_soon - w_soon <= -MCID),
        "p_window": (answers.p_window, window),
        "p_recovered": (answers.p_recovered, improvement >= 0.90),
        "p_plateau_in_window": (answers.p_plateau_in_window, window & (gain < MCID)),
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_called_likely_happens_that_often(question: str, told: Told) -> None:
    said, so = told[question]
    judged = 0
    for low in np.arange(0, 1, 0.1):
        group = (said >= low) & (said < low + 0.1)
        count = group.sum()
        if count < 200:
            continue
        judged += 1
        expected = said[group].mean()
        error = np.sqrt(expected * (1 - expected) / count)
        assert so[group].mean() == pytest.approx(expected, abs=4 * error), f"{low:.1f}"
    assert judged >= 3

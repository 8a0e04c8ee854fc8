"""Patients drawn from the prior itself: what is called likely must happen that often.

Without rounding, and only those who never touch an end of the scale: the prior knows neither. What
is judged is the posterior given the scores, so scores may choose who is judged.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from reliefpath.recovery import DEFAULT_PRIOR, Targets, recover

from .episodes import drawn

N, VISITS, SEED = 40_000, 6, 12
MCID, HORIZON, LEVEL = 1.0, 42, 91
"""The spans of time in days."""
FEWEST = {"p_second": 1}
"""Tenths that are judged, where that is fewer than three: second recoveries are rare."""
Told = dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]
QUESTIONS = [
    "p_plateau",
    "p_level",
    "p_worsening",
    "p_window",
    "p_recovered",
    "p_plateau_in_window",
    "p_worse",
    "p_second",
]


@pytest.fixture(scope="module")
def told() -> Told:
    """For each question its answers, and whether it turned out so."""
    prior, random = DEFAULT_PRIOR, np.random.default_rng(SEED)
    days = np.sort(random.integers(0, 98, (N, VISITS)), axis=1)
    now = days[:, -1:]
    # a day that nobody sees, to know what a deviation was by then
    behind = np.maximum(now - HORIZON, days[:, :1])
    all_days = np.hstack([days, behind, now + HORIZON, now + LEVEL])
    order = np.argsort(all_days, axis=1, kind="stable")
    everyone = drawn(prior, np.take_along_axis(all_days, order, axis=1), random, now=now[:, 0])
    everyone = everyone.in_order(np.argsort(order, axis=1, kind="stable"))
    seen = everyone.visits(0, VISITS)
    inside = ((seen.scores > 0) & (seen.scores < 10)).all(axis=1)
    everyone, seen = everyone.of(inside), seen.of(inside)  # type: ignore[arg-type]
    answers = recover(*seen.columns(), np.full(len(seen.b), MCID))

    real = np.array([deviation.real for deviation in prior.deviations])[everyone.kind]
    deviation = everyone.deviation * real[:, None]
    at, _, soon, late = (everyone.days[:, VISITS + k] for k in (-1, 0, 1, 2))
    b, c = everyone.b, everyone.c
    g_behind = everyone.gone(prior, np.maximum(at - HORIZON, 0))
    g, g_soon, g_late = (everyone.gone(prior, day) for day in (at, soon, late))
    w, w_behind, w_soon, w_late = deviation[:, VISITS - 1 :].T
    gain = c * (g_soon - g) + w - w_soon
    steeper = np.maximum(g - g_behind, g_late - g)
    moved = c * (g - g_behind) + w_behind - w
    at_visits = np.array([everyone.gone(prior, day) for day in seen.days.T])
    best = np.where(c >= 0, at_visits.max(axis=0), at_visits.min(axis=0))
    second = np.zeros(len(b))
    for k, shape in enumerate(prior.shapes):
        if shape.family != "level" and shape.turn and shape.turn.change > 0:
            mine = (everyone.shape == k) & (at / 7 - shape.turn.ago >= 1 - 1e-9)
            second[mine] = c[mine] * shape.added(0.0)
    improvement = (c * g - w) / b
    window = (improvement >= 0.75) & (improvement < 0.90)
    return {
        "p_plateau": (answers.p_plateau, gain < MCID),
        "p_level": (answers.p_level, (c * steeper + w - w_late < MCID) & (np.abs(moved) < MCID)),
        "p_worse": (answers.p_worse, c * (g - best) - w <= -Targets().loss * MCID),
        "p_second": (answers.p_second, second >= Targets().loss * MCID),
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
    assert judged >= FEWEST.get(question, 3)

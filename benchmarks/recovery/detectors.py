"""What can be seen at all: two detectors of a lasting loss of one MCID that are told more than us.

The first knows a patient's level and how much single scores scatter. The second has to learn both
from the scores, and knows the rest: that the course is level but for one loss, how large it is,
that noise is normal, and which three spreads it can have.
"""

from __future__ import annotations

import numpy as np

from .histories import Flags, Floats

MCID = 2.0
SPREADS = (0.7, 1.0, 1.4)
"""Standard deviations of a score that the learning detector thinks possible, alike."""
ROUNDING = 1 / 12
LEVEL = (5.0, 9.0)
"""Mean and variance of the level, as the learning detector takes it beforehand."""


def knowing(week: Floats, score: Floats, level: float, noise: float, begins: float) -> Floats:
    """Return the cumulative sum of log likelihood ratios for a loss from a known level.

    Page's test (1954), with a row a patient and a column a look. Scores before `begins` count as
    level.
    """
    known, variance = np.where(week >= begins, score, level), noise**2 + ROUNDING
    found, now = np.zeros(week.shape), np.zeros(len(week))
    for look in range(week.shape[1]):
        now = np.maximum(0, now + MCID / variance * (known[:, look] - level - MCID / 2))
        found[:, look] = now
    return found


def learning(week: Floats, score: Floats, begins: float, within: float) -> Floats:
    """Return the log of the posterior odds that a loss came within the weeks before each look.

    With a row a patient and a column a look. Scores before `begins` are left out.
    """
    found = np.zeros(week.shape)
    for look in range(week.shape[1]):
        seen = (week <= week[:, [look]]) & (week >= begins)
        none = _evidence(score, seen, np.zeros(week.shape))
        lost = []
        for first in range(1, look + 1):
            recent = (week[:, first] >= week[:, look] - within) & seen[:, first - 1]
            step = np.where(np.arange(week.shape[1]) >= first, MCID, 0.0)
            lost.append(np.where(recent, _evidence(score, seen, step), -np.inf))
        if lost:
            found[:, look] = np.maximum(np.logaddexp.reduce(lost) - none, 0)
    return found


def _evidence(score: Floats, seen: Flags, step: Floats) -> Floats:
    """Log probability of the scores seen, with level and spread integrated out; to a constant."""
    mean, prior = LEVEL
    off = np.where(seen, score - mean - step, 0.0)
    count, total, squares = seen.sum(axis=1), off.sum(axis=1), (off**2).sum(axis=1)
    told = []
    for spread in SPREADS:
        v = spread**2 + ROUNDING
        fit = squares / v - prior * total**2 / (v * (v + count * prior))
        told.append(-0.5 * (count * np.log(v) + np.log1p(count * prior / v) + fit))
    return np.asarray(np.logaddexp.reduce(told))

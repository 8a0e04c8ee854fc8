"""A prior as the arrays that the compiled loops read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reliefpath.recovery.prior import Ending, Prior
from reliefpath.recovery.shapes import Shape

LAST_DAY = 2048
"""From here on a course is at its end."""
LONGEST_GAP = 400
"""Days between two scores; a longer gap counts as one of these."""
WIDTH = 16
"""Shapes are filled up to a multiple of it, so that no vector instruction is left half empty."""


def packed(prior: Prior) -> tuple[Any, ...]:
    """Return `prior` as arrays; the index of each is what the compiled loops know it by.

    0: share reached, a row a day and a column a shape; at the end a row for ever and one for
    nothing. 1: weight of each shape. 2: what is kept of each wander after days, 3: its ratio,
    4: its weight. 5: each ending's density at its mean, precision (3), precision times mean (2),
    square of the mean by it. 6: degrees of freedom of the noise. 7: the mean start. 8: variance of
    the noise. 9: whether each wander is real.
    """
    shapes, weights = list(prior.shapes), list(prior.shapes.values())
    fill = -len(shapes) % WIDTH
    shapes += [Shape("exponential", 0, 1)] * fill
    weights += [0.0] * fill
    weeks = np.append(np.arange(LAST_DAY) / 7, [np.inf, -1])
    gaps = np.arange(LONGEST_GAP + 1) / 7
    return (
        np.stack([shape.reached(weeks) for shape in shapes], 1).astype(np.float32),
        np.array(weights, np.float32),
        np.array([np.exp(-gaps / wander.weeks) for wander in prior.wanders]),
        np.array([wander.ratio for wander in prior.wanders], float),
        np.array(list(prior.wanders.values())),
        np.array([_ending(prior, e, w) for e, w in prior.endings.items()], np.float32),
        float(prior.noise[0]),
        float(prior.start[0]),
        float(prior.noise[1]) ** 2,
        np.array([wander.real for wander in prior.wanders]),
    )


def _ending(prior: Prior, ending: Ending, weight: float) -> list[float]:
    """Return the normal prior of (b - mean, c) of one ending."""
    mean, sd = prior.start
    variance, centre = (ending.spread * mean) ** 2, ending.share * mean
    bb, bc, cc = 1 / sd**2 + ending.share**2 / variance, -ending.share / variance, 1 / variance
    density = weight / (sd * math.sqrt(variance))
    return [density, bb, bc, cc, bc * centre, cc * centre, cc * centre**2]

"""What episodes say of the prior: the sums that one round of learning rests on, compiled."""

from __future__ import annotations

import math

from reliefpath.recovery._kernel.compiling import compiled
from reliefpath.recovery._kernel.packing import PackedPrior
from reliefpath.recovery._kernel.posterior import (
    BB,
    NOISE,
    WEIGHT,
    B,
    Floats,
    Ints,
    find_posterior,
    most_scores,
    space,
)

EPISODES, PRECISION, LOG_VARIANCE, START, SQUARE, VARIANCE = range(6)
"""Numbers summed over episodes; the start's three are weighted by the precision of its scores."""
MANY = 6
"""Scores from which on a turn can be told from a score that strays."""


@compiled
def digamma(x: float) -> float:
    """Return the digamma function of x, at least 3, to 1e-5 (Abramowitz & Stegun 6.3.18)."""
    return math.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4)


@compiled
def tally_range(
    first: int,
    last: int,
    offsets: Ints,
    day: Ints,
    score: Floats,
    effect: Floats,
    step: Floats,
    prior: PackedPrior,
    shapes: Floats,
    shapes_of_long: Floats,
    deviations: Floats,
    asymptotes: Floats,
    numbers: Floats,
) -> None:
    """Add to the sums what the episodes from `first` up to `last` say.

    `shapes`, `deviations` and `asymptotes` get how many episodes belong to each, a part of an
    episode where it may belong to several; `shapes_of_long` those of at least `MANY` scores.
    """
    work = space(prior, most_scores(first, last, offsets))
    out = work.posterior.reshape((7, len(deviations), len(asymptotes), len(shapes)))
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        find_posterior(day, score, effect, offsets[i], offsets[i + 1], step[i], 0, prior, work)
        dof = prior.dof + n
        noise = prior.noise + step[i] ** 2 / 12.0
        mean_log = digamma(0.5 * dof)
        numbers[EPISODES] += 1.0
        for j in range(out.shape[1]):
            for r in range(out.shape[2]):
                for k in range(out.shape[3]):
                    w, b = out[WEIGHT, j, r, k], out[B, j, r, k]
                    shapes[k] += w
                    if n >= MANY:
                        shapes_of_long[k] += w
                    deviations[j] += w
                    asymptotes[r] += w
                    variance = out[NOISE, j, r, k] / noise
                    precision = w / variance
                    numbers[PRECISION] += precision
                    numbers[LOG_VARIANCE] += w * (math.log(0.5 * dof * variance) - mean_log)
                    numbers[START] += precision * b
                    numbers[SQUARE] += precision * b**2
                    numbers[VARIANCE] += w * out[BB, j, r, k] / variance

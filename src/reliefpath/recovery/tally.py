"""What episodes say of the prior: the sums that one round of learning rests on, compiled."""

from __future__ import annotations

import math

import numpy as np

from reliefpath.recovery.compiling import compiled
from reliefpath.recovery.posterior import (
    P_B,
    P_BB,
    P_RATIO,
    P_SQUARES,
    PENALTY,
    Floats,
    Ints,
    Packed,
    find_posterior,
    most_scores,
    space,
)

EPISODES, PRECISION, LOG_VARIANCE, START, SQUARE, VARIANCE = range(6)
"""Numbers summed over episodes; the start's three are weighted by the precision of its scores."""


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
    step: Floats,
    prior: Packed,
    shapes: Floats,
    wanders: Floats,
    endings: Floats,
    numbers: Floats,
) -> None:
    """Add to the sums what the episodes from `first` up to `last` say.

    `shapes`, `wanders` and `endings` get how many episodes belong to each, a part of an episode
    where it may belong to several.
    """
    work = space(prior, most_scores(first, last, offsets))
    scalars, parts = work[3], work[6]
    k_count = len(prior[1])
    weight = np.empty((parts.shape[0], parts.shape[2]))
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        find_posterior(day, score, offsets[i], offsets[i + 1], step[i], prior, work)
        dof = prior[6] + n
        noise = prior[8] + step[i] ** 2 / 12.0
        least = parts[0, P_SQUARES, 0] * scalars[PENALTY, 0]
        for r in range(weight.shape[0]):
            for p in range(weight.shape[1]):
                least = min(least, parts[r, P_SQUARES, p] * scalars[PENALTY, p])
        mean_log = digamma(0.5 * dof)
        everything = 0.0
        for r in range(weight.shape[0]):
            for p in range(weight.shape[1]):
                k = p % k_count
                squares = parts[r, P_SQUARES, p] * scalars[PENALTY, p]
                power = math.exp(-0.5 * dof * math.log(squares / least))
                chance = prior[1][k] * prior[4][p // k_count]
                weight[r, p] = chance * parts[r, P_RATIO, p] * power
                everything += weight[r, p]
        numbers[EPISODES] += 1.0
        for r in range(weight.shape[0]):
            for p in range(weight.shape[1]):
                w = weight[r, p] / everything
                squares = parts[r, P_SQUARES, p]
                shapes[p % k_count] += w
                wanders[p // k_count] += w
                endings[r] += w
                precision = w * dof / squares
                numbers[PRECISION] += precision * noise
                numbers[LOG_VARIANCE] += w * (math.log(0.5 * squares / noise) - mean_log)
                numbers[START] += precision * noise * parts[r, P_B, p]
                numbers[SQUARE] += precision * noise * parts[r, P_B, p] ** 2
                numbers[VARIANCE] += w * noise * parts[r, P_BB, p]

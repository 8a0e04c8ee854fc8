"""A prior and its targets as what the compiled loops read."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery.injection import injection_prior
from reliefpath.recovery.prior import Asymptote, Prior
from reliefpath.recovery.shapes import EARLIEST_TURN, Shape

LAST_DAY = 2048
"""From here on a course is at its end."""
LONGEST_GAP = 400
"""Days between two scores; a longer gap counts as one of these."""
FIRST_DAY, FINAL_DAY = -400, 200
"""From the latest score: days before and after which no turn goes on."""
NEVER = 1 << 40
"""A day that never comes, by which every course is at its end."""
BEFORE = -1
"""A day before all."""
MANY_SCORES = 1023
"""The Student-t of more scores than this is taken as that of so many."""
TERMS = 7
"""Of the polynomial for a Student-t."""
FAR = 3.9
"""A Student-t is as good as 0 or 1 where a normal is this far from its mean."""
WIDTH = 16
"""Shapes are filled up to a multiple of it, so that no vector instruction is left half empty."""


class PackedPrior(NamedTuple):
    """A prior as arrays.

    Attributes:
        reached: Share that the first part reaches, a row a day and a column a shape; at the end a
            row for ever and one, at -1, for nothing.
        added: What the turn adds, a row for each day from `FIRST_DAY` before the latest score.
        first_share: The part of the whole that each shape reaches before its turn.
        ago: Weeks before the latest score that each turn began.
        start: The week in which each recovery sets in.
        second: 1 for each shape with a second recovery, else 0.
        turned_by: The day from which on a latest score can have the turn behind it.
        shapes: Weight of each shape.
        kept: What is kept of each kind of deviation, a row each, after so many days.
        ratios: Ratio of each kind of deviation.
        deviations: Weight of each kind of deviation.
        asymptotes: By asymptote and shape, a column each: the asymptote's density at its mean times
            the weights of both, precision (3), precision times mean (2), square of the mean by it.
        dof: Degrees of freedom of the noise.
        mean_start: Mean of the start.
        noise: Variance of the noise.
        real: Whether each kind of deviation is real.
        students: Polynomials for the Student-t, a row for each number of scores.
        taken_off: Mean of what an injection takes off.
        taken_off_variance: Variance of what an injection takes off.
    """

    reached: NDArray[np.float32]
    added: NDArray[np.float32]
    first_share: NDArray[np.float32]
    ago: NDArray[np.float32]
    start: NDArray[np.float32]
    second: NDArray[np.float32]
    turned_by: NDArray[np.int64]
    shapes: NDArray[np.float32]
    kept: NDArray[np.float64]
    ratios: NDArray[np.float64]
    deviations: NDArray[np.float64]
    asymptotes: NDArray[np.float32]
    dof: float
    mean_start: float
    noise: float
    real: NDArray[np.bool_]
    students: NDArray[np.float32]
    taken_off: float
    taken_off_variance: float


class PackedTargets(NamedTuple):
    """Targets as plain numbers, with weeks in whole days."""

    window_low: float
    window_high: float
    recovered: float
    horizon: int
    level_days: int
    loss: float


def pack(prior: Prior) -> PackedPrior:
    """Return `prior` as arrays."""
    shapes, weights = list(prior.shapes), list(prior.shapes.values())
    fill = -len(shapes) % WIDTH
    shapes += [Shape("exponential", 0, 1)] * fill
    weights += [0.0] * fill
    ones = [1.0] * len(shapes)
    taken_off = injection_prior()
    weeks = np.append(np.arange(LAST_DAY) / 7, [np.inf, -1])
    gaps = np.arange(LONGEST_GAP + 1) / 7
    since = np.arange(FIRST_DAY, FINAL_DAY + 1) / 7
    return PackedPrior(
        np.stack([shape.first(weeks) for shape in shapes], 1).astype(np.float32),
        np.stack([shape.added(since) for shape in shapes], 1).astype(np.float32),
        np.array([shape.first_share for shape in shapes], np.float32),
        np.array([shape.turn.ago if shape.turn else 0.0 for shape in shapes], np.float32),
        np.array([shape.start for shape in shapes], np.float32),
        np.array([_is_second(shape) for shape in shapes], np.float32),
        np.array([_turned_by(shape) for shape in shapes], np.int64),
        np.array(weights, np.float32),
        np.array([np.exp(-gaps / deviation.weeks) for deviation in prior.deviations]),
        np.array([deviation.ratio for deviation in prior.deviations], float),
        np.array(list(prior.deviations.values())),
        np.hstack(
            [
                _asymptote(prior, asymptote, weight)[:, None] * ([weights] + 6 * [ones])
                for asymptote, weight in prior.asymptotes.items()
            ]
        ).astype(np.float32),
        float(prior.noise[0]),
        float(prior.start[0]),
        float(prior.noise[1]) ** 2,
        np.array([deviation.real for deviation in prior.deviations]),
        _students(prior.noise[0] + np.arange(MANY_SCORES + 1.0)),
        taken_off.mean,
        taken_off.sd**2,
    )


def _is_second(shape: Shape) -> bool:
    return shape.turn is not None and shape.turn.change > 0 and shape.family != "level"


def _turned_by(shape: Shape) -> int:
    if shape.turn is None:
        return NEVER
    return math.ceil(7 * (EARLIEST_TURN + shape.turn.ago) - 1e-6)


def _asymptote(prior: Prior, asymptote: Asymptote, weight: float) -> NDArray[np.float64]:
    """Return the normal prior of (b - mean, c) of one asymptote."""
    mean, sd = prior.start
    variance, centre = (asymptote.spread * mean) ** 2, asymptote.share * mean
    bb, bc = 1 / sd**2 + asymptote.share**2 / variance, -asymptote.share / variance
    cc = 1 / variance
    density = weight / (sd * math.sqrt(variance))
    return np.array([density, bb, bc, cc, bc * centre, cc * centre, cc * centre**2])


def _students(dof: NDArray[Any]) -> NDArray[np.float32]:
    """Return, a row for each of the degrees of freedom v, how far z goes and the coefficients c.

    z = t / sqrt(1 + t^2 / v), and P(t) = 1/2 + c0 z + c1 z^3 + ... fits the integral of its
    density, (1 - z^2 / v)^(v/2 - 1), that is 1 at the end.
    """
    v, end, k = dof[:, None], np.minimum(np.sqrt(dof), FAR)[:, None], np.arange(TERMS)
    of_end = np.polynomial.chebyshev.chebpts1(128)[64:]
    density = np.exp((v / 2 - 1) * np.log1p(-((of_end * end) ** 2) / v))
    fitted = density @ np.linalg.pinv(of_end[:, None] ** (2 * k)).T / (2 * k + 1)
    fitted /= 2 * fitted.sum(axis=1, keepdims=True)
    return np.hstack([end, fitted / end ** (2 * k + 1)]).astype(np.float32)

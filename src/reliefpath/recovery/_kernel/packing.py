"""A prior and its targets as what the compiled loops read."""

from __future__ import annotations

import math
from ctypes import Structure, c_double, c_int64, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery.injection import injection_prior
from reliefpath.recovery.prior import RANGE, Asymptote, Prior
from reliefpath.recovery.shapes import EARLIEST_TURN, Shape

LAST_DAY = 2048
"""From here on a course is at its end."""
LONGEST_GAP = 400
"""Days between two scores; a longer gap counts as one of these."""
FIRST_DAY, FINAL_DAY = -400, 200
"""From the latest score: days before and after which no turn goes on."""
NEVER = 1 << 40
"""A day that never comes."""
MANY_SCORES = 1023
"""The Student-t of more scores than this is taken as that of so many."""
TERMS = 7
"""Of the polynomial for a Student-t."""
FAR = 3.9
"""A Student-t is as good as 0 or 1 where a normal is this far from its mean."""
WIDTH = 16
"""Shapes are filled up to a multiple of it, so that no vector instruction is left half empty."""
COUNTS = ["shapes", "deviations", "asymptotes", "days", "gaps", "first_day", "final_day", "degrees"]
ARRAYS = (
    *("reached", "added", "first_share", "ago", "start", "second", "turned_by"),
    *("kept", "ratios", "chances", "real", "begin", "students"),
)
NUMBERS = ["dof", "mean_start", "noise", "taken_off", "taken_off_variance", "range"]
"""The fields of `struct prior`, in its order."""


class PackedPrior(Structure):
    """A prior as the compiled loops read it, `struct prior`.

    Attributes:
        arrays: What the addresses point to.
        shapes, deviations, asymptotes, days, gaps, degrees: How many there are of each; shapes
            are filled up to a multiple of `WIDTH`.
        reached: Share that the first part reaches, a row a day and a column a shape; at the end a
            row for ever and one for nothing.
        added: What the turn adds, a row for each day from `first_day` before the latest score to
            `final_day` after it.
        first_share: The part of the whole that each shape reaches before its turn.
        ago: Weeks before the latest score that each turn began.
        start: The week in which each recovery sets in.
        second: 1 for each shape with a second recovery, else 0.
        turned_by: The day from which on a latest score can have the turn behind it.
        kept: What is kept of each kind of deviation, a row each, after so many days.
        ratios: Ratio of each kind of deviation.
        chances: Weight of each kind of deviation.
        real: Whether each kind of deviation is real.
        begin: By asymptote and shape, a column each: the asymptote's density at its mean times
            the weights of both, precision (3), precision times mean (2), square of the mean by it.
        students: Polynomials for the Student-t, a row for each number of scores.
        dof: Degrees of freedom of the noise.
        mean_start: Mean of the start.
        noise: Variance of the noise.
        taken_off: Mean of what an injection takes off.
        taken_off_variance: Variance of what an injection takes off.
        range: Width of the common scale.
    """

    arrays: dict[str, NDArray[Any]]
    shapes: int
    _fields_ = (
        *((name, c_int64) for name in COUNTS),
        *((name, c_void_p) for name in ARRAYS),
        *((name, c_double) for name in NUMBERS),
    )


class PackedTargets(Structure):
    """Targets as the compiled loops read them, `struct targets`, with weeks in whole days."""

    _fields_ = (
        ("window_low", c_double),
        ("window_high", c_double),
        ("recovered", c_double),
        ("horizon", c_int64),
        ("level_days", c_int64),
        ("loss", c_double),
    )


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
    arrays: dict[str, NDArray[Any]] = {
        "reached": np.stack([shape.first(weeks) for shape in shapes], 1).astype(np.float32),
        "added": np.stack([shape.added(since) for shape in shapes], 1).astype(np.float32),
        "first_share": np.array([shape.first_share for shape in shapes], np.float32),
        "ago": np.array([shape.turn.ago if shape.turn else 0.0 for shape in shapes], np.float32),
        "start": np.array([shape.start for shape in shapes], np.float32),
        "second": np.array([_is_second(shape) for shape in shapes], np.float32),
        "turned_by": np.array([_turned_by(shape) for shape in shapes], np.int64),
        "kept": np.array([np.exp(-gaps / deviation.weeks) for deviation in prior.deviations]),
        "ratios": np.array([deviation.ratio for deviation in prior.deviations], float),
        "chances": np.array(list(prior.deviations.values()), float),
        "real": np.array([deviation.real for deviation in prior.deviations], bool),
        "begin": np.hstack(
            [
                _asymptote(prior, asymptote, weight)[:, None] * ([weights] + 6 * [ones])
                for asymptote, weight in prior.asymptotes.items()
            ]
        ).astype(np.float32),
        "students": _students(prior.noise[0] + np.arange(MANY_SCORES + 1.0)),
    }
    packed = PackedPrior(
        shapes=len(shapes),
        deviations=len(prior.deviations),
        asymptotes=len(prior.asymptotes),
        days=len(weeks),
        gaps=len(gaps),
        first_day=FIRST_DAY,
        final_day=FINAL_DAY,
        degrees=MANY_SCORES + 1,
        **{name: array.ctypes.data for name, array in arrays.items()},
        dof=prior.noise[0],
        mean_start=prior.start[0],
        noise=prior.noise[1] ** 2,
        taken_off=taken_off.mean,
        taken_off_variance=taken_off.sd**2,
        range=RANGE,
    )
    packed.arrays = arrays
    return packed


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

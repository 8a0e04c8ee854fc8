"""The posterior of one episode's curve: a mixture of Student-t distributions, in closed form.

A candidate is one shape, kind of wander and ending. Given them the scores are linear in the start
and the recovery with normal errors, so that each candidate's weight and its posterior follow from a
few sums. The candidates that differ in the ending only are put together as one component.
docs/recovery.md derives every formula.

Imported on first use only, because numba is slow to import. Nothing here keeps state, so any number
of threads may call it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery.compiling import (
    HALF,
    ONE,
    TWO,
    ZERO,
    F,
    compiled,
    exponential,
    logarithm,
    total,
)
from reliefpath.recovery.packing import LONGEST_GAP
from reliefpath.recovery.prior import RANGE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Packed = Any
"""A prior as arrays; see `reliefpath.recovery.packing`."""
Space = Any
"""Working space of one thread; see `space`."""

# rows of the sums, a column a shape
G1, GG, GY, WG = range(4)
# rows of what a kind of wander makes of the ones and the scores
N1, Y1, YY, PENALTY, W1, WY, WP = range(7)
# rows of the candidates, a column a shape, ending and kind of wander
P_SQUARES, P_RATIO, P_B, P_C, P_BB, P_BC, P_CC = range(7)
# rows of the posterior, a column a component
WEIGHT, B, C, BB, BC, CC, NOISE, W_B, W_C, W_0, W_VAR = range(11)

LEAST_WEIGHT = F(1e-30)
HIGHEST_RATIO = 1000.0
WEAK = 0.04
"""Precision of what the other scores say of a score, below which it is not judged by them."""


@compiled
def space(prior: Packed, longest: int) -> Space:
    """Return working space for episodes of up to `longest` scores.

    Some arrays are there twice, with their components by wander and shape and in one line: a loop
    over plain indices is what the compiler turns into vector instructions.
    """
    shapes, wanders, endings = prior[0].shape[1], len(prior[3]), len(prior[5])
    components = shapes * wanders
    sums = np.empty((4, wanders, shapes), np.float32)
    scalars = np.empty((7, wanders, shapes), np.float32)
    out = np.empty((11, wanders, shapes), np.float32)
    return (
        sums,
        sums.reshape((4, components)),
        scalars,
        scalars.reshape((7, components)),
        out,
        out.reshape((11, components)),
        np.empty((endings, 7, components), np.float32),
        np.empty((2, components), np.float32),
        np.empty((2, longest)),
        np.empty((5, shapes), np.float32),
    )


@compiled
def most_scores(first: int, last: int, offsets: Ints) -> int:
    """Return how many scores the longest episode from `first` up to `last` has, at least 1."""
    most = 1
    for i in range(first, last):
        most = max(most, offsets[i + 1] - offsets[i])
    return most


@compiled
def _sum_up(day: Ints, y: Floats, ratio: Floats, n: int, prior: Packed, work: Space) -> None:
    """Fill the sums of `n` scores `y` (from the mean start), whitened by each kind of wander.

    A scalar Kalman filter takes from every column, the ones, the scores and the shapes, what the
    scores before it foretell; `ratio` is how many times the noise of a score is the usual. The
    freedom that a wander has counts as a factor of its squares, the penalty, since a product over
    hundreds of scores would leave the range of numbers.
    """
    reached, kept, ratios, dof = prior[0], prior[2], prior[3], prior[6] + n
    sums, scalars = work[0], work[2]
    shapes = sums.shape[2]
    sums[:] = ZERO
    for j in range(len(ratios)):
        q = ratios[j]
        p, s1, sy = q, 0.0, 0.0
        n1, y1, yy, freedom, log_freedom = 0.0, 0.0, 0.0, 1.0, 0.0
        for i in range(n):
            if i > 0 and q > 0.0:
                stays = kept[j, min(day[i] - day[i - 1], LONGEST_GAP)]
                s1 *= stays
                sy *= stays
                p = stays * stays * p + q * (1.0 - stays * stays)
                low = F(stays)
                for k in range(shapes):
                    sums[WG, j, k] *= low
            f = p + ratio[i]
            e1, ey = 1.0 - s1, y[i] - sy
            w = 1.0 / f
            n1 += w * e1 * e1
            y1 += w * e1 * ey
            yy += w * ey * ey
            freedom *= f / ratio[i]
            if freedom > 1e100:
                log_freedom += math.log(freedom)
                freedom = 1.0
            w0, w1, wy, gain = F(w), F(w * e1), F(w * ey), F(p * w)
            row = min(day[i], len(reached) - 2)
            for k in range(shapes):
                e = reached[row, k] - sums[WG, j, k]
                sums[G1, j, k] += w1 * e
                sums[GG, j, k] += w0 * e * e
                sums[GY, j, k] += wy * e
                sums[WG, j, k] += gain * e
            s1 += p * w * e1
            sy += p * w * ey
            p -= p * p * w
        penalty = math.exp((log_freedom + math.log(freedom)) / dof)
        for k in range(shapes):
            scalars[N1, j, k], scalars[Y1, j, k], scalars[YY, j, k] = F(n1), F(y1), F(yy)
            scalars[PENALTY, j, k] = F(penalty)
            scalars[W1, j, k], scalars[WY, j, k], scalars[WP, j, k] = F(s1), F(sy), F(p)


@compiled
def _candidates(noise: float, prior: Packed, work: Space) -> np.float32:
    """Fill the candidates, each a shape, ending and wander; return the least penalized squares.

    `noise` is the usual variance of a score, rounding included.
    """
    endings, degrees = prior[5], prior[6]
    sums, scalars, parts, lane = work[1], work[3], work[6], work[7]
    size = sums.shape[1]
    unit, usual = F(noise), F(degrees * noise)
    for r in range(len(endings)):
        p11, p12, p22 = endings[r, 1] * unit, endings[r, 2] * unit, endings[r, 3] * unit
        h1, h2 = endings[r, 4] * unit, endings[r, 5] * unit
        start, weight = usual + endings[r, 6] * unit, endings[r, 0]
        for p in range(size):
            a11 = p11 + scalars[N1, p]
            a12 = p12 - sums[G1, p]
            a22 = p22 + sums[GG, p]
            b1 = h1 + scalars[Y1, p]
            b2 = h2 - sums[GY, p]
            det = ONE / (a11 * a22 - a12 * a12)
            b = (a22 * b1 - a12 * b2) * det
            c = (a11 * b2 - a12 * b1) * det
            squares = start + scalars[YY, p] - b * b1 - c * b2
            parts[r, P_SQUARES, p] = squares
            parts[r, P_RATIO, p] = weight * math.sqrt(det)
            parts[r, P_B, p] = b
            parts[r, P_C, p] = c
            parts[r, P_BB, p] = a22 * det
            parts[r, P_BC, p] = -a12 * det
            parts[r, P_CC, p] = a11 * det
    for p in range(size):
        lane[0, p] = parts[0, P_SQUARES, p]
    for r in range(1, len(endings)):
        for p in range(size):
            # the smaller of the two, without a branch
            a, b = lane[0, p], parts[r, P_SQUARES, p]
            lane[0, p] = HALF * (a + b - abs(a - b))
    least: np.float32 = lane[0, 0] * scalars[PENALTY, 0]
    for p in range(size):
        least = min(least, lane[0, p] * scalars[PENALTY, p])
    return least


@compiled
def _components(n: int, least: np.float32, prior: Packed, work: Space) -> None:
    """Fill the posterior: the candidates of one shape and wander, their endings put together.

    Each component gets the weight, the mean and the covariance of its candidates. `least` is the
    least sum of squares of a candidate, penalty included.
    """
    shape_weight, chances = prior[1], prior[4]
    sums, scalars, out, parts, lane = work[1], work[3], work[5], work[6], work[7]
    size, shapes = out.shape[1], len(shape_weight)
    dof = prior[6] + n
    scale, power, per_degree = ONE / least, F(-0.5 * dof), F(1.0 / dof)
    for row in range(NOISE + 1):
        for p in range(size):
            out[row, p] = ZERO
    for r in range(len(parts)):
        for p in range(size):
            squares = parts[r, P_SQUARES, p]
            weight = parts[r, P_RATIO, p] * exponential(
                power * logarithm(squares * scalars[PENALTY, p] * scale)
            )
            noise = weight * squares * per_degree
            b, c = parts[r, P_B, p], parts[r, P_C, p]
            out[WEIGHT, p] += weight
            out[NOISE, p] += noise
            out[B, p] += weight * b
            out[C, p] += weight * c
            out[BB, p] += noise * parts[r, P_BB, p] + weight * b * b
            out[BC, p] += noise * parts[r, P_BC, p] + weight * b * c
            out[CC, p] += noise * parts[r, P_CC, p] + weight * c * c
    for p in range(size):
        share = ONE / max(out[WEIGHT, p], LEAST_WEIGHT)
        b, c, noise = out[B, p] * share, out[C, p] * share, out[NOISE, p] * share
        out[B, p], out[C, p], out[NOISE, p] = b, c, noise
        out[BB, p] = out[BB, p] * share - b * b
        out[BC, p] = out[BC, p] * share - b * c
        out[CC, p] = out[CC, p] * share - c * c
        out[W_B, p], out[W_C, p], out[W_0, p] = scalars[W1, p], sums[WG, p], scalars[WY, p]
        out[W_VAR, p] = scalars[WP, p] * noise
    for j in range(len(chances)):
        chance = F(chances[j])
        for k in range(shapes):
            out[WEIGHT, j * shapes + k] *= chance * shape_weight[k]
    for p in range(size):
        lane[0, p] = out[WEIGHT, p]
    share = ONE / total(lane, size)
    for p in range(size):
        out[WEIGHT, p] *= share


@compiled
def _look_beyond_the_ends(
    day: Ints, y: Floats, n: int, ends: tuple[float, float, float], prior: Packed, work: Space
) -> None:
    """Replace scores at an end of the scale, which tell only that the true one is there or beyond.

    One sweep of expectation propagation: each gets the score and the noise ratio under which a
    normal error says the same about the curve. `ends` are the lowest and the highest score, and
    half a step, from the mean start.
    """
    reached, ratios = prior[0], prior[3]
    out, lane, adjusted, moments = work[4], work[7], work[8], work[9]
    shapes = moments.shape[1]
    moments[:] = ZERO
    noise = 0.0
    for j in range(len(ratios)):
        for k in range(shapes):
            w, b, c = out[WEIGHT, j, k], out[B, j, k], out[C, j, k]
            moments[0, k] += w * b
            moments[1, k] += w * c
            moments[2, k] += w * (b * b + out[BB, j, k])
            moments[3, k] += w * TWO * (b * c + out[BC, j, k])
            moments[4, k] += w * (c * c + out[CC, j, k])
            lane[0, k] = w * out[NOISE, j, k]
        noise += total(lane, shapes) * (1.0 + ratios[j])
    for i in range(n):
        adjusted[0, i], adjusted[1, i] = y[i], 1.0
        side = 1.0 if y[i] <= ends[0] + 1e-9 else -1.0 if y[i] >= ends[1] - 1e-9 else 0.0
        if side == 0.0:
            continue
        row = min(day[i], len(reached) - 2)
        for k in range(shapes):
            lane[0, k] = moments[0, k] - reached[row, k] * moments[1, k]
        mean = float(total(lane, shapes))
        for k in range(shapes):
            g = reached[row, k]
            lane[0, k] = moments[2, k] + g * (g * moments[4, k] - moments[3, k])
        variance = max(float(total(lane, shapes)) - mean * mean, 1e-4)
        # what the other scores say of this one
        precision = 1.0 / variance - 1.0 / noise
        if precision > WEAK:
            mean = (mean / variance - y[i] / noise) / precision
        else:
            precision = WEAK
        edge = ends[0] + ends[2] if side > 0.0 else ends[1] - ends[2]
        adjusted[0, i], adjusted[1, i] = _beyond(side, edge, mean, 1.0 / precision, noise)


@compiled
def _beyond(
    side: float, edge: float, mean: float, spread: float, noise: float
) -> tuple[float, float]:
    """Return the score and the noise ratio that stand for "at this edge or beyond".

    They change mean and variance of the true score as the normal tail beyond the edge does.
    """
    deviation = math.sqrt(spread + noise)
    a = side * (edge - mean) / deviation
    below = 0.5 * math.erfc(-a * math.sqrt(0.5))
    # the ratio of density to probability; far out it is what it tends to
    hazard = -a - 1.0 / a if below < 1e-12 else math.exp(-0.5 * a * a) / 2.5066282746310002 / below
    found = mean - side * spread * hazard / deviation
    left = max(spread - spread * spread * hazard * (hazard + a) / (spread + noise), 1e-6)
    precision = max(1.0 / left - 1.0 / spread, 1e-4)
    stands_for = (found / left - mean / spread) / precision
    ratio = min(max(1.0 / (precision * noise), 1.0), HIGHEST_RATIO)
    return min(max(stands_for, edge - 8.0), edge + 8.0), ratio


@compiled
def find_posterior(
    day: Ints, score: Floats, first: int, last: int, step: float, prior: Packed, work: Space
) -> None:
    """Fill the posterior from the scores `first` to `last`.

    The scores are on the common scale, `step` apart from each other.
    """
    n = last - first
    mean_start = prior[7]
    noise = prior[8] + step * step / 12.0
    days, y, adjusted = day[first:last], score[first:last] - mean_start, work[8]
    adjusted[1, :n] = 1.0
    ends = (-mean_start, RANGE - mean_start, 0.5 * step)
    _sum_up(days, y, adjusted[1], n, prior, work)
    _components(n, _candidates(noise, prior, work), prior, work)
    if y.min() <= ends[0] + 1e-9 or y.max() >= ends[1] - 1e-9:
        _look_beyond_the_ends(days, y, n, ends, prior, work)
        _sum_up(days, adjusted[0], adjusted[1], n, prior, work)
        _components(n, _candidates(noise, prior, work), prior, work)

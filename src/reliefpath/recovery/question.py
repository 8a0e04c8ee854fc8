"""A question put to the posterior: how `x` compares with a number `q`, or with `q d`.

Both x and d are linear in the start b, the recovery c and the wander w at the latest score, so that
each component answers with a Student-t probability. Compiled, and imported on first use only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery.compiling import HALF, ONE, TWO, ZERO, F, compiled, student, total
from reliefpath.recovery.packing import LONGEST_GAP
from reliefpath.recovery.posterior import (
    BB,
    BC,
    CC,
    NOISE,
    W_0,
    W_B,
    W_C,
    W_VAR,
    WEIGHT,
    B,
    C,
    Floats,
    Packed,
    Space,
)
from reliefpath.recovery.prior import RANGE

X, VAR_X, D, VAR_D, COV, PART = range(6)
"""Rows of a question: mean and variance of x, of d, their covariance; what x has of c."""
NO_WANDER = -1
LEVEL_LIMIT = 100 * RANGE
"""A point of the curve is looked for this far from well."""
CLOSE = 2e-4
"""A quantile is found when it is this close, in standard deviations."""
STEPS = 40
SURE = 1e-7
LEAST_VARIANCE = F(1e-9)

Question = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Rows as above by wander and shape, the same in one line, and working space."""


@compiled
def questions(prior: Packed) -> Question:
    """Return space for one question."""
    wanders, shapes = len(prior[3]), prior[0].shape[1]
    rows = np.empty((6, wanders, shapes), np.float32)
    return rows, rows.reshape((6, wanders * shapes)), np.empty((4, wanders * shapes), np.float32)


@compiled
def between(earlier: int, later: int, prior: Packed, question: Question) -> None:
    """Let x have of c what is reached between two days."""
    reached, rows = prior[0], question[0]
    for j in range(rows.shape[1]):
        for k in range(rows.shape[2]):
            rows[PART, j, k] = reached[later, k] - reached[earlier, k]


@compiled
def steeper(behind: int, now: int, ahead: int, prior: Packed, question: Question) -> None:
    """Let x have of c what is reached from `behind` to `now` or to `ahead`, whichever is more."""
    reached, rows = prior[0], question[0]
    for j in range(rows.shape[1]):
        for k in range(rows.shape[2]):
            a, b = reached[now, k] - reached[behind, k], reached[ahead, k] - reached[now, k]
            rows[PART, j, k] = HALF * (a + b + abs(a - b))


@compiled
def ask(
    start: float,
    days: int,
    wander: float,
    score: float,
    prior: Packed,
    work: Space,
    question: Question,
) -> None:
    """Let x be the gain: the part of c, less `start` b, and `wander` times the wander of today
    less what there will be of it in some `days`.

    A true course has real wanders only. With `score` 1, x is of a score, which has them all and
    noise of its own.
    """
    kept, ratios, real = prior[2], prior[3], prior[9]
    out, rows = work[4], question[0]
    kb, constant = F(-start), F(-start * prior[7])
    for j in range(len(ratios)):
        counts = days != NO_WANDER and (real[j] or score > 0.0)
        left = kept[j, min(days, LONGEST_GAP)] if counts else 0.0
        kw = F(wander - left) if counts else ZERO
        new = F((ratios[j] * (1.0 - left * left) if counts else 0.0) + score)
        for k in range(rows.shape[2]):
            cb = kb - kw * out[W_B, j, k]
            cc = rows[PART, j, k] + kw * out[W_C, j, k]
            rows[X, j, k] = constant + cb * out[B, j, k] + cc * out[C, j, k] + kw * out[W_0, j, k]
            variance = cb * cb * out[BB, j, k] + cc * (TWO * cb * out[BC, j, k])
            variance += cc * cc * out[CC, j, k] + kw * kw * out[W_VAR, j, k]
            rows[VAR_X, j, k] = variance + new * out[NOISE, j, k]


@compiled
def share_of_start(now: float, prior: Packed, work: Space, question: Question) -> None:
    """Let d be the start; `now` is 1 if x is less the wander of today."""
    real, out, rows = prior[9], work[4], question[0]
    mean = F(prior[7])
    for j in range(len(real)):
        kw = F(now) if real[j] else ZERO
        for k in range(rows.shape[2]):
            cb, cc = kw * out[W_B, j, k], rows[PART, j, k] - kw * out[W_C, j, k]
            rows[D, j, k] = mean + out[B, j, k]
            rows[VAR_D, j, k] = out[BB, j, k]
            rows[COV, j, k] = cb * out[BB, j, k] + cc * out[BC, j, k]


@compiled
def each_below(q: float, dof: float, work: Space, question: Question, row: int) -> None:
    """Fill a row of the working space with each component's part of P(x <= q)."""
    rows, lane, out = question[1], question[2], work[5]
    at, degrees = F(q), F(4.0 * dof)
    for p in range(rows.shape[1]):
        sharpness = ONE / math.sqrt(max(rows[VAR_X, p], LEAST_VARIANCE))
        lane[row, p] = out[WEIGHT, p] * student((at - rows[X, p]) * sharpness, degrees)


@compiled
def each_share_below(q: float, dof: float, work: Space, question: Question, row: int) -> None:
    """Fill a row of the working space with each component's part of P(x <= q d)."""
    rows, lane, out = question[1], question[2], work[5]
    at, degrees = F(q), F(4.0 * dof)
    for p in range(rows.shape[1]):
        variance = rows[VAR_X, p] + at * (at * rows[VAR_D, p] - TWO * rows[COV, p])
        sharpness = ONE / math.sqrt(max(variance, LEAST_VARIANCE))
        lane[row, p] = out[WEIGHT, p] * student((at * rows[D, p] - rows[X, p]) * sharpness, degrees)


@compiled
def sum_of(lane: NDArray[np.float32], row: int) -> float:
    """Return the sum of a row of parts of a probability."""
    for p in range(lane.shape[1]):
        lane[0, p] = lane[row, p]
    return min(max(float(total(lane, lane.shape[1])), 0.0), 1.0)


@compiled
def below(q: float, dof: float, work: Space, question: Question) -> float:
    """Return P(x <= q)."""
    each_below(q, dof, work, question, 0)
    return min(float(total(question[2], question[2].shape[1])), 1.0)


@compiled
def share_below(q: float, dof: float, work: Space, question: Question) -> float:
    """Return P(x <= q d)."""
    each_share_below(q, dof, work, question, 0)
    return min(float(total(question[2], question[2].shape[1])), 1.0)


@compiled
def surely_unwell(dof: float, work: Space, question: Question) -> float:
    """Return P(d > 0)."""
    rows, lane, out = question[1], question[2], work[5]
    degrees = F(4.0 * dof)
    for p in range(rows.shape[1]):
        lane[0, p] = out[WEIGHT, p] * student(rows[D, p] / math.sqrt(rows[VAR_D, p]), degrees)
    return float(total(lane, lane.shape[1]))


@compiled
def mean(work: Space, question: Question) -> float:
    """Return the mean of x."""
    rows, lane, out = question[1], question[2], work[5]
    for p in range(rows.shape[1]):
        lane[0, p] = out[WEIGHT, p] * rows[X, p]
    return float(total(lane, lane.shape[1]))


@compiled
def _spread(mean: float, work: Space, question: Question) -> float:
    """Return the standard deviation of x."""
    rows, lane, out = question[1], question[2], work[5]
    middle = F(mean)
    for p in range(rows.shape[1]):
        off = rows[X, p] - middle
        lane[0, p] = out[WEIGHT, p] * (off * off + rows[VAR_X, p])
    return math.sqrt(max(float(total(lane, lane.shape[1])), 1e-8))


@compiled
def share_spread(q: float, work: Space, question: Question) -> float:
    """Return the standard deviation of x - q d."""
    rows, lane, out = question[1], question[2], work[5]
    at = F(q)
    for p in range(rows.shape[1]):
        off = rows[X, p] - at * rows[D, p]
        spread = rows[VAR_X, p] + at * (at * rows[VAR_D, p] - TWO * rows[COV, p])
        lane[0, p] = out[WEIGHT, p] * (off * off + spread)
    return math.sqrt(max(float(total(lane, lane.shape[1])), 1e-8))


@compiled
def mean_start(work: Space, question: Question) -> float:
    """Return the mean of d."""
    rows, lane, out = question[1], question[2], work[5]
    for p in range(rows.shape[1]):
        lane[0, p] = out[WEIGHT, p] * rows[D, p]
    return float(total(lane, lane.shape[1]))


@compiled
def _score(p: float) -> float:
    """Return the standard normal quantile of p, to 5e-4 (Abramowitz & Stegun 26.2.23)."""
    p = min(max(p, SURE), 1.0 - SURE)
    t = math.sqrt(-2.0 * math.log(min(p, 1.0 - p)))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    return -z if p < 0.5 else z


@compiled
def quantile(
    p: float,
    guess: float,
    spread: float,
    limit: float,
    share: bool,
    dof: float,
    work: Space,
    question: Question,
) -> float:
    """Return the q within `limit` where P(x <= q), or of a share P(x <= q d), is p.

    The secant method on normal quantiles, which are nearly straight in q, from `guess` on and
    inside a bracket that shrinks.
    """
    goal = _score(p)
    low, high = -limit, limit
    q = min(max(guess, low), high)
    slope = 1.0 / spread
    last_q, last_z = q, 0.0
    for step in range(STEPS):
        if share:
            z = _score(share_below(q, dof, work, question))
        else:
            z = _score(below(q, dof, work, question))
        if abs(z - goal) < CLOSE or high - low < CLOSE * spread:
            break
        if z < goal:
            low = q
        else:
            high = q
        if step > 0 and z != last_z:
            slope = (z - last_z) / (q - last_q)
        last_q, last_z = q, z
        q += (goal - z) / slope if slope > 0.0 else limit
        if not low < q < high:
            q = 0.5 * (low + high)
    return q


@compiled
def loss_quantiles(
    levels: Floats, dof: float, work: Space, question: Question, out: Floats
) -> None:
    """Fill `out` with the quantiles of -x."""
    guess = mean(work, question)
    spread = _spread(guess, work, question)
    for m in range(len(levels)):
        near = guess - _score(levels[m]) * spread
        found = quantile(1.0 - levels[m], near, spread, LEVEL_LIMIT, False, dof, work, question)
        out[m] = -found

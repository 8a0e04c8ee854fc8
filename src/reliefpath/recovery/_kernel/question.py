"""A question put to the posterior: how `x` compares with a number `q`, or with `q` starts.

x is linear in the start b, the recovery c and the wander w at the latest score, so that each
candidate answers with a Student-t probability. Compiled, and imported on first use only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery._kernel.compiling import (
    HALF,
    TWO,
    UNIT,
    ZERO,
    F,
    I,
    Law,
    compiled,
    student,
    student_law,
    total,
)
from reliefpath.recovery._kernel.packing import LONGEST_GAP
from reliefpath.recovery._kernel.posterior import (
    BB,
    BC,
    CC,
    D1,
    DG,
    DP,
    DY,
    M_B,
    M_BB,
    M_BC,
    M_C,
    M_CC,
    NOISE,
    W1,
    WD,
    WEIGHT,
    WG,
    WP,
    WY,
    B,
    C,
    Floats,
    Packed,
    Space,
)
from reliefpath.recovery.prior import RANGE

X, VAR_X, COV, EACH, UNDER, START, VAR_B = range(7)
"""Rows of a question: mean and variance of x, covariance with the start, probabilities of each,
mean and variance of the start."""
NO_WANDER = -1
LEVEL_LIMIT = 100 * RANGE
"""A point of the curve is looked for this far from well."""
CLOSE, NEAR, FAR = 0.01, 0.012, 1.0
"""What is foretold of a quantile is taken for it if it can't be off by more than about `CLOSE`
hundredths of a standard deviation and a point is `NEAR`; one that is `FAR` tells nothing. In the
tails, where a deviation is less of a probability, more is let pass."""
WARY, UNEVEN = 5, 2.5
"""How much less is believed of fewer than three points, or of ones this unevenly spaced."""
TIGHT, TRUSTED = 1e-3, 3.5
"""A bracket this narrow is enough; nothing is foretold from a point that far out."""
STEPS = 40
PATIENCE, STILL = 4, 1e-4
"""After so many looks on both sides of 0 a share is looked for next to it, at this distance."""
SURE = 1e-7

Question = tuple[
    NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], Floats
]
"""Rows as above in lines by wander, and in one line; what x has of c by ending and shape, and in a
line; points known of a distribution function."""

Mixture = tuple[NDArray[np.float32], NDArray[np.float32], Law, float, NDArray[np.float32], Floats]
"""What answers a question, and no more, since whatever a call is given has its price: the rows of
question and posterior in one line, the Student-t, the mean start, a line to add up, known points.
"""


@compiled
def questions(prior: Packed) -> Question:
    """Return space for one question."""
    shapes, wanders, lanes = prior[0].shape[1], len(prior[3]), prior[5].shape[1]
    rows = np.empty((7, wanders, lanes), np.float32)
    part = np.empty((lanes // shapes, shapes), np.float32)
    line = rows.reshape((7, wanders * lanes))
    return rows, line, part, part.reshape(lanes), np.empty((2, 4 * STEPS))


@compiled
def between(earlier: int, later: int, prior: Packed, question: Question) -> None:
    """Let x have of c what is reached between two days."""
    reached, part = prior[0], question[2]
    for r in range(part.shape[0]):
        for k in range(part.shape[1]):
            part[r, k] = reached[later, k] - reached[earlier, k]


@compiled
def steeper(behind: int, now: int, ahead: int, prior: Packed, question: Question) -> None:
    """Let x have of c what is reached from `behind` to `now` or to `ahead`, whichever is more."""
    reached, part = prior[0], question[2]
    for r in range(part.shape[0]):
        for k in range(part.shape[1]):
            a, b = reached[now, k] - reached[behind, k], reached[ahead, k] - reached[now, k]
            part[r, k] = HALF * (a + b + abs(a - b))


@compiled
def ask(
    start: float,
    days: int,
    wander: float,
    score: float,
    effect: float,
    prior: Packed,
    work: Space,
    question: Question,
) -> None:
    """Let x be the gain: the part of c, less `start` b, and `wander` times the wander of today
    less what there will be of it in some `days`, and `effect` times what an injection takes off.

    A true course has real wanders only. With `score` 1, x is of a score, which has them all and
    noise of its own.
    """
    kept, ratios, real = prior[2], prior[3], prior[9]
    sums, scalars, out = work[2], work[3], work[4]
    rows, part = question[0], question[3]
    kb, constant = F(-start), F(-start * prior[7])
    for j in range(len(ratios)):
        counts = days != NO_WANDER and (real[j] or score > 0.0)
        if not counts and start == 0.0 and effect == 0.0:
            for p in range(len(part)):
                rows[X, j, p] = part[p] * out[C, j, p]
                rows[VAR_X, j, p] = part[p] * part[p] * out[CC, j, p]
                rows[COV, j, p] = part[p] * out[BC, j, p]
            continue
        left = kept[j, min(days, LONGEST_GAP)] if counts else 0.0
        kw = F(wander - left) if counts else ZERO
        new = F((ratios[j] * (1.0 - left * left) if counts else 0.0) + score)
        # the wander of today, too, rests on what an injection takes off
        kd = F(effect) + kw * F(scalars[WD, j])
        new += kw * kw * F(scalars[WP, j]) + kd * kd * F(scalars[DP, j])
        cb = kb - kw * F(scalars[W1, j]) + kd * F(scalars[D1, j])
        fixed = constant + kw * F(scalars[WY, j]) + kd * F(scalars[DY, j])
        for p in range(len(part)):
            cc = part[p] + kw * sums[WG, j, p] + kd * sums[DG, j, p]
            rows[X, j, p] = fixed + cb * out[B, j, p] + cc * out[C, j, p]
            with_b = cb * out[BB, j, p] + cc * out[BC, j, p]
            with_c = cb * out[BC, j, p] + cc * out[CC, j, p]
            rows[VAR_X, j, p] = cb * with_b + cc * with_c + new * out[NOISE, j, p]
            rows[COV, j, p] = with_b


@compiled
def mixture(n: int, prior: Packed, work: Space, question: Question) -> Mixture:
    """Return what answers questions after `n` scores."""
    return question[1], work[5], student_law(n, prior), prior[7], work[8], question[4]


@compiled
def _probability(units: np.int32) -> float:
    return min(max(units / float(UNIT), 0.0), 1.0)


@compiled
def below(q: float, of: Mixture) -> float:
    """Return P(x <= q), and keep that of each candidate."""
    rows, out, law = of[0], of[1], of[2]
    at, units = F(q), I(0)
    for p in range(rows.shape[1]):
        off = at - rows[X, p]
        each = student(off, rows[VAR_X, p] + off * off * law[0], law)
        rows[EACH, p] = each
        units = I(units + I(UNIT * out[WEIGHT, p] * each))
    return _probability(units)


@compiled
def compare_with_start(of: Mixture) -> None:
    """Have the next questions ask for shares of the start b: how x compares with q b.

    The square on which the Student-t of x - q b rests is one of q; its coefficients take the place
    of the variances.
    """
    rows, out, per_degree, usual = of[0], of[1], of[2][0], F(of[3])
    for p in range(rows.shape[1]):
        b, x = usual + out[B, p], rows[X, p]
        rows[START, p] = b
        rows[VAR_B, p] = out[BB, p] + b * b * per_degree
        rows[COV, p] = -TWO * (rows[COV, p] + b * x * per_degree)
        rows[VAR_X, p] += x * x * per_degree


@compiled
def share_below(q: float, of: Mixture) -> float:
    """Return P(x <= q b), after `compare_with_start`."""
    rows, out, law = of[0], of[1], of[2]
    at, units = F(q), I(0)
    for p in range(rows.shape[1]):
        off = at * rows[START, p] - rows[X, p]
        square = rows[VAR_X, p] + at * (rows[COV, p] + at * rows[VAR_B, p])
        each = student(off, square, law)
        units = I(units + I(UNIT * out[WEIGHT, p] * each))
    return _probability(units)


@compiled
def share_within(low: float, high: float, of: Mixture) -> tuple[float, float, float]:
    """Return P(x <= low b), P(low b < x <= high b), and the latter with what `below` kept.

    Within a candidate those two are taken as independent.
    """
    rows, out, law = of[0], of[1], of[2]
    at, under = F(low), I(0)
    for p in range(rows.shape[1]):
        off = at * rows[START, p] - rows[X, p]
        square = rows[VAR_X, p] + at * (rows[COV, p] + at * rows[VAR_B, p])
        each = student(off, square, law)
        rows[UNDER, p] = each
        under = I(under + I(UNIT * out[WEIGHT, p] * each))
    at, inside, both = F(high), I(0), I(0)
    for p in range(rows.shape[1]):
        off = at * rows[START, p] - rows[X, p]
        square = rows[VAR_X, p] + at * (rows[COV, p] + at * rows[VAR_B, p])
        each = student(off, square, law) - rows[UNDER, p]
        units = UNIT * out[WEIGHT, p] * each
        inside = I(inside + I(units))
        both = I(both + I(units * rows[EACH, p]))
    return _probability(under), _probability(inside), _probability(both)


@compiled
def surely_unwell(of: Mixture) -> float:
    """Return P(b > 0)."""
    rows, out, law, usual = of[0], of[1], of[2], of[3]
    fixed, units = F(usual), I(0)
    for p in range(rows.shape[1]):
        off = fixed + out[B, p]
        each = student(off, out[BB, p] + off * off * law[0], law)
        units = I(units + I(UNIT * out[WEIGHT, p] * each))
    return _probability(units)


@compiled
def mean(of: Mixture) -> float:
    """Return the mean of x."""
    rows, out, lane = of[0], of[1], of[4]
    for p in range(rows.shape[1]):
        lane[0, p] = out[WEIGHT, p] * rows[X, p]
    return float(total(lane, lane.shape[1]))


@compiled
def _spread(mean: float, of: Mixture) -> float:
    """Return the standard deviation of x."""
    rows, out, lane = of[0], of[1], of[4]
    middle = F(mean)
    for p in range(rows.shape[1]):
        off = rows[X, p] - middle
        lane[0, p] = out[WEIGHT, p] * (off * off + rows[VAR_X, p])
    return math.sqrt(max(float(total(lane, lane.shape[1])), 1e-8))


@compiled
def about(
    usual: float, moments: NDArray[np.float32], part: NDArray[np.float32]
) -> tuple[float, float, float]:
    """Return about where x / b lies, its standard deviation, and the Cantelli bound of P(b <= 0).

    The wander is left out: it is where a search begins.
    """
    b, c, bb, bc, cc = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(part.shape[1]):
        b += moments[M_B, 0, k]
        bb += moments[M_BB, 0, k]
        c += part[0, k] * moments[M_C, 0, k]
        bc += part[0, k] * moments[M_BC, 0, k]
        cc += part[0, k] * part[0, k] * moments[M_CC, 0, k]
    start = usual + b
    at = c / start
    square = cc - 2.0 * at * (bc + usual * c) + at * at * (bb + usual * (2.0 * b + usual))
    variance = max(bb - b * b, 0.0)
    return at, math.sqrt(max(square, 1e-6)) / start, variance / (variance + start * start)


@compiled
def score(p: float) -> float:
    """Return the standard normal quantile of p, to 5e-4 (Abramowitz & Stegun 26.2.23)."""
    p = min(max(p, SURE), 1.0 - SURE)
    t = math.sqrt(-2.0 * math.log(min(p, 1.0 - p)))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    return -z if p < 0.5 else z


@compiled
def note(q: float, z: float, seen: int, known: Floats) -> int:
    """Note beside `seen` other points that z is the normal quantile of P(x <= q)."""
    known[0, seen], known[1, seen] = q, z
    return seen + 1


@compiled
def _foretold(
    goal: float,
    spread: float,
    below_q: float,
    below_z: float,
    above_q: float,
    above_z: float,
    third_q: float,
    third_z: float,
    fourth_q: float,
    fourth_z: float,
) -> tuple[float, float]:
    """Return where z is expected to be `goal`, and how far off that may be, but for a factor.

    By inverse interpolation through the points that are known.
    """
    if above_z - goal < goal - below_z:
        near_q, near_z, other_q, other_z = above_q, above_z, below_q, below_z
    else:
        near_q, near_z, other_q, other_z = below_q, below_z, above_q, above_z
    if not math.isfinite(other_z):
        other_q, other_z, third_q, third_z = third_q, third_z, fourth_q, fourth_z
    off = WARY * abs(goal - near_z)
    if not math.isfinite(other_z):
        return near_q + (goal - near_z) * spread, off
    slope = (other_q - near_q) / (other_z - near_z)
    step = slope * (goal - near_z)
    if not math.isfinite(third_z):
        return near_q + step, off
    next_slope = (third_q - other_q) / (third_z - other_z)
    bend = (next_slope - slope) / (third_z - near_z) * (goal - near_z) * (goal - other_z)
    # probability may climb all at once, where shapes have not begun
    if max(slope, next_slope) > UNEVEN * min(slope, next_slope) or abs(bend) > abs(step):
        return near_q + step, off
    return near_q + step + bend, abs((goal - near_z) * (goal - other_z) * (goal - third_z))


@compiled
def quantile(
    p: float,
    guess: float,
    spread: float,
    limit: float,
    share: bool,
    seen: int,
    of: Mixture,
) -> tuple[float, int]:
    """Return the q within `limit` where P(x <= q), or of a share P(x <= q b), is p.

    Inverse interpolation in normal quantiles, which are nearly straight in q, inside a bracket that
    shrinks. It begins with the `seen` points that are known of the distribution function, adds to
    them, and returns how many there are then.
    """
    known = of[5]
    goal = score(p)
    loose = math.exp(0.25 * goal * goal)
    low, high = -limit, limit
    # the nearest points below and above, and the two that were displaced last
    below_q, below_z, above_q, above_z = 0.0, -math.inf, 0.0, math.inf
    third_q, third_z, fourth_q, fourth_z = 0.0, math.nan, 0.0, math.nan
    q, look, m = min(max(guess, low), high), 0, 0
    while look < STEPS:
        if m == seen:
            z = score(share_below(q, of) if share else below(q, of))
            seen = note(q, z, seen, known)
            look += 1
        at, z = known[0, m], known[1, m]
        m += 1
        if z < goal:
            low = max(low, at)
        else:
            high = min(high, at)
        if abs(z) < TRUSTED:
            old_q, old_z = at, z
            if below_z < z < goal:
                old_q, old_z, below_q, below_z = below_q, below_z, at, z
            elif goal <= z < above_z:
                old_q, old_z, above_q, above_z = above_q, above_z, at, z
            if math.isfinite(old_z):
                fourth_q, fourth_z, third_q, third_z = third_q, third_z, old_q, old_z
        if m < seen:
            continue
        if high - low < TIGHT * spread:
            break
        near = min(goal - below_z, above_z - goal)
        if look == 0 and near > FAR:
            continue
        q, off = _foretold(
            goal,
            spread,
            below_q,
            below_z,
            above_q,
            above_z,
            third_q,
            third_z,
            fourth_q,
            fourth_z,
        )
        if share and look >= PATIENCE and low < 0.0 < high:
            # shapes that have not begun have all their probability at 0
            if high - low < 4.0 * STILL:
                return 0.0, seen
            q = STILL if high > STILL else -STILL
        elif not low < q < high:
            q = 0.5 * (low + high)
        elif near < NEAR * loose and off < CLOSE * loose:
            break
    return q, seen


@compiled
def loss_quantiles(levels: Floats, of: Mixture, out: Floats) -> None:
    """Fill `out` with the quantiles of -x."""
    guess = mean(of)
    spread = _spread(guess, of)
    seen = 0
    for m in range(len(levels)):
        if seen + STEPS > of[5].shape[1]:
            seen = 0
        near = guess - score(levels[m]) * spread
        found, seen = quantile(1.0 - levels[m], near, spread, LEVEL_LIMIT, False, seen, of)
        out[m] = -found

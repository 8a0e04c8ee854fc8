"""The compiled answers: probabilities and quantiles of what is linear in start, recovery, wander.

A question compares `x` with `q d`. Both are linear in the start b, the recovery c and the wander w
at the latest score, so that each component answers with a Student-t probability.
Imported on first use only, because numba is slow to import.
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
    LEAST_WEIGHT,
    NOISE,
    W_0,
    W_B,
    W_C,
    W_VAR,
    WEIGHT,
    B,
    C,
    Floats,
    Ints,
    Packed,
    Space,
    find_posterior,
    space,
)
from reliefpath.recovery.prior import RANGE

X, VAR_X, D, VAR_D, COV, PART = range(6)
"""Rows of a question: mean and variance of x, of d, their covariance; what x has of c."""
NO_WANDER = -1
(
    IMPROVEMENT,
    LOW,
    HIGH,
    P_WINDOW,
    P_RECOVERED,
    P_PLATEAU,
    P_PLATEAU_IN_WINDOW,
    P_LEVEL,
    P_WORSENING,
    EXPECTED_GAIN,
    LEVEL_AHEAD,
) = range(11)
"""Rows of the answers, the fields of a `Recovery`."""
RATIO_LIMIT = 9.99
"""A ratio is looked for between -999 % and 999 %."""
LEVEL_LIMIT = 100 * RANGE
"""A point of the curve is looked for this far from well."""
TAIL = 0.05
"""Intervals run from this quantile to its mirror image."""
Z_TAIL = 1.6448536269514722
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
def _share(now: float, prior: Packed, work: Space, question: Question) -> None:
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
def _each_below(q: float, dof: float, work: Space, question: Question, row: int) -> None:
    """Fill a row of the working space with each component's part of P(x <= q)."""
    rows, lane, out = question[1], question[2], work[5]
    at, degrees = F(q), F(4.0 * dof)
    for p in range(rows.shape[1]):
        sharpness = ONE / math.sqrt(max(rows[VAR_X, p], LEAST_VARIANCE))
        lane[row, p] = out[WEIGHT, p] * student((at - rows[X, p]) * sharpness, degrees)


@compiled
def _each_share_below(q: float, dof: float, work: Space, question: Question, row: int) -> None:
    """Fill a row of the working space with each component's part of P(x <= q d)."""
    rows, lane, out = question[1], question[2], work[5]
    at, degrees = F(q), F(4.0 * dof)
    for p in range(rows.shape[1]):
        variance = rows[VAR_X, p] + at * (at * rows[VAR_D, p] - TWO * rows[COV, p])
        sharpness = ONE / math.sqrt(max(variance, LEAST_VARIANCE))
        lane[row, p] = out[WEIGHT, p] * student((at * rows[D, p] - rows[X, p]) * sharpness, degrees)


@compiled
def _sum_of(lane: NDArray[np.float32], row: int) -> float:
    """Return the sum of a row of parts of a probability."""
    for p in range(lane.shape[1]):
        lane[0, p] = lane[row, p]
    return min(max(float(total(lane, lane.shape[1])), 0.0), 1.0)


@compiled
def below(q: float, dof: float, work: Space, question: Question) -> float:
    """Return P(x <= q)."""
    _each_below(q, dof, work, question, 0)
    return min(float(total(question[2], question[2].shape[1])), 1.0)


@compiled
def _share_below(q: float, dof: float, work: Space, question: Question) -> float:
    """Return P(x <= q d)."""
    _each_share_below(q, dof, work, question, 0)
    return min(float(total(question[2], question[2].shape[1])), 1.0)


@compiled
def _never_well(dof: float, work: Space, question: Question) -> float:
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
def _share_spread(q: float, work: Space, question: Question) -> float:
    """Return the standard deviation of x - q d."""
    rows, lane, out = question[1], question[2], work[5]
    at = F(q)
    for p in range(rows.shape[1]):
        off = rows[X, p] - at * rows[D, p]
        spread = rows[VAR_X, p] + at * (at * rows[VAR_D, p] - TWO * rows[COV, p])
        lane[0, p] = out[WEIGHT, p] * (off * off + spread)
    return math.sqrt(max(float(total(lane, lane.shape[1])), 1e-8))


@compiled
def _start(work: Space, question: Question) -> float:
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
def _quantile(
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
            z = _score(_share_below(q, dof, work, question))
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
def recover_range(
    first: int,
    last: int,
    offsets: Ints,
    day: Ints,
    burden: Floats,
    span: Floats,
    matters: Floats,
    step: Floats,
    asked: tuple[float, float, float, int, int],
    prior: Packed,
    out: Floats,
) -> None:
    """Answer the questions for the episodes from `first` up to `last`, which are columns of `out`.

    Its rows are the fields of `Recovery`; what can't be answered is left as it is. `burden` is on
    the common scale; `span`, `matters` and `step` are in the measure's units.
    """
    window_low, window_high, recovered, horizon, level_ahead = asked
    longest = 1
    for i in range(first, last):
        longest = max(longest, offsets[i + 1] - offsets[i])
    work, question = space(prior, longest), questions(prior)
    end = len(prior[0]) - 2
    nothing = end + 1
    lane = question[2]
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        unit = RANGE / span[i]
        find_posterior(day, burden, offsets[i], offsets[i + 1], step[i] * unit, prior, work)
        dof = prior[6] + n
        now = min(day[offsets[i + 1] - 1], end)
        later, change = min(now + horizon, end), matters[i] * unit

        between(now, later, prior, question)
        ask(0.0, horizon, 1.0, 0.0, prior, work, question)
        out[EXPECTED_GAIN, i] = mean(work, question) / unit
        known = not math.isnan(change)
        if known:
            _each_below(change, dof, work, question, 1)
            out[P_PLATEAU, i] = _sum_of(lane, 1)
            steeper(max(now - horizon, 0), now, min(now + level_ahead, end), prior, question)
            ask(0.0, level_ahead, 1.0, 0.0, prior, work, question)
            out[P_LEVEL, i] = below(change, dof, work, question)
            between(nothing, later, prior, question)
            ask(0.0, horizon, 0.0, 0.0, prior, work, question)
            out[P_WORSENING, i] = below(-change, dof, work, question)

        between(nothing, now, prior, question)
        ask(0.0, 0, 0.0, 0.0, prior, work, question)
        _share(1.0, prior, work, question)
        if _never_well(dof, work, question) < 1.0 - TAIL:
            continue
        _each_share_below(window_high, dof, work, question, 2)
        at_most_window = _sum_of(lane, 2)
        _each_share_below(window_low, dof, work, question, 3)
        for p in range(lane.shape[1]):
            lane[2, p] -= lane[3, p]
            # within a component whether there is more to come says nothing of where it stands
            lane[1, p] *= lane[2, p] / max(work[5][WEIGHT, p], LEAST_WEIGHT)
        out[P_WINDOW, i] = _sum_of(lane, 2)
        if known:
            out[P_PLATEAU_IN_WINDOW, i] = _sum_of(lane, 1)
        out[P_RECOVERED, i] = 1.0 - at_most_window
        if recovered != window_high:
            out[P_RECOVERED, i] = 1.0 - _share_below(recovered, dof, work, question)
        start = _start(work, question)
        middle, low, high = 0.0, 0.0, 0.0
        if now > 0:
            guess = mean(work, question) / start
            spread = _share_spread(guess, work, question) / start
            known_by = (dof, work, question)
            middle = _quantile(0.5, guess, spread, RATIO_LIMIT, True, *known_by)
            reach = Z_TAIL * spread
            low = _quantile(TAIL, guess - reach, spread, RATIO_LIMIT, True, *known_by)
            high = _quantile(1.0 - TAIL, guess + reach, spread, RATIO_LIMIT, True, *known_by)
        out[IMPROVEMENT, i] = middle
        out[LOW, i], out[HIGH, i] = min(low, middle), max(high, middle)
        between(nothing, end, prior, question)
        ask(0.0, NO_WANDER, 0.0, 0.0, prior, work, question)
        _share(0.0, prior, work, question)
        guess = mean(work, question) / start
        spread = _share_spread(guess, work, question) / start
        out[LEVEL_AHEAD, i] = _quantile(0.5, guess, spread, RATIO_LIMIT, True, dof, work, question)


@compiled
def forecast_range(
    first: int,
    last: int,
    offsets: Ints,
    day: Ints,
    burden: Floats,
    step: Floats,
    at: Ints,
    levels: Floats,
    prior: Packed,
    out: Floats,
) -> None:
    """Fill `out`, by episode, day in its row of `at` and level, with quantiles of the score then.

    `burden`, `step` and the answers are on the common scale; a day below 0 is not asked for.
    """
    longest = 1
    for i in range(first, last):
        longest = max(longest, offsets[i + 1] - offsets[i])
    work, question = space(prior, longest), questions(prior)
    end = len(prior[0]) - 2
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        find_posterior(day, burden, offsets[i], offsets[i + 1], step[i], prior, work)
        now = day[offsets[i + 1] - 1]
        for a in range(at.shape[1]):
            if at[i, a] < 0:
                continue
            between(end + 1, min(at[i, a], end), prior, question)
            ask(1.0, max(at[i, a] - now, 0), 0.0, 1.0, prior, work, question)
            _loss_quantiles(levels, prior[6] + n, work, question, out[i, a])


@compiled
def curve_at(day: Ints, burden: Floats, step: float, at: Ints, prior: Packed, out: Floats) -> None:
    """Fill the rows of `out` with mean, 5 % and 95 % quantile of the course on the days `at`."""
    n = len(day)
    work, question = space(prior, n), questions(prior)
    end = len(prior[0]) - 2
    levels, found = np.array([TAIL, 1.0 - TAIL]), np.empty(2)
    find_posterior(day, burden, 0, n, step, prior, work)
    for i in range(len(at)):
        between(end + 1, min(max(at[i], 0), end), prior, question)
        ask(1.0, NO_WANDER, 0.0, 0.0, prior, work, question)
        out[0, i] = -mean(work, question)
        _loss_quantiles(levels, prior[6] + n, work, question, found)
        out[1, i], out[2, i] = min(found[0], out[0, i]), max(found[1], out[0, i])


@compiled
def _loss_quantiles(
    levels: Floats, dof: float, work: Space, question: Question, out: Floats
) -> None:
    """Fill `out` with the quantiles of -x."""
    guess = mean(work, question)
    spread = _spread(guess, work, question)
    for m in range(len(levels)):
        near = guess - _score(levels[m]) * spread
        found = _quantile(1.0 - levels[m], near, spread, LEVEL_LIMIT, False, dof, work, question)
        out[m] = -found

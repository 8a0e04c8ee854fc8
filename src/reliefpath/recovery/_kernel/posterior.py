"""The posterior of one episode's curve: a mixture of Student-t distributions, in closed form.

A candidate is one shape, kind of deviation and asymptote. Given them the scores are linear in the
start and the recovery with normal errors, so that each candidate's weight and its posterior follow
from a few sums. docs/recovery.md derives every formula.

Imported on first use only, because numba is slow to import. Nothing here keeps state, so any number
of threads may call it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery._kernel.compiling import (
    ONE,
    TWO,
    ZERO,
    F,
    bits,
    compiled,
    exponential,
    logarithm,
    number,
    total,
)
from reliefpath.recovery._kernel.packing import FINAL_DAY, FIRST_DAY, LONGEST_GAP, PackedPrior
from reliefpath.recovery.prior import RANGE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Singles = NDArray[np.float32]

# rows of the sums, a column a shape
G1, GG, GY, WG, DG, LG = range(6)
# rows of what a kind of deviation makes of the ones, the scores and the injections
N1, Y1, YY, PENALTY, W1, WY, WP, D1, DY, DP, WD, L1, LY, LP, LD, LC = range(16)
# rows of the posterior, a column a candidate: by deviation, within it by asymptote, then by shape
WEIGHT, B, C, BB, BC, CC, NOISE = range(7)
# rows of the moments, a column a shape
M_B, M_C, M_BB, M_BC, M_CC, M_NOISE = range(6)

HIGHEST_RATIO = 1000.0
WEAK = 0.04
"""Precision of what the other scores say of a score, below which it is not judged by them."""


class Space(NamedTuple):
    """Working space of one thread.

    A loop over plain indices of a long line is what the compiler turns into vector instructions, so
    that most arrays are there twice: by their parts, and as the same numbers in fewer dimensions.

    Attributes:
        one_sums: The sums of one kind of deviation, a column a shape.
        all_sums: Those of all by deviation, asymptote and shape, the same for every asymptote.
        sums: The same by deviation, asymptote and shape in one line.
        scalars: What each kind of deviation makes of the scores.
        posterior: The posterior by deviation, asymptote and shape in one line.
        posterior_line: The same in one line.
        penalized: Its penalized squares, as the posterior.
        penalized_line: The same in one line.
        lane: A line to add up.
        adjusted: Scores, and their noise, in place of those at an end of the scale.
        moments: The moments, asymptote and shape in one line.
        moments_by_asymptote: The same by asymptote and shape.
        course: What each shape has reached by each score.
        turned: 1 for the shapes whose turn lies behind the latest score, else 0.
        first_share: What the first part of each shape counts.
    """

    one_sums: Singles
    all_sums: Singles
    sums: Singles
    scalars: Floats
    posterior: Singles
    posterior_line: Singles
    penalized: Singles
    penalized_line: Singles
    lane: Singles
    adjusted: Floats
    moments: Singles
    moments_by_asymptote: Singles
    course: Singles
    turned: Singles
    first_share: Singles


@compiled
def space(prior: PackedPrior, longest: int) -> Space:
    """Return working space for episodes of up to `longest` scores."""
    shapes, deviations = prior.reached.shape[1], len(prior.ratios)
    lanes = prior.asymptotes.shape[1]
    size, asymptotes = deviations * lanes, lanes // shapes
    sums = np.empty((6, deviations, asymptotes, shapes), np.float32)
    out = np.empty((7, deviations, lanes), np.float32)
    penalized = np.empty((deviations, lanes), np.float32)
    moments = np.empty((6, lanes), np.float32)
    return Space(
        np.empty((6, shapes), np.float32),
        sums,
        sums.reshape((6, deviations, lanes)),
        np.empty((16, deviations)),
        out,
        out.reshape((7, size)),
        penalized,
        penalized.reshape(size),
        np.empty((1, size), np.float32),
        np.empty((2, longest)),
        moments,
        moments.reshape((6, asymptotes, shapes)),
        np.empty((longest, shapes), np.float32),
        np.empty(shapes, np.float32),
        np.empty(shapes, np.float32),
    )


@compiled
def most_scores(first: int, last: int, offsets: Ints) -> int:
    """Return how many scores the longest episode from `first` up to `last` has, at least 1."""
    most = 1
    for i in range(first, last):
        most = max(most, offsets[i + 1] - offsets[i])
    return most


@compiled
def trace(day: int, now: int, prior: PackedPrior, work: Space, out: Singles) -> None:
    """Fill `out` with what each shape has reached by a day; day -1 is before all.

    `now` is the day of the latest score.
    """
    reached, added = prior.reached, prior.added
    turned, first_share = work.turned, work.first_share
    row = min(day, len(reached) - 2)
    since = min(max(day - now, FIRST_DAY), FINAL_DAY) - FIRST_DAY
    for k in range(len(out)):
        out[k] = first_share[k] * reached[row, k] + turned[k] * added[since, k]


@compiled
def _trace_all(day: Ints, n: int, prior: PackedPrior, work: Space) -> None:
    """Fill in the courses by each score."""
    now = day[n - 1]
    for k in range(len(work.turned)):
        has_turned = now >= prior.turned_by[k]
        work.turned[k] = ONE if has_turned else ZERO
        work.first_share[k] = prior.first_share[k] if has_turned else ONE
    for i in range(n):
        trace(day[i], now, prior, work, work.course[i])


@compiled
def _sum_up(
    day: Ints,
    y: Floats,
    effect: Floats,
    ratio: Floats,
    n: int,
    noise: float,
    lag: int,
    prior: PackedPrior,
    work: Space,
) -> None:
    """Fill the sums of `n` scores `y` (from the mean start), whitened by each kind of deviation.

    A scalar Kalman filter takes from every column, the ones, the scores, the shapes and the
    `effect` of injections, what the scores before it foretell; `ratio` is how many times the noise
    of a score is the usual. A real deviation is told for the latest score and, by a fixed-point
    smoother, for `lag` days before it or, where it is later, for the first score. The freedom that
    a deviation has counts as a factor of its squares, the penalty, since a product over hundreds of
    scores would leave the range of numbers.
    """
    kept, ratios, dof, course = prior.kept, prior.ratios, prior.dof + n, work.course
    sums, wide, scalars = work.one_sums, work.all_sums, work.scalars
    shapes = sums.shape[1]
    for j in range(len(ratios)):
        q = ratios[j]
        sums[:] = ZERO
        lag_day = max(day[n - 1] - lag, day[0])
        p, s1, sy, sd = q, 0.0, 0.0, 0.0
        n1, y1, yy, freedom, log_freedom = 0.0, 0.0, 0.0, 1.0, 0.0
        d1, dy, dd = 0.0, 0.0, 0.0
        l1, ly, ld, lp, lc, reached_lag = 0.0, 0.0, 0.0, 0.0, 0.0, not prior.real[j]
        for i in range(n):
            stays = 0.0
            if not reached_lag and day[i] >= lag_day:
                reached_lag = True
                since = kept[j, min(lag_day - day[i - 1], LONGEST_GAP)] if i > 0 else 0.0
                l1, ly, ld = since * s1, since * sy, since * sd
                lp = since * since * p + q * (1.0 - since * since)
                # to be taken on to the day of this score
                lc = lp * kept[j, min(day[i] - lag_day, LONGEST_GAP)]
                for k in range(shapes):
                    sums[LG, k] = F(since) * sums[WG, k]
            elif i > 0:
                lc *= kept[j, min(day[i] - day[i - 1], LONGEST_GAP)]
            if i > 0 and q > 0.0:
                stays = kept[j, min(day[i] - day[i - 1], LONGEST_GAP)]
                s1 *= stays
                sy *= stays
                sd *= stays
                p = stays * stays * p + q * (1.0 - stays * stays)
            f = p + ratio[i]
            e1, ey, ed = 1.0 - s1, y[i] - sy, effect[i] - sd
            w = 1.0 / f
            n1 += w * e1 * e1
            y1 += w * e1 * ey
            yy += w * ey * ey
            d1 += w * ed * e1
            dy += w * ed * ey
            dd += w * ed * ed
            freedom *= w * ratio[i]
            if freedom < 1e-100:
                log_freedom -= math.log(freedom)
                freedom = 1.0
            w0, w1, wy, wd, gain, left = F(w), F(w * e1), F(w * ey), F(w * ed), F(p * w), F(stays)
            lagged = F(lc * w)
            for k in range(shapes):
                foretold = left * sums[WG, k]
                e = course[i, k] - foretold
                sums[G1, k] += w1 * e
                sums[GG, k] += w0 * e * e
                sums[GY, k] += wy * e
                sums[DG, k] += wd * e
                sums[WG, k] = foretold + gain * e
                if lagged != ZERO:
                    sums[LG, k] += lagged * e
            s1 += p * w * e1
            sy += p * w * ey
            sd += p * w * ed
            l1 += lc * w * e1
            ly += lc * w * ey
            ld += lc * w * ed
            lp -= lc * lc * w
            lc -= lc * p * w
            p -= p * p * w
        scalars[N1, j], scalars[Y1, j], scalars[YY, j] = n1, y1, yy
        scalars[PENALTY, j] = math.exp((log_freedom - math.log(freedom)) / dof)
        scalars[W1, j], scalars[WY, j], scalars[WP, j], scalars[WD, j] = s1, sy, p, sd
        scalars[D1, j], scalars[DY, j], scalars[DP, j] = d1, dy, 0.0
        scalars[L1, j], scalars[LY, j], scalars[LD, j] = l1, ly, ld
        scalars[LP, j], scalars[LC, j] = lp, lc
        if dd > 0.0:
            _take_out_injections(j, dd, dof, noise, prior, work)
        for row in range(len(sums)):
            for r in range(wide.shape[2]):
                for k in range(shapes):
                    wide[row, j, r, k] = sums[row, k]


@compiled
def _take_out_injections(
    j: int, square: float, dof: float, noise: float, prior: PackedPrior, work: Space
) -> None:
    """Take what injections do out of the sums of a deviation: what is left is of the curve alone.

    Given the start and the recovery, what an injection takes off at once is normal; integrating it
    out lowers the sums by a square of each. `D1`, `DY`, `DG` then tell its mean, DY + D1 b + DG c,
    and `DP` its variance. `square` is that of its own column.
    """
    sums, scalars, mean = work.one_sums, work.scalars, prior.taken_off
    known = noise / prior.taken_off_variance
    precision = square + known
    d1, dy = scalars[D1, j], known * mean - scalars[DY, j]
    scalars[N1, j] -= d1 * d1 / precision
    scalars[Y1, j] += d1 * dy / precision
    scalars[YY, j] += known * mean * mean - dy * dy / precision
    scalars[PENALTY, j] *= (precision / known) ** (1.0 / dof)
    scalars[D1, j], scalars[DY, j], scalars[DP, j] = d1 / precision, dy / precision, 1 / precision
    share, of_ones, of_scores = F(-1.0 / precision), F(d1), F(dy)
    for k in range(sums.shape[1]):
        dg = share * sums[DG, k]
        sums[G1, k] += of_ones * dg
        sums[GY, k] -= of_scores * dg
        sums[GG, k] += sums[DG, k] * dg
        sums[DG, k] = dg


@compiled
def _candidates(n: int, noise: float, prior: PackedPrior, work: Space) -> None:
    """Fill the posterior of each candidate; of its weight what does not depend on the squares.

    `noise` is the usual variance of a score, rounding included.
    """
    chances, asymptotes, degrees = prior.deviations, prior.asymptotes, prior.dof
    sums, scalars, out, penalized = work.sums, work.scalars, work.posterior, work.penalized
    unit, usual, per_degree = F(noise), F(degrees * noise), F(1.0 / (degrees + n))
    for j in range(len(chances)):
        n1, y1, yy = F(scalars[N1, j]), F(scalars[Y1, j]), F(scalars[YY, j])
        chance, penalty = F(chances[j]), F(scalars[PENALTY, j])
        for p in range(asymptotes.shape[1]):
            a11 = asymptotes[1, p] * unit + n1
            a12 = asymptotes[2, p] * unit - sums[G1, j, p]
            a22 = asymptotes[3, p] * unit + sums[GG, j, p]
            b1 = asymptotes[4, p] * unit + y1
            b2 = asymptotes[5, p] * unit - sums[GY, j, p]
            det = ONE / (a11 * a22 - a12 * a12)
            b, c = (a22 * b1 - a12 * b2) * det, (a11 * b2 - a12 * b1) * det
            squares = usual + asymptotes[6, p] * unit + yy - b * b1 - c * b2
            variance = squares * per_degree
            scale = variance * det
            penalized[j, p] = squares * penalty
            out[WEIGHT, j, p] = chance * asymptotes[0, p] * math.sqrt(det)
            out[B, j, p], out[C, j, p], out[NOISE, j, p] = b, c, variance
            out[BB, j, p] = a22 * scale
            out[BC, j, p] = -a12 * scale
            out[CC, j, p] = a11 * scale


@compiled
def _weigh(n: int, prior: PackedPrior, work: Space) -> None:
    """Complete the weights: by the squares to a power, the least of them taken as 1."""
    out, penalized, lane = work.posterior_line, work.penalized_line, work.lane
    size = len(penalized)
    # positive numbers are in the order of their bits
    least: Any = bits(penalized[0])
    for p in range(size):
        least = min(least, bits(penalized[p]))
    scale, power = ONE / number(least), F(-0.5 * (prior.dof + n))
    for p in range(size):
        weight = out[WEIGHT, p] * exponential(power * logarithm(penalized[p] * scale))
        out[WEIGHT, p] = weight
        lane[0, p] = weight
    share = ONE / total(lane, size)
    for p in range(size):
        out[WEIGHT, p] *= share


@compiled
def find_moments(prior: PackedPrior, work: Space) -> None:
    """Fill the moments of each shape: weighted sums over its asymptotes and deviations."""
    ratios, out, moments = prior.ratios, work.posterior, work.moments
    by_asymptote = work.moments_by_asymptote
    moments[:] = ZERO
    for j in range(len(ratios)):
        wider = F(1.0 + ratios[j])
        for p in range(moments.shape[1]):
            w, b, c = out[WEIGHT, j, p], out[B, j, p], out[C, j, p]
            moments[M_B, p] += w * b
            moments[M_C, p] += w * c
            moments[M_BB, p] += w * (b * b + out[BB, j, p])
            moments[M_BC, p] += w * (b * c + out[BC, j, p])
            moments[M_CC, p] += w * (c * c + out[CC, j, p])
            moments[M_NOISE, p] += w * wider * out[NOISE, j, p]
    for row in range(len(moments)):
        for r in range(1, by_asymptote.shape[1]):
            for k in range(by_asymptote.shape[2]):
                by_asymptote[row, 0, k] += by_asymptote[row, r, k]


@compiled
def _look_beyond_the_ends(
    y: Floats,
    effect: Floats,
    n: int,
    ends: tuple[float, float, float],
    prior: PackedPrior,
    work: Space,
) -> None:
    """Replace scores at an end of the scale, which tell only that the true one is there or beyond.

    One sweep of expectation propagation: each gets the score and the noise ratio under which a
    normal error says the same about the curve. `ends` are the lowest and the highest score, and
    half a step, from the mean start.
    """
    course, lane = work.course, work.lane
    adjusted, moments = work.adjusted, work.moments
    shapes = course.shape[1]
    find_moments(prior, work)
    for k in range(shapes):
        lane[0, k] = moments[M_NOISE, k]
    noise = float(total(lane, shapes))
    for i in range(n):
        adjusted[0, i], adjusted[1, i] = y[i], 1.0
        side = 1.0 if y[i] <= ends[0] + 1e-9 else -1.0 if y[i] >= ends[1] - 1e-9 else 0.0
        if side == 0.0:
            continue
        if effect[i] > 0.0:
            mean, square = _injected(effect[i], i, work)
        else:
            for k in range(shapes):
                lane[0, k] = moments[M_B, k] - course[i, k] * moments[M_C, k]
            mean = float(total(lane, shapes))
            for k in range(shapes):
                g = course[i, k]
                lane[0, k] = moments[M_BB, k] + g * (g * moments[M_CC, k] - TWO * moments[M_BC, k])
            square = float(total(lane, shapes))
        variance = max(square - mean * mean, 1e-4)
        # what the other scores say of this one
        precision = 1.0 / variance - 1.0 / noise
        if precision > WEAK:
            mean = (mean / variance - y[i] / noise) / precision
        else:
            precision = WEAK
        edge = ends[0] + ends[2] if side > 0.0 else ends[1] - ends[2]
        adjusted[0, i], adjusted[1, i] = _beyond(side, edge, mean, 1.0 / precision, noise)


@compiled
def _injected(effect: float, i: int, work: Space) -> tuple[float, float]:
    """Return mean and mean square of the course at a score, with what an injection takes off."""
    course, sums = work.course, work.all_sums
    scalars, out = work.scalars, work.posterior
    shapes, mean, square = sums.shape[3], 0.0, 0.0
    for j in range(sums.shape[1]):
        b = 1.0 - effect * scalars[D1, j]
        for p in range(out.shape[2]):
            c = -course[i, p % shapes] - effect * sums[DG, j, p // shapes, p % shapes]
            x = b * out[B, j, p] + c * out[C, j, p] - effect * scalars[DY, j]
            spread = b * b * out[BB, j, p] + c * (2.0 * b * out[BC, j, p] + c * out[CC, j, p])
            spread += effect * effect * scalars[DP, j] * out[NOISE, j, p]
            mean += out[WEIGHT, j, p] * x
            square += out[WEIGHT, j, p] * (x * x + spread)
    return mean, square


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
    far = -a - 1.0 / a + 2.0 / a**3
    hazard = far if below < 1e-280 else math.exp(-0.5 * a * a) / 2.5066282746310002 / below
    found = mean - side * spread * hazard / deviation
    left = max(spread - spread * spread * hazard * (hazard + a) / (spread + noise), 1e-6)
    precision = max(1.0 / left - 1.0 / spread, 1e-4)
    stands_for = (found / left - mean / spread) / precision
    ratio = min(max(1.0 / (precision * noise), 1.0), HIGHEST_RATIO)
    return min(max(stands_for, edge - 8.0), edge + 8.0), ratio


@compiled
def find_posterior(
    day: Ints,
    score: Floats,
    effect: Floats,
    first: int,
    last: int,
    step: float,
    lag: int,
    prior: PackedPrior,
    work: Space,
) -> None:
    """Fill the posterior from the scores `first` to `last`.

    The scores are on the common scale, `step` apart from each other; `effect` says how much of an
    injection's effect is in each. How many days before the latest score a real deviation is asked
    about is the `lag`.
    """
    n = last - first
    mean_start = prior.mean_start
    noise = prior.noise + step * step / 12.0
    days, y, adjusted = day[first:last], score[first:last] - mean_start, work.adjusted
    present = effect[first:last]
    adjusted[1, :n] = 1.0
    ends = (-mean_start, RANGE - mean_start, 0.5 * step)
    _trace_all(days, n, prior, work)
    _sum_up(days, y, present, adjusted[1], n, noise, lag, prior, work)
    _candidates(n, noise, prior, work)
    _weigh(n, prior, work)
    if y.min() <= ends[0] + 1e-9 or y.max() >= ends[1] - 1e-9:
        _look_beyond_the_ends(y, present, n, ends, prior, work)
        _sum_up(days, adjusted[0], present, adjusted[1], n, noise, lag, prior, work)
        _candidates(n, noise, prior, work)
        _weigh(n, prior, work)

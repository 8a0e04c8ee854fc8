"""The compiled arithmetic of recovery: posterior, probabilities and quantiles of many episodes.

Imported on first use only, because numba is slow to import. docs/recovery.md derives every formula.

A question asks how `x` compares with `q d`, both linear in the start b and the recovery c. The
arrays handed on have a column for each time constant that still matters, and the rows named below.
Loops over the time constants, and sums kept for each of them, are the form that the compiler turns
into vector instructions without being allowed to reorder a sum. Nothing here keeps state, so any
number of threads may call it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reliefpath.recovery.prior import RANGE

Floats = NDArray[np.float64]
Packed = tuple[Floats, Floats, float, float, float, float, float, int, float]
"""1 / tau, log weight, mean b, mean c, precision bb, bc, cc, degrees, scale."""
Known = tuple[Floats, int, int, Floats, Floats]
"""Posterior, how many of its columns count, degrees of freedom, their series, working space."""
FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

WEIGHT, RATE, MEAN_B, MEAN_C, VAR_B, COV_BC, VAR_C = range(7)  # a posterior
G1, GG, R1, RG, RR = range(5)  # the running sums
MEAN_X, VAR_X, MEAN_D, VAR_D, COV_XD = range(5)  # a question
SINE, SQUARE, TOTAL, POWER = range(4)  # working space
(
    IMPROVEMENT,
    LOW,
    HIGH,
    P_WINDOW,
    P_RECOVERED,
    P_PLATEAU,
    P_WORSENING,
    EXPECTED_GAIN,
    LEVEL_AHEAD,
    LEVEL_AHEAD_LOW,
    LEVEL_AHEAD_HIGH,
) = range(11)  # a `Recovery`

NEGLIGIBLE = 1e-12
"""A time constant whose weight is below this share of all is left out."""
RATIO_LIMIT = 9.99
"""A ratio is looked for between -999 % and 999 %."""
LEVEL_LIMIT = 100 * RANGE
"""A point of the curve is looked for this far from well."""
TAIL = 0.05
"""Intervals run from this quantile to its mirror image."""
TAIL_STEP = 2.6
"""A tail lies about this many odds-spreads from the middle: a first guess."""
CLOSE = 1e-5
"""A quantile is found when a Newton step is below this share of the spread, and below this."""
STEPS = 100
TINY = 1e-300


def compiled(function: FunctionT) -> FunctionT:
    """Compile `function`; keep the machine code on disk wherever a place for it can be written."""
    try:
        machine_code = njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        machine_code = njit(nogil=True, error_model="numpy")(function)
    return cast(FunctionT, machine_code)


@compiled
def _recovered(weeks: float, rate: float) -> float:
    """Return g = 1 - exp(-weeks * rate) to 14 digits, by scaling and squaring.

    Unlike the library's exponential it works on several lanes at once.
    """
    x = -min(weeks * rate, 40.0) / 128.0
    power = 1.0
    for m in range(8, 0, -1):
        power = 1.0 + power * x * (1.0 / m)
    for _ in range(7):
        power *= power
    return 1.0 - power


@compiled
def _angle(sine: float, cosine: float) -> float:
    """Return the angle within a quarter turn of 0 that has this sine and cosine.

    It is halved three times, so that eleven terms of the arc tangent's series are exact to
    rounding; unlike the library's function it works on several lanes at once.
    """
    h = sine / (1.0 + cosine)
    h = h / (1.0 + math.sqrt(1.0 + h * h))
    h = h / (1.0 + math.sqrt(1.0 + h * h))
    total = 0.0
    for m in range(10, -1, -1):
        total = 1.0 / (2 * m + 1) - total * h * h
    return 8.0 * h * total


@compiled
def _series(longest: int) -> Floats:
    """Return the coefficients of the Student-t's finite series; row 1 is for odd degrees."""
    series = np.ones((2, longest // 2 + 1))
    for j in range(1, series.shape[1]):
        series[0, j] = series[0, j - 1] * (2 * j - 1) / (2 * j)
        series[1, j] = series[1, j - 1] * (2 * j) / (2 * j + 1)
    return series


@compiled
def _sum_up(weeks: Floats, y: Floats, first: int, last: int, prior: Packed, sums: Floats) -> None:
    """Fill `sums` from the scores `first` to `last`, taken from the mean curve of the prior."""
    rates, mean_b, mean_c = prior[0], prior[2], prior[3]
    sums[:] = 0.0
    for i in range(first, last):
        t = max(weeks[i], 0.0)
        above = y[i] - mean_b
        for k in range(len(rates)):
            g = _recovered(t, rates[k])
            r = above + mean_c * g
            sums[G1, k] += g
            sums[GG, k] += g * g
            sums[R1, k] += r
            sums[RG, k] += r * g
            sums[RR, k] += r * r


@compiled
def _posterior(n: int, prior: Packed, sums: Floats, posterior: Floats) -> int:
    """Fill `posterior` from the sums of `n` scores; return how many time constants still matter."""
    rates, log_weights, mean_b, mean_c, bb, bc, cc, degrees, scale = prior
    dof = degrees + n
    best = -np.inf
    for k in range(len(rates)):
        p_bb, p_bc, p_cc = bb + n, bc - sums[G1, k], cc + sums[GG, k]
        det = p_bb * p_cc - p_bc * p_bc
        shift_b = (p_cc * sums[R1, k] + p_bc * sums[RG, k]) / det
        shift_c = -(p_bb * sums[RG, k] + p_bc * sums[R1, k]) / det
        explained = shift_b * sums[R1, k] - shift_c * sums[RG, k]
        squares = degrees * scale * scale + sums[RR, k] - explained
        variance = squares / (dof * det)
        posterior[RATE, k] = rates[k]
        posterior[MEAN_B, k] = mean_b + shift_b
        posterior[MEAN_C, k] = mean_c + shift_c
        posterior[VAR_B, k] = variance * p_cc
        posterior[COV_BC, k] = -variance * p_bc
        posterior[VAR_C, k] = variance * p_bb
        log_weight = log_weights[k] - 0.5 * (math.log(det) + dof * math.log(squares))
        posterior[WEIGHT, k] = log_weight
        best = max(best, log_weight)

    total = 0.0
    for k in range(len(rates)):
        posterior[WEIGHT, k] = math.exp(posterior[WEIGHT, k] - best)
        total += posterior[WEIGHT, k]
    count = 0
    for k in range(len(rates)):
        if posterior[WEIGHT, k] > NEGLIGIBLE * total:
            for row in range(posterior.shape[0]):
                posterior[row, count] = posterior[row, k]
            posterior[WEIGHT, count] /= total
            count += 1
    return count


@compiled
def _ask_share(posterior: Floats, count: int, weeks: float, question: Floats) -> None:
    """Let x be the recovery after `weeks`, and d the start."""
    for k in range(count):
        g = _recovered(weeks, posterior[RATE, k])
        question[MEAN_X, k] = g * posterior[MEAN_C, k]
        question[VAR_X, k] = g * g * posterior[VAR_C, k]
        question[MEAN_D, k] = posterior[MEAN_B, k]
        question[VAR_D, k] = posterior[VAR_B, k]
        question[COV_XD, k] = g * posterior[COV_BC, k]


@compiled
def _ask_gain(posterior: Floats, count: int, now: float, later: float, question: Floats) -> float:
    """Let x be the recovery from `now` to `later`, and d be 1; return the mean of x."""
    mean = 0.0
    for k in range(count):
        rate = posterior[RATE, k]
        g = _recovered(later - now, rate) * (1.0 - _recovered(now, rate))
        question[MEAN_X, k] = g * posterior[MEAN_C, k]
        question[VAR_X, k] = g * g * posterior[VAR_C, k]
        question[MEAN_D, k] = 1.0
        question[VAR_D, k] = 0.0
        question[COV_XD, k] = 0.0
        mean += posterior[WEIGHT, k] * question[MEAN_X, k]
    return mean


@compiled
def _ask_level(posterior: Floats, count: int, weeks: float, question: Floats) -> float:
    """Let x be the curve after `weeks`, and d be 1; return the mean of x."""
    mean = 0.0
    for k in range(count):
        g = _recovered(weeks, posterior[RATE, k])
        question[MEAN_X, k] = posterior[MEAN_B, k] - g * posterior[MEAN_C, k]
        question[VAR_X, k] = posterior[VAR_B, k] + g * (
            g * posterior[VAR_C, k] - 2.0 * posterior[COV_BC, k]
        )
        question[MEAN_D, k] = 1.0
        question[VAR_D, k] = 0.0
        question[COV_XD, k] = 0.0
        mean += posterior[WEIGHT, k] * question[MEAN_X, k]
    return mean


@compiled
def _below(q: float, question: Floats, known: Known) -> tuple[float, float]:
    """Return P(x <= q d) and its derivative in q."""
    posterior, count, dof, series, lane = known
    for k in range(count):
        cov = q * question[VAR_D, k] - question[COV_XD, k]
        variance = question[VAR_X, k] + q * (cov - question[COV_XD, k])
        sharpness = 1.0 / math.sqrt(max(variance, TINY))
        z = (q * question[MEAN_D, k] - question[MEAN_X, k]) * sharpness
        slope = (question[MEAN_D, k] - z * cov * sharpness) * sharpness
        hypotenuse = 1.0 / math.sqrt(dof + z * z)
        lane[SINE, k] = z * hypotenuse
        lane[SQUARE, k] = dof * hypotenuse * hypotenuse
        lane[TOTAL, k] = 0.0
        lane[POWER, k] = posterior[WEIGHT, k] * slope
    odd = dof % 2
    for j in range(dof // 2 - 1, -1, -1):
        term = series[odd, j]
        for k in range(count):
            lane[TOTAL, k] = lane[TOTAL, k] * lane[SQUARE, k] + term
            lane[POWER, k] *= lane[SQUARE, k]
    for k in range(count):
        cosine = math.sqrt(lane[SQUARE, k])
        half = lane[SINE, k] * lane[TOTAL, k]
        if odd:
            half = _angle(lane[SINE, k], cosine) + cosine * half
            cosine = lane[SQUARE, k]
        lane[TOTAL, k] = posterior[WEIGHT, k] * half
        lane[POWER, k] *= cosine

    above_half, density = 0.0, 0.0
    for k in range(count):
        above_half += lane[TOTAL, k]
        density += lane[POWER, k]
    scale = 1.0 / math.pi if odd else 0.5
    peak = scale * (dof - 1) * series[odd, dof // 2 - 1] / math.sqrt(dof)
    return min(max(0.5 + scale * above_half, 0.0), 1.0), peak * density


@compiled
def _quantile(
    p: float, q: float, spread: float, limit: float, question: Floats, known: Known
) -> tuple[float, float]:
    """Return the q within `limit` where P(x <= q d) = p, and the spread there; start from `q`.

    Newton's method on the log odds, which are nearly straight in q, inside a shrinking bracket.
    """
    low, high = -np.inf, np.inf
    q = min(max(q, -limit), limit)
    goal = math.log(p / (1.0 - p))
    for _ in range(STEPS):
        below, density = _below(q, question, known)
        if below < p:
            low = q
        else:
            high = q
        target = np.nan
        if 0.0 < below < 1.0 and density > 0.0:
            spread = below * (1.0 - below) / density
            target = q + (goal - math.log(below / (1.0 - below))) * spread
            target = min(max(target, -limit), limit)
        close = CLOSE * min(spread, 1.0)
        if not low <= target <= high:
            target = 0.5 * (max(low, -limit) + min(high, limit))
            close = CLOSE * CLOSE
        step = abs(target - q)
        q = target
        if step <= close:
            break
    return q, spread


@compiled
def _interval(limit: float, question: Floats, known: Known) -> tuple[float, float, float]:
    """Return the median of q in x = q d, and the bounds of its 90 % interval."""
    posterior, count = known[0], known[1]
    x, d, square = 0.0, 0.0, 0.0
    for k in range(count):
        x += posterior[WEIGHT, k] * question[MEAN_X, k]
        d += posterior[WEIGHT, k] * question[MEAN_D, k]
    q = x / d
    for k in range(count):
        square += posterior[WEIGHT, k] * (
            (question[MEAN_X, k] - q * question[MEAN_D, k]) ** 2
            + question[VAR_X, k]
            + q * (q * question[VAR_D, k] - 2.0 * question[COV_XD, k])
        )
    spread = 0.6 * math.sqrt(max(square, TINY)) / d
    middle, spread = _quantile(0.5, q, spread, limit, question, known)
    reach = TAIL_STEP * spread
    low, _ = _quantile(TAIL, middle - reach, spread, limit, question, known)
    high, _ = _quantile(1.0 - TAIL, middle + reach, spread, limit, question, known)
    return middle, min(low, middle), max(high, middle)


@compiled
def recover_range(
    first: int,
    last: int,
    offsets: NDArray[np.int64],
    weeks: Floats,
    burden: Floats,
    span: Floats,
    matters: Floats,
    questions: tuple[float, float, float, float],
    prior: Packed,
    out: Floats,
) -> None:
    """Answer the questions for the episodes from `first` up to `last`, which are columns of `out`.

    Its rows are the fields of `Recovery`; what can't be answered is left as it is. `burden` is on
    the common scale, `span` and `matters` are in the measure's units.
    """
    window_low, window_high, recovered, horizon = questions
    size = len(prior[0])
    sums, posterior = np.empty((5, size)), np.empty((7, size))
    question, lane = np.empty((5, size)), np.empty((4, size))
    longest = 0
    for i in range(first, last):
        longest = max(longest, offsets[i + 1] - offsets[i])
    series = _series(prior[7] + longest)

    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        _sum_up(weeks, burden, offsets[i], offsets[i + 1], prior, sums)
        count = _posterior(n, prior, sums, posterior)
        known = (posterior, count, prior[7] + n, series, lane)
        now = max(weeks[offsets[i + 1] - 1], 0.0)
        later = max(weeks[offsets[i + 1] - 1] + horizon, 0.0)
        change = matters[i] / span[i] * RANGE

        gain = _ask_gain(posterior, count, now, later, question)
        out[EXPECTED_GAIN, i] = gain * span[i] / RANGE
        if not math.isnan(change):
            below, _ = _below(change, question, known)
            out[P_PLATEAU, i] = below
            _ask_gain(posterior, count, 0.0, later, question)
            below, _ = _below(-change, question, known)
            out[P_WORSENING, i] = below

        _ask_level(posterior, count, 0.0, question)
        below, _ = _below(0.0, question, known)
        if below >= TAIL:
            continue
        _ask_share(posterior, count, now, question)
        short, _ = _below(window_low, question, known)
        below, _ = _below(window_high, question, known)
        out[P_WINDOW, i] = max(below - short, 0.0)
        if recovered != window_high:
            below, _ = _below(recovered, question, known)
        out[P_RECOVERED, i] = 1.0 - below
        middle, low, high = 0.0, 0.0, 0.0
        if now > 0.0:
            middle, low, high = _interval(RATIO_LIMIT, question, known)
        out[IMPROVEMENT, i], out[LOW, i], out[HIGH, i] = middle, low, high
        _ask_share(posterior, count, np.inf, question)
        middle, low, high = _interval(RATIO_LIMIT, question, known)
        out[LEVEL_AHEAD, i], out[LEVEL_AHEAD_LOW, i], out[LEVEL_AHEAD_HIGH, i] = middle, low, high


@compiled
def curve_at(weeks: Floats, burden: Floats, at: Floats, prior: Packed, out: Floats) -> None:
    """Fill the rows of `out` with the mean of the curve and its interval at the weeks `at`."""
    size = len(prior[0])
    sums, posterior = np.empty((5, size)), np.empty((7, size))
    question, lane = np.empty((5, size)), np.empty((4, size))
    dof = prior[7] + len(burden)
    _sum_up(weeks, burden, 0, len(burden), prior, sums)
    count = _posterior(len(burden), prior, sums, posterior)
    known = (posterior, count, dof, _series(dof), lane)
    for i in range(len(at)):
        out[0, i] = _ask_level(posterior, count, max(at[i], 0.0), question)
        _, out[1, i], out[2, i] = _interval(LEVEL_LIMIT, question, known)

"""A question put to the posterior: how `x` compares with a number `q`, or with `q` starts.

x is linear in the start b, the recovery c and the deviation w at the latest score, so that each
candidate answers with a Student-t probability. Compiled, and imported on first use only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from reliefpath.recovery._kernel.compiling import (
    HALF,
    ONE,
    TWO,
    UNIT,
    ZERO,
    F,
    I,
    StudentLaw,
    compiled,
    student,
    student_law,
    total,
)
from reliefpath.recovery._kernel.packing import LONGEST_GAP, PackedPrior, PackedTargets
from reliefpath.recovery._kernel.posterior import (
    BB,
    BC,
    CC,
    D1,
    DG,
    DP,
    DY,
    L1,
    LC,
    LD,
    LG,
    LP,
    LY,
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
    Singles,
    Space,
    trace,
)

X, VAR_X, COV, EACH, UNDER, START, VAR_B = range(7)
"""Rows of a question: mean and variance of x, covariance with the start, probabilities of each,
mean and variance of the start."""
NO_DEVIATION = -1
MOST_KNOWN = 160
"""Points known of a distribution function, at most."""


class Question(NamedTuple):
    """What is asked of an episode.

    Attributes:
        rows: Rows as above, by deviation, asymptote and shape in one line.
        line: The same in one line.
        part: What x has of c, by asymptote and shape.
        part_line: The same in one line.
        days: What is reached by each of three days, to take it from.
        known: Points known of a distribution function.
    """

    rows: Singles
    line: Singles
    part: Singles
    part_line: Singles
    days: Singles
    known: Floats


class Mixture(NamedTuple):
    """What answers a question, and no more: whatever a call is given has its price.

    Attributes:
        rows: Of the question, in one line.
        posterior: In one line.
        law: The Student-t.
        mean_start: Of the prior.
        lane: A line to add up.
        known: Points known of a distribution function.
    """

    rows: Singles
    posterior: Singles
    law: StudentLaw
    mean_start: float
    lane: Singles
    known: Floats


@compiled
def question_space(prior: PackedPrior) -> Question:
    """Return space for one question."""
    shapes, deviations = prior.reached.shape[1], len(prior.ratios)
    lanes = prior.asymptotes.shape[1]
    rows = np.empty((7, deviations, lanes), np.float32)
    part = np.empty((lanes // shapes, shapes), np.float32)
    line = rows.reshape((7, deviations * lanes))
    days = np.empty((3, shapes), np.float32)
    return Question(rows, line, part, part.reshape(lanes), days, np.empty((2, MOST_KNOWN)))


@compiled
def between(
    earlier: int, later: int, now: int, prior: PackedPrior, work: Space, question: Question
) -> None:
    """Let x have of c what is reached between two days."""
    part, days = question.part, question.days
    trace(earlier, now, prior, work, days[0])
    trace(later, now, prior, work, days[1])
    for r in range(part.shape[0]):
        for k in range(part.shape[1]):
            part[r, k] = days[1, k] - days[0, k]


@compiled
def steeper(
    behind: int, now: int, ahead: int, prior: PackedPrior, work: Space, question: Question
) -> None:
    """Let x have of c what is reached from `behind` to `now` or to `ahead`, whichever is more."""
    part, days = question.part, question.days
    trace(behind, now, prior, work, days[0])
    trace(now, now, prior, work, days[1])
    trace(ahead, now, prior, work, days[2])
    for r in range(part.shape[0]):
        for k in range(part.shape[1]):
            a, b = days[1, k] - days[0, k], days[2, k] - days[1, k]
            part[r, k] = HALF * (a + b + abs(a - b))


@compiled
def in_second(now: int, prior: PackedPrior, work: Space, question: Question) -> None:
    """Let x have of c what a second recovery has brought."""
    part, days = question.part, question.days
    trace(now, now, prior, work, days[0])
    reached = prior.reached[min(now, len(prior.reached) - 2)]
    for r in range(part.shape[0]):
        for k in range(part.shape[1]):
            first = work.first_share[k] * reached[k]
            part[r, k] = prior.second[k] * (days[0, k] - first)


@compiled
def ask(
    start: float,
    days: int,
    deviation: float,
    score: float,
    effect: float,
    prior: PackedPrior,
    work: Space,
    question: Question,
    lagged: float = 0.0,
) -> None:
    """Let x be the gain: the part of c, less `start` b, and `deviation` times today's deviation
    less what is left of it in some `days`, and `effect` times what an injection takes off, and
    `lagged` times the deviation at the lag of the posterior.

    A true course has real deviations only. With `score` 1, x is of a score, which has them all and
    noise of its own.
    """
    kept, ratios, real = prior.kept, prior.ratios, prior.real
    sums, scalars, out = work.sums, work.scalars, work.posterior
    rows, part = question.rows, question.part_line
    kb, constant = F(-start), F(-start * prior.mean_start)
    for j in range(len(ratios)):
        counts = days != NO_DEVIATION and (real[j] or score > 0.0)
        if not counts and start == 0.0 and effect == 0.0:
            for p in range(len(part)):
                rows[X, j, p] = part[p] * out[C, j, p]
                rows[VAR_X, j, p] = part[p] * part[p] * out[CC, j, p]
                rows[COV, j, p] = part[p] * out[BC, j, p]
            continue
        left = kept[j, min(days, LONGEST_GAP)] if counts else 0.0
        kw = F(deviation - left) if counts else ZERO
        new = F((ratios[j] * (1.0 - left * left) if counts else 0.0) + score)
        # the deviation of today, too, rests on what an injection takes off
        kl = F(lagged) if counts else ZERO
        kd = F(effect) + kw * F(scalars[WD, j]) + kl * F(scalars[LD, j])
        new += kw * kw * F(scalars[WP, j]) + kd * kd * F(scalars[DP, j])
        new += kl * kl * F(scalars[LP, j]) + TWO * kw * kl * F(scalars[LC, j])
        cb = kb - kw * F(scalars[W1, j]) + kd * F(scalars[D1, j]) - kl * F(scalars[L1, j])
        fixed = constant + kw * F(scalars[WY, j]) + kd * F(scalars[DY, j])
        fixed += kl * F(scalars[LY, j])
        for p in range(len(part)):
            cc = part[p] + kw * sums[WG, j, p] + kd * sums[DG, j, p] + kl * sums[LG, j, p]
            rows[X, j, p] = fixed + cb * out[B, j, p] + cc * out[C, j, p]
            with_b = cb * out[BB, j, p] + cc * out[BC, j, p]
            with_c = cb * out[BC, j, p] + cc * out[CC, j, p]
            rows[VAR_X, j, p] = cb * with_b + cc * with_c + new * out[NOISE, j, p]
            rows[COV, j, p] = with_b


@compiled
def mixture(n: int, prior: PackedPrior, work: Space, question: Question) -> Mixture:
    """Return what answers questions after `n` scores."""
    return Mixture(
        question.line,
        work.posterior_line,
        student_law(n, prior),
        prior.mean_start,
        work.lane,
        question.known,
    )


@compiled
def _probability(units: np.int32) -> float:
    return min(max(units / float(UNIT), 0.0), 1.0)


@compiled
def below(q: float, of: Mixture) -> float:
    """Return P(x <= q), and keep that of each candidate."""
    rows, out, law = of.rows, of.posterior, of.law
    at, units = F(q), I(0)
    for p in range(rows.shape[1]):
        off = at - rows[X, p]
        each = student(off, rows[VAR_X, p] + off * off * law.per_degree, law)
        rows[EACH, p] = each
        units = I(units + I(UNIT * out[WEIGHT, p] * each))
    return _probability(units)


@compiled
def also_within(
    q: float, law: StudentLaw, prior: PackedPrior, work: Space, question: Question
) -> float:
    """Return P(-q <= x <= q, and what `below` kept of each candidate).

    Within a candidate whose deviation is real the two are taken as independent; without one the
    lesser stands for both, since both tell of c alone.
    """
    rows, out = question.rows, work.posterior
    at, units = F(q), I(0)
    for j in range(rows.shape[1]):
        real = prior.real[j]
        for p in range(rows.shape[2]):
            x, variance, first = rows[X, j, p], rows[VAR_X, j, p], rows[EACH, j, p]
            under, over = at - x, -at - x
            each = student(under, variance + under * under * law.per_degree, law)
            each -= student(over, variance + over * over * law.per_degree, law)
            both = first * each if real else min(first, each)
            units = I(units + I(UNIT * out[WEIGHT, j, p] * both))
    return _probability(units)


@compiled
def p_level(
    now: int,
    n: int,
    change: float,
    targets: PackedTargets,
    prior: PackedPrior,
    work: Space,
    question: Question,
) -> float:
    """Return the probability of a level course.

    Less than `change` was gained over the horizon on the curve, or will be over the days of a level
    course; and over the horizon behind neither curve nor deviation moved by it.
    """
    of = mixture(n, prior, work, question)
    behind = max(now - targets.horizon, 0)
    steeper(behind, now, now + targets.level_days, prior, work, question)
    ask(0.0, targets.level_days, 1.0, 0.0, 0.0, prior, work, question)
    below(change, of)
    between(behind, now, now, prior, work, question)
    ask(0.0, 0, 0.0, 0.0, 0.0, prior, work, question, 1.0)
    return also_within(change, of.law, prior, work, question)


@compiled
def ask_since_best(n: int, prior: PackedPrior, work: Space, question: Question) -> None:
    """Let x be the gain since the best day of `n` scores, with today's deviation if it is real.

    The best is where most was reached or, where care is expected to bring a loss, the least.
    """
    course, most, least = work.course, question.days[0], question.days[1]
    sums, scalars, out, rows = work.sums, work.scalars, work.posterior, question.rows
    for k in range(len(most)):
        most[k] = least[k] = course[n - 1, k]
    for i in range(n - 1):
        for k in range(len(most)):
            most[k], least[k] = max(most[k], course[i, k]), min(least[k], course[i, k])
    for k in range(len(most)):
        most[k], least[k] = course[n - 1, k] - most[k], course[n - 1, k] - least[k]
    for j in range(rows.shape[1]):
        w = ONE if prior.real[j] else ZERO
        kd = -w * F(scalars[WD, j])
        new = w * F(scalars[WP, j]) + kd * kd * F(scalars[DP, j])
        cb = w * F(scalars[W1, j]) + kd * F(scalars[D1, j])
        fixed = kd * F(scalars[DY, j]) - w * F(scalars[WY, j])
        for r in range(question.part.shape[0]):
            for k in range(len(most)):
                p = r * len(most) + k
                b, c = out[B, j, p], out[C, j, p]
                cc = most[k] if c >= ZERO else least[k]
                cc += kd * sums[DG, j, p] - w * sums[WG, j, p]
                rows[X, j, p] = fixed + cb * b + cc * c
                with_b = cb * out[BB, j, p] + cc * out[BC, j, p]
                with_c = cb * out[BC, j, p] + cc * out[CC, j, p]
                rows[VAR_X, j, p] = cb * with_b + cc * with_c + new * out[NOISE, j, p]


@compiled
def weeks_since(
    now: int, beyond: bool, prior: PackedPrior, work: Space, question: Question
) -> float:
    """Return how many weeks ago, by the mean, began what makes x lie where `below` found it.

    With `beyond`, what makes it lie above.
    """
    rows, out, part, lane = question.rows, work.posterior, question.part, work.lane
    lanes, weeks, seen = rows.shape[2], F(now / 7.0), 0.0
    for r in range(part.shape[0]):
        for k in range(part.shape[1]):
            part[r, k] = prior.ago[k] if work.turned[k] > ZERO else weeks - prior.start[k]
    found = 0.0
    for j in range(rows.shape[1]):
        for p in range(lanes):
            each = ONE - rows[EACH, j, p] if beyond else rows[EACH, j, p]
            lane[0, p] = out[WEIGHT, j, p] * each
        seen += float(total(lane, lanes))
        for p in range(lanes):
            each = ONE - rows[EACH, j, p] if beyond else rows[EACH, j, p]
            lane[0, p] = out[WEIGHT, j, p] * each * question.part_line[p]
        found += float(total(lane, lanes))
    return max(found / seen, 0.0)


@compiled
def compare_with_start(of: Mixture) -> None:
    """Have the next questions ask for shares of the start b: how x compares with q b.

    The square on which the Student-t of x - q b rests is one of q; its coefficients take the place
    of the variances.
    """
    rows, out = of.rows, of.posterior
    per_degree, usual = of.law.per_degree, F(of.mean_start)
    for p in range(rows.shape[1]):
        b, x = usual + out[B, p], rows[X, p]
        rows[START, p] = b
        rows[VAR_B, p] = out[BB, p] + b * b * per_degree
        rows[COV, p] = -TWO * (rows[COV, p] + b * x * per_degree)
        rows[VAR_X, p] += x * x * per_degree


@compiled
def share_below(q: float, of: Mixture) -> float:
    """Return P(x <= q b), after `compare_with_start`."""
    rows, out, law = of.rows, of.posterior, of.law
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
    rows, out, law = of.rows, of.posterior, of.law
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
    rows, out, law, usual = of.rows, of.posterior, of.law, of.mean_start
    fixed, units = F(usual), I(0)
    for p in range(rows.shape[1]):
        off = fixed + out[B, p]
        each = student(off, out[BB, p] + off * off * law.per_degree, law)
        units = I(units + I(UNIT * out[WEIGHT, p] * each))
    return _probability(units)


@compiled
def mean(of: Mixture) -> float:
    """Return the mean of x."""
    rows, out, lane = of.rows, of.posterior, of.lane
    for p in range(rows.shape[1]):
        lane[0, p] = out[WEIGHT, p] * rows[X, p]
    return float(total(lane, lane.shape[1]))


@compiled
def about(usual: float, moments: Singles, part: Singles) -> tuple[float, float, float]:
    """Return about where x / b lies, its standard deviation, and the Cantelli bound of P(b <= 0).

    The deviation is left out: it is where a search begins.
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

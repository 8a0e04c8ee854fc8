"""The compiled answers, episode by episode, and forecasts and curves from the same posterior.

Imported on first use only, because numba is slow to import.
"""

from __future__ import annotations

import math

import numpy as np

from reliefpath.recovery._kernel.compiling import compiled
from reliefpath.recovery._kernel.packing import BEFORE, NEVER, PackedPrior, PackedTargets
from reliefpath.recovery._kernel.posterior import (
    Floats,
    Ints,
    find_moments,
    find_posterior,
    most_scores,
    space,
)
from reliefpath.recovery._kernel.quantiles import loss_quantiles, normal_quantile, note, quantile
from reliefpath.recovery._kernel.question import (
    NO_DEVIATION,
    about,
    ask,
    ask_since_best,
    below,
    between,
    compare_with_start,
    in_second,
    mean,
    mixture,
    p_level,
    question_space,
    share_below,
    share_within,
    surely_unwell,
    weeks_since,
)
from reliefpath.recovery.prior import RANGE

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
    P_WORSE,
    WORSE_WEEKS,
    P_SECOND,
    SECOND_WEEKS,
    EXPECTED_GAIN,
    LEVEL_AHEAD,
    INJECTION_EFFECT,
) = range(16)
"""Rows of the answers, the fields of a `Recovery`."""
RATIO_LIMIT = 9.99
"""A ratio is looked for between -999 % and 999 %."""
TAIL = 0.05
"""Intervals run from this quantile to its mirror image."""
Z_TAIL = 1.6448536269514722


@compiled
def recover_range(
    first: int,
    last: int,
    offsets: Ints,
    day: Ints,
    burden: Floats,
    effect: Floats,
    scale_range: Floats,
    mcid: Floats,
    step: Floats,
    targets: PackedTargets,
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Answer the questions for the episodes from `first` up to `last`, which are columns of `out`.

    Its rows are the fields of `Recovery`; what can't be answered is left as it is. `burden` is on
    the common scale; `scale_range`, `mcid` and `step` are in the measure's units.
    """
    window_low, window_high = targets.window_low, targets.window_high
    recovered, horizon = targets.recovered, targets.horizon
    work, question = space(prior, most_scores(first, last, offsets)), question_space(prior)
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        unit = RANGE / scale_range[i]
        find_posterior(
            day, burden, effect, offsets[i], offsets[i + 1], step[i] * unit, horizon, prior, work
        )
        find_moments(prior, work)
        of = mixture(n, prior, work, question)
        now, change = day[offsets[i + 1] - 1], mcid[i] * unit
        later = now + horizon
        known = not math.isnan(change)
        if known:
            out[P_LEVEL, i] = p_level(now, n, change, targets, prior, work, question)
            between(BEFORE, later, now, prior, work, question)
            ask(0.0, horizon, 0.0, 0.0, 0.0, prior, work, question)
            out[P_WORSENING, i] = below(-change, of)
            loss = targets.loss * change
            ask_since_best(n, prior, work, question)
            out[P_WORSE, i] = below(-loss, of)
            if out[P_WORSE, i] > TAIL:
                out[WORSE_WEEKS, i] = weeks_since(now, False, prior, work, question)
            in_second(now, prior, work, question)
            ask(0.0, NO_DEVIATION, 0.0, 0.0, 0.0, prior, work, question)
            out[P_SECOND, i] = 1.0 - below(loss, of)
            if out[P_SECOND, i] > TAIL:
                out[SECOND_WEEKS, i] = weeks_since(now, True, prior, work, question)
        between(now, later, now, prior, work, question)
        ask(0.0, horizon, 1.0, 0.0, 0.0, prior, work, question)
        out[EXPECTED_GAIN, i] = mean(of) / unit
        if known:
            out[P_PLATEAU, i] = below(change, of)

        out[INJECTION_EFFECT, i] = 0.0
        if effect[offsets[i + 1] - 1] > 0.0:
            between(BEFORE, BEFORE, now, prior, work, question)
            ask(0.0, NO_DEVIATION, 0.0, 0.0, effect[offsets[i + 1] - 1], prior, work, question)
            out[INJECTION_EFFECT, i] = mean(of) / unit
        between(BEFORE, now, now, prior, work, question)
        ask(0.0, 0, 0.0, 0.0, 0.0, prior, work, question)
        guess, spread, bound = about(prior.mean_start, work.moments_by_asymptote, question.part)
        # Cantelli's inequality mostly tells that the start is surely above 0
        if bound > TAIL and surely_unwell(of) < 1.0 - TAIL:
            continue
        compare_with_start(of)
        under, inside, both = share_within(window_low, window_high, of)
        out[P_WINDOW, i], out[P_RECOVERED, i] = inside, 1.0 - under - inside
        if known:
            out[P_PLATEAU_IN_WINDOW, i] = both
        if recovered != window_high:
            out[P_RECOVERED, i] = 1.0 - share_below(recovered, of)
        seen = note(window_low, normal_quantile(under), 0, question.known)
        seen = note(window_high, normal_quantile(under + inside), seen, question.known)
        middle, low, high = 0.0, 0.0, 0.0
        if now > 0:
            reach = Z_TAIL * spread
            middle, seen = quantile(0.5, guess, spread, RATIO_LIMIT, True, seen, of)
            low, seen = quantile(TAIL, guess - reach, spread, RATIO_LIMIT, True, seen, of)
            high, seen = quantile(1.0 - TAIL, guess + reach, spread, RATIO_LIMIT, True, seen, of)
        out[IMPROVEMENT, i] = middle
        out[LOW, i], out[HIGH, i] = min(low, middle), max(high, middle)
        between(BEFORE, NEVER, now, prior, work, question)
        ask(0.0, NO_DEVIATION, 0.0, 0.0, 0.0, prior, work, question)
        compare_with_start(of)
        guess, spread, _ = about(prior.mean_start, work.moments_by_asymptote, question.part)
        out[LEVEL_AHEAD, i], _ = quantile(0.5, guess, spread, RATIO_LIMIT, True, 0, of)


@compiled
def forecast_range(
    first: int,
    last: int,
    offsets: Ints,
    day: Ints,
    burden: Floats,
    effect: Floats,
    step: Floats,
    at: Ints,
    effect_at: Floats,
    levels: Floats,
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Fill `out`, by episode, day in its row of `at` and level, with quantiles of the score then.

    `burden`, `step` and the answers are on the common scale; a day below 0 is not asked for.
    """
    work, question = space(prior, most_scores(first, last, offsets)), question_space(prior)
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        if n == 0:
            continue
        find_posterior(day, burden, effect, offsets[i], offsets[i + 1], step[i], 0, prior, work)
        of = mixture(n, prior, work, question)
        now = day[offsets[i + 1] - 1]
        for a in range(at.shape[1]):
            if at[i, a] < 0:
                continue
            between(BEFORE, at[i, a], now, prior, work, question)
            ask(1.0, max(at[i, a] - now, 0), 0.0, 1.0, effect_at[i, a], prior, work, question)
            loss_quantiles(levels, of, out[i, a])


@compiled
def curve_at(
    day: Ints,
    burden: Floats,
    effect: Floats,
    step: float,
    at: Ints,
    effect_at: Floats,
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Fill the rows of `out` with mean, 5 % and 95 % quantile of the course on the days `at`."""
    n = len(day)
    work, question = space(prior, n), question_space(prior)
    levels, found = np.array([TAIL, 1.0 - TAIL]), np.empty(2)
    find_posterior(day, burden, effect, 0, n, step, 0, prior, work)
    of = mixture(n, prior, work, question)
    for i in range(len(at)):
        between(BEFORE, max(at[i], 0), day[n - 1], prior, work, question)
        ask(1.0, NO_DEVIATION, 0.0, 0.0, effect_at[i], prior, work, question)
        out[0, i] = -mean(of)
        loss_quantiles(levels, of, found)
        out[1, i], out[2, i] = min(found[0], out[0, i]), max(found[1], out[0, i])

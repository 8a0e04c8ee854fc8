"""The compiled answers, episode by episode, and forecasts and curves from the same posterior.

Imported on first use only, because numba is slow to import.
"""

from __future__ import annotations

import math

import numpy as np

from reliefpath.recovery.compiling import compiled
from reliefpath.recovery.posterior import (
    LEAST_WEIGHT,
    WEIGHT,
    Floats,
    Ints,
    Packed,
    find_posterior,
    most_scores,
    space,
)
from reliefpath.recovery.prior import RANGE
from reliefpath.recovery.question import (
    NO_WANDER,
    ask,
    below,
    between,
    each_below,
    each_share_below,
    loss_quantiles,
    mean,
    mean_start,
    quantile,
    questions,
    share_below,
    share_of_start,
    share_spread,
    steeper,
    sum_of,
    surely_unwell,
)

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
    work, question = space(prior, most_scores(first, last, offsets)), questions(prior)
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
            each_below(change, dof, work, question, 1)
            out[P_PLATEAU, i] = sum_of(lane, 1)
            steeper(max(now - horizon, 0), now, min(now + level_ahead, end), prior, question)
            ask(0.0, level_ahead, 1.0, 0.0, prior, work, question)
            out[P_LEVEL, i] = below(change, dof, work, question)
            between(nothing, later, prior, question)
            ask(0.0, horizon, 0.0, 0.0, prior, work, question)
            out[P_WORSENING, i] = below(-change, dof, work, question)

        between(nothing, now, prior, question)
        ask(0.0, 0, 0.0, 0.0, prior, work, question)
        share_of_start(1.0, prior, work, question)
        if surely_unwell(dof, work, question) < 1.0 - TAIL:
            continue
        each_share_below(window_high, dof, work, question, 2)
        at_most_window = sum_of(lane, 2)
        each_share_below(window_low, dof, work, question, 3)
        for p in range(lane.shape[1]):
            lane[2, p] -= lane[3, p]
            # within a component whether there is more to come says nothing of where it stands
            lane[1, p] *= lane[2, p] / max(work[5][WEIGHT, p], LEAST_WEIGHT)
        out[P_WINDOW, i] = sum_of(lane, 2)
        if known:
            out[P_PLATEAU_IN_WINDOW, i] = sum_of(lane, 1)
        out[P_RECOVERED, i] = 1.0 - at_most_window
        if recovered != window_high:
            out[P_RECOVERED, i] = 1.0 - share_below(recovered, dof, work, question)
        start = mean_start(work, question)
        middle, low, high = 0.0, 0.0, 0.0
        if now > 0:
            guess = mean(work, question) / start
            spread = share_spread(guess, work, question) / start
            known_by = (dof, work, question)
            middle = quantile(0.5, guess, spread, RATIO_LIMIT, True, *known_by)
            reach = Z_TAIL * spread
            low = quantile(TAIL, guess - reach, spread, RATIO_LIMIT, True, *known_by)
            high = quantile(1.0 - TAIL, guess + reach, spread, RATIO_LIMIT, True, *known_by)
        out[IMPROVEMENT, i] = middle
        out[LOW, i], out[HIGH, i] = min(low, middle), max(high, middle)
        between(nothing, end, prior, question)
        ask(0.0, NO_WANDER, 0.0, 0.0, prior, work, question)
        share_of_start(0.0, prior, work, question)
        guess = mean(work, question) / start
        spread = share_spread(guess, work, question) / start
        out[LEVEL_AHEAD, i] = quantile(0.5, guess, spread, RATIO_LIMIT, True, dof, work, question)


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
    work, question = space(prior, most_scores(first, last, offsets)), questions(prior)
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
            loss_quantiles(levels, prior[6] + n, work, question, out[i, a])


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
        loss_quantiles(levels, prior[6] + n, work, question, found)
        out[1, i], out[2, i] = min(found[0], out[0, i]), max(found[1], out[0, i])

"""When the answer is expected to become clear, if scores go on as the curve expects; compiled."""

from __future__ import annotations

import numpy as np

from reliefpath.recovery._kernel.compiling import compiled
from reliefpath.recovery._kernel.packing import BEFORE, PackedPrior, PackedTargets
from reliefpath.recovery._kernel.posterior import (
    Floats,
    Ints,
    find_posterior,
    most_scores,
    space,
)
from reliefpath.recovery._kernel.question import (
    ask,
    between,
    mean,
    mixture,
    p_level,
    question_space,
)
from reliefpath.recovery.prior import RANGE


@compiled
def outlook_range(
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
    clear: tuple[float, float],
    prior: PackedPrior,
    out: Floats,
) -> None:
    """Fill `out` with the weeks from the latest score until the course is clearly level or not.

    A score comes each week, and is what the curve so far expects, without an injection's effect. 0
    is clear already; what is never clear within the weeks of a level course, or can't be asked, is
    left as it is.
    """
    horizon, level_days = targets.horizon, targets.level_days
    unlikely, likely = clear
    weeks = level_days // 7
    longest = most_scores(first, last, offsets)
    work, question = space(prior, longest + weeks), question_space(prior)
    days, scores = np.empty(longest + weeks, np.int64), np.empty(longest + weeks)
    present = np.empty(longest + weeks)
    for i in range(first, last):
        n = offsets[i + 1] - offsets[i]
        change = mcid[i] / scale_range[i] * RANGE
        if n == 0 or np.isnan(change):
            continue
        days[:n], scores[:n] = day[offsets[i] : offsets[i + 1]], burden[offsets[i] : offsets[i + 1]]
        present[:n], present[n:] = effect[offsets[i] : offsets[i + 1]], 0.0
        distance = step[i] / scale_range[i] * RANGE
        find_posterior(days, scores, present, 0, n, distance, horizon, prior, work)
        now = days[n - 1]
        for w in range(1, weeks + 1):
            days[n + w - 1] = now + 7 * w
            between(BEFORE, now + 7 * w, now, prior, work, question)
            ask(1.0, 7 * w, 0.0, 0.0, 0.0, prior, work, question)
            scores[n + w - 1] = min(max(-mean(mixture(n, prior, work, question)), 0.0), RANGE)
        for w in range(weeks + 1):
            if w > 0:
                find_posterior(days, scores, present, 0, n + w, distance, horizon, prior, work)
            at = days[n + w - 1]
            level = p_level(at, n + w, change, targets, prior, work, question)
            if level <= unlikely or level >= likely:
                out[i] = w
                break

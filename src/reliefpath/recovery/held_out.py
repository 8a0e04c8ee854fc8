"""How well a prior foretells scores that it was not learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.recovery.batch import Batch
from reliefpath.recovery.model import forecast
from reliefpath.recovery.prior import RANGE, Prior

Floats = NDArray[np.float64]
LEVELS = np.arange(0.05, 1.0, 0.1)
FEWEST_BEFORE = 2
"""Scores that must lie before one that is foretold."""


def forecast_loss(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    scale_range: ArrayLike,
    *,
    prior: Prior,
    step: ArrayLike | None = None,
    effect: ArrayLike | None = None,
) -> Floats:
    """Return how far off the latest score of each episode is foretold from those before it.

    The loss is twice the mean pinball loss of ten quantiles, which comes near the continuous ranked
    probability score (Gneiting & Raftery 2007, doi:10.1198/016214506000001437): 0 is perfect, and a
    forecast without spread has its absolute error.

    Args:
        offsets, weeks, burden, scale_range, step, effect: Whole episodes, as for `recover`.
        prior: What foretells.

    Returns:
        An entry an episode, in points of the common scale from 0 to 10; NaN with fewer than
        three scores.

    Raises:
        UsageError: The input is not as described.
    """
    whole = Batch.of(offsets, weeks, burden, scale_range, step, effect)
    whole.check(np.full(len(whole.scale_range), np.nan))
    counts = np.diff(whole.offsets)
    scored = counts > 0
    latest = whole.offsets[1:][scored] - 1
    before = np.ones(len(whole.weeks), np.bool_)
    before[latest] = False
    at, present, observed = (np.full(len(counts), np.nan) for _ in range(3))
    at[scored] = np.where(counts[scored] > FEWEST_BEFORE, whole.weeks[latest], np.nan)
    present[scored], observed[scored] = whole.effect[latest], whole.burden[latest]
    foretold = forecast(
        np.append(0, np.cumsum(np.maximum(counts - 1, 0))),
        whole.weeks[before],
        whole.burden[before],
        whole.scale_range,
        at[:, None],
        LEVELS,
        prior,
        step=whole.step,
        effect=whole.effect[before],
        effect_at=np.nan_to_num(present)[:, None],
    )[:, 0]
    off = observed[:, None] - foretold
    loss: Floats = 2 * np.maximum(LEVELS * off, (LEVELS - 1) * off).mean(axis=1)
    return loss / whole.scale_range * RANGE

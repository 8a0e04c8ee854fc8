"""Tomorrow as today: the forecast that is hard to beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from ..histories import LEVELS, Answers, Floats, Histories
from ..training import up_to_each_visit
from .parts import Method, last_score, last_week

ENOUGH = 40
"""Changes over a like distance, below which those over any distance are taken."""
SETTLES = (1.0, 4.0, 16.0)
"""Weeks in which a change may come to be as large as it gets."""
SMALLEST = 1e-6


def last_value(training: Histories) -> Method:
    """Return the method that carries the last value forward, with its error as in `training`.

    Errors are the changes, as a share of the range, between earlier and later visits of the
    training episodes, over distances from half to twice the wanted one; fewer than 40 such are
    replaced by all. They are moved so that their median is 0: the median forecast is the last
    value. The forecast is cut to the range. There is no answer, NaN, about level and inside.
    """
    return _carried_forward(training, errors_at, centred=True)


def last_value_and_drift(training: Histories) -> Method:
    """Return the method that adds to the last value the changes seen in `training`, as they are.

    It is `last_value`, but for the median: that moves as other patients' scores did.
    """
    return _carried_forward(training, errors_at, centred=False)


def last_value_fitted(training: Histories) -> Method:
    """Return the method that carries the last value forward, with its error fitted to distance.

    It is `last_value`, but that changes over all distances tell the error at each of them.
    """
    return _carried_forward(training, fitted_errors_at, centred=True)


def _carried_forward(
    training: Histories, errors: Callable[[Floats, Floats, Floats], Floats], *, centred: bool
) -> Method:
    gap, change = changes(up_to_each_visit(training))

    def method(histories: Histories) -> Answers:
        none = np.full(len(histories), np.nan)
        distance = histories.ahead - last_week(histories)[:, None]
        error = errors(distance, gap, change)
        middle = error[..., [LEVELS.size // 2]] if centred else 0
        scale_range = histories.scale_range[:, None, None]
        told = last_score(histories)[:, None, None] + scale_range * (error - middle)
        return Answers(none, none, none, np.clip(told, 0, scale_range))

    return method


def changes(histories: Histories) -> tuple[Floats, Floats]:
    """Return the distances, in weeks, and the changes of burden up to each latest visit.

    Of histories that are one episode up to each of its visits no pair of visits is counted twice.
    """
    owner = histories.owner
    gap = last_week(histories)[owner] - histories.weeks
    change = (last_score(histories)[owner] - histories.burden) / histories.scale_range[owner]
    return gap[gap > 0], change[gap > 0]


def errors_at(distance: Floats, gap: Floats, change: Floats) -> Floats:
    """Return the quantiles of the changes over about each distance, along a new last axis."""
    asked, which = np.unique(distance, return_inverse=True)
    table = np.full((asked.size, LEVELS.size), np.nan)
    for k in np.flatnonzero(np.isfinite(asked)):
        like = change[(gap >= asked[k] / 2) & (gap <= asked[k] * 2)]
        like = like if like.size >= ENOUGH else change
        table[k] = quantiles(like)
    return table[which.reshape(distance.shape)]


def fitted_errors_at(distance: Floats, gap: Floats, change: Floats) -> Floats:
    """Return the quantiles of an error that grows smoothly with each distance, as `errors_at`.

    The mean square of a change is s(g)^2 = a + sum_T b_T (1 - exp(-g / T)) with none below 0, by
    least squares (a variogram), and its quantiles those of all changes, each in units of its s.
    """
    weight, _ = optimize.nnls(_growth(gap), change**2)

    def spread(at: Floats) -> Floats:
        return np.sqrt(np.maximum(_growth(at) @ weight, SMALLEST))

    return np.asarray(spread(distance)[..., None] * quantiles(change / spread(gap)))


def _growth(gap: Floats) -> Floats:
    return np.stack([np.ones_like(gap), *(1 - np.exp(-gap / weeks) for weeks in SETTLES)], axis=-1)


def quantiles(values: Floats) -> Floats:
    """Return the quantiles at `LEVELS`; 0 if there are no values."""
    return np.quantile(values, LEVELS) if values.size else np.zeros(LEVELS.size)

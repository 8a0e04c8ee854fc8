"""Tomorrow as today: the forecast that is hard to beat."""

from __future__ import annotations

import numpy as np

from ..histories import LEVELS, Answers, Floats, Histories
from .parts import Method, last_score, last_week

ENOUGH = 40
"""Changes over a like distance, below which those over any distance are taken."""


def last_value(training: Histories) -> Method:
    """Return the method that carries the last value forward, with its error as in `training`.

    Errors are the changes, as a share of the range, between earlier visits and the latest one of
    the training histories, over distances from half to twice the wanted one; fewer than 40 such are
    replaced by all. They are moved so that their median is 0: the median forecast is the last
    value. The forecast is cut to the range. There is no answer, NaN, about level and inside.
    """
    return _carried_forward(training, centred=True)


def last_value_and_drift(training: Histories) -> Method:
    """Return the method that adds to the last value the changes seen in `training`, as they are.

    It is `last_value`, but for the median: that moves as other patients' scores did.
    """
    return _carried_forward(training, centred=False)


def _carried_forward(training: Histories, *, centred: bool) -> Method:
    gap, change = changes(training)

    def method(histories: Histories) -> Answers:
        none = np.full(len(histories), np.nan)
        distance = histories.ahead - last_week(histories)[:, None]
        error = errors_at(distance, gap, change)
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


def quantiles(values: Floats) -> Floats:
    """Return the quantiles at `LEVELS`; 0 if there are no values."""
    return np.quantile(values, LEVELS) if values.size else np.zeros(LEVELS.size)

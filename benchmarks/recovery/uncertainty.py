"""How sure a difference between two methods is, with histories of one episode taken together."""

from __future__ import annotations

import numpy as np

from .histories import Flags, Floats, Ints
from .scoring import mean_ranks


def pull_of_mean(values: Floats) -> Floats:
    """Return what each value adds to their mean, less its even share."""
    return np.asarray((values - values.mean()) / values.size)


def pull_on_auc(score: Floats, truth: Flags) -> Floats:
    """Return what each history adds to the area under the curve, less its even share.

    A true one adds the share of false ones it scores above, a false one the share of true ones that
    score above it (DeLong et al., Biometrics 1988).
    """
    true, false = int(truth.sum()), int((~truth).sum())
    if not true or not false:
        return np.full(truth.size, np.nan)
    among = mean_ranks(score)
    above = np.empty(truth.size)
    above[truth] = (among[truth] - mean_ranks(score[truth])) / false
    above[~truth] = 1 - (among[~truth] - mean_ranks(score[~truth])) / true
    area = above[truth].mean()
    return np.asarray((above - area) / np.where(truth, true, false))


def standard_error(pull: Floats, episode: Ints) -> float:
    """Return the standard error of a statistic from each history's pull on it.

    SE^2 = m / (m - 1) sum over m episodes of (sum of their pulls)^2 (Obuchowski, Biometrics 1997).
    The pull on a difference is the difference of the pulls.
    """
    _, which = np.unique(episode, return_inverse=True)
    sums = np.bincount(which, pull)
    m = sums.size
    return float(np.sqrt(m / (m - 1) * np.sum(sums**2))) if m > 1 else float("nan")

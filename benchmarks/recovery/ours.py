"""The recovery model of this package, with its prior as shipped and with one that was learned."""

from __future__ import annotations

import numpy as np

from reliefpath.recovery import DEFAULT_PRIOR, Prior, forecast, recover
from reliefpath.recovery.learning import learn

from .gate import let_through
from .histories import LEVELS, Answers, Histories
from .peers import Method

SHIPPED = "ReliefPath, as shipped"
LEARNED = "ReliefPath, learned"
OURS = (SHIPPED, LEARNED)


def with_prior(prior: Prior) -> Method:
    """Return the method that answers with a prior.

    Level is `p_plateau`, inside `p_window`, both `p_plateau_in_window`; where a start may have been
    0 there is no improvement, and the probability of being inside is 0. The pathway's gate decides.
    """

    def method(histories: Histories) -> Answers:
        h = histories
        told = recover(
            h.offsets, h.weeks, h.burden, h.scale_range, h.mcid, prior=prior, step=h.step
        )
        ahead = forecast(
            h.offsets, h.weeks, h.burden, h.scale_range, h.ahead, LEVELS, prior, step=h.step
        )
        inside, both = np.nan_to_num(told.p_window), np.nan_to_num(told.p_plateau_in_window)
        return Answers(told.p_plateau, inside, both, ahead, decided=let_through(told, h))

    return method


as_shipped = with_prior(DEFAULT_PRIOR)


def learned(training: Histories) -> Method:
    """Return the method whose prior is learned from whole episodes, their scores alone."""
    t = training
    return with_prior(learn(t.offsets, t.weeks, t.burden, t.scale_range, step=t.step))

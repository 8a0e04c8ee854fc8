"""The usual test for a trend that needs no shape."""

from __future__ import annotations

import numpy as np
from scipy import special

from ..histories import Answers, Floats, Histories
from .parts import both_at_once, in_window, nothing_left, raw_improvement, recent

LOOK_BACK = 4.0


def mann_kendall(histories: Histories) -> Answers:
    """Score by the p-value of the one-sided test for a decline over the last 4 weeks.

    At least three visits are tested. A high p-value is no evidence of a decline; it ranks histories
    and is no probability of being level. It counts as 1 if the latest score is below what matters,
    since no such gain is left. Inside is the rule of the raw percentage; both is the product. There
    is no forecast.
    """
    level = np.where(nothing_left(histories), 1.0, p_value(scores_of_recent(histories)))
    inside = in_window(raw_improvement(histories)).astype(float)
    return both_at_once(level, inside, None, probabilities=False)


def scores_of_recent(histories: Histories) -> Floats:
    """Return the burden at the recent visits, a row a history, padded with NaN."""
    used = recent(histories, LOOK_BACK)
    owner = histories.owner[used]
    count = np.bincount(owner, minlength=len(histories))
    place = np.arange(owner.size) - (np.cumsum(count) - count)[owner]
    table = np.full((len(histories), int(count.max(initial=0))), np.nan)
    table[owner, place] = histories.burden[used]
    return table


def p_value(table: Floats) -> Floats:
    """Return the p-value of Mann and Kendall's test for a decline along each row.

    S is the number of rises less the number of falls among all pairs,
    var S = (n (n - 1) (2 n + 5) - sum over ties of t (t - 1) (2 t + 5)) / 18,
    and p the normal probability below (S + 1) / sd, S or (S - 1) / sd, as S < 0, = 0 or > 0
    (Hirsch, Slack and Smith, Water Resources Research 1982). Scores that are all equal give 1.
    """
    differences = table[:, None, :] - table[:, :, None]
    pair = np.triu(np.ones(differences.shape[1:], bool), 1)
    surplus = np.where(pair, np.nan_to_num(np.sign(differences)), 0).sum(axis=(1, 2))
    there = np.isfinite(table)
    n = there.sum(axis=1)
    equals = (differences == 0).sum(axis=2)
    ties = np.where(there, (equals - 1) * (2 * equals + 5), 0).sum(axis=1)
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18
    z = (surplus - np.sign(surplus)) / np.sqrt(np.where(variance > 0, variance, np.nan))
    return np.where(variance > 0, special.ndtr(z), 1.0)

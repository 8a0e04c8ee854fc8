"""The clinical rule's own numbers made into probabilities: where the way to the oracle begins."""

from __future__ import annotations

import numpy as np

from .histories import WINDOW, Answers, Floats, Histories, Truth
from .peers.parts import FEWEST, places_from_end, raw_improvement
from .scoring import recalibrated

NAME = "clinical rule, calibrated"
FARTHEST = 1.0
"""Distances from the middle of the window that are larger count as this."""


def baseline(histories: Histories, truth: Truth) -> Answers:
    """Return the probabilities that a logistic fit gives the numbers which the rule looks at.

    For level that is the range of the last three scores in units of what matters, for inside the
    distance of the raw improvement from the middle of the window, for both the two of them. The fit
    is told what was so of half of the episodes and answers for the other half.
    """
    spread, distance = range_of_last(histories), from_middle(histories)
    return Answers(
        recalibrated(spread, truth.level, truth.episode),
        recalibrated(distance, truth.inside, truth.episode),
        recalibrated(
            np.column_stack([spread, distance]), truth.level & truth.inside, truth.episode
        ),
        None,
    )


def range_of_last(histories: Histories) -> Floats:
    """Return the range of the last three scores in units of what matters."""
    late, begin = places_from_end(histories) < FEWEST, histories.offsets[:-1]
    highest = np.maximum.reduceat(np.where(late, histories.burden, -np.inf), begin)
    lowest = np.minimum.reduceat(np.where(late, histories.burden, np.inf), begin)
    return np.asarray((highest - lowest) / histories.mcid)


def from_middle(histories: Histories) -> Floats:
    """Return how far the raw improvement is from the middle of the window, at most 1."""
    middle = sum(WINDOW) / 2
    distance = np.abs(raw_improvement(histories) - middle)
    return np.nan_to_num(np.minimum(distance, FARTHEST), nan=FARTHEST)

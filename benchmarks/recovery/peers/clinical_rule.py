"""What is done by eye: no change that matters over three visits, and a percentage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..histories import Answers, Histories
from .parts import (
    FEWEST,
    HAIR,
    both_at_once,
    in_window,
    places_from_end,
    raw_improvement,
)


def clinical_rule(histories: Histories) -> Answers:
    """Say yes or no: level if the last three scores lie within less than what matters.

    Inside if the percentage from the first to the latest score lies in the window. The answers are
    0 or 1, no probabilities, and there is no forecast.
    """
    late = places_from_end(histories) < FEWEST
    begin = histories.offsets[:-1]
    highest = np.maximum.reduceat(np.where(late, histories.burden, -np.inf), begin)
    lowest = np.minimum.reduceat(np.where(late, histories.burden, np.inf), begin)
    level = highest - lowest < histories.mcid - HAIR * histories.step
    inside = in_window(raw_improvement(histories))
    told = both_at_once(level.astype(float), inside.astype(float), None, probabilities=False)
    return replace(told, decided=level & inside)

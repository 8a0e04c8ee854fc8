"""A latest score that stands out: a flare until the next score confirms it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLARE = 1.0
"""Smallest detectable changes by which a flare is worse than the score before it."""
SILENCE = 4.0
"""Weeks without a score after which a worse one is no flare."""
FEWEST = 4
"""Scores with which one of them can stand out."""


def is_flare(
    latest: ArrayLike,
    before: ArrayLike,
    weeks: ArrayLike,
    mdc: ArrayLike,
    count: ArrayLike,
    effect: ArrayLike,
) -> NDArray[np.bool_]:
    """Return whether a latest score is left out of the curve as a flare.

    One bad day is no course. What comes back as an injection wears off is, and stays in, as does
    what was found after so long a silence that nobody knows when it began.

    Args:
        latest: The burden of the latest occasion.
        before: The burden of the occasion before it.
        weeks: The weeks between the two.
        mdc: The smallest change that the measure detects; NaN where it is not known.
        count: How many occasions there are.
        effect: How much of an injection's effect is in the occasion before, from 0 to 1.
    """
    worse = np.asarray(latest, float) - np.asarray(before, float)
    enough, apart = np.asarray(count) >= FEWEST, np.asarray(effect, float) == 0.0
    soon = np.asarray(weeks, float) <= SILENCE
    return np.asarray((worse >= FLARE * np.asarray(mdc, float)) & soon & enough & apart)

"""Shapes of recovery: the share of the final recovery that is reached by a week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Family = Literal["exponential", "straight", "curved"]


@dataclass(frozen=True)
class Shape:
    """One course from nothing to all of the recovery that there is to have.

    Attributes:
        family: `exponential` is fast at first and never quite done, `straight` a line, `curved`
            slow, fast, slow (the cubic 3x^2 - 2x^3).
        start: The week in which recovery sets in.
        length: Weeks from there: the time constant of an exponential, else until all is reached. A
            straight course of a day is a sudden step.
    """

    family: Family
    start: float
    length: float

    def reached(self, weeks: ArrayLike) -> NDArray[np.float64]:
        """Return the share, from 0 to 1, that is reached by each of these weeks."""
        part = np.maximum(np.asarray(weeks, float) - self.start, 0) / self.length
        if self.family == "exponential":
            return np.asarray(-np.expm1(-part))
        part = np.minimum(part, 1)
        return part if self.family == "straight" else part * part * (3 - 2 * part)

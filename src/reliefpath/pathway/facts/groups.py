"""What rows say together, by the episode or the person that each belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.object_]
Known = dict[str, Any]
"""Arrays, or series of text, by fact: one value an episode, NaN where it is not known."""


@dataclass(frozen=True)
class Groups:
    """The group of each row, by its number from 0; a row whose value is NaN does not count.

    A group in which no row counts has NaN, or no count.
    """

    of: Ints
    size: int

    def count(self, which: Flags) -> Ints:
        """How many rows of some there are."""
        return np.bincount(self.of[which], minlength=self.size)

    def any(self, which: Flags) -> Flags:
        """Whether there is a row of some."""
        return self.count(which) > 0

    def least(self, values: Floats) -> Floats:
        """The smallest value."""
        known = ~np.isnan(values)
        found = np.full(self.size, np.inf)
        np.minimum.at(found, self.of[known], values[known])
        return np.where(np.isinf(found), np.nan, found)

    def most(self, values: Floats) -> Floats:
        """The largest value."""
        return -self.least(-values)

    def total(self, values: Floats, which: Flags) -> Floats:
        """The sum of some values: NaN where one is NaN, 0 where there is none."""
        of, values = self.of[which], values[which]
        order = np.argsort(values)  # so that the order of rows changes no bit
        return np.bincount(of[order], values[order], self.size).astype(float)

    def mean(self, values: Floats) -> Floats:
        """The mean value."""
        known = ~np.isnan(values)
        count = self.count(known)
        return np.where(count > 0, self.total(values, known) / np.maximum(count, 1), np.nan)

    def distinct(self, values: Floats) -> Ints:
        """How many different values there are."""
        known = ~np.isnan(values)
        order = np.lexsort((values[known], self.of[known]))
        of, values = self.of[known][order], values[known][order]
        new = (np.diff(of, prepend=-1) != 0) | (np.diff(values, prepend=np.nan) != 0)
        return np.bincount(of[new], minlength=self.size)

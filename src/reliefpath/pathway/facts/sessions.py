"""When something was done, and how long before each score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reliefpath.pathway.facts.groups import Flags, Floats, Ints

Moments = NDArray[np.datetime64]
WEEK = 7 * 86_400
SPAN = 1 << 39
"""Seconds, more than the years from 1 to 9999: they tell an episode's times from the next one's."""


@dataclass(frozen=True)
class Sessions:
    """The moments, to the second, at which one kind of treatment was given, by episode and time."""

    key: Ints

    @classmethod
    def of(cls, e: Ints, at: Moments) -> Sessions:
        """Return the sessions of these rows, each an episode and a moment."""
        return cls(np.sort(_key(e, at)))

    def before(self, e: Ints, at: Moments) -> tuple[Floats, Flags]:
        """Return of each moment in an episode the weeks since the session before it, NaN without
        one, and whether it is the episode's latest.

        What is of the same moment as a session came before it.
        """
        if not self.key.size:
            return np.full(e.size, np.nan), np.zeros(e.size, np.bool_)
        index = np.searchsorted(self.key, _key(e, at), side="left") - 1
        owner = self.key // SPAN
        there = (index >= 0) & (owner[index] == e)
        weeks = np.where(there, (_key(e, at) - self.key[index]) / WEEK, np.nan)
        return weeks, there & np.append(owner[1:] != owner[:-1], True)[index]


def _key(e: Ints, at: Moments) -> Ints:
    """One number that sorts by episode and time."""
    # the epoch is the middle of the span, so that earlier times count up as well
    found: Ints = e * SPAN + at.astype("datetime64[s]").astype(np.int64) + SPAN // 2
    return found

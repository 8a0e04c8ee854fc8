"""Shapes of recovery: the share of the final recovery that is reached by a week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Family = Literal["exponential", "straight", "curved", "level"]
EARLIEST_TURN = 1.0
"""Weeks in care before which no course has turned."""


@dataclass(frozen=True)
class Turn:
    """A second part of a course: it gets better once more, or what was gained is lost again.

    A turn can come in any week of any course. So it is placed by the latest score, and how probable
    it is says how often a course has turned so many weeks ago.

    Attributes:
        ago: Weeks before the latest score in which it set in.
        length: Weeks that it takes.
        change: What it adds, as a share of what the first part brings; below 0 that is lost. A
            second recovery and the first are the whole together.
    """

    ago: float
    length: float
    change: float


@dataclass(frozen=True)
class Shape:
    """One course from nothing to all of the recovery that there is to have.

    Attributes:
        family: `exponential` is fast at first and never quite done, `straight` a line, `curved`
            slow, fast, slow (the cubic 3x^2 - 2x^3); `level` brings nothing before the turn.
        start: The week in which recovery sets in.
        length: Weeks from there: the time constant of an exponential, else until all is reached. A
            straight course of a day is a sudden step.
    """

    family: Family
    start: float
    length: float
    turn: Turn | None = None

    def reached(self, weeks: ArrayLike, now: ArrayLike = 0.0) -> NDArray[np.float64]:
        """Return the share that is reached by each of these weeks, with the latest score at `now`.

        It runs from 0 to 1, and after a return to less. A latest score for which there was no time
        to have turned leaves the first part alone.
        """
        when, latest = np.asarray(weeks, float), np.asarray(now, float)
        first = self.first(when)
        if self.turn is None:
            return first
        has_turned = latest - self.turn.ago >= EARLIEST_TURN - 1e-9
        turned = self.first_share * first + self.added(when - latest)
        return np.where(has_turned, turned, first)

    @property
    def first_share(self) -> float:
        """The part of the whole that is reached before the turn."""
        if self.turn is None or self.family == "level":
            return 1.0
        return 1 / (1 + max(self.turn.change, 0.0))

    def added(self, weeks: ArrayLike) -> NDArray[np.float64]:
        """Return what the turn has added by each of these weeks, told from the latest score."""
        if self.turn is None:
            return np.zeros(np.shape(weeks))
        part = np.clip((np.asarray(weeks, float) + self.turn.ago) / self.turn.length, 0, 1)
        return np.asarray(self.first_share * self.turn.change * part)

    def first(self, weeks: ArrayLike) -> NDArray[np.float64]:
        """Return the share, from 0 to 1, that the first part reaches by each of these weeks."""
        part = np.maximum(np.asarray(weeks, float) - self.start, 0) / self.length
        if self.family == "level":
            return np.zeros_like(part)
        if self.family == "exponential":
            return np.asarray(-np.expm1(-part))
        part = np.minimum(part, 1)
        return part if self.family == "straight" else part * part * (3 - 2 * part)

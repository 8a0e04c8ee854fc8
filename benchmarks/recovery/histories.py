"""What every method of the arena is given, what it answers, and what was true.

A history is one episode up to one of its visits, the third or a later one. All arrays have one
entry a history, unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

HORIZON = 6.0
"""Weeks over which the gain still to come is asked for."""
WINDOW = (0.75, 0.90)
"""The improvement at which an injection can be the final push."""
LEVELS = np.linspace(0.025, 0.975, 39)
"""The quantiles in which a forecast is told; 0.05, the median and 0.95 are among them."""


@dataclass(frozen=True, eq=False)
class Histories:
    """The visits so far.

    Attributes:
        offsets: History i has the visits from offsets[i] up to but not including offsets[i + 1].
        weeks: When each visit took place, in weeks since care began; whole days, ascending.
        burden: The score of each visit as its distance from well, in the measure's units: 0 is
            well, `scale_range` the worst.
        scale_range: The width of the measure's range.
        mcid: The smallest change that matters.
        step: The distance between neighbouring scores of the measure.
        ahead: A row a history: the weeks of its next visits, for which a forecast is asked; NaN
            where there is none. How many there are at most is the array's width.
    """

    offsets: Ints
    weeks: Floats
    burden: Floats
    scale_range: Floats
    mcid: Floats
    step: Floats
    ahead: Floats

    def __len__(self) -> int:
        return self.scale_range.size

    @property
    def owner(self) -> Ints:
        """The history of each visit."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def visits(self, i: int) -> tuple[Floats, Floats]:
        """Return the weeks and the burden of history `i`."""
        mine = slice(self.offsets[i], self.offsets[i + 1])
        return self.weeks[mine], self.burden[mine]

    def take(self, rows: Ints) -> Histories:
        """Return some of the histories, in the order of `rows`."""
        visits = [np.arange(self.offsets[i], self.offsets[i + 1]) for i in rows]
        index = np.concatenate(visits) if visits else np.empty(0, np.int64)
        return Histories(
            np.concatenate([[0], np.cumsum([v.size for v in visits])]).astype(np.int64),
            self.weeks[index],
            self.burden[index],
            self.scale_range[rows],
            self.mcid[rows],
            self.step[rows],
            self.ahead[rows],
        )


@dataclass(frozen=True, eq=False)
class Truth:
    """What was so.

    Attributes:
        episode: The episode that the history is of.
        level: Whether the gain still to come over the horizon is below what matters; of real
            patients nobody knows, and the array is empty, as is the next.
        inside: Whether the true improvement lies in the window.
        onset: The week from which the gain still to come stays below what matters.
        observed: The burden at the visits `ahead` of the history.
    """

    episode: Ints
    level: Flags
    inside: Flags
    onset: Floats
    observed: Floats

    def take(self, rows: Ints) -> Truth:
        """Return what was so of some of the histories."""
        if not self.level.size:
            return Truth(
                self.episode[rows], self.level, self.inside, self.onset, self.observed[rows]
            )
        return Truth(
            self.episode[rows],
            self.level[rows],
            self.inside[rows],
            self.onset[rows],
            self.observed[rows],
        )


@dataclass(frozen=True, eq=False)
class Answers:
    """What a method says.

    Attributes:
        level: Probability, or a score that rises with it, of being level.
        inside: The same, of being inside the window.
        both: The same, of both at once.
        forecast: Of each history and each visit ahead the quantiles at `LEVELS`, ascending, in the
            measure's units of burden; None from a method that does not forecast.
        probabilities: Whether the first three are meant as probabilities.
        decided: Whether the patient would be treated now, as level inside the window; None from a
            method that doesn't decide.
    """

    level: Floats
    inside: Floats
    both: Floats
    forecast: Floats | None
    probabilities: bool = True
    decided: Flags | None = None

    def take(self, rows: Ints) -> Answers:
        """Return what is said of some of the histories."""
        ahead = None if self.forecast is None else self.forecast[rows]
        decided = None if self.decided is None else self.decided[rows]
        said = self.level[rows], self.inside[rows], self.both[rows]
        return Answers(*said, ahead, self.probabilities, decided)

"""Times to an event of which some have not happened yet, by Kaplan and Meier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Z = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Quantile:
    """The time by which a share has had the event; None where the times do not reach that far."""

    time: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Survival:
    """The share without the event after each time at which it happened.

    Attributes:
        times: When it happened to somebody.
        survival: The share without it from then on.
        low: Lower end of its 95 % interval, by Greenwood's variance of log(-log(share)).
        high: Upper end.
        count: How many there are.
        events: To how many it happened.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    count: int
    events: int

    @classmethod
    def of(cls, times: ArrayLike, event_observed: ArrayLike) -> Survival:
        """Estimate it (Kaplan & Meier 1958, JASA 53:457).

        Args:
            times: how long each was followed: to the event, or until nothing is known any more.
            event_observed: whether it ended by the event.
        """
        time, event = np.asarray(times, np.float64), np.asarray(event_observed, bool)
        when, deaths = np.unique(time[event], return_counts=True)
        at_risk = time.size - np.searchsorted(np.sort(time), when)
        survival: Floats = np.cumprod(1 - deaths / at_risk, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            greenwood = np.cumsum(deaths / (at_risk * (at_risk - deaths)))
            wide = Z * np.sqrt(greenwood) / np.abs(np.log(survival))
            low, high = survival ** np.exp(wide), survival ** np.exp(-wide)
        ends = np.nan_to_num(low, nan=0), np.nan_to_num(high, nan=1)
        return cls(when, survival, *ends, time.size, int(event.sum()))

    def quantile(self, share: float) -> Quantile:
        """Return by when a share has had the event, with a 95 % interval (Brookmeyer & Crowley
        1982, Biometrics 38:29).
        """
        ends = self.survival, self.low, self.high
        return Quantile(*(self._first(end <= 1 - share + 1e-9) for end in ends))

    def _first(self, below: NDArray[np.bool_]) -> float | None:
        return float(self.times[np.argmax(below)]) if below.any() else None

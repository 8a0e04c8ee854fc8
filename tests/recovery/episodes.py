"""Episodes for the tests of recovery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Batch = tuple[NDArray[np.int64], Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Episode:
    """One episode as `recover` wants it."""

    weeks: list[float]
    burden: list[float]
    span: float = 10.0
    matters: float = 2.0

    def batch(self) -> Batch:
        return batch([self])


def batch(episodes: list[Episode]) -> Batch:
    """The columns that `recover` takes."""
    return (
        np.cumsum([0] + [len(e.weeks) for e in episodes]),
        np.array([week for e in episodes for week in e.weeks], float),
        np.array([value for e in episodes for value in e.burden], float),
        np.array([e.span for e in episodes], float),
        np.array([e.matters for e in episodes], float),
    )


@st.composite
def episodes(draw: st.DrawFn, least: int = 1) -> Episode:
    """Episodes of any shape: irregular days, several scores a day, a score before care began."""
    days = sorted(draw(st.lists(st.integers(-7, 400), min_size=least, max_size=20)))
    span = draw(st.sampled_from([10.0, 50.0, 80.0, 100.0]))
    points = draw(st.lists(st.integers(0, 20), min_size=len(days), max_size=len(days)))
    return Episode(
        weeks=[day / 7 for day in days],
        burden=[span * point / 20 for point in points],
        span=span,
        matters=span * draw(st.floats(0.05, 0.5)),
    )

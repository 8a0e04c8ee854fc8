"""Plain histories for the tests of the arena."""

from __future__ import annotations

import numpy as np

from benchmarks.recovery.histories import Histories

Visits = list[tuple[float, float]]
"""The week and the burden of each visit."""


def histories(*many: Visits, ahead: tuple[float, ...] = (1.0, 2.0, 6.0)) -> Histories:
    """Histories on a scale from 0 to 10; forecasts are asked so many weeks after the last visit."""
    n = len(many)
    last = np.array([visits[-1][0] for visits in many])
    return Histories(
        np.cumsum([0, *map(len, many)]).astype(np.int64),
        np.array([week for visits in many for week, _ in visits], float),
        np.array([burden for visits in many for _, burden in visits], float),
        np.full(n, 10.0),
        np.full(n, 2.0),
        np.full(n, 1.0),
        last[:, None] + np.array(ahead)[None, :],
    )


def weekly(*burden: float) -> Visits:
    """One visit a week."""
    return [(float(week), value) for week, value in enumerate(burden)]


FALLING = weekly(9, 8, 8, 7, 6, 6, 5, 4)
FLAT = weekly(6, 5, 6, 6, 5, 6, 5, 6)
REACHED = weekly(8, 6, 4, 2, 1, 2, 1, 2, 1, 2)
"""An improvement of about 80 %, held for weeks."""
ODD = [
    weekly(5, 5, 5),
    weekly(0, 3, 1),
    weekly(0, 0, 0, 0, 0, 0, 0, 0),
    weekly(10, 10, 10, 10, 10, 10, 10),
    weekly(9, 6, 3),
    weekly(8, 6, 4, 2, 0, 0, 0, 0),
    weekly(1, 9, 0, 10, 0, 10, 2, 9),
    [(-4.0, 7.0), (-3.0, 5.0), (0.0, 6.0), (0.0, 5.0), (9.0, 4.0)],
    [(0.0, 7.0), (13.0, 5.0)],
    [(0.0, 7.0), (13.0, 5.0), (52.0, 6.0)],
    [(2.0, 4.0), (2.0, 5.0), (2.0, 6.0)],
    [(2.0, 4.0), (2.0, 5.0), (2.0, 6.0), (2.0, 5.0), (2.0, 7.0)],
    weekly(8, 7.5, 7.1, 6.2, 5.5, 5.1, 4.4),
]

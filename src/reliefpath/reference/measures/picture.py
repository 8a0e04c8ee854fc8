"""Where scores stand in a small picture of them over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Place = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A picture's size and what its edges take, in its own units."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def places(
        self, at: Sequence[datetime], values: Sequence[float], low: float, high: float
    ) -> list[Place]:
        """Return x and y of each score: from the first to the last, from `low` up to `high`."""
        begin, span = at[0], (at[-1] - at[0]).total_seconds()
        across = self.width - self.left - self.right
        down = self.height - self.top - self.bottom
        return [
            (
                round(self.left + (moment - begin).total_seconds() / span * across, 1),
                round(self.top + (high - value) / (high - low) * down, 1),
            )
            for moment, value in zip(at, values, strict=True)
        ]


def line(places: Iterable[Place]) -> str:
    """Return the line through places, as SVG has it.

    >>> line([(1.0, 2.5), (3.0, 4.0)])
    '1,2.5 3,4'
    """
    return " ".join(f"{x:g},{y:g}" for x, y in places)

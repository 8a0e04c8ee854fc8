"""The recovery curve, drawn in characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def draw(
    weeks: Sequence[float],
    scores: Sequence[float],
    at: Floats,
    curve: tuple[Floats, Floats, Floats],
    window: tuple[float, float] | None,
    limits: tuple[float, float],
    height: int = 14,
) -> list[str]:
    """Return the lines of a chart of scores over weeks.

    Args:
        weeks: when each score was taken; `at[0]` to `at[-1]` is drawn.
        scores: the scores, in the measure's unit.
        at: the week of each column.
        curve: lower end, middle and upper end of the fitted curve at each column.
        window: the scores between which the window lies, if it has one.
        limits: the scores at the bottom and at the top.
        height: number of rows.
    """
    bottom, top = limits

    def row(score: float) -> int:
        place = (top - score) / (top - bottom) * (height - 1)
        return int(np.clip(round(place), 0, height - 1))

    grid = [[" "] * at.size for _ in range(height)]
    if window is not None:
        upper, lower = sorted(map(row, window))
        for r in range(upper, lower + 1):
            grid[r] = ["·"] * at.size
    for column, (low, middle, high) in enumerate(zip(*curve, strict=True)):
        first, last = sorted((row(low), row(high)))
        for r in range(first, last + 1):
            grid[r][column] = "░"
        grid[row(middle)][column] = "─"
    for week, score in zip(weeks, scores, strict=True):
        column = int(np.argmin(np.abs(at - week)))
        grid[row(score)][column] = "●"
    ticks = {row(score): f"{score:g}" for score in (top, (top + bottom) / 2, bottom)}
    lines = [f"{ticks.get(r, ''):>5} ┤{''.join(cells)}" for r, cells in enumerate(grid)]
    return [*lines, f"{'':>5} └{'─' * at.size}", f"{'':>7}{_weeks_axis(at)}"]


def _weeks_axis(at: Floats) -> str:
    """Week numbers below their columns."""
    axis = [" "] * (at.size + 4)
    step = max(1, round((at[-1] - at[0]) / 6))
    for week in range(0, int(at[-1]) + 1, step):
        column = int(np.argmin(np.abs(at - week)))
        axis[column : column + len(str(week))] = str(week)
    return "".join(axis).rstrip() + " weeks"

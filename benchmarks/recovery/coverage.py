"""Do 90 % intervals hold 90 %, however many visits there were and however far they look ahead?

Asked of many more simulated episodes than methods are compared on. A whole number is taken by the
randomised probability integral transform: a uniform draw between what the forecast gives to all
below its cell and to all up to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from .histories import LEVELS, Histories, Ints, Truth
from .peers import Method
from .peers.parts import last_week
from .scoring import HIGH, LOW, transformed
from .worlds import World, simulate

SEED = 29
VISITS = (3, 4, 6, 9, 13)
"""Each band of visits so far begins with one of these."""
WEEKS = (0, 1, 2, 4)
"""Each band of weeks ahead begins after one of these."""
FEWEST = 2_000
"""Forecasts of which a cell is told."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Forecasts of one method in one world: a row a band of visits, a column one of weeks.

    Attributes:
        method: Whose.
        measure: Of the world.
        cases: How many.
        covered: How many of the scores came to lie in the 90 % interval.
    """

    method: str
    measure: str
    cases: Ints
    covered: Ints


@dataclass(frozen=True)
class Cell:
    """One band of visits and of weeks on one measure, all worlds together.

    Attributes:
        measure: Which.
        visits: So far.
        weeks: Ahead.
        cases: Forecasts.
        covered: Share of the scores in the 90 % interval.
    """

    measure: str
    visits: str
    weeks: str
    cases: int
    covered: float


def counts(world: World, methods: dict[str, Method], episodes: int) -> list[Counts]:
    """Return how many scores of a world's episodes the intervals of each method cover."""
    histories, truth = simulate(world, episodes, SEED)
    return [
        _counted(name, world.measure.name, histories, truth, method)
        for name, method in methods.items()
    ]


def _counted(name: str, measure: str, h: Histories, truth: Truth, method: Method) -> Counts:
    forecast = method(h).forecast
    assert forecast is not None
    random = np.random.default_rng(SEED)
    place = transformed(forecast, truth.observed, h.scale_range, h.step, random)
    inside = (place >= LEVELS[LOW]) & (place <= LEVELS[HIGH])
    row = np.searchsorted(VISITS, np.diff(h.offsets), side="right") - 1
    column = np.searchsorted(WEEKS, h.ahead - last_week(h)[:, None]) - 1
    cell = row[:, None] * len(WEEKS) + np.maximum(column, 0)
    shape = len(VISITS), len(WEEKS)

    def tabled(which: np.ndarray) -> Ints:
        return np.bincount(cell[which], minlength=shape[0] * shape[1]).reshape(shape)

    return Counts(name, measure, tabled(np.isfinite(place)), tabled(inside))


def cells(all_counts: Iterable[Counts], method: str) -> Iterator[Cell]:
    """Yield the cells of a method with enough forecasts, those of one measure together."""
    mine = [each for each in all_counts if each.method == method]
    for measure in dict.fromkeys(each.measure for each in mine):
        cases, covered = (
            np.sum([getattr(each, name) for each in mine if each.measure == measure], axis=0)
            for name in ("cases", "covered")
        )
        for i, j in product(range(len(VISITS)), range(len(WEEKS))):
            if cases[i, j] >= FEWEST:
                yield Cell(
                    measure,
                    _band(VISITS, i, 1),
                    _band(WEEKS, j, 0),
                    int(cases[i, j]),
                    float(covered[i, j] / cases[i, j]),
                )


def _band(begins: tuple[int, ...], i: int, gap: int) -> str:
    """Name a band; bands of whole numbers end one before the next begins."""
    if i + 1 == len(begins):
        return f"{begins[i]} or more"
    end = begins[i + 1] - gap
    return f"{begins[i]}" if end == begins[i] else f"{begins[i]} to {end}"

"""The scores of many episodes as columns, checked, and shared out among threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.errors import UsageError
from reliefpath.recovery.prior import RANGE

Floats = NDArray[np.float64]
LAST_WEEK = 1e6
"""Later than any course; it keeps days within whole numbers."""
CHUNK = 1024
"""Episodes that a thread takes at a time."""


@dataclass(frozen=True, eq=False)
class Batch:
    """The scores of many episodes, as the compiled loops read them."""

    offsets: NDArray[np.int64]
    weeks: Floats
    burden: Floats
    scale_range: Floats
    step: Floats
    effect: Floats

    @classmethod
    def of(
        cls,
        offsets: ArrayLike,
        weeks: ArrayLike,
        burden: ArrayLike,
        scale_range: ArrayLike,
        step: ArrayLike | None,
        effect: ArrayLike | None = None,
    ) -> Batch:
        """Return the batch of plain columns; see `recover`."""
        width, score = numbers("scale_range", scale_range), numbers("burden", burden)
        return cls(
            _whole_numbers("offsets", offsets),
            numbers("weeks", weeks),
            score,
            width,
            np.zeros(len(width)) if step is None else numbers("step", step),
            np.zeros(len(score)) if effect is None else numbers("effect", effect),
        )

    @cached_property
    def day(self) -> NDArray[np.int64]:
        """The day of each score; those before care began are of the first."""
        return days_of(self.weeks)

    @cached_property
    def score(self) -> Floats:
        """The burden on the common scale."""
        return self.burden / np.repeat(self.scale_range, np.diff(self.offsets)) * RANGE

    @cached_property
    def common_step(self) -> Floats:
        """The step on the common scale; without scores, when range and step may be anything, 0."""
        scored = np.diff(self.offsets) > 0
        return np.where(scored, self.step, 0) * (RANGE / np.where(scored, self.scale_range, RANGE))

    def share_out(self, answer: Callable[[int, int], None], threads: int | None) -> None:
        """Have all episodes answered, a chunk at a time."""
        n = len(self.scale_range)
        workers = min(threads or usual_threads(), n // CHUNK)
        if workers < 2:
            answer(0, n)
            return
        with ThreadPoolExecutor(workers) as pool:
            starts = range(0, n, CHUNK)
            list(pool.map(answer, starts, (min(i + CHUNK, n) for i in starts)))

    def check(self, mcid: Floats) -> None:
        """Refuse input that is not as `recover` describes it; name the episode, never its data."""
        offsets, weeks, burden, scale_range = (
            self.offsets,
            self.weeks,
            self.burden,
            self.scale_range,
        )
        if not (len(offsets) - 1 == len(scale_range) == len(mcid) == len(self.step)):
            raise UsageError("`offsets` must have one number more than each column of episodes.")
        if not (len(weeks) == len(burden) == len(self.effect)):
            raise UsageError("`weeks`, `burden` and `effect` must be of the same length.")
        if offsets[0] != 0 or offsets[-1] != len(weeks):
            raise UsageError("`offsets` must begin with 0 and end with the number of scores.")
        counts = np.diff(offsets)
        _refuse(counts < 0, "its `offsets` go backwards")
        episode = np.repeat(np.arange(len(scale_range)), counts)
        scored = counts > 0
        _refuse(
            scored & ~(np.isfinite(scale_range) & (scale_range > 0)),
            "its `scale_range` must be a number above 0",
        )
        _refuse(
            scored & ~np.isnan(mcid) & ~((mcid > 0) & np.isfinite(mcid)),
            "its `mcid` must be a number above 0, or NaN if it is not known",
        )
        _refuse(
            scored & ~((self.step >= 0) & (self.step <= scale_range)),
            "its `step` must be a number from 0 to its `scale_range`",
        )
        _refuse(~np.isfinite(weeks), "its `weeks` must be finite numbers", episode)
        _refuse(~np.isfinite(burden), "its `burden` must be finite numbers", episode)
        _refuse(
            np.abs(burden) > scale_range[episode] * (1 + 1e-9),
            "a score can't lie further from well than the whole `scale_range`",
            episode,
        )
        shares = (self.effect >= 0) & (self.effect <= 1)
        _refuse(~shares, "its `effect` must be a share from 0 to 1", episode)
        falls = (np.diff(weeks) < 0) & (np.diff(episode) == 0)
        _refuse(falls, "its `weeks` must ascend", episode[1:])


def usual_threads() -> int:
    """Return as many threads as Polars is told to take, or as there are cores."""
    told = os.environ.get("POLARS_MAX_THREADS", "")
    return int(told) if told.isdecimal() and int(told) else os.cpu_count() or 1


def days(weeks: float) -> int:
    """Return weeks in whole days, at least one."""
    return max(round(min(weeks, LAST_WEEK) * 7), 1)


def days_of(weeks: Floats) -> NDArray[np.int64]:
    """Return weeks in whole days; what is before care began is its first."""
    return np.rint(np.clip(weeks, 0, LAST_WEEK) * 7).astype(np.int64)


def numbers(name: str, values: ArrayLike) -> Floats:
    """Return one column of numbers.

    Raises:
        UsageError: it is none.
    """
    return _column(name, array_of(name, values, np.float64))


def _whole_numbers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.dtype.kind not in "iu":
        raise UsageError(f"`{name}` must be whole numbers.")
    return _column(name, array_of(name, given, np.int64))


def array_of(name: str, values: ArrayLike, kind: type[Any]) -> NDArray[Any]:
    """Return an array that the compiled loops take.

    Raises:
        UsageError: the values are not of the kind.
    """
    try:
        # The loops are compiled once, for aligned, writable arrays.
        return np.require(values, kind, ["C", "A", "W"])
    except (TypeError, ValueError):
        raise UsageError(f"`{name}` must be numbers.") from None


def _column(name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim != 1:
        raise UsageError(f"`{name}` must be one column, not an array of {values.ndim} dimensions.")
    return values


def _refuse(
    wrong: NDArray[np.bool_], demand: str, episode: NDArray[np.int64] | None = None
) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        number = first if episode is None else int(episode[first])
        raise UsageError(f"Episode {number}, counted from 0: {demand}.")

"""What can be asked of an episode's recovery, and the answers."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.errors import UsageError
from reliefpath.recovery.prior import DEFAULT_PRIOR, RANGE, Prior

Floats = NDArray[np.float64]
LAST_WEEK = 1e6
"""Later than any course; it keeps days within whole numbers."""
CHUNK = 1024
"""Episodes that a thread takes at a time."""


@dataclass(frozen=True)
class Questions:
    """What is asked of every episode.

    Attributes:
        window: Lowest and highest improvement at which an injection can be the final push.
        recovered: Improvement from which the episode counts as recovered.
        horizon_weeks: How far ahead the gain still to come is asked for, and how far back the gain
            of late.
        level_weeks: How far ahead a level course brings less than what matters.

    Raises:
        UsageError: The window is empty or a value is not above 0.
    """

    window: tuple[float, float] = (0.75, 0.90)
    recovered: float = 0.90
    horizon_weeks: float = 6.0
    level_weeks: float = 13.0

    def __post_init__(self) -> None:
        low, high = self.window
        if not 0 < low < high < math.inf:
            raise UsageError("The window must run from an improvement above 0 to a larger one.")
        if not 0 < self.recovered < math.inf:
            raise UsageError("The improvement that counts as recovered must be above 0.")
        if not 0 < self.horizon_weeks < math.inf:
            raise UsageError("The horizon must be a number of weeks above 0.")
        if not 0 < self.level_weeks < math.inf:
            raise UsageError("The weeks of a level course must be a number above 0.")


@dataclass(frozen=True, eq=False)
class Recovery:
    """One answer an episode in every array; NaN is "can't be answered".

    `now` is the week of the episode's last score: whether that is too long ago is for the caller to
    judge. An improvement is a share of the start: 0 is no change, 1 is well, and what lies beyond
    -9.99 or 9.99 is told as that bound. Without scores nothing can be answered. Where the start may
    well have been 0 (its probability of lying above 0 is below 95 %) there is nothing to take a
    share of, and only the questions about gain are answered.

    Attributes:
        improvement: Median of the improvement now, (c g(now) - w) / b.
        low: 5 % quantile of the improvement now.
        high: 95 % quantile of the improvement now.
        p_window: Probability that the improvement now lies in the window.
        p_recovered: Probability that the improvement now counts as recovered.
        p_plateau: Probability that the gain over the horizon is below the change that matters.
        p_plateau_in_window: Probability of both at once: a plateau, and inside the window.
        p_level: Probability that the course is level: less than what matters was gained in the
            horizon behind, and will be in the weeks of a level course ahead.
        p_worsening: Probability of being worse, at the horizon, than at the start of care by at
            least the change that matters.
        expected_gain: Mean of the gain over the horizon, in the measure's units.
        level_ahead: Median of the improvement that the curve is heading to, c / b.
    """

    improvement: Floats
    low: Floats
    high: Floats
    p_window: Floats
    p_recovered: Floats
    p_plateau: Floats
    p_plateau_in_window: Floats
    p_level: Floats
    p_worsening: Floats
    expected_gain: Floats
    level_ahead: Floats


@dataclass(frozen=True, eq=False)
class Curve:
    """The true curve of one episode, without the noise of single scores, in units of burden.

    Attributes:
        weeks: The weeks asked for.
        mean: Posterior mean of the curve.
        low: 5 % quantile of the curve.
        high: 95 % quantile of the curve.
    """

    weeks: Floats
    mean: Floats
    low: Floats
    high: Floats


def recover(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    span: ArrayLike,
    matters: ArrayLike,
    questions: Questions = Questions(),
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: ArrayLike | None = None,
    threads: int | None = None,
) -> Recovery:
    """Answer the questions for many episodes at once; one patient is a batch of one.

    An episode's answer depends on its own scores only: not on the other episodes, their order or
    the number of threads. docs/recovery.md derives the formulas.

    Args:
        offsets: Episode i has the scores from offsets[i] up to but not including offsets[i + 1];
            n + 1 whole numbers.
        weeks: When each score was given, in weeks since care began, ascending within an episode,
            told apart by days. A score from before care began counts as one of its first day.
        burden: How far each score is from well, in the measure's units; larger is worse.
        span: For each episode the width of its measure's range, in the measure's units.
        matters: For each episode the smallest change that matters, in the measure's units; NaN is
            not known, and leaves unanswered what is asked about it.
        questions: What is asked.
        prior: What is known before the first score.
        step: For each episode the distance between neighbouring scores of its measure, in its
            units; 0, for a measure without steps, if None.
        threads: How many threads may work on a large batch; as many as there are cores if None.

    Raises:
        UsageError: The input is not as described. An episode without scores may have any span.
    """
    batch = Batch.of(offsets, weeks, burden, span, step)
    change = _numbers("matters", matters)
    batch.check(change)
    low, high = map(float, questions.window)
    asked = (
        low,
        high,
        float(questions.recovered),
        _days(questions.horizon_weeks),
        _days(questions.level_weeks),
    )
    out = np.full((len(fields(Recovery)), len(batch.span)), np.nan)

    from reliefpath.recovery.answers import recover_range

    def answer(first: int, last: int) -> None:
        recover_range(
            first,
            last,
            batch.offsets,
            batch.day,
            batch.score,
            batch.span,
            change,
            batch.step,
            asked,
            prior.packed,
            out,
        )

    batch.share_out(answer, threads)
    return Recovery(*out)


def forecast(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    span: ArrayLike,
    at: ArrayLike,
    levels: ArrayLike = (0.05, 0.5, 0.95),
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: ArrayLike | None = None,
    threads: int | None = None,
) -> Floats:
    """Return quantiles of scores still to come, on the present therapy.

    Args:
        offsets, weeks, burden, span, prior, step, threads: As for `recover`.
        at: For each episode a row of weeks, NaN where nothing is asked.
        levels: The quantiles asked for, between 0 and 1.

    Returns:
        By episode, week and level, in the measure's units of burden, from 0 to the span; not
        rounded to the measure's steps. NaN where nothing is asked or known.

    Raises:
        UsageError: The input is not as described.
    """
    batch = Batch.of(offsets, weeks, burden, span, step)
    batch.check(np.full(len(batch.span), np.nan))
    where, asked = _as("at", at, np.float64), _numbers("levels", levels)
    if where.ndim != 2 or len(where) != len(batch.span):
        raise UsageError("`at` must have a row of weeks for each episode.")
    if not ((asked > 0) & (asked < 1)).all():
        raise UsageError("`levels` must lie between 0 and 1.")
    day = np.where(np.isnan(where), -1, _days_of(np.nan_to_num(where)))
    out = np.full((*where.shape, len(asked)), np.nan)

    from reliefpath.recovery.answers import forecast_range

    def answer(first: int, last: int) -> None:
        forecast_range(
            first,
            last,
            batch.offsets,
            batch.day,
            batch.score,
            batch.common_step,
            day,
            asked,
            prior.packed,
            out,
        )

    batch.share_out(answer, threads)
    return np.clip(out, 0, RANGE) * (batch.span / RANGE)[:, None, None]


def weeks_until_clear(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    span: ArrayLike,
    matters: ArrayLike,
    questions: Questions = Questions(),
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: ArrayLike | None = None,
    clear: tuple[float, float] = (0.2, 0.8),
    threads: int | None = None,
) -> Floats:
    """Return when it is expected to be clear whether a course is level, to plan the check-ins by.

    A score a week is assumed, each as the curve so far expects; real ones may settle it sooner or
    later.

    Args:
        offsets, weeks, burden, span, matters, questions, prior, step, threads: As for `recover`.
        clear: `p_level` at or below which, and at or above which, the answer is clear.

    Returns:
        Whole weeks from the latest score of each episode, 0 where it is clear already; NaN where
        it won't be within `questions.level_weeks` or can't be asked.

    Raises:
        UsageError: The input is not as described.
    """
    batch = Batch.of(offsets, weeks, burden, span, step)
    change = _numbers("matters", matters)
    batch.check(change)
    unlikely, likely = map(float, clear)
    asked = (_days(questions.horizon_weeks), _days(questions.level_weeks), unlikely, likely)
    out = np.full(len(batch.span), np.nan)

    from reliefpath.recovery.outlook import outlook_range

    def answer(first: int, last: int) -> None:
        outlook_range(
            first,
            last,
            batch.offsets,
            batch.day,
            batch.score,
            batch.span,
            change,
            batch.step,
            asked,
            prior.packed,
            out,
        )

    batch.share_out(answer, threads)
    return out


def curve(
    weeks: ArrayLike,
    burden: ArrayLike,
    span: float,
    at: ArrayLike,
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: float = 0.0,
) -> Curve:
    """Return the recovery curve of one episode at the weeks `at`, with its 90 % band.

    Args:
        weeks: When each score was given, in weeks since care began, ascending.
        burden: How far each score is from well, in the measure's units; larger is worse.
        span: The width of the measure's range, in the measure's units.
        at: The weeks to draw the curve at, in any order; before care began it is flat.
        prior: What is known before the first score.
        step: The distance between neighbouring scores, in the measure's units.

    Returns:
        The curve; NaN everywhere if there are no scores.

    Raises:
        UsageError: The input is not as described.
    """
    where = _numbers("at", at)
    batch = Batch.of([0, len(_numbers("weeks", weeks))], weeks, burden, [span], [step])
    batch.check(np.array([np.nan]))
    if not np.isfinite(where).all():
        raise UsageError("`at` must be finite numbers of weeks.")
    out = np.full((3, len(where)), np.nan)
    if len(batch.day):
        from reliefpath.recovery.answers import curve_at

        step = float(batch.common_step[0])
        curve_at(batch.day, batch.score, step, _days_of(where), prior.packed, out)
    return Curve(where, *(out * (batch.span[0] / RANGE)))


@dataclass(frozen=True, eq=False)
class Batch:
    """The scores of many episodes, as the compiled loops read them."""

    offsets: NDArray[np.int64]
    weeks: Floats
    burden: Floats
    span: Floats
    step: Floats

    @classmethod
    def of(
        cls,
        offsets: ArrayLike,
        weeks: ArrayLike,
        burden: ArrayLike,
        span: ArrayLike,
        step: ArrayLike | None,
    ) -> Batch:
        """Return the batch of plain columns; see `recover`."""
        width = _numbers("span", span)
        return cls(
            _whole_numbers("offsets", offsets),
            _numbers("weeks", weeks),
            _numbers("burden", burden),
            width,
            np.zeros(len(width)) if step is None else _numbers("step", step),
        )

    @cached_property
    def day(self) -> NDArray[np.int64]:
        """The day of each score; those before care began are of the first."""
        return _days_of(self.weeks)

    @cached_property
    def score(self) -> Floats:
        """The burden on the common scale."""
        return self.burden / np.repeat(self.span, np.diff(self.offsets)) * RANGE

    @cached_property
    def common_step(self) -> Floats:
        """The step on the common scale; without scores, when span and step may be anything, 0."""
        scored = np.diff(self.offsets) > 0
        return np.where(scored, self.step, 0) * (RANGE / np.where(scored, self.span, RANGE))

    def share_out(self, answer: Callable[[int, int], None], threads: int | None) -> None:
        """Have all episodes answered, a chunk at a time."""
        n = len(self.span)
        workers = min(threads or os.cpu_count() or 1, n // CHUNK)
        if workers < 2:
            answer(0, n)
            return
        with ThreadPoolExecutor(workers) as pool:
            starts = range(0, n, CHUNK)
            list(pool.map(answer, starts, (min(i + CHUNK, n) for i in starts)))

    def check(self, matters: Floats) -> None:
        """Refuse input that is not as `recover` describes it; name the episode, never its data."""
        offsets, weeks, burden, span = self.offsets, self.weeks, self.burden, self.span
        if not (len(offsets) - 1 == len(span) == len(matters) == len(self.step)):
            raise UsageError("`offsets` must have one number more than each column of episodes.")
        if len(weeks) != len(burden):
            raise UsageError("`weeks` and `burden` must be of the same length.")
        if offsets[0] != 0 or offsets[-1] != len(weeks):
            raise UsageError("`offsets` must begin with 0 and end with the number of scores.")
        counts = np.diff(offsets)
        _refuse(counts < 0, "its `offsets` go backwards")
        episode = np.repeat(np.arange(len(span)), counts)
        scored = counts > 0
        _refuse(scored & ~(np.isfinite(span) & (span > 0)), "its `span` must be a number above 0")
        _refuse(
            scored & ~np.isnan(matters) & ~((matters > 0) & np.isfinite(matters)),
            "its `matters` must be a number above 0, or NaN if it is not known",
        )
        _refuse(
            scored & ~((self.step >= 0) & (self.step <= span)),
            "its `step` must be a number from 0 to its `span`",
        )
        _refuse(~np.isfinite(weeks), "its `weeks` must be finite numbers", episode)
        _refuse(~np.isfinite(burden), "its `burden` must be finite numbers", episode)
        _refuse(
            np.abs(burden) > span[episode] * (1 + 1e-9),
            "a score can't lie further from well than the whole `span`",
            episode,
        )
        falls = (np.diff(weeks) < 0) & (np.diff(episode) == 0)
        _refuse(falls, "its `weeks` must ascend", episode[1:])


def _days(weeks: float) -> int:
    return max(round(min(weeks, LAST_WEEK) * 7), 1)


def _days_of(weeks: Floats) -> NDArray[np.int64]:
    return np.rint(np.clip(weeks, 0, LAST_WEEK) * 7).astype(np.int64)


def _numbers(name: str, values: ArrayLike) -> Floats:
    return _column(name, _as(name, values, np.float64))


def _whole_numbers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.dtype.kind not in "iu":
        raise UsageError(f"`{name}` must be whole numbers.")
    return _column(name, _as(name, given, np.int64))


def _as(name: str, values: ArrayLike, kind: type[Any]) -> NDArray[Any]:
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

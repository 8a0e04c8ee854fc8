"""What can be asked of an episode's recovery, and the answers."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.errors import UsageError
from reliefpath.recovery.prior import DEFAULT_PRIOR, RANGE, Prior

if TYPE_CHECKING:
    from reliefpath.recovery.kernel import Packed

Floats = NDArray[np.float64]
CHUNK = 1024
"""Episodes that a thread takes at a time."""


@dataclass(frozen=True)
class Questions:
    """What is asked of every episode.

    Attributes:
        window: Lowest and highest improvement at which an injection can be the final push.
        recovered: Improvement from which the episode counts as recovered.
        horizon_weeks: How far ahead the gain still to come is asked for.

    Raises:
        UsageError: The window is empty or a value is not above 0.
    """

    window: tuple[float, float] = (0.75, 0.90)
    recovered: float = 0.90
    horizon_weeks: float = 6.0

    def __post_init__(self) -> None:
        low, high = self.window
        if not 0 < low < high < math.inf:
            raise UsageError("The window must run from an improvement above 0 to a larger one.")
        if not 0 < self.recovered < math.inf:
            raise UsageError("The improvement that counts as recovered must be above 0.")
        if not 0 < self.horizon_weeks < math.inf:
            raise UsageError("The horizon must be a number of weeks above 0.")


@dataclass(frozen=True, eq=False)
class Recovery:
    """One answer an episode in every array; NaN is "can't be answered".

    `now` is the week of the episode's last score: whether that is too long ago is for the caller to
    judge. An improvement is a share of the start: 0 is no change, 1 is well, and what lies beyond
    -9.99 or 9.99 is told as that bound. Without scores nothing can be answered. Where the start may
    well have been 0 (its probability of lying above 0 is below 95 %) there is nothing to take a
    share of, and only the questions about gain are answered.

    Attributes:
        improvement: Median of the improvement now, c g(now) / b.
        low: 5 % quantile of the improvement now.
        high: 95 % quantile of the improvement now.
        p_window: Probability that the improvement now lies in the window.
        p_recovered: Probability that the improvement now counts as recovered.
        p_plateau: Probability that the gain over the horizon is below the change that matters.
        p_worsening: Probability of being worse, at the horizon, than at the start of care by at
            least the change that matters.
        expected_gain: Mean of the gain over the horizon, in the measure's units.
        level_ahead: Median of the improvement that the curve is heading to, c / b.
        level_ahead_low: 5 % quantile of the improvement that the curve is heading to.
        level_ahead_high: 95 % quantile of the improvement that the curve is heading to.
    """

    improvement: Floats
    low: Floats
    high: Floats
    p_window: Floats
    p_recovered: Floats
    p_plateau: Floats
    p_worsening: Floats
    expected_gain: Floats
    level_ahead: Floats
    level_ahead_low: Floats
    level_ahead_high: Floats


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
    threads: int | None = None,
) -> Recovery:
    """Answer the questions for many episodes at once; one patient is a batch of one.

    An episode's answer depends on its own scores only: not on the other episodes, their order or
    the number of threads. docs/recovery.md derives the formulas.

    Args:
        offsets: Episode i has the scores from offsets[i] up to but not including offsets[i + 1];
            n + 1 whole numbers.
        weeks: When each score was given, in weeks since care began, ascending within an episode. A
            score from before care began counts as one of its first day.
        burden: How far each score is from well, in the measure's units; larger is worse.
        span: For each episode the width of its measure's range, in the measure's units.
        matters: For each episode the smallest change that matters, in the measure's units; NaN is
            not known, and leaves `p_plateau` and `p_worsening` unanswered.
        questions: What is asked.
        prior: What is known before the first score.
        threads: How many threads may work on a large batch; as many as there are cores if None.

    Raises:
        UsageError: The input is not as described. An episode without scores may have any span.
    """
    bounds = _whole_numbers("offsets", offsets)
    week, score = _numbers("weeks", weeks), _numbers("burden", burden)
    width, change = _numbers("span", span), _numbers("matters", matters)
    _check(bounds, week, score, width, change)
    n = len(width)
    score = score / np.repeat(width, np.diff(bounds)) * RANGE
    low, high = map(float, questions.window)
    asked = (low, high, float(questions.recovered), float(questions.horizon_weeks))
    known = _packed(prior)
    out = np.full((len(fields(Recovery)), n), np.nan)

    from reliefpath.recovery.kernel import recover_range

    def answer(first: int, last: int) -> None:
        recover_range(first, last, bounds, week, score, width, change, asked, known, out)

    workers = min(threads or os.cpu_count() or 1, n // CHUNK)
    if workers < 2:
        answer(0, n)
    else:
        with ThreadPoolExecutor(workers) as pool:
            starts = range(0, n, CHUNK)
            list(pool.map(answer, starts, (min(i + CHUNK, n) for i in starts)))
    return Recovery(*out)


def curve(
    weeks: ArrayLike,
    burden: ArrayLike,
    span: float,
    at: ArrayLike,
    prior: Prior = DEFAULT_PRIOR,
) -> Curve:
    """Return the recovery curve of one episode at the weeks `at`, with its 90 % band.

    Args:
        weeks: When each score was given, in weeks since care began, ascending.
        burden: How far each score is from well, in the measure's units; larger is worse.
        span: The width of the measure's range, in the measure's units.
        at: The weeks to draw the curve at, in any order; before care began it is flat.
        prior: What is known before the first score.

    Returns:
        The curve; NaN everywhere if there are no scores.

    Raises:
        UsageError: The input is not as described.
    """
    week, score = _numbers("weeks", weeks), _numbers("burden", burden)
    width, where = _numbers("span", [span]), _numbers("at", at)
    _check(np.array([0, len(week)]), week, score, width, np.array([np.nan]))
    if not np.isfinite(where).all():
        raise UsageError("`at` must be finite numbers of weeks.")
    out = np.full((3, len(where)), np.nan)
    if len(week):
        from reliefpath.recovery.kernel import curve_at

        curve_at(week, score / width * RANGE, where, _packed(prior), out)
    return Curve(where, *(out * (width / RANGE)))


def _packed(prior: Prior) -> Packed:
    (bb, bc), (_, cc) = prior.covariance
    det = bb * cc - bc * bc
    return (
        1 / np.array(prior.taus, dtype=np.float64),
        np.log(np.array(prior.weights, dtype=np.float64)),
        float(prior.mean[0]),
        float(prior.mean[1]),
        cc / det,
        -bc / det,
        bb / det,
        prior.degrees,
        float(prior.scale),
    )


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        # The kernel is compiled once, for aligned, writable arrays.
        numbers = np.require(values, np.float64, ["C", "A", "W"])
    except (TypeError, ValueError):
        raise UsageError(f"`{name}` must be numbers.") from None
    return _column(name, numbers)


def _whole_numbers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.dtype.kind not in "iu":
        raise UsageError(f"`{name}` must be whole numbers.")
    return _column(name, np.require(given, np.int64, ["C", "A", "W"]))


def _column(name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim != 1:
        raise UsageError(f"`{name}` must be one column, not an array of {values.ndim} dimensions.")
    return values


def _check(
    offsets: NDArray[np.int64], weeks: Floats, burden: Floats, span: Floats, matters: Floats
) -> None:
    """Refuse input that is not as `recover` describes it; name the episode, never its data."""
    if not (len(offsets) - 1 == len(span) == len(matters)):
        raise UsageError("`offsets` must have one number more than `span` and `matters`.")
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
    _refuse(~np.isfinite(weeks), "its `weeks` must be finite numbers", episode)
    _refuse(~np.isfinite(burden), "its `burden` must be finite numbers", episode)
    _refuse(
        np.abs(burden) > span[episode] * (1 + 1e-9),
        "a score can't lie further from well than the whole `span`",
        episode,
    )
    falls = (np.diff(weeks) < 0) & (np.diff(episode) == 0)
    _refuse(falls, "its `weeks` must ascend", episode[1:])


def _refuse(
    wrong: NDArray[np.bool_], demand: str, episode: NDArray[np.int64] | None = None
) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        number = first if episode is None else int(episode[first])
        raise UsageError(f"Episode {number}, counted from 0: {demand}.")

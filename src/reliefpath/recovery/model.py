"""What can be asked of an episode's recovery, and the answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.errors import UsageError
from reliefpath.recovery.batch import Batch, array_of, days, days_of, numbers
from reliefpath.recovery.prior import DEFAULT_PRIOR, RANGE, Prior

if TYPE_CHECKING:
    from reliefpath.recovery._kernel.packing import PackedTargets

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Targets:
    """What is asked of every episode.

    Attributes:
        window: Lowest and highest improvement at which an injection can be the final push.
        recovered: Improvement from which the episode counts as recovered.
        horizon_weeks: How far ahead the gain still to come is asked for, and how far back the gain
            of late.
        level_weeks: How far ahead a level course brings less than what matters.
        recovered_weeks: For how long scores have to be recovered.
        lost_weeks: For how long they have to be worse again for a recovery to be lost.
        lost_scatter: By how many times the scatter of the scores they have to be worse, at least.
        loss: How much of the smallest change that matters must be lost to be worse.

    Raises:
        UsageError: The window is empty or a value is not above 0.
    """

    window: tuple[float, float] = (0.75, 0.90)
    recovered: float = 0.90
    horizon_weeks: float = 6.0
    level_weeks: float = 13.0
    loss: float = 0.8
    recovered_weeks: float = 2.0
    lost_weeks: float = 2.0
    lost_scatter: float = 1.7

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
        if not 0 < self.loss < math.inf:
            raise UsageError("The loss that counts as worse must be above 0.")

    @property
    def packed(self) -> PackedTargets:
        """The targets as the compiled loops read them."""
        from reliefpath.recovery._kernel.packing import PackedTargets

        low, high = map(float, self.window)
        recovered, horizon = float(self.recovered), days(self.horizon_weeks)
        level_days, loss = days(self.level_weeks), float(self.loss)
        return PackedTargets(low, high, recovered, horizon, level_days, loss)


@dataclass(frozen=True, eq=False)
class Recovery:
    """One answer an episode in every array; NaN is "can't be answered".

    `now` is the week of the episode's last score: whether that is too long ago is for the caller to
    judge. An improvement is a share of the start: 0 is no change, 1 is well, and what lies beyond
    -9.99 or 9.99 is told as that bound. Without scores nothing can be answered. Where the start may
    well have been 0 (its probability of lying above 0 is below 95 %) there is nothing to take a
    share of, and only the targets about gain are answered.

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
        p_worse: Probability that the course, with the deviation of today where it is real, has lost
            since its best the part of the change that matters that counts as worse.
        worse_weeks: How many weeks before the latest score that set in, by the mean; told where it
            is probable by more than 5 %, as is the next.
        p_second: Probability that a second recovery, after a halt, has brought as much.
        second_weeks: How many weeks before the latest score it set in, by the mean.
        expected_gain: Mean of the gain over the horizon, in the measure's units.
        level_ahead: Median of the improvement that the curve is heading to, c / b.
        injection_effect: Mean of what an injection's passing effect takes off now, in the measure's
            units. No other answer counts it.
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
    p_worse: Floats
    worse_weeks: Floats
    p_second: Floats
    second_weeks: Floats
    expected_gain: Floats
    level_ahead: Floats
    injection_effect: Floats


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
    scale_range: ArrayLike,
    mcid: ArrayLike,
    targets: Targets = Targets(),
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: ArrayLike | None = None,
    effect: ArrayLike | None = None,
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
        scale_range: For each episode the width of its measure's range, in the measure's units.
        mcid: For each episode the smallest change that matters, in the measure's units; NaN is
            not known, and leaves unanswered what is asked about it.
        targets: What is asked.
        prior: What is known before the first score.
        step: For each episode the distance between neighbouring scores of its measure, in its
            units; 0, for a measure without steps, if None.
        effect: For each score how much of an injection's effect is present, from 0 to 1, as
            `injection_effect` gives it; 0 if None.
        threads: How many threads may work on a large batch; if None, as many as POLARS_MAX_THREADS
            says, or as there are cores.

    Raises:
        UsageError: The input is not as described. An episode without scores may have any range.
    """
    batch = Batch.of(offsets, weeks, burden, scale_range, step, effect)
    change = numbers("mcid", mcid)
    batch.check(change)
    out = np.full((len(fields(Recovery)), len(batch.scale_range)), np.nan)

    from reliefpath.recovery._kernel.compiled import recover_range

    def answer(first: int, last: int) -> None:
        recover_range(first, last, batch, change, targets.packed, prior.packed, out)

    batch.share_out(answer, threads)
    return Recovery(*out)


def forecast(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    scale_range: ArrayLike,
    at: ArrayLike,
    levels: ArrayLike = (0.05, 0.5, 0.95),
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: ArrayLike | None = None,
    effect: ArrayLike | None = None,
    effect_at: ArrayLike | None = None,
    threads: int | None = None,
) -> Floats:
    """Return quantiles of scores still to come, on the present therapy.

    Args:
        offsets, weeks, burden, scale_range, prior, step, effect, threads: As for `recover`.
        at: For each episode a row of weeks, NaN where nothing is asked.
        effect_at: As `effect`, at each of these weeks.
        levels: The quantiles asked for, between 0 and 1.

    Returns:
        By episode, week and level, in the measure's units of burden, from 0 to the range; not
        rounded to the measure's steps. NaN where nothing is asked or known.

    Raises:
        UsageError: The input is not as described.
    """
    batch = Batch.of(offsets, weeks, burden, scale_range, step, effect)
    batch.check(np.full(len(batch.scale_range), np.nan))
    where, asked = array_of("at", at, np.float64), numbers("levels", levels)
    if where.ndim != 2 or len(where) != len(batch.scale_range):
        raise UsageError("`at` must have a row of weeks for each episode.")
    if not ((asked > 0) & (asked < 1)).all():
        raise UsageError("`levels` must lie between 0 and 1.")
    present = _at(effect_at, where)
    day = np.where(np.isnan(where), -1, days_of(np.nan_to_num(where)))
    out = np.full((*where.shape, len(asked)), np.nan)

    from reliefpath.recovery._kernel.compiled import forecast_range

    def answer(first: int, last: int) -> None:
        forecast_range(first, last, batch, day, present, asked, prior.packed, out)

    batch.share_out(answer, threads)
    return np.clip(out, 0, RANGE) * (batch.scale_range / RANGE)[:, None, None]


def weeks_until_clear(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    scale_range: ArrayLike,
    mcid: ArrayLike,
    targets: Targets = Targets(),
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: ArrayLike | None = None,
    effect: ArrayLike | None = None,
    clear: tuple[float, float] = (0.2, 0.8),
    threads: int | None = None,
) -> Floats:
    """Return when it is expected to be clear whether a course is level, to plan the check-ins by.

    A score a week is assumed, each as the curve so far expects, without an injection's effect; real
    ones may settle it sooner or later.

    Args:
        offsets, weeks, burden, scale_range, mcid, targets, prior, step, effect, threads: As for
            `recover`.
        clear: `p_level` at or below which, and at or above which, the answer is clear.

    Returns:
        Whole weeks from the latest score of each episode, 0 where it is clear already; NaN where
        it won't be within `targets.level_weeks` or can't be asked.

    Raises:
        UsageError: The input is not as described.
    """
    batch = Batch.of(offsets, weeks, burden, scale_range, step, effect)
    change = numbers("mcid", mcid)
    batch.check(change)
    unlikely, likely = map(float, clear)
    ends = np.array([unlikely, likely])
    out = np.full(len(batch.scale_range), np.nan)

    from reliefpath.recovery._kernel.compiled import outlook_range

    def answer(first: int, last: int) -> None:
        outlook_range(first, last, batch, change, targets.packed, ends, prior.packed, out)

    batch.share_out(answer, threads)
    return out


def curve(
    weeks: ArrayLike,
    burden: ArrayLike,
    scale_range: float,
    at: ArrayLike,
    prior: Prior = DEFAULT_PRIOR,
    *,
    step: float = 0.0,
    effect: ArrayLike | None = None,
    effect_at: ArrayLike | None = None,
) -> Curve:
    """Return the recovery curve of one episode at the weeks `at`, with its 90 % band.

    That is recovery alone, as it would be without what injections take off; `effect_at` puts that
    in.

    Args:
        weeks: When each score was given, in weeks since care began, ascending.
        burden: How far each score is from well, in the measure's units; larger is worse.
        scale_range: The width of the measure's range, in the measure's units.
        at: The weeks to draw the curve at, in any order; before care began it is flat.
        prior: What is known before the first score.
        step: The distance between neighbouring scores, in the measure's units.
        effect: As for `recover`.
        effect_at: As `effect`, at each of the weeks `at`.

    Returns:
        The curve; NaN everywhere if there are no scores.

    Raises:
        UsageError: The input is not as described.
    """
    where = numbers("at", at)
    batch = Batch.of(
        [0, len(numbers("weeks", weeks))], weeks, burden, [scale_range], [step], effect
    )
    batch.check(np.array([np.nan]))
    if not np.isfinite(where).all():
        raise UsageError("`at` must be finite numbers of weeks.")
    out = np.full((3, len(where)), np.nan)
    if len(batch.day):
        from reliefpath.recovery._kernel.compiled import curve_at

        curve_at(batch, days_of(where), _at(effect_at, where), prior.packed, out)
    return Curve(where, *(out * (batch.scale_range[0] / RANGE)))


def _at(effect: ArrayLike | None, where: Floats) -> Floats:
    """Return how much of an injection's effect is present at each of the weeks asked for."""
    if effect is None:
        return np.zeros(where.shape)
    present: Floats = array_of("effect_at", effect, np.float64)
    if present.shape != where.shape or not ((present >= 0) & (present <= 1)).all():
        raise UsageError("`effect_at` must have a share from 0 to 1 for each week of `at`.")
    return present

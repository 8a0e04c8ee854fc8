"""One episode's recovery on one measure, in the measure's own unit: curve, forecast, picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import RECOVERED
from reliefpath.errors import UsageError
from reliefpath.pathway.flare import is_flare
from reliefpath.pathway.notebook import course_html
from reliefpath.recovery import Fit, Prior, Priors, Targets, fit
from reliefpath.recovery.injection import effect_after
from reliefpath.recovery.plot import altair_chart, recovery_chart
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.measures.totals import totals
from reliefpath.reference.therapies import counted_as

if TYPE_CHECKING:
    import altair

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats, Floats]
DAYS = 7
AHEAD = 6.0
"""Weeks that a curve is followed beyond its last score, unless another number is asked for."""


@dataclass(frozen=True, repr=False)
class RecoveryCourse:
    """The recovery of one patient on one outcome measure, in the measure's own unit.

    `fit` makes one of scores, and `explain` has one of an episode. Scores of one day are one
    occasion, whose mean counts.

    Attributes:
        measure: Id of the outcome measure.
        scale: What the catalogue says of it: range, direction, the change that matters.
        weeks: When the scores were given, in weeks since care began.
        scores: The scores, in the measure's unit.
        began: The day on which care began; None where times were given as weeks alone.
        injections: The weeks of injections, whose own effect is told apart from recovery.
        targets: What is asked: the window, and how far ahead.
        prior: What is known before the first score.
    """

    measure: str
    scale: Measure
    weeks: tuple[float, ...]
    scores: tuple[float, ...]
    began: date | None
    injections: tuple[float, ...]
    targets: Targets
    prior: Prior

    @classmethod
    def of(
        cls,
        measure: str,
        scale: Measure,
        weeks: ArrayLike,
        scores: ArrayLike,
        *,
        began: date | None,
        injections: ArrayLike,
        targets: Targets,
        prior: Prior,
    ) -> RecoveryCourse:
        """Return the course of these scores, in any order; the rest is as for the class."""
        # what is from before care began counts as of its first day
        injected = np.sort(np.maximum(np.asarray(injections, float), 0.0))
        when, means = _occasions(np.maximum(np.asarray(weeks, float), 0.0), scores, injected)
        return cls(
            measure,
            scale,
            tuple(when.tolist()),
            tuple(means.tolist()),
            began,
            tuple(injected.tolist()),
            targets,
            prior,
        )

    @property
    def scale_range(self) -> float:
        """The width of the measure's range."""
        assert self.scale.scale_range is not None  # else no curve can follow it
        return self.scale.scale_range

    @cached_property
    def fitted(self) -> Fit:
        """The posterior in units of burden, which is the distance from well.

        A latest score that is a flare waits for the next one to confirm it.
        """
        sign, well = self._well
        burden = np.maximum(sign * (np.array(self.scores) - well), 0.0)
        kept = len(burden) - int(self._ends_in_a_flare(burden))
        return fit(
            self.weeks[:kept],
            burden[:kept],
            self.scale_range,
            math.nan if self.scale.mcid is None else self.scale.mcid.value,
            self.scale.step or 0.0,
            self.targets,
            self.prior,
            self.injections,
        )

    def _ends_in_a_flare(self, burden: Floats) -> bool:
        mdc = self.scale.mdc or self.scale.mcid
        if len(burden) < 2 or mdc is None:
            return False
        effect = effect_after(self.injections, self.weeks[-2])
        apart = self.weeks[-1] - self.weeks[-2]
        return bool(is_flare(burden[-1], burden[-2], apart, mdc.value, len(burden), effect))

    @cached_property
    def answers(self) -> dict[str, float | None]:
        """What the curve says at the last score, by name; None is what cannot be said.

        `improvement` with `low` and `high`, the ends of its 90 % interval, and `level_ahead`, to
        which it is heading, are shares: 0 is no change, 1 is well. `p_window`, `p_recovered`,
        `p_plateau`, `p_plateau_in_window`, `p_level` and `p_worsening` are probabilities.
        `expected_gain` and `injection_effect` are in the measure's unit.
        """
        numbers = ((name, float(values[0])) for name, values in vars(self.fitted.answers).items())
        return {name: None if math.isnan(number) else number for name, number in numbers}

    def curve(self, weeks: ArrayLike, *, injected: bool = False) -> Ends:
        """Return the low end, middle and high end of the curve at these weeks.

        It is the true course, without the scatter of single scores; it lies between the ends with a
        probability of 90 %.

        Args:
            weeks: Weeks since care began.
            injected: Whether to put in what an injection takes off for a while.
        """
        drawn = self.fitted.curve(np.asarray(weeks, float), injected=injected)
        return self._own(drawn.low, drawn.mean, drawn.high)

    def expected(self, weeks: ArrayLike) -> Ends:
        """Return the low end, middle and high end of single scores expected at these weeks.

        A score lies between the ends with a probability of 90 %. They are not rounded to the steps
        of the measure, and what an injection takes off is in them.
        """
        low, middle, high = self.fitted.forecast(weeks).T
        return self._own(low, middle, high)

    def to_frame(self, ahead: float = AHEAD) -> pl.DataFrame:
        """Return the curve, a row a day, as `time`, `low`, `middle` and `high`; see `curve`.

        Args:
            ahead: Weeks to follow it beyond the last score.

        Returns:
            A Polars frame. `time` is a date, or weeks where no day is known on which care began.

        Raises:
            UsageError: `ahead` is no number of weeks.
        """
        weeks = self._days(ahead) / DAYS
        return self._frame(weeks, self.curve(weeks))

    def forecast(self, ahead: float = AHEAD) -> pl.DataFrame:
        """Return what single scores to come are expected to be, a row a week after the last one.

        They scatter about the curve: their range is wider than that of `to_frame`.

        Args:
            ahead: How many weeks to look ahead.

        Returns:
            A Polars frame with the columns of `to_frame`; a score lies between `low` and `high`
            with a probability of 90 %.

        Raises:
            UsageError: `ahead` is no number of weeks.
        """
        _check_ahead(ahead)
        weeks = self.weeks[-1] + np.arange(1.0, math.floor(ahead) + 1)
        return self._frame(weeks, self.expected(weeks))

    def summary(self) -> str:
        """Return what the curve says, in a few lines."""
        return self.fitted.summary()

    def plot(self, ahead: float = AHEAD) -> altair.LayerChart:
        """Return an Altair chart: the window, the curve in its band, scores, and those to come.

        Raises:
            UsageError: Altair is not installed, or `ahead` is no number of weeks.
        """
        return altair_chart(self.chart(ahead))

    def chart(self, ahead: float = AHEAD) -> dict[str, Any]:
        """Return the chart of `plot` in Vega-Lite."""
        weeks = self._days(ahead) / DAYS
        low, middle, high = self.curve(weeks)
        beyond = weeks[weeks >= self.weeks[-1]]
        least, _, most = self.expected(beyond)
        return recovery_chart(
            {"week": np.array(self.weeks), "value": np.array(self.scores)},
            {"week": weeks, "value": middle, "low": low, "high": high},
            None if self.answers["improvement"] is None else self.window,
            (self.scale.low, self.scale.low + self.scale_range),
            f"{self.scale.name} ({self.scale.well:g} is well)",
            {"week": beyond, "low": least, "high": most},
        )

    @cached_property
    def window(self) -> tuple[float, float]:
        """The scores between which the window lies, the lesser one first."""
        start = float(self.fitted.curve([0.0]).mean[0])
        ends = (np.array([start * (1 - share)]) for share in self.targets.window)
        low, high = sorted(float(self._of_burden(end)[0]) for end in ends)
        return low, high

    @property
    def told(self) -> str:
        """How much better, in a few words."""
        numbers = [self.answers[name] for name in ("improvement", "low", "high")]
        if None in numbers:
            return "improvement cannot be told: there is too little to improve"
        now, low, high = (f"{100 * (number or 0):.0f}" for number in numbers)
        return f"{now} % improved ({low} to {high})"

    def __repr__(self) -> str:
        count, weeks = len(self.scores), self.weeks[-1] - self.weeks[0]
        scores = "1 score" if count == 1 else f"{count} scores in {weeks:.0f} weeks"
        return f"<RecoveryCourse: {self.measure}, {scores}; {self.told}>"

    def _repr_html_(self) -> str:
        return str(course_html(self))

    @property
    def _well(self) -> tuple[float, float]:
        """Which way is worse, and where nothing is left to improve."""
        assert self.scale.well is not None  # else no curve can follow it
        return (1.0 if self.scale.better == "lower" else -1.0), self.scale.well

    def _of_burden(self, burden: Floats) -> Floats:
        sign, well = self._well
        found: Floats = well + sign * np.clip(burden, 0.0, self.scale_range)
        return found

    def _own(self, low: Floats, middle: Floats, high: Floats) -> Ends:
        """Burden in the measure's own unit, the lesser end first."""
        one, other = self._of_burden(low), self._of_burden(high)
        return np.minimum(one, other), self._of_burden(middle), np.maximum(one, other)

    def _days(self, ahead: float) -> Floats:
        _check_ahead(ahead)
        return np.arange(math.ceil(DAYS * self.weeks[-1] + DAYS * ahead) + 1.0)

    def _frame(self, weeks: Floats, ends: Ends) -> pl.DataFrame:
        began, low_to_high = self.began, zip(("low", "middle", "high"), ends, strict=True)
        times = pl.Series("time", weeks, pl.Float64)
        if began is not None:
            days = (began + timedelta(days=round(DAYS * week)) for week in weeks.tolist())
            times = pl.Series("time", list(days), pl.Date)
        return pl.DataFrame([times, *(pl.Series(name, end) for name, end in low_to_high)])


def scale_of(known: dict[str, Measure], measure: str) -> Measure | None:
    """Return a measure that a curve can follow; one without an end or a well has none."""
    scale = known[measure]
    return None if scale.well is None or scale.scale_range is None else scale


def course_of_episode(
    care_log: CareLog,
    episode: str,
    measure: str,
    as_of: date | datetime,
    targets: Targets,
    priors: Priors | None = None,
) -> RecoveryCourse | None:
    """Return the course behind an episode's advice on a measure, or None where there is none.

    Scores count up to `as_of` and while care, or its follow-up after a recovery, went on.
    """
    known = measures(care_log.knowledge)
    scale = scale_of(known, measure)
    [about] = care_log.episodes.filter(episode=episode).iter_rows(named=True)
    moment, ended = care_log.moment(as_of), about["ended_on"] or date.max
    if about["end_reason"] == RECOVERED:
        ended = date.max
    mine = care_log.scores.filter(episode=episode, measure=measure)
    scores = totals(moment.before(mine), care_log.knowledge)
    scores = scores.filter(pl.col("at").dt.date() <= ended)
    if scale is None or scores.is_empty():
        return None
    injected = pl.col("therapy").is_in(counted_as(care_log.knowledge, "injection"))
    given = moment.before(care_log.given.filter(injected, episode=episode))
    return RecoveryCourse.of(
        measure,
        scale,
        weeks_since(about["started_on"], scores["at"]),
        scores["value"].to_numpy(),
        began=about["started_on"],
        injections=weeks_since(about["started_on"], given["at"]),
        targets=targets,
        prior=(priors or Priors()).of(measure, about["region"]),
    )


def weeks_since(began: date, at: pl.Series) -> Floats:
    """Return the weeks from the day on which care began to each of some instants."""
    first = datetime.combine(began, time(), UTC)
    weeks: Floats = (at - first).dt.total_microseconds().to_numpy() / (DAYS * 86_400 * 1e6)
    return weeks


def _occasions(weeks: Floats, scores: ArrayLike, injections: Floats) -> tuple[Floats, Floats]:
    """The mean of the scores of each day, which only an injection parts, and when it begins."""
    values = np.asarray(scores, float)
    order = np.lexsort((values, weeks))
    weeks, values = weeks[order], values[order]
    day = np.floor(weeks * DAYS + 1e-6)
    part = np.searchsorted(injections, weeks, side="left")
    begins = np.flatnonzero(np.append(True, (np.diff(day) != 0) | (np.diff(part) != 0)))
    means = np.add.reduceat(values, begins) / np.diff(np.append(begins, values.size))
    return weeks[begins], means


def _check_ahead(ahead: float) -> None:
    if not 0 <= ahead <= 520:
        raise UsageError(f"`ahead` is {ahead:g}; expected a number of weeks from 0 to 520")

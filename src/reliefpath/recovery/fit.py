"""One patient's recovery at hand, for a notebook: fit, summary, forecast, plot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.errors import UsageError
from reliefpath.recovery.injection import effect_after
from reliefpath.recovery.model import (
    Curve,
    Recovery,
    Targets,
    curve,
    forecast,
    recover,
    weeks_until_clear,
)
from reliefpath.recovery.plot import altair_chart, recovery_chart
from reliefpath.recovery.prior import DEFAULT_PRIOR, Prior

if TYPE_CHECKING:
    import altair


@dataclass(frozen=True, eq=False)
class Fit:
    """The posterior of one episode on one measure; see `fit`."""

    weeks: NDArray[np.float64]
    burden: NDArray[np.float64]
    scale_range: float
    mcid: float
    step: float
    targets: Targets
    prior: Prior
    injections: NDArray[np.float64]

    @cached_property
    def effect(self) -> NDArray[np.float64]:
        """How much of an injection's effect is in each score."""
        return effect_after(self.injections, self.weeks)

    @cached_property
    def answers(self) -> Recovery:
        """What `recover` answers; every array has one entry."""
        offsets = [0, len(self.weeks)]
        columns = (offsets, self.weeks, self.burden, [self.scale_range], [self.mcid])
        asked = (self.targets, self.prior)
        return recover(*columns, *asked, step=[self.step], effect=self.effect)

    @cached_property
    def weeks_until_clear(self) -> float:
        """See `reliefpath.recovery.weeks_until_clear`."""
        offsets = [0, len(self.weeks)]
        columns = (offsets, self.weeks, self.burden, [self.scale_range], [self.mcid])
        asked = (self.targets, self.prior)
        found = weeks_until_clear(*columns, *asked, step=[self.step], effect=self.effect)
        return float(found[0])

    def curve(self, at: ArrayLike, *, injected: bool = False) -> Curve:
        """Return the curve with its 90 % band at these weeks, in units of burden.

        That is recovery alone, unless what an injection takes off is asked for (`injected`).
        """
        columns = (self.weeks, self.burden, self.scale_range, at, self.prior)
        left = effect_after(self.injections, at) if injected else None
        return curve(*columns, step=self.step, effect=self.effect, effect_at=left)

    def forecast(self, at: ArrayLike, levels: ArrayLike = (0.05, 0.5, 0.95)) -> NDArray[np.float64]:
        """Return quantiles of the scores at these weeks, a row a week, in units of burden."""
        offsets, where = [0, len(self.weeks)], np.atleast_1d(np.asarray(at, float))[None, :]
        columns = (offsets, self.weeks, self.burden, [self.scale_range], where, levels, self.prior)
        left = effect_after(self.injections, where)
        told = forecast(*columns, step=[self.step], effect=self.effect, effect_at=left)
        found: NDArray[np.float64] = told[0]
        return found

    def summary(self) -> str:
        """Return what the posterior says, in a few lines."""
        a = self.answers
        share = [float(x[0]) for x in (a.improvement, a.low, a.high)]
        if math.isnan(share[0]):
            improvement = "undefined: the start leaves nothing, or too little, to improve"
        else:
            now, low, high = (f"{100 * x:.0f}" for x in share)
            improvement = f"{now} % ({low} to {high}), heading to {100 * a.level_ahead[0]:.0f} %"
        low, high = (f"{100 * x:g}" for x in self.targets.window)
        wait = self.weeks_until_clear
        clear = "clear now" if wait == 0 else f"clear in {wait:.0f} weeks"
        clear = "when it will be clear can't be foreseen" if math.isnan(wait) else clear
        horizon = f"{self.targets.horizon_weeks:g} weeks"
        lines = {
            "improvement": improvement,
            f"within {low} to {high} %": _sure(a.p_window[0]),
            "level": f"{_sure(a.p_level[0])}; {clear}",
            "still to come": f"{a.expected_gain[0]:z.1f} points in {horizon}",
        }
        if a.injection_effect[0]:
            lines["injection"] = f"takes off {a.injection_effect[0]:.1f} points for a while"
        width = max(map(len, lines))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())

    def plot(self, ahead: float = 13.0) -> altair.LayerChart:
        """Return an Altair chart: scores, curve, its 90 % band and the window, `ahead` weeks on.

        Raises:
            UsageError: Altair is not installed.
        """
        at = np.arange(7 * (self.weeks[-1] + ahead) + 1) / 7
        drawn = self.curve(at)
        low, high = (float(drawn.mean[0]) * (1 - share) for share in self.targets.window)
        curve = {"week": at, "value": drawn.mean, "low": drawn.low, "high": drawn.high}
        scores = {"week": self.weeks, "value": self.burden}
        limits = 0.0, self.scale_range
        return altair_chart(
            recovery_chart(scores, curve, (low, high), limits, "distance from well")
        )


def _sure(probability: float) -> str:
    if math.isnan(probability):
        return "unknown"
    return "over 99 % sure" if probability > 0.99 else f"{100 * probability:.0f} % sure"


def fit(
    weeks: ArrayLike,
    burden: ArrayLike,
    scale_range: float = 10.0,
    mcid: float = math.nan,
    step: float = 0.0,
    targets: Targets | None = None,
    prior: Prior = DEFAULT_PRIOR,
    injections: ArrayLike = (),
) -> Fit:
    """Return the recovery of one episode on one measure.

    Args:
        weeks: When each score was given, in weeks since care began, ascending.
        burden: How far each score is from well, in the measure's units; larger is worse.
        scale_range: The width of the measure's range.
        mcid: The smallest change that matters; NaN if it is not known.
        step: The distance between neighbouring scores; 0 for a measure without steps.
        targets: What is asked.
        prior: What is known before the first score.
        injections: The weeks of injections, whose own effect is told apart from recovery.

    Raises:
        UsageError: There are no scores, or the input is not as `recover` describes it.
    """
    when, score = np.asarray(weeks, float), np.asarray(burden, float)
    if not when.size:
        raise UsageError("A fit needs at least one score.")
    numbers = float(scale_range), float(mcid), float(step)
    given = np.asarray(injections, float)
    found = Fit(when, score, *numbers, targets or Targets(), prior, given)
    _ = found.answers  # refuses bad input here rather than later
    return found

"""A level and a slope that both wander, by the package statsmodels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..histories import HORIZON, LEVELS, Answers, Floats, Histories
from .least_squares import least_squares
from .parts import (
    both_at_once,
    first_score,
    forecast,
    gain_or_nothing_left,
    given_on_scale,
    rounding,
    window_ends,
)

FEWEST_WEEKS = 6
"""Weeks with a score that three variances are estimated from."""
ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Trend:
    """The state in the latest week, its covariance, and what is expected in the weeks after it.

    Attributes:
        level: The true burden now.
        slope: Its change a week.
        covariance: Of the two.
        variances: Of a score, and of what a week adds to the level and to the slope.
        mean: Expected burden in each later week, from the next one on.
        sd: Spread of a score in each.
    """

    level: float
    slope: float
    covariance: Floats
    variances: Floats
    mean: Floats
    sd: Floats


def local_linear_trend(histories: Histories) -> Answers:
    """Fit a local linear trend (Harvey 1989) by maximum likelihood, on a grid of weeks.

    Level and slope now, with their covariance, come from the Kalman smoother. The gain over the
    horizon is -6 slopes and what the weeks may add to level and slope, all normal. A patient is
    level if it is below what matters, or if the level now is. P(inside) is the normal probability
    of the level now, the first score taken as exact; both at once is the product. A forecast is the
    model's own normal distribution, cut to the range. Rounding adds its variance. With scores of
    fewer than six weeks, or where the fit fails, the answers are those of `least_squares`.
    """
    line = least_squares(histories)
    assert line.forecast is not None
    level, inside, ahead = line.level.copy(), line.inside.copy(), line.forecast.copy()
    first = first_score(histories)
    for i in range(len(histories)):
        week, burden = histories.visits(i)
        later = np.nan_to_num(histories.ahead[i], nan=week[-1]) - week[-1]
        least = float(rounding(histories.step[i]))
        trend = fitted(week, burden, int(np.ceil(later.max(initial=0))))
        if trend is not None:
            scale_range = float(histories.scale_range[i])
            level[i] = p_level(trend, float(histories.mcid[i]), least)
            inside[i] = p_inside(trend, first[i], scale_range, least)
            ahead[i] = _forecast(trend, histories.ahead[i] - week[-1], scale_range, least)
    return both_at_once(level, inside, ahead)


def weekly(week: Floats, burden: Floats) -> Floats:
    """Return the mean score of each week up to the latest visit, NaN where there is none."""
    place = np.rint(week - week[-1]).astype(np.int64)
    place -= place[0]
    count = np.bincount(place)
    mean = np.bincount(place, burden) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan)


def fitted(week: Floats, burden: Floats, ahead: int) -> Trend | None:
    """Return the trend of one patient; None if there are too few weeks or the fit fails."""
    # here, so that the other methods do without it
    from statsmodels.tsa.statespace.structural import (
        UnobservedComponents,
    )

    scores = weekly(week, burden)
    if np.isfinite(scores).sum() < FEWEST_WEEKS:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fit = UnobservedComponents(scores, "local linear trend").fit(disp=False, maxiter=ROUNDS)
            told = fit.get_forecast(max(ahead, 1))
        except (ValueError, np.linalg.LinAlgError):
            return None
        level, slope = fit.smoothed_state[:, -1]
        trend = Trend(
            float(level),
            float(slope),
            np.asarray(fit.smoothed_state_cov[:, :, -1]),
            np.asarray(fit.params),
            np.asarray(told.predicted_mean),
            np.asarray(told.se_mean),
        )
    numbers = [trend.level, trend.slope, *trend.covariance.ravel(), *trend.mean, *trend.sd]
    return trend if np.isfinite(numbers).all() else None


def p_level(trend: Trend, mcid: float, least: float) -> float:
    """Return the probability that the gain over the horizon is below what matters."""
    _, of_level, of_slope = trend.variances
    steps = np.arange(HORIZON)
    variance = HORIZON**2 * trend.covariance[1, 1]
    variance += HORIZON * of_level + np.sum(steps**2) * of_slope
    small_gain = special.ndtr((mcid + HORIZON * trend.slope) / np.sqrt(variance + least))
    near_well = below(trend, np.array(mcid), least)
    return float(gain_or_nothing_left(small_gain, near_well))


def p_inside(trend: Trend, first: float, scale_range: float, least: float) -> float:
    """Return the probability that the burden now lies in the window."""
    best, worst = window_ends(np.array(first))
    ends = np.array([best, worst, 0.0, scale_range])
    at_best, at_worst, at_well, at_span = below(trend, ends, least)
    return float(given_on_scale(at_worst - at_best, at_span - at_well))


def below(trend: Trend, burden: Floats, least: float) -> Floats:
    """Return the probability that the level now is below some burdens."""
    error = np.sqrt(max(trend.covariance[0, 0], 0) + least)
    return np.asarray(special.ndtr((burden - trend.level) / error))


def at_weeks(trend: Trend, later: Floats) -> tuple[Floats, Floats]:
    """Return the expected burden and its spread so many weeks later, between whole weeks too."""
    whole = np.arange(1, trend.mean.size + 1)
    there = np.isfinite(later)
    mean, sd = np.full(later.size, np.nan), np.full(later.size, np.nan)
    mean[there] = np.interp(later[there], whole, trend.mean)
    sd[there] = np.interp(later[there], whole, trend.sd)
    return mean, sd


def _forecast(trend: Trend, later: Floats, scale_range: float, least: float) -> Floats:
    mean, sd = at_weeks(trend, later)
    sd = np.sqrt(sd**2 + least)
    told = forecast(mean[None], sd[None], special.ndtri(LEVELS), np.array([scale_range]))
    return np.asarray(told[0])

"""The exponential recovery curve of one patient, by scipy's curve_fit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from ..histories import HORIZON, WINDOW, Answers, Floats, Histories
from .least_squares import least_squares, t_cdf, t_deviates
from .parts import both_at_once, forecast, gain_or_nothing_left, given_on_scale, rounding

FEWEST_VISITS = 4
LEAST_START = 1e-6
"""Spreads of the noise that the start must be above 0, to take a share of it."""
SURE = 1e-9
"""Smallest standard error."""
SLOWEST, FASTEST = 40.0, 0.5
TRIED = np.array([1.0, 3.0, 8.0, 20.0])
"""Weeks of tau from which the best start is chosen."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The curve b - c (1 - exp(-t / tau)).

    Attributes:
        b: The burden at the start.
        c: What is gained of it in the end.
        tau: Weeks after which 1 - 1 / e of that is gained.
        covariance: Of the three.
        noise: Spread of a score around the curve.
        degrees: Of freedom of the noise.
    """

    b: float
    c: float
    tau: float
    covariance: Floats
    noise: float
    degrees: int

    def value(self, weeks: Floats) -> Floats:
        """Return the burden at some weeks."""
        return burden_at(weeks, self.b, self.c, self.tau)

    def error(self, slopes: Floats) -> Floats:
        """Return the standard error, by the delta method, of what has these slopes."""
        variance = np.einsum("...i,ij,...j->...", slopes, self.covariance, slopes)
        return np.asarray(np.sqrt(np.maximum(variance, SURE**2)))

    def below(self, limit: Floats | float, value: float, slopes: Floats) -> Floats:
        """Return the probability that what has this value and these slopes is below a limit."""
        return t_cdf((limit - value) / self.error(slopes), np.array(self.degrees))


def curve_fit(histories: Histories) -> Answers:
    """Fit b - c (1 - exp(-t / tau)) to all visits by bounded least squares.

    The gain over the horizon, the burden now and the improvement c (1 - exp(-t / tau)) / b have
    standard errors by the delta method and are Student-t with n - 3 degrees for n visits. Level is
    a gain, or a burden now, below what matters; both at once is the product of P(level) and
    P(inside). A forecast is t too, its variance that of the curve and of the residuals together,
    cut to the range. With fewer than four visits, or where the fit fails, the answers are those of
    `least_squares`.
    """
    line = least_squares(histories)
    assert line.forecast is not None
    level, inside, ahead = line.level.copy(), line.inside.copy(), line.forecast.copy()
    for i in range(len(histories)):
        week, burden = histories.visits(i)
        week = np.maximum(week, 0)
        curve = fitted(week, burden, float(histories.scale_range[i]), float(histories.step[i]))
        if curve is not None:
            level[i] = p_level(curve, week[-1], float(histories.mcid[i]))
            inside[i] = p_inside(curve, week[-1])
            ahead[i] = _forecast(curve, histories.ahead[i], float(histories.scale_range[i]))
    return both_at_once(level, inside, ahead)


def burden_at(weeks: Floats, b: float, c: float, tau: float) -> Floats:
    """Return the curve at some weeks."""
    return b - c * (1 - np.exp(-weeks / tau))


def slopes_at(weeks: Floats, b: float, c: float, tau: float) -> Floats:
    """Return the derivatives of the curve by b, c and tau, along a new last axis."""
    left = np.exp(-weeks / tau)
    return np.stack([np.ones_like(weeks), left - 1, c * left * weeks / tau**2], axis=-1)


def fitted(week: Floats, burden: Floats, scale_range: float, step: float) -> Curve | None:
    """Return the curve of one patient; None if there are too few visits or the fit fails."""
    if week.size < FEWEST_VISITS:
        return None
    bounds = ([0.0, -scale_range, FASTEST], [1.2 * scale_range, 1.2 * scale_range, SLOWEST])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optimize.OptimizeWarning)
        try:
            best, _ = optimize.curve_fit(
                burden_at, week, burden, begin(week, burden, bounds), bounds=bounds, jac=slopes_at
            )
        except (RuntimeError, ValueError, np.linalg.LinAlgError):
            return None
    b, c, tau = map(float, best)
    squares = float(np.sum((burden - burden_at(week, b, c, tau)) ** 2))
    degrees = week.size - 3
    variance = max(squares / degrees, float(rounding(np.array(step))))
    slopes = slopes_at(week, b, c, tau)
    widths = np.subtract(bounds[1], bounds[0])
    covariance = bounded_covariance(slopes, variance, widths)
    return Curve(b, c, tau, covariance, float(np.sqrt(variance)), degrees)


def begin(week: Floats, burden: Floats, bounds: tuple[list[float], list[float]]) -> Floats:
    """Return where the search starts: the best line in 1 - exp(-t / tau) of a few tau."""
    starts = []
    for tau in TRIED:
        terms = np.stack([np.ones(week.size), np.expm1(-week / tau)], axis=1)
        line, _, _, _ = np.linalg.lstsq(terms, burden, rcond=None)
        b, c, tau = np.clip([*line, tau], *bounds)
        starts.append((float(np.sum((burden - burden_at(week, b, c, tau)) ** 2)), b, c, tau))
    return np.array(min(starts)[1:])


def bounded_covariance(slopes: Floats, variance: float, widths: Floats) -> Floats:
    """Return the covariance of the parameters, finite even if the visits leave one open.

    It is curve_fit's own variance * inv(J'J), with the bounds as what is known besides: a number
    somewhere between two bounds has a variance of their distance^2 / 12.
    """
    information = slopes.T @ slopes / variance + np.diag(12 / widths**2)
    return np.linalg.inv(information).astype(np.float64)


def p_level(curve: Curve, now: float, mcid: float) -> float:
    """Return the probability that the gain over the horizon is below what matters."""
    weeks = np.array([now, now + HORIZON])
    here, there = curve.value(weeks)
    at_here, at_there = slopes_at(weeks, curve.b, curve.c, curve.tau)
    small_gain = curve.below(mcid, here - there, at_here - at_there)
    return float(gain_or_nothing_left(small_gain, curve.below(mcid, here, at_here)))


def p_inside(curve: Curve, now: float) -> float:
    """Return the probability that the improvement now lies in the window."""
    if curve.b < LEAST_START * curve.noise:
        return 0.0
    week = np.array(now)
    improvement = 1 - float(curve.value(week)) / curve.b
    slopes = -slopes_at(week, curve.b, curve.c, curve.tau) / curve.b
    slopes[0] = -improvement / curve.b
    low, high, well = curve.below(np.array([*WINDOW, 1.0]), improvement, slopes)
    return float(given_on_scale(high - low, well))


def _forecast(curve: Curve, weeks: Floats, scale_range: float) -> Floats:
    slopes = slopes_at(weeks, curve.b, curve.c, curve.tau)
    sd = np.hypot(curve.error(slopes), curve.noise)
    mean = curve.value(weeks)
    deviates = t_deviates(np.array([curve.degrees]))
    told = forecast(mean[None], sd[None], deviates, np.array([scale_range]))
    return np.asarray(told[0])

"""A straight line through the recent visits of one patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..histories import HORIZON, LEVELS, Answers, Floats, Histories
from .parts import (
    both_at_once,
    first_score,
    forecast,
    gain_or_nothing_left,
    given_on_scale,
    last_score,
    last_week,
    recent,
    rounding,
    window_ends,
)

LOOK_BACK = 6.0
SAME_DAY = 1e-6
"""Stands for the spread of visits that are all of one day, in weeks^2."""


def least_squares(histories: Histories) -> Answers:
    """Fit a line by least squares to the visits of the last 6 weeks, at least three.

    Of n visits the true slope is Student-t around the one fitted, with its standard error and n - 2
    degrees. So is the line's value now, which gives P(inside), the first score taken as exact.
    Level is a gain of -6 slopes below what matters, or a value now below it; both at once is the
    product. A forecast is the t predictive distribution, cut to the range. The noise is never below
    that of rounding. Two visits alone show no line: the latest score is carried forward, and their
    difference counts as noise, with one degree.
    """
    line = fitted(histories)
    error = HORIZON * line.noise / np.sqrt(line.spread)
    small_gain = t_cdf((histories.mcid + HORIZON * line.slope) / error, line.degrees)
    now = last_week(histories)[:, None]
    value, error = line.value(now)[:, 0], line.error(now)[:, 0]

    def below(burden: Floats) -> Floats:
        return t_cdf((burden - value) / error, line.degrees)

    level = gain_or_nothing_left(small_gain, below(histories.mcid))
    best, worst = window_ends(first_score(histories))
    on_scale = below(histories.scale_range) - below(np.zeros(len(histories)))
    inside = given_on_scale(below(worst) - below(best), on_scale)
    return both_at_once(level, inside, _forecast(line, histories))


@dataclass(frozen=True, eq=False)
class Line:
    """A line a history.

    Attributes:
        visits: How many visits it goes through.
        week: Their mean week.
        spread: Sum of their squared distances from it, in weeks^2.
        middle: The line at that week.
        slope: Change of the burden a week.
        noise: Spread of a score around the line.
        degrees: Of freedom of the noise.
    """

    visits: Floats
    week: Floats
    spread: Floats
    middle: Floats
    slope: Floats
    noise: Floats
    degrees: Floats

    def value(self, weeks: Floats) -> Floats:
        """Return the line at some weeks, a row a history."""
        return self.middle[:, None] + self.slope[:, None] * (weeks - self.week[:, None])

    def error(self, weeks: Floats) -> Floats:
        """Return the standard error of the line at some weeks, a row a history."""
        far = (weeks - self.week[:, None]) ** 2 / self.spread[:, None]
        return self.noise[:, None] * np.sqrt(1 / self.visits[:, None] + far)


def fitted(histories: Histories) -> Line:
    """Return the line of each history."""
    used = recent(histories, LOOK_BACK)
    owner, week, burden = histories.owner[used], histories.weeks[used], histories.burden[used]

    def total(values: Floats) -> Floats:
        return np.bincount(owner, values, len(histories)).astype(np.float64)

    visits = total(np.ones(week.size))
    at, middle = total(week) / visits, total(burden) / visits
    off, above = week - at[owner], burden - middle[owner]
    spread = np.maximum(total(off**2), SAME_DAY)
    slope = np.where(visits > 2, total(off * above) / spread, 0)
    degrees = np.maximum(visits - 2, 1)
    variance = total((above - slope[owner] * off) ** 2) / degrees
    noise = np.sqrt(np.maximum(variance, rounding(histories.step)))
    middle = np.where(visits > 2, middle, last_score(histories))
    return Line(visits, at, spread, middle, slope, noise, degrees)


def t_cdf(x: Floats, degrees: Floats) -> Floats:
    """Return the probability that a Student-t value lies below x."""
    return np.asarray(stats.t.cdf(x, degrees), np.float64)


def t_deviates(degrees: Floats) -> Floats:
    """Return Student-t quantiles at `LEVELS`, a row for each number of degrees."""
    return np.asarray(stats.t.ppf(LEVELS, degrees[:, None]), np.float64)


def _forecast(line: Line, histories: Histories) -> Floats:
    noise, visits = line.noise[:, None], line.visits[:, None]
    error = np.where(visits > 2, line.error(histories.ahead), noise / np.sqrt(visits))
    sd = np.hypot(error, noise)
    mean = line.value(histories.ahead)
    return forecast(mean, sd, t_deviates(line.degrees), histories.scale_range)

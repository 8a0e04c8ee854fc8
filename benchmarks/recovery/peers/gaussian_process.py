"""One Gaussian process for all patients: its mean and its kernel are learned from earlier ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from ..histories import HORIZON, LEVELS, WINDOW, Answers, Flags, Floats, Histories
from .parts import (
    Method,
    both_at_once,
    forecast,
    gain_or_nothing_left,
    given_on_scale,
    last_week,
)

FITTED_TO = 300
"""Training episodes at most whose likelihood is maximised."""
ROUNDS = 60
MEAN_WEEKS = (2.0, 6.0, 18.0)
"""The mean course is a constant and exponentials of these time constants."""
MEAN_SD = 10.0
"""Spread of their coefficients beforehand, on a scale of 10; it keeps them finite."""
BEGINNING: Floats = np.log([1.0, 1.5, 5.0, 1.0, 6.0, 0.8])
BOUNDS = np.log([[0.03, 8], [0.03, 8], [0.7, 40], [0.03, 8], [0.7, 60], [0.1, 4]])
"""Of the six parameters; see `Process`."""
SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Process:
    """A Gaussian process of scores on a scale of 10, the patient's own times in weeks.

    k(t, t') = start^2 + recovery^2 g(t) g(t') + wander^2 m(|t - t'| / weeks), with
    g(t) = 1 - exp(-t / length) and Matérn's m(d) = (1 + sqrt(3) d) exp(-sqrt(3) d). The true course
    has this covariance; a score adds the variance noise^2.

    Attributes:
        parameters: Logarithms of start, recovery, length, wander, weeks and noise.
        coefficients: Of the mean course.
    """

    parameters: Floats
    coefficients: Floats

    def mean(self, t: Floats) -> Floats:
        """Return the mean course."""
        return basis(t) @ self.coefficients

    @property
    def noise(self) -> float:
        """The variance of a score around the true course."""
        return float(np.exp(2 * self.parameters[5]))


def kernel(parameters: Floats, s: Floats, t: Floats) -> Floats:
    """Return the covariance of the true course between times s (rows) and t (columns)."""
    start, recovery, length, wander, weeks, _ = np.exp(parameters)
    gone = [1 - np.exp(-np.maximum(at, 0) / length) for at in (s, t)]
    far = np.sqrt(3) * np.abs(s[..., :, None] - t[..., None, :]) / weeks
    course = recovery**2 * gone[0][..., :, None] * gone[1][..., None, :]
    return np.asarray(start**2 + course + wander**2 * (1 + far) * np.exp(-far))


def basis(t: Floats) -> Floats:
    """Return what the mean course is made of, along a new last axis."""
    later = np.maximum(t, 0)
    return np.stack([np.ones_like(t), *(np.exp(-later / weeks) for weeks in MEAN_WEEKS)], axis=-1)


@dataclass(frozen=True, eq=False)
class Series:
    """Scores on a scale of 10 as rows of equal length, with 0 where there is none."""

    there: Flags
    weeks: Floats
    score: Floats

    @classmethod
    def of(cls, histories: Histories) -> Series:
        """Return the scores of each history."""
        count = np.diff(histories.offsets)
        there = np.arange(count.max(initial=0)) < count[:, None]
        weeks, score = np.zeros((2, *there.shape))
        weeks[there] = histories.weeks
        score[there] = histories.burden * 10 / histories.scale_range[histories.owner]
        return cls(there, weeks, score)

    def root(self, parameters: Floats) -> Floats:
        """Return the Cholesky root of each row's covariance; places without a score stand alone."""
        known = self.there[:, :, None] & self.there[:, None, :]
        alone = np.eye(self.there.shape[1])
        noise = np.exp(2 * parameters[5]) * alone
        covariance = kernel(parameters, self.weeks, self.weeks) + noise
        return np.asarray(np.linalg.cholesky(np.where(known, covariance, alone)))

    def whitened(self, root: Floats, values: Floats) -> Floats:
        """Return what solves root x = values, which have a column or more a place."""
        return np.asarray(np.linalg.solve(root, np.where(self.there[..., None], values, 0)))


def fitted(training: Histories) -> Process:
    """Return the process under which the scores of whole episodes are likeliest.

    The coefficients of the mean are integrated out of the likelihood, with a wide normal prior.
    """
    some = np.random.default_rng(FITTED_TO).permutation(len(training))[:FITTED_TO]
    series = Series.of(training.take(np.sort(some)))

    def loss(parameters: Floats) -> float:
        return -log_likelihood(series, parameters)[0]

    best = optimize.minimize(
        loss,
        BEGINNING,
        method="L-BFGS-B",
        bounds=[(low, high) for low, high in BOUNDS],
        options={"maxiter": ROUNDS},
    )
    return Process(best.x, log_likelihood(series, best.x)[1])


def log_likelihood(series: Series, parameters: Floats) -> tuple[float, Floats]:
    """Return the log marginal likelihood, and the coefficients of the mean given the scores."""
    root = series.root(parameters)
    terms = np.concatenate([basis(series.weeks), series.score[..., None]], axis=-1)
    white = series.whitened(root, terms)
    x, y = white[..., :-1].reshape(-1, 1 + len(MEAN_WEEKS)), white[..., -1].ravel()
    precision = x.T @ x + np.eye(x.shape[1]) / MEAN_SD**2
    coefficients = linalg.solve(precision, x.T @ y, assume_a="pos")
    squares = y @ y - coefficients @ (x.T @ y)
    roots = np.log(np.diagonal(root, axis1=1, axis2=2)).sum()
    _, size = np.linalg.slogdet(precision * MEAN_SD**2)
    count = series.there.sum()
    return float(-0.5 * (squares + size + count * np.log(2 * np.pi)) - roots), coefficients


def given(process: Process, series: Series, at: Floats) -> tuple[Floats, Floats]:
    """Return mean and covariance of the true course at times, a row a series, given its scores."""
    root = series.root(process.parameters)
    off = (series.score - process.mean(series.weeks))[..., None]
    across = kernel(process.parameters, series.weeks, at)
    white = series.whitened(root, np.concatenate([across, off], axis=-1))
    reach, rest = white[..., :-1], white[..., -1:]
    mean = process.mean(at) + (reach.swapaxes(1, 2) @ rest)[..., 0]
    return mean, kernel(process.parameters, at, at) - reach.swapaxes(1, 2) @ reach


def pooled_gaussian_process(training: Histories) -> Method:
    """Return the method whose process is learned from whole episodes by marginal likelihood.

    Given the scores so far the true course is normal: at the start, now, after the horizon and on
    the days ahead. Level is a gain below what matters, or a burden now below it; inside is the
    probability that the improvement, a ratio, lies in the window, given that the burden now is on
    the scale; both at once is the product. A forecast is normal, cut to the range.
    """
    process = fitted(training)

    def method(histories: Histories) -> Answers:
        unit = histories.scale_range / 10
        now = last_week(histories)[:, None]
        later = np.where(np.isfinite(histories.ahead), histories.ahead, now)
        at = np.concatenate([np.zeros_like(now), now, now + HORIZON, later], axis=1)
        mean, covariance = given(process, Series.of(histories), at)

        def below(of_start: float, of_now: float, of_then: float, limit: Floats) -> Floats:
            part = np.array([of_start, of_now, of_then])
            variance = part @ covariance[:, :3, :3] @ part
            return np.asarray(
                special.ndtr((limit - mean[:, :3] @ part) / np.sqrt(variance + SMALLEST))
            )

        mcid, nothing = histories.mcid / unit, np.zeros(len(histories))
        level = gain_or_nothing_left(below(0, 1, -1, mcid), below(0, 1, 0, mcid))
        worst, best = (below(reached - 1, 1, 0, nothing) for reached in WINDOW)
        on_scale = below(0, 1, 0, nothing + 10) - below(0, 1, 0, nothing)
        inside = given_on_scale(worst - best, on_scale)
        spread = np.diagonal(covariance, axis1=1, axis2=2)[:, 3:]
        sd = np.sqrt(np.maximum(spread, 0) + process.noise) * unit[:, None]
        told = forecast(
            mean[:, 3:] * unit[:, None], sd, special.ndtri(LEVELS), histories.scale_range
        )
        told[~np.isfinite(histories.ahead)] = np.nan
        return both_at_once(level, inside, told)

    return method

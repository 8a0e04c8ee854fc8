"""Recovery of one patient, written to be obvious: the oracle of the compiled kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtr
from scipy.stats import multivariate_t

from reliefpath.recovery import Prior, Questions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Component:
    """The posterior of (b, c) for one time constant: a bivariate Student-t."""

    weight: float
    tau: float
    mean: Floats
    scale: Floats
    dof: int

    def below(self, a: Floats, q: float) -> float:
        """P(a . (b, c) <= q)."""
        spread = np.sqrt(a @ self.scale @ a)
        if spread == 0:
            return float(a @ self.mean <= q)
        return float(stdtr(self.dof, (q - a @ self.mean) / spread))


def g(weeks: float, tau: float) -> float:
    return float(-np.expm1(-max(weeks, 0.0) / tau))


def posterior(weeks: Sequence[float], y: Sequence[float], prior: Prior) -> list[Component]:
    """Bayes' rule for each time constant, with matrices as in a textbook."""
    n, m, v = len(y), np.array(prior.mean), np.array(prior.covariance)
    log_weights, parts = [], []
    for tau, weight in zip(prior.taus, prior.weights, strict=True):
        x = np.array([[1.0, -g(week, tau)] for week in weeks])
        # Before any score is seen, the scores together are a multivariate Student-t.
        shape = prior.scale**2 * (np.eye(n) + x @ v @ x.T)
        evidence = multivariate_t.logpdf(y, x @ m, shape, prior.degrees)
        log_weights.append(np.log(weight) + evidence)

        precision = np.linalg.inv(v) + x.T @ x
        mean = np.linalg.solve(precision, np.linalg.solve(v, m) + x.T @ np.array(y))
        residual, shrinkage = np.array(y) - x @ mean, mean - m
        squares = residual @ residual + shrinkage @ np.linalg.solve(v, shrinkage)
        dof = prior.degrees + n
        variance = (prior.degrees * prior.scale**2 + squares) / dof
        parts.append((tau, mean, variance * np.linalg.inv(precision), dof))
    weights = np.exp(np.array(log_weights) - np.max(log_weights))
    weights /= weights.sum()
    return [Component(w, *part) for w, part in zip(weights.tolist(), parts, strict=True)]


def quantile(p: float, below: Callable[[float], float], limit: float) -> float:
    if below(-limit) >= p:
        return -limit
    if below(limit) <= p:
        return limit
    return float(brentq(lambda q: below(q) - p, -limit, limit, xtol=1e-13, rtol=1e-14))


def recover_one(
    weeks: Sequence[float],
    burden: Sequence[float],
    span: float,
    matters: float,
    questions: Questions,
    prior: Prior,
) -> dict[str, float]:
    """The fields of `Recovery` for one episode that has scores."""
    mixture = posterior(weeks, [10 * value / span for value in burden], prior)
    now, later = weeks[-1], weeks[-1] + questions.horizon_weeks
    change = 10 * matters / span

    def total(answer: Callable[[Component], float]) -> float:
        return sum(part.weight * answer(part) for part in mixture)

    def improvement_below(q: float) -> float:
        return total(lambda part: part.below(np.array([-q, g(now, part.tau)]), 0.0))

    def level_below(q: float) -> float:
        return total(lambda part: part.below(np.array([-q, 1.0]), 0.0))

    def gain(part: Component) -> Floats:
        return np.array([0.0, g(later, part.tau) - g(now, part.tau)])

    def recovery(part: Component) -> Floats:
        return np.array([0.0, g(later, part.tau)])

    answers = {
        "p_plateau": total(lambda part: part.below(gain(part), change)),
        "p_worsening": total(lambda part: part.below(recovery(part), -change)),
        "expected_gain": total(lambda part: float(gain(part) @ part.mean)) * span / 10,
    }
    ratios = ("improvement", "low", "high", "p_window", "p_recovered")
    levels = ("level_ahead", "level_ahead_low", "level_ahead_high")
    if total(lambda part: part.below(np.array([1.0, 0.0]), 0.0)) >= 0.05:
        return answers | dict.fromkeys(ratios + levels, float("nan"))

    low, high = questions.window
    answers["p_window"] = max(improvement_below(high) - improvement_below(low), 0.0)
    answers["p_recovered"] = 1 - improvement_below(questions.recovered)
    for name, p in zip(ratios[:3], (0.5, 0.05, 0.95), strict=True):
        answers[name] = quantile(p, improvement_below, 9.99) if now > 0 else 0.0
    for name, p in zip(levels, (0.5, 0.05, 0.95), strict=True):
        answers[name] = quantile(p, level_below, 9.99)
    return answers


def curve_one(
    weeks: Sequence[float], burden: Sequence[float], span: float, at: float, prior: Prior
) -> tuple[float, float, float]:
    """Mean, 5 % and 95 % quantile of the curve of one episode at one week."""
    mixture = posterior(weeks, [10 * value / span for value in burden], prior)

    def form(part: Component) -> Floats:
        return np.array([1.0, -g(at, part.tau)])

    def below(q: float) -> float:
        return sum(part.weight * part.below(form(part), q) for part in mixture)

    mean = sum(part.weight * float(form(part) @ part.mean) for part in mixture)
    low, high = quantile(0.05, below, 1000.0), quantile(0.95, below, 1000.0)
    return mean * span / 10, low * span / 10, high * span / 10

"""Recovery of one patient, written to be obvious: the oracle of the compiled loops.

Every candidate, a shape with a deviation and an asymptote, is a linear model in textbook form, with
dense matrices and SciPy's distributions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtr
from scipy.stats import multivariate_t, norm

from reliefpath.recovery import Prior, Targets
from reliefpath.recovery.injection import injection_prior
from reliefpath.recovery.prior import Asymptote, Deviation
from reliefpath.recovery.shapes import Shape

Floats = NDArray[np.float64]
ASKED = Targets()


@lru_cache(maxsize=10_000)
def reached(shape: Shape, weeks: float, now: float) -> float:
    """What a shape has reached in a week: asked by many candidates, and for each share."""
    return float(shape.reached(weeks, now))


@dataclass(frozen=True)
class Component:
    """A Student-t of the start b, the recovery c, what an injection takes off at once, d, and the
    deviation in some weeks.

    Attributes:
        weight: Its probability.
        shape: Its shape of recovery.
        now: The week of the latest score, by which a turn is placed.
        deviation: Its kind of deviation.
        mean: Mean of b, c, d and each week's deviation.
        scale: Their scale matrix.
        noise: What sigma^2 is about; one more score adds it.
        dof: Degrees of freedom.
    """

    weight: float
    shape: Shape
    now: float
    deviation: Deviation
    mean: Floats
    scale: Floats
    noise: float
    dof: float

    def g(self, weeks: float) -> float:
        return reached(self.shape, weeks, self.now)

    def below(self, a: Floats, q: float, noises: float = 0.0) -> float:
        """P(a . (b, c, deviations) + `noises` times an error <= q)."""
        spread = math.sqrt(a @ self.scale @ a + noises * self.noise)
        if spread == 0:
            return float(a @ self.mean <= q)
        return float(stdtr(self.dof, (q - a @ self.mean) / spread))

    def form(self, b: float = 0, c: float = 0, d: float = 0, **deviations: float) -> Floats:
        """The coefficients of a linear form; `w0` is of the deviation in the first week asked."""
        a = np.zeros(len(self.mean))
        a[:3] = b, c, d
        for name, part in deviations.items():
            a[3 + int(name[1:])] = part
        return a

    def true(self) -> float:
        """1 if the deviation is a part of the true course."""
        return 1.0 if self.deviation.real else 0.0


Mixture = list[Component]


def in_days(weeks: Sequence[float]) -> list[float]:
    return [max(round(week * 7), 0) / 7 for week in weeks]


def normal_prior(prior: Prior, asymptote: Asymptote) -> tuple[Floats, Floats]:
    """Mean and covariance of (b, c, d) at the typical variance of a score."""
    mean, sd = prior.start
    bb, bc = sd**2, asymptote.share * sd**2
    cc = asymptote.share**2 * sd**2 + (asymptote.spread * mean) ** 2
    taken_off = injection_prior()
    covariance = np.array([[bb, bc, 0], [bc, cc, 0], [0, 0, taken_off.sd**2]])
    return np.array([mean, asymptote.share * mean, taken_off.mean]), covariance


def candidates(
    weeks: Sequence[float],
    y: Sequence[float],
    effect: Sequence[float],
    ratios: Sequence[float],
    step: float,
    asked: Sequence[float],
    prior: Prior,
) -> Mixture:
    """Bayes' rule for each candidate, with the deviation in the weeks `asked`.

    `ratios` are the variances of the errors, as multiples of the usual one.
    """
    typical = prior.noise[1] ** 2 + step**2 / 12
    at = np.array([*weeks, *asked])
    scores, n = np.array(y), len(y)
    log_weights, parts = [], []
    for shape, shape_weight in prior.shapes.items():
        reached = shape.reached(np.array(weeks), weeks[-1])
        x = np.column_stack([np.ones(n), -reached, -np.array(effect)])
        for deviation, deviation_weight in prior.deviations.items():
            strayed = deviation.ratio * np.exp(-np.abs(at[:, None] - at) / deviation.weeks)
            errors = np.diag(ratios) + strayed[:n, :n]
            kept = np.linalg.solve(errors, strayed[:n, n:]).T
            information = x.T @ np.linalg.solve(errors, x)
            of_scores = x.T @ np.linalg.solve(errors, scores)
            for asymptote, asymptote_weight in prior.asymptotes.items():
                m, v = normal_prior(prior, asymptote)
                # before any score is seen, the scores together are a multivariate Student-t
                evidence = multivariate_t.logpdf(
                    scores,
                    x @ m,
                    typical * errors + x @ v @ x.T,
                    prior.noise[0],  # type: ignore[arg-type]
                )
                log_weights.append(math.log(shape_weight * deviation_weight * asymptote_weight))
                log_weights[-1] += evidence  # type: ignore[assignment]

                precision = typical * np.linalg.inv(v) + information
                mean = np.linalg.solve(precision, typical * np.linalg.solve(v, m) + of_scores)
                left, moved = scores - x @ mean, mean - m
                squares = left @ np.linalg.solve(errors, left)
                squares += typical * moved @ np.linalg.solve(v, moved)
                dof = prior.noise[0] + n
                noise = (prior.noise[0] * typical + squares) / dof

                # given b, c and d, the deviation is what its covariance with the scores makes of
                # the rest
                full = np.vstack([np.eye(3), -kept @ x])
                scale = full @ np.linalg.inv(precision) @ full.T
                scale[3:, 3:] += strayed[n:, n:] - kept @ strayed[:n, n:]
                means = np.concatenate([mean, kept @ left])
                parts.append((shape, weeks[-1], deviation, means, noise * scale, noise, dof))
    weights = np.exp(np.array(log_weights) - max(log_weights))
    weights /= weights.sum()
    return [Component(w, *part) for w, part in zip(weights.tolist(), parts, strict=True)]


def beyond_the_ends(
    weeks: Sequence[float],
    y: Sequence[float],
    effect: Sequence[float],
    step: float,
    mixture: Mixture,
) -> tuple[list[float], list[float]]:
    """Scores and noise ratios that stand for "at an end of the scale or beyond", told once.

    The moments of the true score, given the other scores and that the score with its error lies
    beyond the edge, are those of a normal cut by a normal tail.
    """
    noise = sum(p.weight * p.noise * (1 + p.deviation.ratio) for p in mixture)
    scores, ratios = list(y), [1.0] * len(y)
    for i, score in enumerate(y):
        if 0 < score < 10:
            continue
        side, edge = (1, step / 2) if score <= 0 else (-1, 10 - step / 2)
        mean = square = 0.0
        for part in mixture:
            a = part.form(b=1, c=-part.g(weeks[i]), d=-effect[i])
            mean += part.weight * float(a @ part.mean)
            square += part.weight * float((a @ part.mean) ** 2 + a @ part.scale @ a)
        variance = max(square - mean**2, 1e-4)
        precision = 1 / variance - 1 / noise
        if precision > 0.04:
            mean = (mean / variance - score / noise) / precision
        else:
            precision = 0.04
        others = 1 / precision
        deviation = math.sqrt(others + noise)
        a = side * (edge - mean) / deviation  # type: ignore[assignment]
        hazard = math.exp(norm.logpdf(a) - norm.logcdf(a))
        found = mean - side * others / deviation * hazard
        left = max(others - others**2 / deviation**2 * hazard * (hazard + a), 1e-6)
        tells = max(1 / left - precision, 1e-4)  # type: ignore[operator]
        scores[i] = min(max((found / left - mean * precision) / tells, edge - 8), edge + 8)  # type: ignore[operator]
        ratios[i] = min(max(1 / (tells * noise), 1), 1000)
    return scores, ratios


def posterior(
    weeks: Sequence[float],
    y: Sequence[float],
    effect: Sequence[float],
    step: float,
    prior: Prior,
    asked: Sequence[float],
) -> Mixture:
    """The mixture given scores `y` on the common scale, with the deviation in the weeks `asked`."""
    weeks = in_days(weeks)
    mixture = candidates(weeks, y, effect, [1.0] * len(y), step, asked, prior)
    if min(y) <= 0 or max(y) >= 10:
        scores, ratios = beyond_the_ends(weeks, y, effect, step, mixture)
        mixture = candidates(weeks, scores, effect, ratios, step, asked, prior)
    return mixture


def total(mixture: Mixture, answer: Callable[[Component], float]) -> float:
    return sum(part.weight * answer(part) for part in mixture)


def quantile(p: float, below: Callable[[float], float], limit: float) -> float:
    if below(-limit) >= p:
        return -limit
    if below(limit) <= p:
        return limit
    return float(brentq(lambda q: below(q) - p, -limit, limit, xtol=1e-9))


@dataclass(frozen=True)
class Reference:
    """One episode that has scores, and what is asked of it."""

    weeks: Sequence[float]
    burden: Sequence[float]
    scale_range: float
    mcid: float
    step: float
    targets: Targets = ASKED
    effect: Sequence[float] = ()
    """How much of an injection's effect is in each score; empty without an injection."""

    def mixture(self, prior: Prior, *asked: float) -> Mixture:
        """The posterior, with the deviation in the weeks `asked`."""
        unit = 10 / self.scale_range
        y = [value * unit for value in self.burden]
        effect = self.effect or [0.0] * len(y)
        return posterior(self.weeks, y, effect, self.step * unit, prior, asked)

    def now(self) -> float:
        return in_days(self.weeks[-1:])[0]

    def improvement_below(self, q: float, part: Component) -> float:
        """P(c g(now) - w(now) <= q b); the deviation now is the first that was asked for."""
        return part.below(part.form(b=-q, c=part.g(self.now()), w0=-part.true()), 0.0)

    def recover(self, prior: Prior) -> dict[str, float]:
        """The fields of `Recovery`, as if each could be answered."""
        now, change = self.now(), 10 * self.mcid / self.scale_range
        horizon, level_weeks = in_days([self.targets.horizon_weeks, self.targets.level_weeks])
        low, high = self.targets.window
        begun = in_days([self.weeks[0]])[0]
        lag = max(now - horizon, begun)
        mixture = self.mixture(prior, now, now + horizon, now + level_weeks, lag)

        def gain(part: Component) -> Floats:
            part_of_c = part.g(now + horizon) - part.g(now)
            return part.form(c=part_of_c, w0=part.true(), w1=-part.true())

        def expected(part: Component) -> float:
            return float(gain(part) @ part.mean)

        def plateau(part: Component) -> float:
            return part.below(gain(part), change)

        def level(part: Component) -> float:
            behind = part.g(now) - part.g(max(now - horizon, 0))
            ahead = part.g(now + level_weeks) - part.g(now)
            deviation = {"w0": part.true(), "w2": -part.true()}
            gained = part.below(part.form(c=max(behind, ahead), **deviation), change)
            moved = part.form(c=behind, w3=part.true(), w0=-part.true())
            within = part.below(moved, change) - part.below(moved, -change)
            return gained * within if part.true() else min(gained, within)

        def worse(part: Component) -> float:
            return part.below(part.form(c=part.g(now + horizon), w1=-part.true()), -change)

        def worse_than_best(part: Component) -> float:
            reached = [part.g(week) for week in in_days(self.weeks)]
            best = max(reached) if part.mean[1] >= 0 else min(reached)
            gained = part.form(c=reached[-1] - best, w0=-part.true())
            return part.below(gained, -self.targets.loss * change)

        def second(part: Component) -> float:
            turn = part.shape.turn
            if turn is None or turn.change <= 0 or part.shape.family == "level":
                return 0.0
            if now - turn.ago < 1 - 1e-9:
                return 0.0
            of_c = float(part.shape.added(0.0))
            return 1 - part.below(part.form(c=of_c), self.targets.loss * change)

        def began(part: Component) -> float:
            turn = part.shape.turn
            if turn is None or now - turn.ago < 1 - 1e-9:
                return now - part.shape.start
            return turn.ago

        def weeks_since(event: Callable[[Component], float]) -> float:
            happened = total(mixture, event)
            if happened < 0.05:
                return math.nan
            return max(total(mixture, lambda part: event(part) * began(part)) / happened, 0.0)

        def window(part: Component) -> float:
            return self.improvement_below(high, part) - self.improvement_below(low, part)

        def recovered(part: Component) -> float:
            return 1 - self.improvement_below(self.targets.recovered, part)

        def passing(part: Component) -> float:
            return float(part.form(d=self.effect[-1] if self.effect else 0.0) @ part.mean)

        def level_ahead_below(q: float) -> float:
            return total(mixture, lambda part: part.below(part.form(b=-q, c=part.g(math.inf)), 0.0))

        return {
            "p_plateau": total(mixture, plateau),
            "p_level": total(mixture, level),
            "p_worsening": total(mixture, worse),
            "p_worse": total(mixture, worse_than_best),
            "worse_weeks": weeks_since(worse_than_best),
            "p_second": total(mixture, second),
            "second_weeks": weeks_since(second),
            "p_window": total(mixture, window),
            "p_plateau_in_window": total(mixture, lambda part: plateau(part) * window(part)),
            "p_recovered": total(mixture, recovered),
            "expected_gain": total(mixture, expected) * self.scale_range / 10,
            "improvement": self.improvement(0.5, mixture),
            "low": self.improvement(0.05, mixture),
            "high": self.improvement(0.95, mixture),
            "level_ahead": quantile(0.5, level_ahead_below, 9.99),
            "injection_effect": total(mixture, passing) * self.scale_range / 10,
            "p_start_above_0": total(mixture, lambda part: 1 - part.below(part.form(b=1), 0.0)),
        }

    def improvement(self, p: float, mixture: Mixture) -> float:
        if self.now() == 0:
            return 0.0
        return quantile(
            p, lambda q: total(mixture, lambda part: self.improvement_below(q, part)), 9.99
        )

    def curve_below(self, at: float, q: float, prior: Prior) -> float:
        """P(the curve without any deviation lies at or below q, in the measure's units)."""
        return total(
            self.mixture(prior),
            lambda part: part.below(part.form(b=1, c=-part.g(at)), 10 * q / self.scale_range),
        )

    def score_below(self, at: float, q: float, prior: Prior, effect: float = 0.0) -> float:
        """P(a score in a later week is at or below q, in the measure's units).

        `effect` is how much of an injection's effect is present then.
        """

        def below(part: Component) -> float:
            score = part.form(b=1, c=-part.g(at), d=-effect, w0=1)
            return part.below(score, 10 * q / self.scale_range, 1.0)

        return total(self.mixture(prior, at), below)

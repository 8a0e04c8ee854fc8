"""The same posterior by brute force: likelihood times prior, summed over a fine lattice.

Nothing here knows that the posterior has a closed form, or that an inverse-chi-squared variance
suits it. The deviation is integrated out as the normal vector it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

from reliefpath.recovery import Prior
from reliefpath.recovery.prior import Asymptote, Deviation
from reliefpath.recovery.shapes import Shape

Floats = NDArray[np.float64]
START, RECOVERY, NOISE = (-1.0, 12.0), (-8.0, 14.0), (0.2, 4.0)
"""Everything outside these bounds is negligible in the episodes of the tests."""


def nodes(low: Floats, high: Floats, count: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights between `low` and `high`, along a new last axis."""
    x, w = np.polynomial.legendre.leggauss(count)
    half = (high - low)[..., None] / 2
    return low[..., None] + half * (x + 1), half * w


@dataclass(frozen=True)
class Question:
    """Whether `b` b + `c` c + `now` w(last score) + `later` w(weeks later) <= q.

    `c` is what of the recovery counts, by the shape.
    """

    q: float
    b: float = 0.0
    c: tuple[float, float] = (0.0, 0.0)
    """The question has of c what is reached in the second of these weeks less in the first."""
    now: float = 0.0
    later: float = 0.0
    weeks: float = 0.0


@dataclass(frozen=True)
class Integration:
    """One episode, its scores on the common scale, `step` apart.

    A score of 0 tells only that the true one with its error lies within half a step of it or
    beyond, where nothing wanders.
    """

    weeks: Sequence[float]
    y: Sequence[float]
    prior: Prior
    step: float = 0.0

    def probability(self, question: Question) -> float:
        """The probability that it holds."""
        b, b_weight = nodes(np.array(START[0]), np.array(START[1]), 60)
        noise, noise_weight = nodes(np.array(NOISE[0]), np.array(NOISE[1]), 50)
        holds = everything = 0.0
        for shape, shape_weight in self.prior.shapes.items():
            part = float(shape.reached(question.c[1]) - shape.reached(question.c[0]))
            # where the answer turns when nothing wanders
            turn = (question.q - question.b * b) / part if part else np.full_like(b, RECOVERY[1])
            edge = np.clip(turn, *RECOVERY)
            for low, high in ((RECOVERY[0], edge), (edge, RECOVERY[1])):
                c, c_weight = nodes(
                    np.broadcast_to(low, b.shape), np.broadcast_to(high, b.shape), 40
                )
                x = question.b * b[:, None] + part * c
                for deviation, deviation_weight in self.prior.deviations.items():
                    for asymptote, asymptote_weight in self.prior.asymptotes.items():
                        for s, s_weight in zip(noise.tolist(), noise_weight.tolist(), strict=True):
                            mass = b_weight[:, None] * c_weight * s_weight
                            mass = mass * shape_weight * deviation_weight * asymptote_weight
                            mass *= np.exp(self.log_prior(b[:, None], c, s, asymptote))
                            mass *= np.exp(self.log_likelihood(b[:, None], c, s, shape, deviation))
                            everything += float(mass.sum())
                            chance = self.chance(question, x, b[:, None], c, s, shape, deviation)
                            holds += float((mass * chance).sum())
        return holds / everything

    def log_prior(self, b: Floats, c: Floats, noise: float, asymptote: Asymptote) -> Floats:
        """Log density of start, recovery and noise, but for a constant."""
        degrees, sd_of_scores = self.prior.noise
        typical = math.sqrt(sd_of_scores**2 + self.step**2 / 12)
        mean, sd = self.prior.start
        wider = noise / typical
        spread = asymptote.spread * mean * wider
        # the density of the noise's SD when its variance is scaled inverse-chi-squared
        log = -(degrees + 1) * math.log(noise) - degrees * typical**2 / (2 * noise**2)
        log -= math.log(sd * wider * spread)
        return (
            log
            - ((b - mean) / (sd * wider)) ** 2 / 2
            - ((c - asymptote.share * b) / spread) ** 2 / 2
        )

    def log_likelihood(
        self, b: Floats, c: Floats, noise: float, shape: Shape, deviation: Deviation
    ) -> Floats:
        """Log density of the scores."""
        left = [y - b + c * g for y, g in zip(self.y, self.gone(shape), strict=True)]
        if deviation.ratio == 0:
            parts = (
                log_ndtr((r + self.step / 2) / noise)
                if y <= 0
                else -((r / noise) ** 2) / 2 - math.log(noise)
                for y, r in zip(self.y, left, strict=True)
            )
            return sum(parts, np.zeros(1))
        covariance = noise**2 * (
            np.eye(len(left)) + self.strayed(deviation, self.weeks, self.weeks)
        )
        whitened = np.einsum("ij,j...->i...", np.linalg.inv(np.linalg.cholesky(covariance)), left)
        found: Floats = -np.sum(whitened**2, axis=0) / 2 - np.linalg.slogdet(covariance)[1] / 2
        return found

    def chance(
        self,
        question: Question,
        x: Floats,
        b: Floats,
        c: Floats,
        noise: float,
        shape: Shape,
        deviation: Deviation,
    ) -> Floats:
        """The probability that it holds given everything but the deviation."""
        if not deviation.real or not (question.now or question.later):
            return (x <= question.q).astype(float)
        a = np.array([question.now, question.later])
        ahead = [self.weeks[-1], self.weeks[-1] + question.weeks]
        seen = np.eye(len(self.y)) + self.strayed(deviation, self.weeks, self.weeks)
        kept = np.linalg.solve(seen, self.strayed(deviation, self.weeks, ahead)) @ a
        spread = a @ self.strayed(deviation, ahead, ahead) @ a
        spread -= kept @ self.strayed(deviation, self.weeks, ahead) @ a
        for k, (y, g) in enumerate(zip(self.y, self.gone(shape), strict=True)):
            x = x + kept[k] * (y - b + c * g)
        return np.asarray(ndtr((question.q - x) / (noise * math.sqrt(spread))))

    def gone(self, shape: Shape) -> list[float]:
        return [float(shape.reached(week)) for week in self.weeks]

    def strayed(self, deviation: Deviation, of: Sequence[float], to: Sequence[float]) -> Floats:
        """Covariance of the deviation in some weeks with that in others, for a noise of 1."""
        apart = np.abs(np.array(of)[:, None] - np.array(to))
        return np.asarray(deviation.ratio * np.exp(-apart / deviation.weeks))

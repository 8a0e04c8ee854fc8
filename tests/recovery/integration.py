"""The same posterior by brute force: likelihood times prior, summed over a fine lattice.

Nothing here knows that the posterior has a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reliefpath.recovery import Prior

Floats = NDArray[np.float64]
START, RECOVERY, NOISE = (-3.0, 15.0), (-14.0, 20.0), (0.15, 8.0)
"""Everything outside these bounds is negligible in the episodes of the tests."""


def nodes(low: Floats, high: Floats, count: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights between `low` and `high`, along a new last axis."""
    x, w = np.polynomial.legendre.leggauss(count)
    half = (high - low)[..., None] / 2
    return low[..., None] + half * (x + 1), half * w


@dataclass(frozen=True)
class Integration:
    """One episode, its scores on the common scale."""

    weeks: Sequence[float]
    y: Sequence[float]
    prior: Prior

    def density(self, b: Floats, c: Floats, noise: float, tau: float) -> Floats:
        """Likelihood times prior, but for a constant."""
        degrees, scale = self.prior.degrees, self.prior.scale
        mean, covariance = self.prior.mean, np.array(self.prior.covariance) * noise**2
        # The density of the noise SD when its variance is scaled inverse-chi-squared.
        log = -(degrees + 1) * math.log(noise) - degrees * scale**2 / (2 * noise**2)
        (bb, bc), (_, cc) = np.linalg.inv(covariance)
        db, dc = b - mean[0], c - mean[1]
        log = log - 0.5 * (bb * db**2 + 2 * bc * db * dc + cc * dc**2)
        log -= 0.5 * math.log(np.linalg.det(covariance))
        for week, score in zip(self.weeks, self.y, strict=True):
            error = score - (b - c * (1 - math.exp(-week / tau)))
            log -= math.log(noise) + error**2 / (2 * noise**2)
        return np.exp(log)

    def probability(self, boundary: Callable[[Floats, float], Floats]) -> float:
        """P(c <= boundary(b, tau))."""
        b, b_weight = nodes(np.array(START[0]), np.array(START[1]), 90)
        noise, noise_weight = nodes(np.array(NOISE[0]), np.array(NOISE[1]), 90)
        inside = outside = 0.0
        for tau, weight in zip(self.prior.taus, self.prior.weights, strict=True):
            edge = np.clip(boundary(b, tau), *RECOVERY)
            below = nodes(np.full_like(b, RECOVERY[0]), edge, 60)
            above = nodes(edge, np.full_like(b, RECOVERY[1]), 60)
            for s, s_weight in zip(noise.tolist(), noise_weight.tolist(), strict=True):
                mass = weight * s_weight * b_weight[:, None]
                inside += float(
                    (mass * below[1] * self.density(b[:, None], below[0], s, tau)).sum()
                )
                outside += float(
                    (mass * above[1] * self.density(b[:, None], above[0], s, tau)).sum()
                )
        return inside / (inside + outside)

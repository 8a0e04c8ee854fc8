"""The exact Bayesian answer of somebody who knows the world: what no method can beat.

Importance sampling: many patients are drawn from the world's own prior, and each counts as much as
its course and its noise make the scores seen likely. Rounding and the ends of the scale are part of
the likelihood. A wandering deviation is integrated out as if scores were not rounded or cut.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from benchmarks.recovery.histories import HORIZON, WINDOW, Answers, Floats, Histories, Ints
from benchmarks.recovery.worlds import (
    FLARE,
    WANDER_WEEKS,
    Curves,
    World,
    patients,
)

PARTICLES = 50_000
LATTICE = 400
"""Points from 0 to 10 between which a true score is told to the likelihood."""
LOWEST = 1e-12


def oracle(
    world: World, histories: Histories, episode: Ints, particles: int = PARTICLES
) -> tuple[Answers, float]:
    """Return the world's own answers, and the median effective number of particles."""
    random = np.random.default_rng((world.seed, 9_999))
    course, sd = patients(world, particles, random)
    course = np.asfortranarray(course)  # it is read by the day
    likelihood = None if world.noise == "wandering" else _Likelihood(world, sd)
    n = len(histories)
    level, inside, both, effective = (np.full(n, np.nan) for _ in range(4))
    for rows in np.split(np.arange(n), np.flatnonzero(np.diff(episode)) + 1):
        week, burden = histories.visits(int(rows[-1]))
        day = np.rint(week * 7).astype(np.int64)
        score = burden / (world.measure.scale_range / 10)
        if likelihood:
            steps = likelihood.log(course[:, day], np.rint(burden / world.measure.step))
        else:
            steps = _wandering(course[:, day], sd, week, score)
        total = np.cumsum(steps, axis=1)
        for row in rows:
            upto = int(histories.offsets[row + 1] - histories.offsets[row]) - 1
            weight = np.exp(total[:, upto] - total[:, upto].max())
            weight /= weight.sum()
            now = day[upto]
            gain = course[:, now] - course[:, now + round(7 * HORIZON)]
            flat = gain < world.measure.mcid / (world.measure.scale_range / 10)
            reached = 1 - course[:, now] / course[:, 0]
            window = (reached >= WINDOW[0]) & (reached <= WINDOW[1])
            level[row], inside[row] = weight @ flat, weight @ window
            both[row] = weight @ (flat & window)
            effective[row] = 1 / (weight @ weight)
    return Answers(level, inside, both, None), float(np.median(effective))


class _Likelihood:
    """Log probability of a whole score, tabled by true score, noise and score."""

    def __init__(self, world: World, sd: Floats) -> None:
        unit, step = world.measure.scale_range / 10, world.measure.step
        levels, self.of = np.unique(sd, return_inverse=True)
        true = np.linspace(0, 10, LATTICE)[None, :, None]
        edge = (np.arange(round(world.measure.scale_range / step)) + 0.5) * step / unit
        below = _cdf(world, edge[None, None, :] - true, levels[:, None, None])
        ends = np.zeros((*below.shape[:2], 1))
        chance = np.diff(np.concatenate([ends, below, ends + 1], axis=2), axis=2)
        self.table = np.log(np.maximum(chance, LOWEST)).astype(np.float32)

    def log(self, true: Curves, score: Floats) -> Floats:
        """Return the log likelihood of each particle (row) at each visit (column)."""
        place = np.rint(true * ((LATTICE - 1) / 10)).astype(np.int64)
        found = self.table[self.of[:, None], place, score.astype(np.int64)[None, :]]
        return np.asarray(found, np.float64)


def _cdf(world: World, x: Floats, sd: Floats) -> Floats:
    """Probability that the deviation of a score lies below x."""
    match world.noise:
        case "heavy":
            return np.asarray(stats.t.cdf(x / (0.75 * sd), 3))
        case "flares":
            often, least, most = FLARE
            shifts = least + (np.arange(8) + 0.5) / 8 * (most - least)
            flared = np.mean([special.ndtr((x - s) / sd) for s in shifts], axis=0)
            return np.asarray((1 - often) * special.ndtr(x / sd) + often * flared)
        case _:
            return np.asarray(special.ndtr(x / sd))


def _wandering(true: Curves, sd: Floats, week: Floats, score: Floats) -> Floats:
    """Log likelihood of each visit given those before it: an Ornstein-Uhlenbeck deviation."""
    off = score[None, :] - true
    kept = np.exp(-np.diff(week) / WANDER_WEEKS)
    innovation = off.copy()
    innovation[:, 1:] -= kept * off[:, :-1]
    spread = np.sqrt(np.concatenate([[1.0], 1 - kept**2]))[None, :] * sd[:, None]
    return np.asarray(-0.5 * (innovation / spread) ** 2 - np.log(spread))

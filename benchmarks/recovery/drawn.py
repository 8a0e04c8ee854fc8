"""Does learning ever hurt? Asked in worlds that are drawn: python -m benchmarks.recovery.drawn.

Nobody chose these worlds, and nothing was tuned on them: shapes and their weights, noise, measure,
visits and drop-out are drawn. In each a prior is learned from clinics of several sizes and held
against the one as shipped, on other patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np

from reliefpath.recovery import DEFAULT_PRIOR, Prior, learn

from .histories import Floats, Histories, Ints, Truth
from .ours import with_prior
from .scoring import crps
from .training import simulated_episodes
from .uncertainty import pull_of_mean, standard_error
from .worlds import (
    NDI,
    NRS,
    ODI,
    PSFS,
    VAS,
    Noise,
    Random,
    World,
    delayed,
    exponential,
    gompertz,
    linear,
    mixed,
    s_shaped,
    simulate,
    stepwise,
)

WORLDS, EPISODES = 20, 400
CLINICS = (30, 60, 200, 1_000)
"""Episodes that are learned from."""
QUESTIONS = ("level", "window", "both", "forecast")
MANY = 3.0
"""Standard errors from which on a difference counts."""


@dataclass(frozen=True)
class Change:
    """What learning changed.

    Attributes:
        question: Which: a Brier score, or the CRPS of forecasts on a scale from 0 to 10.
        mean: The mean loss when learned, less that as shipped; below 0 is better.
        errors: The same in standard errors, with histories of one episode taken together.
    """

    question: str
    mean: float
    errors: float


def drawn_world(number: int) -> World:
    """Draw a world."""
    random = np.random.default_rng((2026, number))
    families = _families(random)
    chosen = random.permutation(len(families))[: random.integers(1, 4)]
    weights = random.dirichlet(np.full(chosen.size, 2.0))
    least = random.uniform(0.4, 1.4)
    fewest, most = int(random.integers(3, 8)), int(random.integers(8, 20))
    return World(
        f"drawn {number}",
        mixed(*((float(w), families[i]) for w, i in zip(weights, chosen, strict=True))),
        get_args(Noise)[random.integers(4)],
        (least, least + random.uniform(0.1, 0.8)),
        (NRS, PSFS, NDI, VAS, ODI)[random.integers(5)],
        ripple=(random.uniform(0.5, 1.5), 5, 14) if random.random() < 0.2 else None,
        relapse=random.uniform(0.2, 0.7) if random.random() < 0.3 else 0.0,
        visits=(fewest, most),
        leaving=float(random.choice([0, 0, -0.3, 0.3])),
        seed=7000 + number,
    )


def _families(random: Random) -> list[Callable[[Random, int], Floats]]:
    return [
        exponential(random.uniform(1.5, 9), random.uniform(0.2, 0.8)),
        delayed(random.uniform(3, 10), random.uniform(2, 6)),
        s_shaped((2, random.uniform(6, 14)), (0.6, 2.5)),
        gompertz((2, random.uniform(6, 12)), (0.8, 3)),
        stepwise(int(random.integers(1, 5)), random.uniform(8, 20)),
        linear(2, random.uniform(8, 24)),
    ]


def changes(world: World, learned_from: int, episodes: int = EPISODES) -> list[Change]:
    """Return what learning from so many episodes of a world changed for others of it."""
    histories, truth = simulate(world, episodes)
    taught = simulated_episodes(world, learned_from)
    prior = learn(taught.offsets, taught.weeks, taught.burden, taught.scale_range, step=taught.step)
    losses = partial(_losses, histories, truth, 10 / world.measure.scale_range)
    pairs = zip(losses(prior), losses(DEFAULT_PRIOR), strict=True)
    return [
        _change(question, learned - shipped, truth.episode)
        for question, (learned, shipped) in zip(QUESTIONS, pairs, strict=True)
    ]


def _losses(histories: Histories, truth: Truth, unit: float, prior: Prior) -> list[Floats]:
    told = with_prior(prior)(histories)
    assert told.forecast is not None
    answers = (told.level, truth.level), (told.inside, truth.inside)
    both = told.both, truth.level & truth.inside
    found = [np.square(said - so) for said, so in (*answers, both)]
    each = crps(told.forecast, truth.observed) * unit
    count = np.isfinite(each).sum(axis=1)
    total = np.nansum(each, axis=1)
    return [*found, np.where(count > 0, total / np.maximum(count, 1), np.nan)]


def _change(question: str, difference: Floats, episode: Ints) -> Change:
    known = np.isfinite(difference)
    mean = float(difference[known].mean())
    error = standard_error(pull_of_mean(difference[known]), episode[known])
    return Change(question, mean, mean / error)


def main() -> None:
    """Print, for each size of clinic and question, how many worlds got better and worse."""
    print("| learned from | question | better | worse | mean change | worst |\n|" + "---|" * 6)
    for size in CLINICS:
        all_changes = [changes(drawn_world(number), size) for number in range(WORLDS)]
        for question, mine in zip(QUESTIONS, zip(*all_changes, strict=True), strict=True):
            better = sum(change.errors < -MANY for change in mine)
            worse = sum(change.errors > MANY for change in mine)
            mean = np.mean([change.mean for change in mine])
            worst = max(mine, key=lambda change: change.errors)
            row = (f"{size:,}", question, better, worse, f"{mean:+.4f}")
            print("|", *(f"{cell} |" for cell in row), f"{worst.mean:+.4f} ({worst.errors:+.1f}) |")


if __name__ == "__main__":
    main()

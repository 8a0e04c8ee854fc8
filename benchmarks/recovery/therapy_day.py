"""What is it worth to know when a therapy began? python -m benchmarks.recovery.therapy_day.

In a world where every second recovery comes with a second therapy, the curve is told the day: a
second part of a course that began about then is taken for likelier beforehand, and one that began
on another day, or before there was a therapy, for less likely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from reliefpath.documents.reference.markdown import table
from reliefpath.recovery import DEFAULT_PRIOR, Prior, learn

from .histories import Answers, Floats, Histories, Truth
from .ours import LEARNED, SHIPPED, with_prior
from .scoring import brier, crps
from .training import simulated_episodes
from .worlds import JUDGED, Random, World, second_therapy, simulate, two_steps

EPISODES = 1_500
TIMES = (2, 5, 20)
"""By how much likelier a turn with the therapy, and less likely one without, is taken."""
ABOUT = 1.6
"""Factor between the weeks since a turn and since a therapy up to which they go together."""
DAY = 1 / 7


@dataclass(frozen=True)
class Worth:
    """Losses without and with the day told: a CRPS on a scale of 0 to 10, and a Brier of level."""

    prior: str
    times: int
    crps: tuple[float, float]
    brier: tuple[float, float]


def worths(episodes: int = EPISODES) -> Iterator[Worth]:
    """Yield what telling the day changes, for the learned and the shipped prior."""
    began: list[Floats] = []

    def begin(random: Random, n: int) -> Floats:
        began.append(second_therapy(random, n))
        return began[-1]

    world = next(world for world in JUDGED if world.name == "two steps")
    world = replace(world, shape=two_steps(begin))
    histories, truth = simulate(world, episodes)
    since = histories.weeks[histories.offsets[1:] - 1] - began[-1][truth.episode]
    for name, prior in ((LEARNED, learned_in(world)), (SHIPPED, DEFAULT_PRIOR)):
        untold = with_prior(prior)(histories)
        for times in TIMES:
            answers = (untold, told(prior, histories, since, times))
            forecast, level = zip(*(losses(each, truth) for each in answers), strict=True)
            yield Worth(name, times, forecast, level)


def losses(answers: Answers, truth: Truth) -> tuple[float, float]:
    """Return the CRPS of the forecasts, and the Brier score of being level."""
    assert answers.forecast is not None
    ahead = float(np.nanmean(crps(answers.forecast, truth.observed)))
    return ahead, brier(answers.level, truth.level)


def learned_in(world: World) -> Prior:
    """Return the prior that a world's other episodes teach."""
    t = simulated_episodes(world)
    return learn(t.offsets, t.weeks, t.burden, t.scale_range, step=t.step)


def told(prior: Prior, histories: Histories, since: Floats, times: int) -> Answers:
    """Return the answers about histories whose therapy began so many weeks ago, in half weeks."""
    rounded = np.where(since > 0, np.ceil(since * 2) / 2, 0)
    level, forecast = np.empty(len(histories)), None
    for weeks in np.unique(rounded):
        rows = np.flatnonzero(rounded == weeks)
        answers = with_prior(expecting(prior, float(weeks), times))(histories.take(rows))
        assert answers.forecast is not None
        if forecast is None:
            forecast = np.empty((len(histories), *answers.forecast.shape[1:]))
        level[rows], forecast[rows] = answers.level, answers.forecast
    return Answers(level, level, level, forecast)


def expecting(prior: Prior, since: float, times: int) -> Prior:
    """Return a prior that expects a second recovery with a therapy; without one, at 0, none."""

    def weighed(ago: float) -> float:
        apart = max(ago, DAY) / max(since, DAY)
        return times if since and 1 / ABOUT < apart < ABOUT else 1 / times

    shapes = {
        shape: weight * (weighed(shape.turn.ago) if shape.turn and shape.turn.change > 0 else 1)
        for shape, weight in prior.shapes.items()
    }
    total = sum(shapes.values())
    return replace(prior, shapes={shape: weight / total for shape, weight in shapes.items()})


def report(episodes: int = EPISODES) -> str:
    """Return what telling the day is worth, as Markdown."""
    rows = (
        (w.prior, f"{w.times}", *(f"{a:.4f} to {b:.4f} ({b / a - 1:+.1%})" for a, b in pairs))
        for w in worths(episodes)
        for pairs in [(w.crps, w.brier)]
    )
    return table(("prior", "times likelier", "CRPS of forecasts", "Brier of level"), rows)


if __name__ == "__main__":
    print(report())

"""Episodes for the tests of recovery."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from reliefpath.recovery import Prior
from reliefpath.recovery.injection import injection_effect, injection_prior
from reliefpath.recovery.prior import Asymptote, Deviation
from reliefpath.recovery.shapes import Shape

Floats = NDArray[np.float64]
Batch = tuple[NDArray[np.int64], Floats, Floats, Floats, Floats]

SMALL_PRIOR = Prior(
    start=(5.0, 1.5),
    noise=(12.0, 0.7),
    shapes={Shape("exponential", 0, 4): 0.6, Shape("straight", 2, 9): 0.4},
    asymptotes={Asymptote(0.1, 0.2): 0.3, Asymptote(0.8, 0.3): 0.7},
    deviations={Deviation(0, 1, False): 0.7, Deviation(3, 6, True): 0.3},
)
"""Few candidates, and none of them one of the default prior's."""


@dataclass(frozen=True)
class Episode:
    """One episode as `recover` wants it."""

    weeks: list[float]
    burden: list[float]
    scale_range: float = 10.0
    mcid: float = 2.0
    step: float = 0.0
    effect: tuple[float, ...] = ()
    """How much of an injection's effect is in each score; empty without an injection."""

    def injected(self, week: float) -> Episode:
        """The same scores, with an injection in a week of care."""
        effect = injection_effect(np.array(self.weeks) - week)
        return replace(self, effect=tuple(effect.tolist()))

    def batch(self) -> Batch:
        return batch([self])


def batch(episodes: list[Episode]) -> Batch:
    """The columns that `recover` takes."""
    return (
        np.cumsum([0] + [len(e.weeks) for e in episodes]),
        np.array([week for e in episodes for week in e.weeks], float),
        np.array([value for e in episodes for value in e.burden], float),
        np.array([e.scale_range for e in episodes], float),
        np.array([e.mcid for e in episodes], float),
    )


def steps(episodes: list[Episode]) -> Floats:
    return np.array([e.step for e in episodes], float)


@st.composite
def episodes(draw: st.DrawFn, least: int = 1) -> Episode:
    """Episodes of any shape: irregular days, several scores a day, a score before care began."""
    days = sorted(draw(st.lists(st.integers(-7, 400), min_size=least, max_size=20)))
    scale_range = draw(st.sampled_from([10.0, 50.0, 80.0, 100.0]))
    points = draw(st.lists(st.integers(0, 20), min_size=len(days), max_size=len(days)))
    return Episode(
        weeks=[day / 7 for day in days],
        burden=[scale_range * point / 20 for point in points],
        scale_range=scale_range,
        mcid=scale_range * draw(st.floats(0.05, 0.5)),
        step=scale_range * draw(st.sampled_from([0, 0.05])),
    )


@dataclass(frozen=True)
class Drawn:
    """Patients drawn from a prior, a row each, and what was so."""

    days: NDArray[np.int64]
    scores: Floats
    b: Floats
    c: Floats
    shape: NDArray[np.int64]
    now: NDArray[np.int64]
    """The day by which a turn is placed."""
    kind: NDArray[np.int64]
    """Of the deviation."""
    deviation: Floats
    """The deviation on the days."""
    taken_off: Floats
    """By an injection at once."""

    def of(self, rows: NDArray[np.bool_]) -> Drawn:
        return Drawn(*(column[rows] for column in vars(self).values()))

    def visits(self, first: int, last: int) -> Drawn:
        parts = vars(self) | {
            name: getattr(self, name)[:, first:last] for name in ("days", "scores", "deviation")
        }
        return Drawn(**parts)

    def in_order(self, order: NDArray[np.int64]) -> Drawn:
        """The same with its days in another order."""
        names = ("days", "scores", "deviation")
        moved = {n: np.take_along_axis(getattr(self, n), order, axis=1) for n in names}
        return replace(self, **moved)

    def columns(self) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
        n, visits = self.scores.shape
        offsets = np.arange(0, n * visits + 1, visits)
        return offsets, (self.days / 7).ravel(), self.scores.ravel(), np.full(n, 10.0)

    def gone(self, prior: Prior, days: NDArray[np.int64]) -> Floats:
        """g on a day for each patient."""
        found = np.empty(len(days))
        for k, shape in enumerate(prior.shapes):
            mine = self.shape == k
            found[mine] = shape.reached(days[mine] / 7, self.now[mine] / 7)
        return found


def drawn(
    prior: Prior,
    days: NDArray[np.int64],
    random: np.random.Generator,
    effect: Floats | None = None,
    now: NDArray[np.int64] | None = None,
) -> Drawn:
    """Patients as the prior says they are, with scores on `days`, a row a patient.

    A turn is placed by the day `now`, by default the last one. `effect` says how much of an
    injection's effect is in each score.
    """
    n, visits = days.shape
    typical = prior.noise[1] ** 2
    variance = typical * prior.noise[0] / random.chisquare(prior.noise[0], n)
    wider = np.sqrt(variance / typical)
    asymptote = random.choice(len(prior.asymptotes), n, p=list(prior.asymptotes.values()))
    share, spread = np.array([(a.share, a.spread) for a in prior.asymptotes])[asymptote].T
    mean, sd = prior.start
    b = mean + sd * wider * random.normal(size=n)
    c = share * b + spread * mean * wider * random.normal(size=n)
    weights = np.array(list(prior.shapes.values()))
    shape = random.choice(len(weights), n, p=weights / weights.sum())
    kind = random.choice(len(prior.deviations), n, p=list(prior.deviations.values()))
    ratio, weeks = np.array([(d.ratio, d.weeks) for d in prior.deviations])[kind].T
    deviation = random.normal(size=(n, visits))
    for j in range(1, visits):
        kept = np.exp(-(days[:, j] - days[:, j - 1]) / 7 / weeks)
        deviation[:, j] = kept * deviation[:, j - 1] + np.sqrt(1 - kept**2) * deviation[:, j]
    deviation *= np.sqrt(ratio * variance)[:, None]
    now = days[:, -1] if now is None else now
    found = Drawn(days, np.empty((n, visits)), b, c, shape, now, kind, deviation, np.zeros(n))  # type: ignore[arg-type]
    for j in range(visits):
        found.scores[:, j] = b - c * found.gone(prior, days[:, j]) + deviation[:, j]
    found.scores[:] += np.sqrt(variance)[:, None] * random.normal(size=(n, visits))
    if effect is not None:
        known = injection_prior()
        found.taken_off[:] = known.mean + known.sd * wider * random.normal(size=n)
        found.scores[:] -= found.taken_off[:, None] * effect
    return found

"""Everything that is measured: every method on every simulated world and every real data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from . import nuts
from .baseline import NAME as BASELINE
from .baseline import baseline
from .coverage import Counts, counts
from .histories import Answers, Floats, Histories, Ints, Truth
from .oracle import oracle
from .ours import LEARNED, OURS, SHIPPED, as_shipped, learned
from .peers import LEARNING, PEERS, Learner, Method
from .plain import Plain, plain_cases
from .real import real_histories
from .speed import Speed, speeds
from .training import folds, simulated_episodes, whole_series
from .worlds import JUDGED, World, simulate

ORACLE = "oracle"
SLOW = ("local linear trend",)
"""Methods that take so long that they see a sample only."""
SAMPLE_SEED = 17
METHODS = (*OURS, *PEERS, *LEARNING, BASELINE, ORACLE)
PartT = TypeVar("PartT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        episodes: Simulated episodes of each world.
        sample: Histories of each world that slow methods answer.
        real: Histories of each real data set at most.
        training: Simulated episodes that learning methods are shown.
        covering: Simulated episodes of each world on which coverage is counted.
        particles: Of the oracle.
        plain: Episodes of each plain case.
        nuts: Histories that NUTS answers.
        draws: Of each of its chains.
        timed: Episodes that the fastest method is timed on; slower ones get fewer.
        workers: Processes.
    """

    episodes: int = 300
    sample: int = 300
    real: int = 1_000_000
    training: int = 1_000
    covering: int = 6_000
    particles: int = 50_000
    plain: int = 2_000
    nuts: int = 24
    draws: int = 8_000
    timed: int = 100_000
    workers: int = 2


QUICK = Sizes(
    episodes=10,
    sample=6,
    real=25,
    training=40,
    covering=40,
    particles=2_000,
    plain=60,
    nuts=1,
    draws=200,
    timed=500,
    workers=1,
)


@dataclass(frozen=True, eq=False)
class Told:
    """What a method says of some of the histories.

    Attributes:
        rows: Which, ascending.
        answers: One for each of them.
    """

    rows: Ints
    answers: Answers

    def of(self, rows: Ints) -> Answers:
        """Return the answers about some of its histories."""
        return self.answers.take(np.searchsorted(self.rows, rows))


@dataclass(frozen=True, eq=False)
class Round:
    """A world or a data set, and what every method says of its histories.

    Attributes:
        name: Of the world or the data set.
        histories: What methods are given.
        truth: What was so.
        told: By method.
        particles: Effective number that the median answer of the oracle rests on.
        counts: Of what our intervals cover.
    """

    name: str
    histories: Histories
    truth: Truth
    told: dict[str, Told]
    particles: float = float("nan")
    counts: tuple[Counts, ...] = ()

    def common(self, *methods: str) -> Ints:
        """Return the histories that all these methods answered."""
        rows = self.told[methods[0]].rows
        for method in methods[1:]:
            rows = np.intersect1d(rows, self.told[method].rows)
        return rows


@dataclass(frozen=True, eq=False)
class Results:
    """All that was measured."""

    sizes: Sizes
    worlds: list[Round]
    real: list[Round]
    plain: list[Plain]
    nuts: nuts.Agreement
    speeds: list[Speed]


def play(sizes: Sizes) -> Results:
    """Run everything; what is timed runs by itself."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(1):
        return _play(sizes)


def _play(sizes: Sizes) -> Results:
    timed = speeds(sizes.timed)
    worlds = _each(partial(_play_judged, sizes), range(len(JUDGED)), sizes.workers)
    real = _each(partial(play_real, sizes), real_histories(), sizes.workers)
    samples = list(enumerate(nuts.sample(sizes.nuts)))
    agreed = _each(partial(_play_nuts, sizes.draws), samples, sizes.workers)
    plain = plain_cases(sizes.plain)
    return Results(sizes, worlds, real, plain, nuts.Agreement.of(agreed), timed)


def _each(work: Callable[[PartT], ResultT], parts: Iterable[PartT], workers: int) -> list[ResultT]:
    if workers == 1:
        return [work(part) for part in parts]
    with ProcessPoolExecutor(workers, get_context("spawn"), _use_one_thread) as pool:
        return list(pool.map(work, parts))


def _use_one_thread() -> None:
    """Let linear algebra use one thread: on matrices as small as these more make it much slower."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(1)


def _play_judged(sizes: Sizes, number: int) -> Round:
    return play_world(sizes, JUDGED[number])


def _play_nuts(draws: int, part: tuple[int, Histories]) -> nuts.Agreement:
    number, history = part
    return nuts.agreement(history, draws, number)


def play_world(sizes: Sizes, world: World) -> Round:
    """Have every method answer the histories of a world."""
    histories, truth = simulate(world, sizes.episodes)
    training = simulated_episodes(world, sizes.training)
    ours = {SHIPPED: as_shipped, LEARNED: learned(training)}
    methods = ours | PEERS | {name: learner(training) for name, learner in LEARNING.items()}
    told = _all_told(methods, histories, sizes.sample)
    everyone = np.arange(len(histories))
    told[BASELINE] = Told(everyone, baseline(histories, truth))
    best, particles = oracle(world, histories, truth.episode, sizes.particles)
    told[ORACLE] = Told(everyone, best)
    covered = tuple(counts(world, ours, sizes.covering))
    return Round(world.name, histories, truth, told, particles, covered)


def play_real(sizes: Sizes, data: tuple[str, Histories, Truth]) -> Round:
    """Have every method that forecasts answer the histories of a real data set."""
    name, histories, truth = data
    if len(histories) > sizes.real:
        rows = np.arange(sizes.real)
        histories, truth = histories.take(rows), truth.take(rows)
    told = _all_told({SHIPPED: as_shipped} | PEERS, histories, sizes.sample)
    told = {method: each for method, each in told.items() if each.answers.forecast is not None}
    series = whole_series(histories, truth)
    everyone = np.arange(len(histories))
    for method, learner in ({LEARNED: learned} | LEARNING).items():
        told[method] = Told(everyone, _cross_fitted(learner, histories, truth, series))
    return Round(name, histories, truth, told)


def _all_told(methods: dict[str, Method], histories: Histories, sample: int) -> dict[str, Told]:
    everyone = np.arange(len(histories))
    random = np.random.default_rng(SAMPLE_SEED)
    some = np.sort(random.permutation(len(histories))[:sample])
    told = {}
    for name, method in methods.items():
        rows = some if name in SLOW else everyone
        told[name] = Told(rows, method(histories.take(rows)))
    return told


def _cross_fitted(
    learner: Learner, histories: Histories, truth: Truth, series: Histories
) -> Answers:
    """Return the answers of methods each made from other patients than those they answer."""
    n = len(histories)
    forecast: Floats | None = None
    level, inside, both = (np.full(n, np.nan) for _ in range(3))
    for rows, others in folds(truth.episode):
        told = learner(series.take(others))(histories.take(rows))
        assert told.forecast is not None
        if forecast is None:
            forecast = np.full((n, *told.forecast.shape[1:]), np.nan)
        level[rows], inside[rows], both[rows] = told.level, told.inside, told.both
        forecast[rows] = told.forecast
    return Answers(level, inside, both, forecast)

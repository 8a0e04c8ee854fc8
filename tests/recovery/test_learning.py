"""A prior learned from episodes that were drawn from a known one."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from reliefpath.recovery import DEFAULT_PRIOR, Prior, learn, recover
from reliefpath.recovery.prior import Asymptote, Deviation
from reliefpath.recovery.shapes import Shape

from .episodes import Drawn, drawn

BEGIN = replace(DEFAULT_PRIOR, asymptotes={Asymptote(0, 0.1): 0.5, Asymptote(0.6, 0.1): 0.5})
TRUTH = replace(
    BEGIN,
    start=(6.4, 0.8),
    noise=(12.0, 0.5),
    asymptotes=dict(zip(BEGIN.asymptotes, (0.2, 0.8), strict=True)),
    deviations=dict(zip(BEGIN.deviations, (0.9, 0.05, 0.05), strict=True)),
)
"""Hardly a score touches an end of the scale."""
N, VISITS = 1200, 12


def patients(prior: Prior, step: float = 0.0) -> Drawn:
    random = np.random.default_rng(17)
    days = np.cumsum(random.integers(4, 15, (N, VISITS)), axis=1)
    if step:
        # the variance of a rounded score is larger, and all spreads are told at that
        sd = math.sqrt(prior.noise[1] ** 2 + step**2 / 12)
        wider = replace(prior, noise=(prior.noise[0], sd))
        found = drawn(wider, days - days[:, :1], random)
    else:
        found = drawn(prior, days - days[:, :1], random)
    found.scores[:] = np.clip(found.scores, 0.01, 9.99)
    return found


@pytest.fixture(scope="module")
def learned() -> Prior:
    return learn(*patients(TRUTH).columns(), begin=BEGIN)


def nearer(learned: float, truth: float, begin: float) -> bool:
    return abs(learned - truth) < 0.5 * abs(begin - truth)


def test_start_and_noise_of_the_patients_are_learned(learned: Prior) -> None:
    assert learned.start[0] == pytest.approx(TRUTH.start[0], abs=0.1)
    assert learned.start[1] == pytest.approx(TRUTH.start[1], abs=0.1)
    assert learned.noise[0] == pytest.approx(TRUTH.noise[0], rel=0.4)
    assert learned.noise[1] == pytest.approx(TRUTH.noise[1], abs=0.03)
    for part in ("start", "noise"):
        for k in range(2):
            assert nearer(
                getattr(learned, part)[k], getattr(TRUTH, part)[k], getattr(BEGIN, part)[k]
            )


def test_weights_of_asymptotes_and_deviations_are_learned(learned: Prior) -> None:
    for asymptote, weight in TRUTH.asymptotes.items():
        assert learned.asymptotes[asymptote] == pytest.approx(weight, abs=0.1)
        assert nearer(learned.asymptotes[asymptote], weight, BEGIN.asymptotes[asymptote])
    for deviation, weight in TRUTH.deviations.items():
        assert learned.deviations[deviation] == pytest.approx(weight, abs=0.1)
    steady = next(iter(TRUTH.deviations))
    assert nearer(learned.deviations[steady], TRUTH.deviations[steady], BEGIN.deviations[steady])


def test_shapes_of_the_patients_are_learned() -> None:
    """All of them recover in a straight line, and a third of those slowly."""
    weights = {Shape("straight", 0, 26): 1 / 3, Shape("straight", 0, 4.5): 2 / 3}
    straight = replace(TRUTH, shapes=dict.fromkeys(BEGIN.shapes, 1e-9) | weights)
    learned = learn(*patients(straight).columns(), begin=BEGIN)

    def share(prior: Prior, shortest: float, longest: float) -> float:
        straight = (s for s in prior.shapes if s.family == "straight" and not s.start)
        return sum(prior.shapes[s] for s in straight if shortest < s.length < longest)

    assert nearer(share(learned, 16, 45), 1 / 3, share(BEGIN, 16, 45))
    assert nearer(share(learned, 2, 8), 2 / 3, share(BEGIN, 2, 8))


def test_shape_that_lies_between_those_to_begin_with_is_found() -> None:
    between = Shape("straight", 0, 8.4)
    truth = replace(TRUTH, shapes={between: 1.0})
    learned = learn(*patients(truth).columns(), begin=BEGIN)
    assert between not in BEGIN.shapes
    assert learned.shapes[between] > 0.3
    assert len(learned.shapes) == len(BEGIN.shapes)


def test_rounding_is_not_learned_as_noise_or_spread_of_the_start() -> None:
    columns = patients(TRUTH, step=1.0).columns()
    learned = learn(*columns, step=np.ones(N), begin=BEGIN)
    assert learned.noise[1] == pytest.approx(TRUTH.noise[1], abs=0.03)
    assert learned.start[1] == pytest.approx(TRUTH.start[1], abs=0.1)
    blind = learn(*columns, begin=BEGIN)
    assert blind.noise[1] > learned.noise[1] + 0.05


def test_learned_prior_makes_the_next_patients_likelier_to_be_told_right(learned: Prior) -> None:
    random = np.random.default_rng(5)
    days = np.cumsum(random.integers(4, 15, (2000, 5)), axis=1)
    others = drawn(TRUTH, days - days[:, :1], random)
    at = others.days[:, -1]
    improvement = others.c * others.gone(TRUTH, at) / others.b

    def error(prior: Prior) -> float:
        told = recover(*others.columns(), np.full(2000, 2.0), prior=prior)
        return float(np.mean(np.abs(told.improvement - improvement)))

    others.scores[:] = np.clip(others.scores, 0.01, 9.99)
    assert error(learned) < error(BEGIN)
    assert error(learned) == pytest.approx(error(TRUTH), rel=0.05)


def test_learning_twice_gives_the_same_bytes(learned: Prior) -> None:
    again = learn(*patients(TRUTH).columns(), begin=BEGIN)
    assert pickle.dumps(values(again)) == pickle.dumps(values(learned))


def values(prior: Prior) -> list[float]:
    parts = (prior.shapes, prior.asymptotes, prior.deviations)
    return [*prior.start, *prior.noise, *(weight for part in parts for weight in part.values())]


def test_prior_to_begin_with_that_counts_for_everything_stays() -> None:
    columns = patients(TRUTH).columns()
    held = learn(*columns, begin=BEGIN, strength=1e12, rounds=3)
    np.testing.assert_allclose(values(held), values(BEGIN), rtol=3e-3)


def test_prior_learned_from_few_episodes_lies_between() -> None:
    offsets, weeks, scores, scale_range = patients(TRUTH).columns()
    few = 20
    upto = few * VISITS
    columns = (offsets[: few + 1], weeks[:upto], scores[:upto], scale_range[:few])
    held, free = (learn(*columns, begin=BEGIN, strength=s).start[0] for s in (20, 0))
    assert BEGIN.start[0] < held < free


def test_learned_weights_add_up_to_1_and_none_is_0(learned: Prior) -> None:
    for part in (learned.shapes, learned.asymptotes, learned.deviations):
        assert sum(part.values()) == pytest.approx(1, abs=1e-7)
        assert min(part.values()) > 0


@pytest.mark.parametrize(
    "columns",
    [([0], [], [], []), ([0, 0, 0], [], [], [math.nan, 0])],
    ids=["no episodes", "no scores"],
)
def test_nothing_to_learn_from_leaves_the_prior_as_it_was(columns: tuple[list[float], ...]) -> None:
    assert learn(*columns, begin=BEGIN) is BEGIN


def test_episodes_without_scores_teach_nothing() -> None:
    some = learn([0, 3], [0, 2, 4], [6, 4, 3], [10], step=[1])
    more = learn([0, 0, 3], [0, 2, 4], [6, 4, 3], [math.nan, 10], step=[math.nan, 1])
    assert values(some) == values(more)


def test_deviation_of_the_patients_is_learned() -> None:
    deviation = Deviation(4, 16, True)
    weights = dict.fromkeys(BEGIN.deviations, 1e-9) | {deviation: 1.0}
    learned = learn(*patients(replace(TRUTH, deviations=weights)).columns(), begin=BEGIN)
    assert BEGIN.deviations[deviation] < 0.2
    assert learned.deviations[deviation] > 0.7

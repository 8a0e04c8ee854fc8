"""What holds of the peers that learn from earlier patients."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from benchmarks.recovery.histories import LEVELS, Histories
from benchmarks.recovery.peers import LEARNING, ONLY_FORECASTING, Method
from benchmarks.recovery.peers import gaussian_process as gp
from benchmarks.recovery.peers.last_value import fitted_errors_at
from benchmarks.recovery.peers.like_me import ALIKE
from benchmarks.recovery.scoring import LOW, MIDDLE, crps

from .plain import FALLING, FLAT, ODD, REACHED, Visits, histories, weekly

ANSWERING = [name for name in LEARNING if name not in ONLY_FORECASTING]
KNOWN = gp.Process(np.log([1.0, 2.0, 4.0, 0.5, 5.0, 1.2]), np.array([3.0, 0, 3, 0]))


def drawn(patients: int, visits: int, seed: int) -> tuple[Histories, np.ndarray]:
    """Histories of a known process, and the score of each a week after the last visit."""
    random = np.random.default_rng(seed)
    week = np.arange(visits + 1.0)
    covariance = gp.kernel(KNOWN.parameters, week, week) + KNOWN.noise * np.eye(week.size)
    score = random.multivariate_normal(KNOWN.mean(week), covariance, patients)
    given = histories(*(weekly(*row[:-1]) for row in score), ahead=(1.0,))
    return given, score[:, -1:]


@pytest.fixture(scope="module")
def learned() -> gp.Process:
    return gp.fitted(drawn(150, 9, 1)[0])


def test_process_forecasts_a_known_process_better_than_the_last_value() -> None:
    training, (given, score) = drawn(150, 9, 1)[0], drawn(400, 6, 2)
    loss = {}
    for name in ("pooled Gaussian process", "last value"):
        told = LEARNING[name](training)(given).forecast
        assert told is not None
        loss[name] = crps(told, score).mean()
    assert loss["pooled Gaussian process"] < 0.9 * loss["last value"]


def test_mean_and_noise_of_a_known_process_are_found(learned: gp.Process) -> None:
    week = np.array([0.0, 2.0, 8.0])
    assert learned.mean(week) == pytest.approx(KNOWN.mean(week), abs=0.4)
    assert learned.noise == pytest.approx(KNOWN.noise, rel=0.25)


def test_likelihood_is_that_of_scores_whose_mean_is_drawn_too() -> None:
    given = histories(weekly(7, 5, 4), [(0.0, 6.0), (3.0, 5.0)])
    week, score = given.weeks, given.burden
    same = given.owner[:, None] == given.owner[None, :]
    covariance = np.where(same, gp.kernel(KNOWN.parameters, week, week), 0)
    covariance += KNOWN.noise * np.eye(5) + gp.MEAN_SD**2 * gp.basis(week) @ gp.basis(week).T
    expected = stats.multivariate_normal(np.zeros(5), covariance).logpdf(score)
    found, _ = gp.log_likelihood(gp.Series.of(given), KNOWN.parameters)
    assert found == pytest.approx(expected)


def test_course_given_the_scores_is_that_of_the_joint_normal() -> None:
    week, later, score = np.array([0.0, 1, 4]), np.array([4.0, 10]), np.array([7.0, 6, 4])
    known = gp.kernel(KNOWN.parameters, week, week) + KNOWN.noise * np.eye(3)
    across = gp.kernel(KNOWN.parameters, later, week)
    mean, covariance = gp.given(
        KNOWN,
        gp.Series.of(histories([*zip(week, score, strict=True)], weekly(1, 2, 3, 4))),
        np.array([later, later]),
    )
    expected = KNOWN.mean(later) + across @ np.linalg.solve(known, score - KNOWN.mean(week))
    left = gp.kernel(KNOWN.parameters, later, later) - across @ np.linalg.solve(known, across.T)
    assert mean[0] == pytest.approx(expected)
    assert covariance[0] == pytest.approx(left)


def test_person_like_me_is_the_copy_of_a_patient_where_there_are_copies() -> None:
    others = [weekly(*range(9, 0, -1))] * 100
    copies: list[Visits] = [weekly(5, 7, 5, 7, 5, 9, 2, 1)] * ALIKE
    learner = LEARNING["person like me"](histories(*others, *copies))
    told = learner(histories(weekly(5, 7, 5, 7, 5), ahead=(1.0, 2.0, 3.0)))
    assert told.forecast is not None
    assert told.forecast[0] == pytest.approx(np.repeat([[9.0], [2.0], [1.0]], LEVELS.size, axis=1))


def test_those_followed_long_enough_come_before_those_more_alike() -> None:
    short, long = [weekly(6, 5, 4)] * 100, [weekly(7, 6, 5, 4, 3, 2, 1)] * ALIKE
    told = LEARNING["person like me"](histories(*short, *long))(
        histories(weekly(6, 5, 4), ahead=(4.0,))
    )
    assert told.forecast is not None
    assert (told.forecast == 1).all()


def test_fitted_error_grows_as_that_of_a_random_walk() -> None:
    random = np.random.default_rng(3)
    gap = random.uniform(0.5, 8, 40_000)
    change = random.normal(0, np.sqrt(0.01 + 0.005 * gap))
    found = fitted_errors_at(np.array([1.0, 7.0]), gap, change)
    expected = stats.norm.ppf(LEVELS[LOW]) * np.sqrt(0.01 + 0.005 * np.array([1, 7]))
    assert found[:, LOW] == pytest.approx(expected, rel=0.06)
    assert found[:, MIDDLE] == pytest.approx(np.zeros(2), abs=0.01)


@cache
def method(name: str) -> Method:
    training = [*[FALLING] * 40, *[FLAT] * 40, *[REACHED] * 40]
    longer = [weekly(*(y for _, y in each), *[each[-1][1]] * 6) for each in training]
    return LEARNING[name](histories(*longer))


@pytest.mark.parametrize("name", ANSWERING)
def test_answers_rank_as_plain_cases_do(name: str) -> None:
    told = method(name)(histories(FALLING[:5], FLAT, REACHED))
    assert told.level[0] < min(told.level[1:])
    assert told.inside[2] > max(told.inside[:2])
    assert told.both[2] > max(told.both[:2])


@pytest.mark.parametrize("name", ANSWERING)
def test_answers_are_from_0_to_1_whatever_the_scores(name: str) -> None:
    told = method(name)(histories(*ODD))
    for values in (told.level, told.inside, told.both):
        assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("name", ONLY_FORECASTING)
def test_last_values_say_nothing_of_level_and_window(name: str) -> None:
    assert np.isnan(method(name)(histories(FLAT)).level).all()

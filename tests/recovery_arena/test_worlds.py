"""Worlds whose course goes on or back after a while, and the oracle of each."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recovery import scoring
from benchmarks.recovery.oracle import oracle
from benchmarks.recovery.uncertainty import pull_of_mean, standard_error
from benchmarks.recovery.worlds import JUDGED, PLAIN, WEEK, simulate, two_steps, wearing_off

BY_NAME = {world.name: world for world in JUDGED}
RANDOM_STATE = 5


def at(course: np.ndarray, week: int) -> np.ndarray:
    """The share of the recovery that each patient has reached in a week."""
    return np.asarray(course[:, int(np.argmax(WEEK[0] >= week))])


def test_second_therapy_brings_a_second_recovery_after_a_halt() -> None:
    begin = lambda random, n: random.uniform(12, 14, n)  # noqa: E731
    course = two_steps(begin)(np.random.default_rng(RANDOM_STATE), 400)
    weekly = [at(course, week + 1) - at(course, week) for week in (1, 11, 15)]
    before, halt, after = (gain.mean() for gain in weekly)
    assert halt < before / 3
    assert halt < after / 3
    assert (np.diff(course) >= 0).all()
    assert at(course, 36) == pytest.approx(np.ones(400), abs=0.05)


def test_what_was_gained_wears_off_slowly_and_in_part() -> None:
    course = wearing_off(0.8, 8)(np.random.default_rng(RANDOM_STATE), 400)
    best = course.max(axis=1)
    lost = 1 - course[:, -1] / best
    assert 0.2 < lost.mean() < 0.4
    assert lost.max() < 0.8
    assert (best - at(course, 12)).mean() < lost.mean() / 2


@pytest.mark.parametrize("name", ["two steps", "wearing off"])
def test_oracle_says_what_happens_and_nothing_says_it_better(name: str) -> None:
    world = BY_NAME[name]
    histories, truth = simulate(world, 120)
    told, particles = oracle(world, histories, truth.episode, 6_000)
    assert particles > 20
    for said, so in ((told.level, truth.level), (told.inside, truth.inside)):
        error = standard_error(pull_of_mean(said - so), truth.episode)
        assert abs(np.mean(said - so)) < 3 * error
        calibrated = scoring.recalibrated(said, so, truth.episode)
        assert scoring.brier(said, so) < scoring.brier(calibrated, so) + 0.003


def test_plain_worlds_are_judged() -> None:
    assert set(PLAIN) <= set(BY_NAME)

"""An injection's passing relief and lasting recovery, told apart."""

from __future__ import annotations

import numpy as np
import pytest

from reliefpath.recovery import DEFAULT_PRIOR, Recovery, recover
from reliefpath.recovery.injection import effect_after, injection_effect, injection_prior

from .episodes import drawn

PLATEAU, LEVEL = [0.0, 2, 4, 6, 8, 10, 12, 14], [7.0, 5, 4, 3, 2, 2, 1, 2]
INJECTED = 14.0
AFTER = [15.0, 16, 18, 20, 22, 24, 26]
WORN_OFF, LASTING = [0.0, 0, 1, 1, 2, 1, 2], [0.0, 0, 0, 0, 0, 0, 0]


def told(scores: list[float], visits: int, injections: tuple[float, ...] = (INJECTED,)) -> Recovery:
    """What is said after the plateau, the injection and so many visits."""
    weeks = PLATEAU + AFTER[:visits]
    burden = LEVEL + scores[:visits]
    effect = effect_after(injections, weeks)
    return recover([0, len(weeks)], weeks, burden, [10], [2], step=[1], effect=effect)


@pytest.mark.parametrize("scores", [WORN_OFF, LASTING], ids=["wears off", "lasts"])
def test_relief_of_two_weeks_is_not_taken_for_recovery(scores: list[float]) -> None:
    taken, known = told(scores, 2, injections=()), told(scores, 2)
    assert known.p_recovered < 0.25 < taken.p_recovered
    assert 0.75 < known.improvement < taken.improvement
    assert known.injection_effect > 0.5


def test_relief_that_wore_off_leaves_the_plateau_as_it_was() -> None:
    before, after = told(WORN_OFF, 0), told(WORN_OFF, 7)
    assert after.improvement == pytest.approx(before.improvement, abs=0.05)
    assert after.p_recovered < 0.2
    assert after.p_level > 0.9
    assert after.injection_effect == 0


def test_relief_that_lasts_beyond_the_injection_is_recovery() -> None:
    shares = [float(told(LASTING, visits).p_recovered[0]) for visits in range(8)]
    assert shares[7] > 0.5 > 0.25 > shares[2]
    assert told(LASTING, 7).injection_effect == 0


def test_episode_without_injection_is_told_the_same_to_the_bit() -> None:
    weeks, burden = PLATEAU + AFTER, LEVEL + WORN_OFF
    columns = ([0, len(weeks)], weeks, burden, [10], [2])
    never, later = recover(*columns), recover(*columns, effect=effect_after([100], weeks))
    for name, answer in vars(never).items():
        np.testing.assert_array_equal(answer, getattr(later, name), err_msg=name)


def test_effect_begins_after_the_injection_halves_and_ends() -> None:
    half, end = injection_prior().half_life, injection_prior().lasts
    effect = injection_effect([np.nan, -1, 0, 1 / 7, half, 2 * half, end])
    np.testing.assert_allclose(effect, [0, 0, 0, 0.5 ** (1 / 7 / half), 0.5, 0.25, 0])


def test_latest_injection_counts() -> None:
    np.testing.assert_array_equal(
        effect_after([20, 10], [5, 10, 12, 20, 21, 40]),
        injection_effect([np.nan, np.nan, 2, 10, 1, 20]),
    )


def test_injected_patients_are_judged_as_they_are() -> None:
    """Patients drawn from the prior, and what an injection takes off drawn too."""
    random = np.random.default_rng(5)
    days = np.sort(random.integers(0, 140, (20_000, 8)), axis=1)
    injected = random.integers(0, 140, (20_000, 1))
    effect = injection_effect((days - injected) / 7)
    people = drawn(DEFAULT_PRIOR, days, random, effect)
    # the prior knows neither rounding nor the ends of the scale
    inside = ((people.scores > 0) & (people.scores < 10)).all(axis=1) & (effect[:, -1] > 0.2)
    people, effect = people.of(inside), effect[inside]
    answers = recover(*people.columns(), np.full(len(people.b), 1.0), effect=effect.ravel())
    real = np.array([deviation.real for deviation in DEFAULT_PRIOR.deviations])[people.kind]
    gained = people.c * people.gone(DEFAULT_PRIOR, people.days[:, -1])
    improvement = (gained - real * people.deviation[:, -1]) / people.b
    for said, so in (
        (answers.p_window, (improvement >= 0.75) & (improvement < 0.9)),
        (answers.p_recovered, improvement >= 0.9),
    ):
        for low in np.arange(0, 1, 0.2):
            group = (said >= low) & (said < low + 0.2)
            if group.sum() >= 200:
                error = np.sqrt(said[group].mean() / group.sum())
                assert so[group].mean() == pytest.approx(said[group].mean(), abs=4 * error)
    off = people.taken_off * effect[:, -1] - answers.injection_effect
    assert off.mean() == pytest.approx(0, abs=4 * off.std() / np.sqrt(len(off)))

"""What must hold for every episode."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.recovery import Recovery, recover

from .episodes import Episode, batch, episodes

NAMES = [field.name for field in fields(Recovery)]
PROBABILITIES = [name for name in NAMES if name.startswith("p_")]
laws = settings(deadline=None, max_examples=50)


def rows(answers: Recovery) -> np.ndarray:
    return np.array([getattr(answers, name) for name in NAMES])


@given(st.lists(episodes(least=0), min_size=1, max_size=8))
@laws
def test_batch_of_one_equals_batch_of_many_bit_for_bit(several: list[Episode]) -> None:
    together = rows(recover(*batch(several)))
    alone = np.hstack([rows(recover(*episode.batch())) for episode in several])
    np.testing.assert_array_equal(together, alone)


def test_number_of_threads_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    n = 3000
    days = np.sort(rng.integers(0, 200, (n, 6)), axis=1)
    columns = (
        np.arange(0, 6 * n + 1, 6),
        (days / 7).ravel(),
        rng.integers(0, 11, 6 * n),
        np.full(n, 10.0),
        np.full(n, 2.0),
    )
    one = rows(recover(*columns, threads=1))
    np.testing.assert_array_equal(one, rows(recover(*columns, threads=2)))
    np.testing.assert_array_equal(one, rows(recover(*columns)))


@given(episodes(), st.sampled_from([0.1, 3.0, 7.5, 1000.0]))
@laws
def test_units_of_the_measure_change_the_gain_only(episode: Episode, k: float) -> None:
    scaled = replace(
        episode,
        burden=[k * value for value in episode.burden],
        span=k * episode.span,
        matters=k * episode.matters,
    )
    before, after = rows(recover(*episode.batch())), rows(recover(*scaled.batch()))
    before[NAMES.index("expected_gain")] *= k
    np.testing.assert_allclose(after, before, rtol=1e-8, atol=1e-8)


@given(episodes())
@laws
def test_answers_lie_where_they_must(episode: Episode) -> None:
    answers = recover(*episode.batch())
    for name in PROBABILITIES:
        value = getattr(answers, name)
        assert ((value >= 0) & (value <= 1) | np.isnan(value)).all(), name
    if not np.isnan(answers.improvement[0]):
        assert -9.99 <= answers.low <= answers.improvement <= answers.high <= 9.99
        assert -9.99 <= answers.level_ahead_low <= answers.level_ahead
        assert answers.level_ahead <= answers.level_ahead_high <= 9.99


@given(st.integers(4, 9), st.integers(1, 4), st.integers(8, 16))
@laws
def test_more_flat_visits_make_a_plateau_likelier(start: int, level: int, weeks: int) -> None:
    flat = [start, *[min(level, start)] * 12]
    few = Episode([0.0, *range(weeks, weeks + 3)], flat[:4])
    many = Episode([0.0, *range(weeks, weeks + 12)], flat)
    assert recover(*few.batch()).p_plateau < recover(*many.batch()).p_plateau


@given(episodes(), st.floats(0.1, 0.9))
@laws
def test_a_larger_change_that_matters_is_less_likely_to_come(
    episode: Episode, share: float
) -> None:
    small = replace(episode, matters=share * episode.matters)
    assert recover(*small.batch()).p_plateau <= recover(*episode.batch()).p_plateau + 1e-12


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_any_number_type_and_a_read_only_array_will_do(dtype: type) -> None:
    burden = np.array([6, 4, 2, 2], dtype)
    burden.flags.writeable = False
    plain = recover([0, 4], [0, 3, 6, 9], [6, 4, 2, 2], [10], [2])
    typed = recover(np.array([0, 4], np.int32), [0, 3, 6, 9], burden, [10], [2])
    np.testing.assert_array_equal(rows(plain), rows(typed))

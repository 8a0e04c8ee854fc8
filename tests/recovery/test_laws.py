"""What must hold for every episode."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.recovery import Recovery, Targets, curve, forecast, recover, weeks_until_clear

from .episodes import Episode, batch, episodes, steps

NAMES = [field.name for field in fields(Recovery)]
PROBABILITIES = [name for name in NAMES if name.startswith("p_")]
laws = settings(max_examples=50)


def rows(answers: Recovery) -> np.ndarray:
    return np.array([getattr(answers, name) for name in NAMES])


def answered(several: list[Episode]) -> np.ndarray:
    return rows(recover(*batch(several), step=steps(several)))


def forecasts(several: list[Episode]) -> np.ndarray:
    at = [[1.0, 20.0, np.nan]] * len(several)
    return forecast(*batch(several)[:4], at, step=steps(several))


def waits(several: list[Episode]) -> np.ndarray:
    return weeks_until_clear(*batch(several), step=steps(several))


def many(n: int = 3000) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(7)
    days = np.sort(random.integers(0, 200, (n, 6)), axis=1)
    scores = random.integers(0, 11, 6 * n)
    offsets = np.arange(0, 6 * n + 1, 6)
    return offsets, (days / 7).ravel(), scores, np.full(n, 10.0), np.full(n, 2.0)


@given(st.lists(episodes(least=0), min_size=1, max_size=8))
@laws
def test_batch_of_one_equals_batch_of_many_bit_for_bit(several: list[Episode]) -> None:
    alone = [answered([episode]) for episode in several]
    np.testing.assert_array_equal(answered(several), np.hstack(alone))
    np.testing.assert_array_equal(
        forecasts(several), np.vstack([forecasts([episode]) for episode in several])
    )
    np.testing.assert_array_equal(
        waits(several), np.concatenate([waits([episode]) for episode in several])
    )


def test_number_of_threads_changes_nothing() -> None:
    columns = many()
    one = rows(recover(*columns, threads=1))  # type: ignore[arg-type]
    np.testing.assert_array_equal(one, rows(recover(*columns, threads=2)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(one, rows(recover(*columns)))  # type: ignore[arg-type]
    at = np.full((len(columns[3]), 1), 40.0)
    np.testing.assert_array_equal(
        forecast(*columns[:4], at, threads=1),  # type: ignore[arg-type, call-arg]
        forecast(*columns[:4], at, threads=2),  # type: ignore[arg-type, call-arg]
    )


def scaled(episode: Episode, k: float) -> Episode:
    return replace(
        episode,
        burden=[k * value for value in episode.burden],
        scale_range=k * episode.scale_range,
        mcid=k * episode.mcid,
        step=k * episode.step,
    )


@given(episodes(), st.sampled_from([0.25, 8, 1024]))
@laws
def test_units_of_the_measure_change_the_gain_only(episode: Episode, k: float) -> None:
    """By a power of two, which leaves every digit as it is."""
    before, after = answered([episode]), answered([scaled(episode, k)])
    before[NAMES.index("expected_gain")] *= k
    np.testing.assert_array_equal(after, before)


@given(episodes(), st.sampled_from([0.1, 3.0, 7.5]))
@laws
def test_units_that_round_otherwise_change_no_probability_that_shows(
    episode: Episode, k: float
) -> None:
    before, after = answered([episode]), answered([scaled(episode, k)])
    for name in ("p_plateau", "p_level", "p_worsening"):
        at = NAMES.index(name)
        np.testing.assert_allclose(after[at], before[at], atol=1e-4)


@given(episodes())
@laws
def test_answers_lie_where_they_must(episode: Episode) -> None:
    answers = recover(*episode.batch(), step=[episode.step])
    for name in PROBABILITIES:
        value = getattr(answers, name)
        assert ((value >= 0) & (value <= 1) | np.isnan(value)).all(), name
    if not np.isnan(answers.improvement[0]):
        assert -9.99 <= answers.low <= answers.improvement <= answers.high <= 9.99
        assert -9.99 <= answers.level_ahead <= 9.99
        both = answers.p_plateau_in_window
        assert both <= answers.p_window + 1e-6
        assert both <= answers.p_plateau + 1e-6


@given(episodes())
@laws
def test_quantiles_of_a_forecast_ascend_within_the_scale(episode: Episode) -> None:
    scores = forecast(
        *episode.batch()[:4], [[60.0]], (0.01, 0.3, 0.5, 0.9, 0.99), step=[episode.step]
    )
    assert (np.diff(scores) >= 0).all()
    assert ((scores >= 0) & (scores <= episode.scale_range)).all()


@given(episodes(), st.lists(st.floats(-5, 60), min_size=1, max_size=4))
@laws
def test_band_of_a_curve_lies_around_it(episode: Episode, at: list[float]) -> None:
    drawn = curve(episode.weeks, episode.burden, episode.scale_range, at, step=episode.step)
    assert (drawn.low <= drawn.mean).all()
    assert (drawn.mean <= drawn.high).all()


@given(st.integers(4, 9), st.integers(1, 4), st.integers(3, 10))
@laws
def test_more_flat_visits_make_it_likelier_level(start: int, level: int, weeks: int) -> None:
    scores = [float(start), *[float(min(level, start))] * 12]
    few = Episode([0.0, *range(weeks, weeks + 3)], scores[:4], step=1.0)
    many = Episode([0.0, *range(weeks, weeks + 12)], scores, step=1.0)
    fewer, more = (recover(*episode.batch(), step=[1.0]) for episode in (few, many))
    assert fewer.p_level < more.p_level
    assert fewer.p_plateau < more.p_plateau


@given(episodes(), st.floats(0.1, 0.9))
@laws
def test_a_larger_change_that_matters_is_less_likely_to_come(
    episode: Episode, share: float
) -> None:
    small = answered([replace(episode, mcid=share * episode.mcid)])
    large = answered([episode])
    for name in ("p_plateau", "p_level"):
        assert small[NAMES.index(name)] <= large[NAMES.index(name)] + 1e-6
    worse = NAMES.index("p_worsening")
    assert small[worse] >= large[worse] - 1e-6


@given(episodes())
@laws
def test_a_longer_look_ahead_makes_it_no_likelier_level(episode: Episode) -> None:
    """Where the longer one holds all that a kind of deviation that is real can bring."""
    near, far = (
        recover(*episode.batch(), Targets(level_weeks=weeks), step=[episode.step]).p_level
        for weeks in (13, 26)
    )
    assert far <= near + 0.02


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_any_number_type_and_a_read_only_array_will_do(dtype: type) -> None:
    burden = np.array([6, 4, 2, 2], dtype)  # type: ignore[var-annotated]
    burden.flags.writeable = False
    plain = recover([0, 4], [0, 3, 6, 9], [6, 4, 2, 2], [10], [2])
    typed = recover(np.array([0, 4], np.int32), [0, 3, 6, 9], burden, [10], [2])
    np.testing.assert_array_equal(rows(plain), rows(typed))


def histories(n: int = 2000) -> tuple[np.ndarray, ...]:
    """Plausible histories of whole scores, each with what `recover` takes."""
    random = np.random.default_rng(3)
    counts = random.integers(3, 16, n)
    weeks, scores = [], []
    for count in counts:
        week = np.cumsum(random.integers(3, 15, count)) / 7
        week -= week[0]
        start, length = random.uniform(4, 9), random.uniform(1, 12)
        left = 1 - random.uniform(-0.2, 1) * np.minimum(week / length, 1)
        noise = random.normal(0, random.choice([0.5, 1, 1.6]), count)
        weeks.append(week)
        scores.append(np.clip(np.rint(start * left + noise), [1] + [0] * (count - 1), 10))
    offsets = np.append(0, np.cumsum(counts))
    columns = np.concatenate(weeks), np.concatenate(scores), np.full(n, 10.0), np.full(n, 2.0)
    return offsets, *columns


@pytest.mark.parametrize("worse", [1, 3])
def test_worse_latest_score_does_not_make_recovery_surer(worse: int) -> None:
    """By more than 0.03: a noisier patient's recovery is told less sharply, either way."""
    offsets, weeks, scores, ranges, mcid = histories()
    other = scores.copy()
    other[offsets[1:] - 1] = np.minimum(other[offsets[1:] - 1] + worse, 10)
    before, after = (
        recover(offsets, weeks, said, ranges, mcid, step=np.ones(len(ranges))).p_recovered
        for said in (scores, other)
    )
    surer = after - before
    assert np.nanmax(surer) < 0.03


@given(st.integers(4, 12), st.integers(5, 9), st.integers(2, 5), st.integers(0, 10_000))
@laws
def test_what_fell_of_late_by_twice_what_matters_is_not_level(
    steady: int, start: int, weeks: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.5, steady + weeks)
    course = [start] * steady + [start - 4 * (i + 1) / weeks for i in range(weeks)]
    scores = np.clip(np.rint(np.array(course) + noise), 0, 10)
    told = recover([0, len(course)], range(len(course)), scores, [10], [2], step=[1])
    assert told.p_level < 0.9  # what the pathway asks for

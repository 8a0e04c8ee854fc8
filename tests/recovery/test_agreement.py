"""The compiled loops against the slow reference, and both against brute force.

What may differ: sums in single precision, the Student-t by a polynomial good to 1e-4, and
quantiles, of which the last step is foretold.
"""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.recovery import DEFAULT_PRIOR, Prior, Recovery, Targets, curve, forecast, recover
from reliefpath.recovery.injection import injection_effect
from reliefpath.recovery.prior import Deviation

from .episodes import SMALL_PRIOR, Episode, drawn, episodes
from .integration import Integration, Question
from .reference import ASKED, Reference, quantile, total

SHAPES = list(DEFAULT_PRIOR.shapes)[::5]
THIN_PRIOR = replace(DEFAULT_PRIOR, shapes=dict.fromkeys(SHAPES, 1 / len(SHAPES)))
"""The default prior with every fifth shape: the reference is slow."""
OTHER_TARGETS = Targets(window=(0.3, 0.5), recovered=0.8, horizon_weeks=12.5, level_weeks=20)
QUANTILES = {"improvement": 0.5, "low": 0.05, "high": 0.95}
PROBABILITY, SHARE, QUANTILE = 4e-4, 5e-4, 3e-3


def reference(episode: Episode, targets: Targets = ASKED) -> Reference:
    return Reference(**vars(episode), targets=targets)


def check(episode: Episode, prior: Prior, targets: Targets) -> None:
    effect = episode.effect or None
    answers = recover(*episode.batch(), targets, prior, step=[episode.step], effect=effect)
    found = {field.name: float(getattr(answers, field.name)[0]) for field in fields(Recovery)}
    slow = reference(episode, targets)
    expected = slow.recover(prior)
    if abs(expected["p_start_above_0"] - 0.95) > 1e-3:
        assert np.isnan(found["improvement"]) == (expected["p_start_above_0"] < 0.95)
    mixture = slow.mixture(prior, slow.now())
    for name, value in found.items():
        if np.isnan(value):
            continue
        near = value == pytest.approx(expected[name], abs=SHARE)
        if name in QUANTILES:
            # where hardly anything lies between two shares, either will do
            p = QUANTILES[name]

            def below(q: float) -> float:
                return total(mixture, lambda part: slow.improvement_below(q, part))

            # and far out it is told as the bound
            assert near or abs(value) > 8 or below(value) == pytest.approx(p, abs=QUANTILE), name
        elif name == "level_ahead":
            assert near or abs(value) > 9
        elif name.endswith("_weeks"):
            assert value == pytest.approx(expected[name], rel=0.01, abs=0.02), name
        elif name in ("expected_gain", "injection_effect"):
            assert value == pytest.approx(expected[name], abs=5e-5 * episode.scale_range)
        else:
            assert value == pytest.approx(expected[name], abs=PROBABILITY), name


@given(
    episodes(),
    st.sampled_from([THIN_PRIOR, SMALL_PRIOR]),
    st.sampled_from([Targets(), OTHER_TARGETS]),
)
@settings(max_examples=120)
def test_answers_agree_with_the_reference(episode: Episode, prior: Prior, targets: Targets) -> None:
    check(episode, prior, targets)


@given(episodes(least=2), st.integers(-30, 300), st.sampled_from([THIN_PRIOR, SMALL_PRIOR]))
@settings(max_examples=80)
def test_answers_after_an_injection_agree_with_the_reference(
    episode: Episode, day: int, prior: Prior
) -> None:
    check(episode.injected(day / 7), prior, Targets())


@given(episodes(least=3))
@settings(max_examples=12)
def test_answers_under_the_default_prior_agree_with_the_reference(episode: Episode) -> None:
    check(episode, DEFAULT_PRIOR, Targets())


def test_episode_of_many_scores_agrees_with_the_reference() -> None:
    random = np.random.default_rng(4)
    days = np.arange(0, 180, 3)
    scores = np.clip(np.rint(7 - 5 * np.minimum(days / 90, 1) + random.normal(0, 1, 60)), 1, 9)
    check(Episode((days / 7).tolist(), scores.tolist(), step=1.0), SMALL_PRIOR, Targets())


@given(episodes(), st.floats(0, 100), st.sampled_from([THIN_PRIOR, SMALL_PRIOR]))
@settings(max_examples=60)
def test_curve_agrees_with_the_reference(episode: Episode, at: float, prior: Prior) -> None:
    at = round(7 * at) / 7
    answer = curve(
        episode.weeks, episode.burden, episode.scale_range, [at], prior, step=episode.step
    )
    slow = reference(episode)
    mixture = slow.mixture(prior)
    mean = total(mixture, lambda part: part.form(b=1, c=-part.g(at)) @ part.mean)  # type: ignore[arg-type, return-value]
    assert answer.mean[0] == pytest.approx(
        mean * episode.scale_range / 10, abs=1e-4 * episode.scale_range
    )
    for bound, level in ((answer.low[0], 0.05), (answer.high[0], 0.95)):
        assert slow.curve_below(at, bound, prior) == pytest.approx(level, abs=QUANTILE)


@given(episodes(), st.floats(0, 50), st.sampled_from([THIN_PRIOR, SMALL_PRIOR]))
@settings(max_examples=60)
def test_forecast_agrees_with_the_reference(episode: Episode, ahead: float, prior: Prior) -> None:
    at = round(7 * (max(episode.weeks[-1], 0) + ahead)) / 7
    levels = (0.05, 0.5, 0.95)
    scores = forecast(*episode.batch()[:4], [[at]], levels, prior, step=[episode.step])[0, 0]
    for score, level in zip(scores.tolist(), levels, strict=True):
        p = reference(episode).score_below(at, score, prior)
        if score == 0:
            assert p >= level - QUANTILE
        elif score == episode.scale_range:
            assert p <= level + QUANTILE
        else:
            assert p == pytest.approx(level, abs=QUANTILE)


@given(episodes(least=2), st.integers(1, 80), st.floats(0, 12))
@settings(max_examples=40)
def test_forecast_after_an_injection_agrees_with_the_reference(
    episode: Episode, before: int, ahead: float
) -> None:
    """The score to come has what is left of the injection, and today's deviation rests on it."""
    episode = episode.injected(episode.weeks[-1] - before / 7)
    at = round(7 * (max(episode.weeks[-1], 0) + ahead)) / 7
    left = injection_effect([at - episode.weeks[-1] + before / 7])
    columns = (*episode.batch()[:4], [[at]], (0.05, 0.5, 0.95), SMALL_PRIOR)
    told = forecast(*columns, step=[episode.step], effect=episode.effect, effect_at=[left])
    for score, level in zip(told[0, 0].tolist(), columns[5], strict=True):
        p = reference(episode).score_below(at, score, SMALL_PRIOR, float(left[0]))
        if 0 < score < episode.scale_range:
            assert p == pytest.approx(level, abs=QUANTILE)


def test_answers_after_few_scores_are_those_of_every_candidate() -> None:
    """Where several asymptotes are as likely, nothing may stand for them together."""
    random = np.random.default_rng(8)
    days = np.cumsum(random.integers(4, 15, (24, 8)), axis=1)
    patients = drawn(DEFAULT_PRIOR, days - days[:, :1], random)
    scores = np.clip(np.rint(patients.scores), 0, 10)
    names = ["p_plateau", "p_level", "p_worsening", "p_window", "p_recovered"]
    names.append("p_plateau_in_window")
    for k, (row, weeks) in enumerate(zip(scores, patients.days / 7, strict=True)):
        visits = 3 + k % 6
        episode = Episode(weeks[:visits].tolist(), row[:visits].tolist(), step=1.0)
        exact = reference(episode).recover(DEFAULT_PRIOR)
        answers = recover(*episode.batch(), step=[1.0])
        for name in names:
            found = getattr(answers, name)[0]
            assert np.isnan(found) or found == pytest.approx(exact[name], abs=PROBABILITY), name


LONG, SHORT = [0.0, 2, 4, 6, 9, 12], [0.0, 1, 4, 8]
EPISODES = {
    "falls and levels off": (LONG, [6.0, 4, 3, 2, 1.5, 1.5]),
    "keeps falling": (SHORT, [7.0, 6, 4.5, 3]),
    "hardly moves": (SHORT, [5.0, 5.5, 5, 4]),
    "gets worse": (SHORT, [4.0, 4, 6, 7]),
}


@pytest.mark.parametrize(("weeks", "y"), EPISODES.values(), ids=EPISODES)
def test_brute_force_integration_agrees(weeks: list[float], y: list[float]) -> None:
    brute, now = Integration(weeks, y, SMALL_PRIOR), weeks[-1]
    slow = Reference(weeks, y, 10.0, 2.0, 0.0)
    exact = slow.recover(SMALL_PRIOR)
    fast = recover([0, len(y)], weeks, y, [10.0], [2.0], prior=SMALL_PRIOR)

    def improvement_below(q: float) -> float:
        return brute.probability(Question(0, b=-q, c=(-1, now), now=-1))

    integrated = {
        "p_plateau": brute.probability(Question(2, c=(now, now + 6), now=1, later=-1, weeks=6)),
        "p_worsening": brute.probability(Question(-2, c=(-1, now + 6), later=-1, weeks=6)),
        "p_recovered": 1 - improvement_below(0.9),
        "p_window": improvement_below(0.9) - improvement_below(0.75),
    }
    for name, value in integrated.items():
        assert exact[name] == pytest.approx(value, abs=5e-5), name
        assert getattr(fast, name)[0] == pytest.approx(value, abs=PROBABILITY), name
    for name, p in QUANTILES.items():
        assert improvement_below(exact[name]) == pytest.approx(p, abs=5e-5)


STEADY_PRIOR = replace(SMALL_PRIOR, deviations={Deviation(0, 1, False): 1.0})


@pytest.mark.parametrize(
    "y",
    [
        [5, 4, 2, 1, 0, 0],
        [5, 3, 1, 0, 1, 0],
        [8, 6, 4, 2, 1, 0],
        [3, 1, 0, 0, 0, 0, 0, 0],
    ],
    ids=str,
)
def test_scores_at_the_floor_tell_about_what_their_own_likelihood_does(y: list[float]) -> None:
    """One sweep of expectation propagation against the likelihood of "at 0 or beyond"."""
    weeks = [2.0 * i for i in range(len(y))]
    brute = Integration(weeks, y, STEADY_PRIOR, step=1.0)

    def improvement_below(q: float) -> float:
        return brute.probability(Question(0, b=-q, c=(-1, weeks[-1])))

    found = recover([0, len(y)], weeks, y, [10], [2], prior=STEADY_PRIOR, step=[1])
    recovered = improvement_below(0.9)
    assert found.p_recovered[0] == pytest.approx(1 - recovered, abs=0.03)
    assert found.p_window[0] == pytest.approx(recovered - improvement_below(0.75), abs=0.03)
    median = quantile(0.5, improvement_below, 3)
    assert found.improvement[0] == pytest.approx(median, abs=0.05 if median < 1.1 else 0.25)

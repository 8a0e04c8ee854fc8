"""The kernel against the slow reference, and both against an integration that knows no formula."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reliefpath.recovery import DEFAULT_PRIOR, Prior, Questions, Recovery, curve, recover

from .episodes import Episode, episodes
from .integration import Integration
from .reference import curve_one, g, recover_one

ODD_PRIOR = Prior(
    taus=(0.5, 3.0, 8.0, 60.0),
    weights=(0.1, 0.5, 0.3, 0.1),
    mean=(4.0, -1.0),
    covariance=((3.0, -1.0), (-1.0, 9.0)),
    degrees=1,
    scale=0.4,
)
OTHER_QUESTIONS = Questions(window=(0.3, 0.5), recovered=0.8, horizon_weeks=12.5)


@given(
    episodes(),
    st.sampled_from([DEFAULT_PRIOR, ODD_PRIOR]),
    st.sampled_from([Questions(), OTHER_QUESTIONS]),
)
@settings(deadline=None, max_examples=200)
def test_kernel_agrees_with_the_reference(
    episode: Episode, prior: Prior, questions: Questions
) -> None:
    answers = recover(*episode.batch(), questions, prior)
    expected = recover_one(
        episode.weeks, episode.burden, episode.span, episode.matters, questions, prior
    )
    for name in (field.name for field in fields(Recovery)):
        scale = episode.span / 10 if name == "expected_gain" else 1
        np.testing.assert_allclose(
            getattr(answers, name), [expected[name]], rtol=0, atol=1e-8 * scale, err_msg=name
        )


@given(episodes(), st.floats(-10, 100))
@settings(deadline=None, max_examples=100)
def test_curve_agrees_with_the_reference(episode: Episode, at: float) -> None:
    answer = curve(episode.weeks, episode.burden, episode.span, [at])
    expected = curve_one(episode.weeks, episode.burden, episode.span, at, DEFAULT_PRIOR)
    found = np.concatenate([answer.mean, answer.low, answer.high])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * episode.span)


COARSE_PRIOR = replace(DEFAULT_PRIOR, taus=(2.0, 5.25, 14.0), weights=(0.3, 0.5, 0.2))
EPISODES = {
    "falls and levels off": ([0, 2, 4, 6, 9, 12], [6, 4, 3, 2, 1.5, 1.5]),
    "keeps falling": ([0, 2, 5, 8], [7, 6, 4.5, 3]),
    "hardly moves": ([1, 3, 6], [5, 5, 4]),
    "gets worse": ([0, 1, 4, 8], [4, 4, 6, 7]),
}


@pytest.mark.parametrize(("weeks", "y"), EPISODES.values(), ids=EPISODES)
def test_kernel_agrees_with_brute_force_integration(weeks: list[float], y: list[float]) -> None:
    found = recover([0, len(y)], weeks, y, [10.0], [2.0], prior=COARSE_PRIOR)
    posterior = Integration(weeks, y, COARSE_PRIOR)
    now, later = weeks[-1], weeks[-1] + 6.0

    def improvement_below(q: float) -> float:
        return posterior.probability(lambda b, tau: q * b / g(now, tau))

    def gain_below(q: float) -> float:
        return posterior.probability(lambda b, tau: 0 * b + q / (g(later, tau) - g(now, tau)))

    def close(value: float) -> object:
        return pytest.approx(value, abs=1e-5)

    assert found.p_plateau[0] == close(gain_below(2.0))
    assert found.p_worsening[0] == close(
        posterior.probability(lambda b, tau: 0 * b - 2.0 / g(later, tau))
    )
    at_most_the_window = improvement_below(0.90)
    assert found.p_recovered[0] == close(1 - at_most_the_window)
    assert found.p_window[0] == close(at_most_the_window - improvement_below(0.75))
    assert improvement_below(found.improvement[0]) == close(0.5)
    assert improvement_below(found.low[0]) == close(0.05)
    assert improvement_below(found.high[0]) == close(0.95)
    assert posterior.probability(lambda b, _: found.level_ahead[0] * b) == close(0.5)
